package rest

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Redacted replaces a secret.
const Redacted = "[redacted]"

const (
	// minSecret is the length of the shortest secret that is redacted. Shorter ones
	// would match ordinary text.
	minSecret = 8

	// minPrefix is the length of the shortest prefix of a secret that is redacted.
	minPrefix = 12

	// maxErrorText is the maximum length of an error's text. Of an error with a longer
	// one, only the truncated text is kept.
	maxErrorText = 4 << 10
)

// Redactor redacts the secrets of one call from responses and errors that echo them:
// whole secrets of at least 8 bytes, and prefixes of at least 12 bytes. It is not safe
// for concurrent use.
type Redactor struct {
	secrets []string
	first   [1]string // the array for the first secret, to save an allocation
	sorted  bool      // forms has been called since the last Add
}

// Add adds a secret. One shorter than 8 bytes is ignored.
func (r *Redactor) Add(secret string) {
	if len(secret) < minSecret {
		return
	}
	if r.secrets == nil {
		r.secrets = r.first[:0]
	}
	r.secrets, r.sorted = append(r.secrets, secret), false
}

// forms returns the secrets, as they are and as JSON escapes them if that differs. The
// longest comes first, as one may be part of another.
func (r *Redactor) forms() []string {
	if !r.sorted {
		r.sort()
	}
	return r.secrets
}

// sort adds the escaped forms and sorts the secrets.
func (r *Redactor) sort() {
	var buffer [64]byte // to save an allocation

	for _, secret := range r.secrets { // not those appended below
		quoted, _ := jsontext.AppendQuote(buffer[:0], secret)
		if form := quoted[1 : len(quoted)-1]; string(form) != secret {
			r.secrets = append(r.secrets, string(form))
		}
	}
	slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	r.sorted = true
}

// prefix returns the prefix of a secret that is searched for.
func prefix(secret string) string { return secret[:min(len(secret), minPrefix)] }

// Text returns v with the secrets redacted, also where they are written with JSON escapes;
// v need not be JSON. Of secrets with a common prefix, the one with the longest match is
// redacted. The time is linear in the length of v.
func (r *Redactor) Text(v string) string {
	if strings.Contains(v, `\`) {
		if plain := unescapeJSON(v); r.in(plain) {
			v = plain
		}
	}
	if !r.in(v) {
		return v
	}
	var clean strings.Builder
	next := make([]int, len(r.secrets)) // where each secret is found next
	for done := 0; ; {
		start := len(v)
		for i, secret := range r.secrets {
			if done == 0 || next[i] < done {
				next[i] = len(v)
				if at := strings.Index(v[done:], prefix(secret)); at >= 0 {
					next[i] = done + at
				}
			}
			start = min(start, next[i])
		}
		clean.WriteString(v[done:start])
		if start == len(v) {
			return clean.String()
		}
		clean.WriteString(Redacted)
		done = start + r.longestMatch(v[start:])
	}
}

// in reports whether v contains a secret, as it is.
func (r *Redactor) in(v string) bool {
	for _, secret := range r.forms() {
		if strings.Contains(v, prefix(secret)) {
			return true
		}
	}
	return false
}

// longestMatch returns the length of the longest secret, or prefix of one, that v begins
// with.
func (r *Redactor) longestMatch(v string) int {
	longest := 0
	for _, secret := range r.secrets {
		if n := commonPrefixLen(v, secret); n >= len(prefix(secret)) {
			longest = max(longest, n)
		}
	}
	return longest
}

// commonPrefixLen returns the length of the common prefix of a and b.
func commonPrefixLen(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Error returns err with its text redacted, on one line and truncated. If the text
// held a secret or exceeded maxErrorText, the errors that err wraps are dropped.
func (r *Redactor) Error(err error) error {
	text := err.Error()
	clean := r.Text(text)
	line := OneLine(clean)
	switch {
	case clean != text || len(text) > maxErrorText:
		return errors.New(line)
	case line != text:
		return &sanitizedError{line, err}
	}
	return err
}

// sanitizedError is an error with its text on one line and truncated.
type sanitizedError struct {
	text string
	err  error
}

func (e *sanitizedError) Error() string { return e.text }
func (e *sanitizedError) Unwrap() error { return e.err }

// errorResponse redacts a response that is not 2xx and limits its body to MaxErrorBody.
// The body has been read up to margin bytes beyond that; truncated reports whether
// reading failed. In both cases the body may end within a secret.
func (r *Redactor) errorResponse(res *Response, truncated bool) {
	res.Header = r.header(res.Header, func(name string) bool {
		name = strings.TrimSpace(name) // net/http keeps a space before the colon
		// These two may hold a new secret.
		return !sameName(name, "Set-Cookie") && !sameName(name, "Authorization")
	})
	size := len(res.Body)
	if truncated {
		res.Body = r.trimPartialSecret(res.Body)
	}
	res.Body = r.body(res.Body)
	if size == MaxErrorBody+r.margin() {
		res.Body = res.Body[:max(0, len(res.Body)-r.margin())]
	}
	res.Body = res.Body[:min(len(res.Body), MaxErrorBody)]
}

// margin returns the length of the longest secret with every byte escaped in JSON.
func (r *Redactor) margin() int {
	if len(r.forms()) == 0 {
		return 0
	}
	return len(`\u0000`) * len(r.forms()[0])
}

// trimPartialSecret removes a truncated escape, and then a truncated secret, from the end
// of v.
func (r *Redactor) trimPartialSecret(v []byte) []byte {
	i := bytes.LastIndexByte(v, '\\')
	if i >= 0 && len(v)-i < escapeLen && (len(v)-i == 1 || v[i+1] == 'u') {
		v = v[:i]
	}
	plain := unescapeJSON(string(v))
	for _, secret := range r.forms() {
		for n := len(secret) - 1; n >= minSecret; n-- {
			if before, ok := strings.CutSuffix(plain, secret[:n]); ok {
				return []byte(before)
			}
		}
	}
	return v
}

// Unusable redacts a 2xx response that cannot be used. As it may hold a new secret, its
// body is dropped, and its header is reduced to the fields named in keep and to the
// usual fields that hold no secrets.
func (r *Redactor) Unusable(res *Response, keep []string) {
	res.Header = r.header(res.Header, func(name string) bool {
		return slices.Contains(harmlessFields, name) || slices.Contains(keep, name)
	})
	res.Body = nil
}

// harmlessFields are header fields that hold no secrets.
var harmlessFields = []string{
	"Age", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Date",
	"Expires", "Last-Modified", "Retry-After", "Server", "Transfer-Encoding", "Vary", "Via",
}

// sameName reports whether two names of header fields are the same.
func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// header returns a redacted copy of the fields of h whose names pass.
func (r *Redactor) header(h http.Header, pass func(name string) bool) http.Header {
	clean := maps.Clone(h)
	for name, values := range h {
		switch {
		case !pass(name):
			delete(clean, name)
		case r.inName(name):
			delete(clean, name)
			clean[Redacted] = slices.Concat(clean[Redacted], r.values(values))
		case slices.ContainsFunc(values, r.suspect):
			clean[name] = r.values(values)
		}
	}
	return clean
}

// suspect reports whether v may contain a secret.
func (r *Redactor) suspect(v string) bool { return strings.Contains(v, `\`) || r.in(v) }

// values returns a redacted copy of values.
func (r *Redactor) values(values []string) []string {
	clean := make([]string, len(values))
	for i, value := range values {
		clean[i] = r.Text(value)
	}
	return clean
}

// inName reports whether the name of a header field contains a secret in any case, as
// names are canonicalized.
func (r *Redactor) inName(name string) bool {
	for _, secret := range r.forms() {
		p := prefix(secret)
		for i := 0; i+len(p) <= len(name); i++ {
			if name[i]|' ' == p[0]|' ' && strings.EqualFold(name[i:i+len(p)], p) {
				return true
			}
		}
	}
	return false
}

// body redacts a body.
func (r *Redactor) body(body []byte) []byte {
	suspect := bytes.IndexByte(body, '\\') >= 0
	for _, secret := range r.forms() {
		// Without its first byte, the e of a JWT or the s of a key, a prefix is found faster.
		suspect = suspect || bytes.Contains(body, []byte(prefix(secret)[1:]))
	}
	if !suspect {
		return body
	}
	return []byte(r.Text(string(body)))
}
