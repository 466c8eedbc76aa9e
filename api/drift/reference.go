package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-openapi/jsonpointer"
)

// A walker reads one operation of a document. Its first error is sticky.
type walker struct {
	doc   *document
	parts *int     // read so far, of all operations
	refs  []string // being followed, to detect cycles
	err   error
}

func (w *walker) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("%s "+format, append([]any{w.doc.name}, args...)...)
	}
}

// isProse reports whether a key changes neither code nor what is sent, wherever OpenAPI defines it.
func isProse(key string) bool {
	switch key {
	case "description", "summary", "title", "example", "examples", "externalDocs", "tags", "$comment":
		return true
	}
	return strings.HasPrefix(key, "x-")
}

// mapping returns a mapping, or the one v refers to. What it adds to refs the caller removes with leave.
func (w *walker) mapping(at place, v any) map[string]any {
	return w.names(at, w.follow(v))
}

// names returns a mapping whose keys are names rather than OpenAPI's words.
func (w *walker) names(at place, v any) map[string]any {
	if *w.parts++; *w.parts > maxParts || len(at) > maxPlace {
		w.fail("has more than %d parts or a place longer than %d bytes once references are replaced", maxParts, maxPlace)
	}
	m, ok := v.(map[string]any)
	if !ok {
		w.fail("has %s at %s, where OpenAPI has a mapping", textOf(v), at)
	}
	if w.err != nil {
		return nil
	}
	return m
}

// list returns a list, or nil if there is none.
func (w *walker) list(at place, v any) []any {
	l, ok := v.([]any)
	if !ok && v != nil {
		w.fail("has %s at %s, where OpenAPI has a list", textOf(v), at)
	}
	return l
}

func (w *walker) leave(depth int) { w.refs = w.refs[:depth] }

// follow returns what v refers to, if it is a reference.
func (w *walker) follow(v any) any {
	for {
		if m, ok := v.(map[string]any); !ok || m["$ref"] == nil || w.err != nil {
			return v
		}
		v = w.step(v)
	}
}

// step returns what a reference refers to.
func (w *walker) step(v any) any {
	ref, ok := v.(map[string]any)["$ref"].(string)
	if !ok {
		w.fail("has a $ref that is not a string: %s", textOf(v))
	} else if slices.Contains(w.refs, ref) {
		w.fail("has a cycle, which cannot be compared: %s refers to itself", ref)
	}
	w.refs = append(w.refs, ref)
	return w.lookup(ref)
}

// lookup returns the target of a reference within the document. No other is ever fetched.
func (w *walker) lookup(ref string) any {
	fragment, local := strings.CutPrefix(ref, "#/")
	if !local {
		w.fail("refers to %q; references to other documents are not followed", ref)
		return nil
	}
	decoded, _ := url.PathUnescape(fragment)
	pointer, err := jsonpointer.New("/" + cmp.Or(decoded, fragment))
	if err != nil {
		w.fail("has an invalid reference: %q", ref)
		return nil
	}
	target, _, err := pointer.Get(w.doc.root)
	if err != nil {
		w.fail("refers to %q, which does not exist", ref)
	}
	return target
}

// plain copies the value of a key without rules of its own: without prose or references, unless all of it is a value.
func (w *walker) plain(key string, v any) any {
	defer w.leave(len(w.refs))
	if slices.Contains([]string{"default", "enum", "const", "parameters"}, key) { // parameters of a link
		return v
	}
	switch v := w.follow(v).(type) {
	case map[string]any:
		m, named := map[string]any{}, key == "mapping" || key == "dependentRequired"
		for name, item := range w.names(place(key), v) {
			switch {
			case key == "scopes":
				m[name] = "" // the value is a description
			case named:
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
	default:
		return v
	}
}

// byIndex returns a list as a mapping.
func byIndex(l []any) any {
	m := map[string]any{}
	for i, item := range l {
		m[one(fmt.Sprint(i))] = item
	}
	return m
}

// sorted orders what has no order of its own.
func sorted(l []any) []any {
	l = slices.Clone(l)
	slices.SortFunc(l, func(a, b any) int { return strings.Compare(string(textOf(a)), string(textOf(b))) })
	return l
}
