package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-openapi/jsonpointer"
)

// A walker reads one operation of a document and resolves its references. It is copied when it follows a reference.
type walker struct {
	doc   *document
	refs  []string // being followed, to detect cycles
	parts *int     // read so far, of all operations
	err   *error   // the first error; it is sticky
}

func (w walker) fail(format string, args ...any) {
	if *w.err == nil {
		*w.err = fmt.Errorf("%s "+format, append([]any{w.doc.name}, args...)...)
	}
}

// mapping returns the mapping that v is or refers to, and a walker for what it contains.
func (w walker) mapping(at place, v any) (walker, map[string]any) {
	w, v = w.follow(v)
	return w, w.names(at, v)
}

// names returns a mapping whose keys are names rather than OpenAPI's keywords, so that $ref is one of them.
func (w walker) names(at place, v any) map[string]any {
	if *w.parts++; *w.parts > maxParts || len(at) > maxPlace {
		w.fail("has more than %d parts or a place longer than %d bytes with references resolved", maxParts, maxPlace)
	}
	m, ok := v.(map[string]any)
	if !ok {
		w.fail("has %s at %s, want a mapping", textOf(v), at)
	}
	return m
}

func (w walker) list(at place, v any) []any {
	l, ok := v.([]any)
	if !ok && v != nil {
		w.fail("has %s at %s, want a list", textOf(v), at)
	}
	return l
}

func (w walker) follow(v any) (walker, any) {
	m, _ := v.(map[string]any)
	if m["$ref"] == nil || *w.err != nil {
		return w, v
	}
	w, v = w.resolve(m["$ref"])
	return w.follow(v)
}

// resolve returns the target of one reference, within the document: others are never fetched.
func (w walker) resolve(v any) (walker, any) {
	ref, ok := v.(string)
	fragment, local := strings.CutPrefix(ref, "#/")
	switch {
	case !ok:
		w.fail("has a $ref that is not a string: %s", textOf(v))
	case slices.Contains(w.refs, ref):
		w.fail("has a cycle, which cannot be compared: %s refers to itself", ref)
	case !local:
		w.fail("refers to %q; references to other documents are not followed", ref)
	}
	w.refs = append(slices.Clip(w.refs), ref)
	decoded, _ := url.PathUnescape(fragment)
	pointer, err := jsonpointer.New("/" + cmp.Or(decoded, fragment))
	if err != nil {
		w.fail("has an invalid reference: %q", ref)
		return w, nil
	}
	target, _, err := pointer.Get(w.doc.root)
	if err != nil {
		w.fail("refers to %q, which does not exist", ref)
	}
	return w, target
}

// isProse reports whether a keyword of OpenAPI affects neither code nor what is sent.
func isProse(key string) bool {
	return strings.HasPrefix(key, "x-") || slices.Contains(prose, key)
}

var prose = []string{"description", "summary", "title", "example", "examples", "externalDocs", "tags", "$comment"}

// plain copies the value of a key without rules of its own. It drops prose and resolves references, except in literals.
func (w walker) plain(key string, v any) any {
	if slices.Contains([]string{"default", "enum", "const", "parameters"}, key) { // parameters of a link
		return v
	}
	w, v = w.follow(v)
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, item := range w.names(place(key), v) {
			switch {
			case key == "scopes":
				m[name] = "" // the value is a description
			case key == "mapping", key == "dependentRequired":
				m[name] = w.plain("", item)
			case !isProse(name):
				m[name] = w.plain(name, item)
			}
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, item := range v {
			l[i] = w.plain("", item)
		}
		return l
	}
	return v
}

// byIndex returns a list as a mapping.
func byIndex(l []any) any {
	m := map[string]any{}
	for i, item := range l {
		m[one(fmt.Sprint(i))] = item
	}
	return m
}

// sorted returns a copy of a list whose order has no meaning, in a fixed order.
func sorted(l []any) []any {
	return slices.SortedFunc(slices.Values(l), func(a, b any) int { return cmp.Compare(textOf(a), textOf(b)) })
}
