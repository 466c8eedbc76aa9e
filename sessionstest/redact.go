package sessionstest

import (
	"bytes"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const redacted = "[redacted]"

// redactor redacts recorded requests. Its value is the instance's secret key.
type redactor string

// secretLike matches tokens and the secret keys of any instance. Inside a word it
// matches only a whole token: one id in ten thousand contains eyJ.
var secretLike = regexp.MustCompile(`\beyJ[\w-]*(\.[\w-]*)*|eyJ[\w-]*\.[\w-]+\.[\w-]*|sk_(test|live)_[\w-]*`)

// text redacts the secrets in a text.
func (key redactor) text(v string) string {
	v = strings.ReplaceAll(v, string(key), redacted)
	if strings.Contains(v, "eyJ") || strings.Contains(v, "sk_") {
		v = secretLike.ReplaceAllLiteralString(v, redacted)
	}
	return v
}

// short redacts a text and truncates it to maxKept bytes.
func (key redactor) short(v string) string {
	if v = key.text(v); len(v) > maxKept {
		v = strings.ToValidUTF8(v[:maxKept], "?") + "..." // removing bytes could join a secret
	}
	return strings.Clone(v) // a substring would keep the whole request in memory
}

// path redacts the segments that contain a secret, even if it is escaped repeatedly.
func (key redactor) path(path string) string {
	segments := strings.Split(path, "/")
	for i, plain := range segments {
		for range 3 {
			if next, err := url.PathUnescape(plain); err == nil {
				plain = next
			}
		}
		if key.text(plain) != plain {
			segments[i] = redacted
		}
	}
	return key.short(strings.Join(segments, "/"))
}

// values redacts a header or a query and drops values beyond a total of maxKept bytes.
func (key redactor) values(values map[string][]string) map[string][]string {
	kept := map[string][]string{}
	room := maxKept
	for _, name := range slices.Sorted(maps.Keys(values)) {
		secret := isSecret(name)
		name, list := key.short(name), values[name]
		for _, value := range list {
			if value = key.short(value); secret {
				value = redacted
			}
			if room -= len(name) + len(value); room < 0 {
				return kept
			}
			kept[name] = append(kept[name], value)
		}
	}
	return kept
}

// isSecret reports whether a header, query parameter or JSON member of this name is a
// secret.
func isSecret(name string) bool {
	return slices.Contains([]string{
		"authorization", "cookie", "proxy-authorization", "token", "expired_token", "refresh_token", "request_headers",
		"password",
	}, strings.ToLower(name))
}

// body redacts the members of a JSON object.
func (key redactor) body(body []byte) string {
	value := jsontext.Value(body)
	switch {
	case len(body) == 0:
		return ""
	case len(body) > maxBody || !value.IsValid() || value.Kind() != '{' && value.Kind() != 'n':
		return "[" + strconv.Itoa(len(body)) + " bytes, not a JSON object]"
	}
	var text strings.Builder
	from, to := jsontext.NewDecoder(bytes.NewReader(body)), jsontext.NewEncoder(&text)
	for { // value is valid, so the only error is its end
		kind, n := from.StackIndex(from.StackDepth())
		token, err := from.ReadToken()
		if err != nil {
			return key.short(strings.TrimSpace(text.String()))
		}
		secret := kind == '{' && n%2 == 0 && isSecret(token.String())
		_ = to.WriteToken(token)
		if secret {
			_ = from.SkipValue()
			_ = to.WriteToken(jsontext.String(redacted))
		}
	}
}
