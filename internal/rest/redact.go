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
	for _, secret := range r.secrets { // not those appended below
		if escapedInJSON(secret) {
			quoted, _ := jsontext.AppendQuote(nil, secret)
			r.secrets = append(r.secrets, string(quoted[1:len(quoted)-1]))
		}
	}
	slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
	r.sorted = true
}

// escapedInJSON reports whether JSON requires an escape in secret.
func escapedInJSON(secret string) bool {
	for i := range len(secret) {
		if c := secret[i]; c < ' ' || c == '"' || c == '\\' {
			return true
		}
	}
	return false
}

// prefix returns the prefix of a secret that is searched for.
func prefix(secret string) string { return secret[:min(len(secret), minPrefix)] }

// Text returns v with the secrets redacted. Of secrets with a common prefix, the one
// with the longest match is redacted.
func (r *Redactor) Text(v string) string {
	start, end := r.find(v)
	if start < 0 {
		return v
	}
	var clean strings.Builder
	for ; start >= 0; start, end = r.find(v) {
		clean.WriteString(v[:start])
		clean.WriteString(Redacted)
		v = v[end:]
	}
	clean.WriteString(v)
	return clean.String()
}

// find returns the bounds of the first secret in v, or -1.
func (r *Redactor) find(v string) (start, end int) {
	start = -1
	for _, secret := range r.forms() {
		if i := strings.Index(v, prefix(secret)); i >= 0 && (start < 0 || i < start) {
			start = i
		}
	}
	if start < 0 {
		return -1, -1
	}
	for _, secret := range r.forms() {
		if n := commonPrefixLen(v[start:], secret); n >= len(prefix(secret)) {
			end = max(end, start+n)
		}
	}
	return start, end
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
		// These two may hold a new secret. net/http keeps a space before the colon.
		return !startsWith(name, "Set-Cookie") && !startsWith(name, "Authorization")
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

// trimPartialSecret removes a truncated secret from the end of v.
func (r *Redactor) trimPartialSecret(v []byte) []byte {
	for _, secret := range r.forms() {
		for n := len(secret) - 1; n >= minSecret; n-- {
			if before, ok := bytes.CutSuffix(v, []byte(secret[:n])); ok {
				return before
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

// header returns a redacted copy of the fields of h whose names pass.
func (r *Redactor) header(h http.Header, pass func(name string) bool) http.Header {
	clean := maps.Clone(h)
	for name, values := range h {
		switch {
		case !pass(name):
			delete(clean, name)
		case r.inName(name):
			delete(clean, name)
			clean[Redacted] = append(clean[Redacted], r.values(values)...)
		case slices.ContainsFunc(values, r.in):
			clean[name] = r.values(values)
		}
	}
	return clean
}

// values returns a redacted copy of values.
func (r *Redactor) values(values []string) []string {
	clean := make([]string, len(values))
	for i, value := range values {
		clean[i] = r.Text(value)
	}
	return clean
}

// in reports whether v contains a secret.
func (r *Redactor) in(v string) bool {
	start, _ := r.find(v)
	return start >= 0
}

// inName reports whether the name of a header field contains a secret in any case, as
// names are canonicalized.
func (r *Redactor) inName(name string) bool {
	for _, secret := range r.forms() {
		for i := range len(name) - len(prefix(secret)) + 1 {
			if startsWith(name[i:], prefix(secret)) {
				return true
			}
		}
	}
	return false
}

// startsWith reports whether name starts with prefix in any case.
func startsWith(name, prefix string) bool {
	return len(name) >= len(prefix) && name[0]|' ' == prefix[0]|' ' && strings.EqualFold(name[:len(prefix)], prefix)
}

// body redacts a body, also where a secret is written with JSON escapes. The body need
// not be valid JSON.
func (r *Redactor) body(body []byte) []byte {
	suspect := bytes.IndexByte(body, '\\') >= 0
	for _, secret := range r.forms() {
		// Without its first byte, the e of a JWT or the s of a key, a prefix is found faster.
		suspect = suspect || bytes.Contains(body, []byte(prefix(secret)[1:]))
	}
	if !suspect {
		return body
	}
	clean := string(body)
	plain := unescapeJSON(clean)
	if redacted := r.Text(plain); redacted != plain {
		clean = redacted
	}
	return []byte(r.Text(clean)) // a secret with a backslash may be written as it is
}
