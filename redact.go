package clerksessions

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// redacted stands in for a secret wherever something is printed, logged or kept.
const redacted = "[redacted]"

// redact returns what to print in place of v: nothing of it but whether it is empty.
func redact[T string | map[string][]string](v T) T {
	switch p := any(&v).(type) {
	case *string:
		if *p != "" {
			*p = redacted
		}
	case *map[string][]string:
		if *p != nil {
			*p = map[string][]string{redacted: nil}
		}
	}
	return v
}

// Format prints the client by its base URL alone, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) {
	if c.api.config == nil {
		fmt.Fprint(f, "clerksessions.Client{}")
		return
	}
	fmt.Fprintf(f, "clerksessions.Client{BaseURL:%q}", c.api.base)
}

// LogValue logs the client by its base URL alone.
func (c Client) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// shortestSecret is how long a caller's token must be to be looked for in what a
// server sent: replacing every "a" because the token was "a" would ruin a message.
const shortestSecret = 8

// scrubber removes the secrets of one call from what a server sent, which may
// quote them back. The longest come first, as one may be part of another.
type scrubber []string

// scrubber knows the secret key and the tokens that the call sends.
func (c *call) scrubber() scrubber {
	s := scrubber(append([]string{strings.TrimPrefix(c.authorization(), bearer)}, c.secrets...))
	slices.SortFunc(s, func(a, b string) int { return len(b) - len(a) })
	return s
}

func (s scrubber) text(v string) string {
	for _, secret := range s {
		v = strings.ReplaceAll(v, secret, redacted)
	}
	return v
}

// secret has the value left out of whatever a server's error quotes back.
func (p parameter) secret() parameter {
	switch v := p.value.Interface().(type) {
	case string:
		p.call.keepSecret(v)
	case map[string][]string:
		for _, values := range v {
			for _, value := range values {
				p.call.keepSecret(value)
			}
		}
	}
	return p
}

func (c *call) keepSecret(v string) {
	if len(v) >= shortestSecret {
		c.secrets = append(c.secrets, v)
	}
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

// body scrubs text, and JSON also where a secret was written with escapes.
func (s scrubber) body(body []byte) []byte {
	clean := body
	if text := s.text(string(body)); text != string(body) {
		clean = []byte(text)
	}
	if !bytes.ContainsRune(clean, '\\') {
		return clean
	}
	var v any
	if json.Unmarshal(clean, &v) != nil {
		return clean
	}
	plain, err := json.Marshal(s.value(v), json.Deterministic(true))
	if same, _ := json.Marshal(v, json.Deterministic(true)); err != nil || bytes.Equal(plain, same) {
		return clean
	}
	return plain
}

// value returns a copy of a decoded JSON value without the secrets.
func (s scrubber) value(v any) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case []any:
		clean := make([]any, len(v))
		for i := range v {
			clean[i] = s.value(v[i])
		}
		return clean
	case map[string]any:
		clean := make(map[string]any, len(v))
		for name := range v {
			clean[s.text(name)] = s.value(v[name])
		}
		return clean
	}
	return v
}
