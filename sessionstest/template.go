package sessionstest

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// Template is a JWT template.
type Template struct {
	// Name is the name in requests: up to 512 bytes without /, \, % and control
	// characters. Required.
	Name string `json:"name"`

	// Claims are added to the token unchanged: Clerk's shortcodes such as {{user.id}}
	// are not replaced. Claims that Clerk sets itself or reserves for session tokens
	// are refused, as by Clerk.
	Claims map[string]any `json:"claims"`

	// Lifetime is the lifetime of its tokens in seconds, 30 to 315,360,000. Default: 60.
	Lifetime int `json:"lifetime"`

	// AllowedClockSkew is the time from nbf to iat in seconds. Default: 5.
	AllowedClockSkew int `json:"allowed_clock_skew"`
}

func (t Template) clone() Template {
	t.Claims = maps.Clone(t.Claims)
	return t
}

var templates = kind[Template]{
	name: "template",
	id:   func(t Template) string { return t.Name },
	find: func(in *instance, name string) (Template, bool) {
		t, ok := in.templates[name]
		return t.clone(), ok
	},
	add: (*instance).addTemplate,
	set: (*instance).addTemplate,
	remove: func(in *instance, name string) bool {
		_, found := in.templates[name]
		delete(in.templates, name)
		return found
	},
}

// reservedClaims are those that a template cannot set: the automatic ones and those of
// session tokens.
var reservedClaims = []string{"azp", "exp", "fea", "iat", "iss", "jti", "nbf", "pla", "sid", "sts", "sub", "v"}

const maxName = 512 // bytes of a template's name, the client's maximum in a path

// inPath reports whether the client accepts a name in a path. It rejects names that
// change the path once unescaped; rejecting every backslash and % is simpler.
func inPath(name string) bool {
	return name != "" && len(name) <= maxName && utf8.ValidString(name) && name != "." && name != ".." &&
		!strings.ContainsAny(name, `/\%`) && !strings.ContainsFunc(name, unicode.IsControl)
}

// addTemplate adds a template, or replaces the one of the same name.
func (in *instance) addTemplate(t Template) (Template, error) {
	t.Lifetime = cmp.Or(t.Lifetime, defaultLifetime)
	t.AllowedClockSkew = cmp.Or(t.AllowedClockSkew, templateSkew)
	if err := t.check(); err != nil {
		return Template{}, fmt.Errorf("template %s %w", quote(t.Name), err)
	}
	in.templates[t.Name] = t.clone()
	return t, nil
}

// check returns an error if the template is invalid.
func (t Template) check() error {
	for _, name := range reservedClaims {
		if _, ok := t.Claims[name]; ok {
			return fmt.Errorf("sets the claim %s, which Clerk reserves; remove it, or in a Go test use Mint", name)
		}
	}
	_, err := json.Marshal(t.Claims)
	switch {
	case !inPath(t.Name):
		return fmt.Errorf("has an invalid name; use 1 to %d bytes of text without /, \\, %% and control characters, "+
			"and not a dot segment", maxName)
	case t.Lifetime < minLifetime || t.Lifetime > maxLifetime:
		return fmt.Errorf("has a lifetime of %d seconds, but must be %d to %d", t.Lifetime, minLifetime, maxLifetime)
	case t.AllowedClockSkew < 0:
		return fmt.Errorf("has an allowed clock skew of %d seconds, but must not be negative", t.AllowedClockSkew)
	case err != nil:
		return fmt.Errorf("has claims that cannot be represented in JSON: %w", err)
	}
	return nil
}
