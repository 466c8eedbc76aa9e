package clerksessions

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// secret has the value left out of whatever a server's error quotes back.
func (p parameter) secret() parameter {
	switch v := p.value.Interface().(type) {
	case string:
		p.call.keepSecret(v)
	case map[string][]string:
		for name, values := range v {
			for _, value := range values {
				p.call.keepSecretHeader(http.CanonicalHeaderKey(name), value)
			}
		}
	}
	return p
}

// publicHeaders begin the names of headers in which browsers send no secret.
var publicHeaders = []string{"Accept", "Cache-Control", "Connection", "Content-", "Host", "Origin", "Sec-", "User-Agent"}

// keepSecretHeader keeps a header's value and, as a server may quote just one of
// them, its words and cookies.
func (c *call) keepSecretHeader(name, value string) {
	if slices.ContainsFunc(publicHeaders, func(public string) bool { return strings.HasPrefix(name, public) }) {
		return
	}
	c.keepSecret(value)
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == ';' }) {
		c.keepSecret(word)
		if _, cookie, ok := strings.Cut(word, "="); ok {
			c.keepSecret(cookie)
		}
	}
}

// shortestSecret is how long a caller's token must be to be looked for in what a
// server sent: replacing every "a" because the token was "a" would ruin a message.
const shortestSecret = 8

func (c *call) keepSecret(v string) {
	if len(v) >= shortestSecret {
		c.secrets = append(c.secrets, v)
	}
}

// scrubber removes the secrets of one call from what a server sent, which may
// quote them back. The longest come first, as one may be part of another.
type scrubber []string

// scrubber knows the secret key and the tokens that the call sends.
func (c *call) scrubber() scrubber {
	s := scrubber(append([]string{strings.TrimPrefix(c.authorization(), bearer)}, c.secrets...))
	for _, secret := range s {
		if strings.ContainsAny(secret, `"\`) { // looks different in JSON
			quoted, _ := jsontext.AppendQuote(nil, secret)
			s = append(s, string(quoted[1:len(quoted)-1]))
		}
	}
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

// longest is how many bytes a secret may take when it is written in escapes.
func (s scrubber) longest() int { return len(`\u0000`) * len(s[0]) }

func (s scrubber) text(v string) string {
	for _, secret := range s {
		v = strings.ReplaceAll(v, secret, redacted)
	}
	return v
}

// uncut drops the beginning of a secret at the end of a text that broke off there.
func (s scrubber) uncut(v []byte) []byte {
	for _, secret := range s {
		for n := len(secret) - 1; n >= shortestSecret; n-- {
			if begun, ok := bytes.CutSuffix(v, []byte(secret[:n])); ok {
				return begun
			}
		}
	}
	return v
}

// err returns err, or only its text if there are secrets in it: net/http quotes what
// it cannot read.
func (s scrubber) err(err error) error {
	if clean := s.text(err.Error()); clean != err.Error() {
		return errors.New(clean)
	}
	return err
}

func (s scrubber) header(h http.Header) http.Header {
	clean := h.Clone()
	for _, values := range clean {
		for i := range values {
			values[i] = s.text(values[i])
		}
	}
	return clean
}

// body scrubs text that may be JSON, whole or not, in which a secret may be written
// with escapes.
func (s scrubber) body(body []byte) []byte {
	clean := s.text(string(body))
	if strings.Contains(clean, `\`) {
		if plain := escapes.ReplaceAllStringFunc(clean, unescapeJSON); s.text(plain) != plain {
			clean = s.text(plain)
		}
	}
	if clean == string(body) {
		return body
	}
	return []byte(clean)
}

var escapes = regexp.MustCompile(`\\(?:u[0-9a-fA-F]{4}|.)`)

// unescapeJSON writes out an escape that JSON does not need, and the others in their
// usual form.
func unescapeJSON(escape string) string {
	switch escape[1] {
	case '/':
		return "/"
	case 'u':
		switch r, err := strconv.ParseUint(escape[2:], 16, 16); {
		case err != nil || r < ' ' || utf16.IsSurrogate(rune(r)):
		case r == '"' || r == '\\':
			return `\` + string(rune(r))
		default:
			return string(rune(r))
		}
	}
	return escape
}
