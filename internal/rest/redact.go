package rest

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Redacted replaces a secret.
const Redacted = "[redacted]"

const (
	// minSecret is the length from which a secret is redacted. Redacting a shorter one
	// would destroy text that merely looks like it.
	minSecret = 8

	// minPrefix is the length from which the beginning of a secret is redacted.
	minPrefix = 12
)

// Redactor redacts the secrets of one call from what a server sends, which may echo
// them: whole secrets of at least 8 bytes, and their beginnings of at least 12 bytes.
// It is not safe for concurrent use.
type Redactor struct {
	secrets []string
	first   [1]string // room for the first secret, to save an allocation
	sorted  bool
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

// forms returns the secrets, and how JSON writes them if that differs, the longest
// first, as one may be part of another.
func (r *Redactor) forms() []string {
	if !r.sorted {
		for _, secret := range r.secrets { // not those appended below
			if strings.ContainsAny(secret, `"\`) {
				quoted, _ := jsontext.AppendQuote(nil, secret)
				r.secrets = append(r.secrets, string(quoted[1:len(quoted)-1]))
			}
		}
		slices.SortFunc(r.secrets, func(a, b string) int { return len(b) - len(a) })
		r.sorted = true
	}
	return r.secrets
}

// prefix returns the beginning of a secret that is searched for.
func prefix(secret string) string { return secret[:min(len(secret), minPrefix)] }

// Text returns v with the secrets redacted.
func (r *Redactor) Text(v string) string {
	for _, secret := range r.forms() {
		v = redact(v, secret)
	}
	return v
}

func redact(v, secret string) string {
	before, after, found := strings.Cut(v, prefix(secret))
	if !found {
		return v
	}
	var clean strings.Builder
	for ; found; before, after, found = strings.Cut(after, prefix(secret)) {
		clean.WriteString(before)
		clean.WriteString(Redacted)
		after = after[common(after, secret[len(prefix(secret)):]):]
	}
	clean.WriteString(before)
	return clean.String()
}

// common returns the length of the common prefix of a and b.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Error returns err with a text that is redacted and fit for an error message. If
// there was a secret in it, the errors that err wraps are dropped.
func (r *Redactor) Error(err error) error {
	text := err.Error()
	clean := r.Text(text)
	line := OneLine(clean)
	switch {
	case clean != text:
		return errors.New(line)
	case line != text:
		return &shortError{line, err}
	}
	return err
}

// shortError is an error with a shorter text.
type shortError struct {
	text string
	err  error
}

func (e *shortError) Error() string { return e.text }
func (e *shortError) Unwrap() error { return e.err }

// Failed returns a copy of a response that is not a success, redacted. Its body may
// have been read up to margin bytes beyond MaxErrorBody; truncated says that reading it
// failed. Either way it may end within a secret.
func (r *Redactor) Failed(res *Response, truncated bool) *Response {
	failed := *res
	failed.Header = r.header(res.Header)
	failed.Body = res.Body
	if truncated {
		failed.Body = r.trimPartialSecret(failed.Body)
	}
	failed.Body = r.body(failed.Body)
	if len(res.Body) == MaxErrorBody+r.margin() {
		failed.Body = failed.Body[:max(0, len(failed.Body)-r.margin())]
	}
	failed.Body = failed.Body[:min(len(failed.Body), MaxErrorBody)]
	return &failed
}

// margin returns how many bytes the longest secret takes if each is written as an
// escape of JSON.
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

// Unusable returns a copy of a 2xx response that cannot be used, redacted. It has no
// body, no cookies and no Authorization header, which may hold a new secret.
func (r *Redactor) Unusable(res *Response) *Response {
	unusable := *res
	unusable.Header = r.header(res.Header)
	unusable.Header.Del("Set-Cookie")
	unusable.Header.Del("Authorization")
	unusable.Body = nil
	return &unusable
}

func (r *Redactor) header(h http.Header) http.Header {
	clean := h.Clone()
	for name, values := range h {
		if r.inName(name) {
			delete(clean, name)
			name = Redacted
			clean[name] = append(clean[name], values...)
		}
	}
	for _, values := range clean {
		for i := range values {
			values[i] = r.Text(values[i])
		}
	}
	return clean
}

// inName reports whether a secret is part of a header's name, whose case is not
// preserved.
func (r *Redactor) inName(name string) bool {
	if len(name) < minSecret {
		return false
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(r.forms(), func(secret string) bool {
		return strings.Contains(name, strings.ToLower(prefix(secret)))
	})
}

// body redacts text that may be JSON, complete or not, in which a secret may be
// written with escapes.
func (r *Redactor) body(body []byte) []byte {
	suspect := bytes.IndexByte(body, '\\') >= 0
	for _, secret := range r.forms() {
		suspect = suspect || bytes.Contains(body, []byte(prefix(secret)))
	}
	if !suspect {
		return body
	}
	clean := r.Text(string(body))
	plain := unescapeJSON(clean)
	if redacted := r.Text(plain); redacted != plain {
		clean = redacted
	}
	return []byte(clean)
}
