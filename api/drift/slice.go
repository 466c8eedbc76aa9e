package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxFacts bounds how far references may multiply a document; the whole of
// /sessions makes about 2,000 facts.
const maxFacts = 50_000

// slice reads everything a document says of the operations under /sessions.
func (d *document) slice() (slice, error) {
	w := &walker{doc: d}
	found := slice{}
	paths := d.root["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if path != "/sessions" && !strings.HasPrefix(path, "/sessions/") {
			continue
		}
		w.pathItem(found, path, paths[path])
	}
	if w.err != nil {
		return nil, w.err
	}
	return found, nil
}

// A walker turns one operation after the other into facts. Its first error
// sticks and ends the walk.
type walker struct {
	doc   *document
	facts map[string]value
	refs  []string // references being followed, to notice a circle
	total int
	err   error
}

func (w *walker) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *walker) add(at place, v value) {
	if w.total++; w.total > maxFacts {
		w.fail("%s makes more than %d facts, its references multiply; give a smaller document", w.doc.name, maxFacts)
	}
	w.facts[at.String()] = v
}

// mapping follows references and returns the mapping at their end. What it
// pushes on refs the caller takes off with defer w.leave(len(w.refs)).
func (w *walker) mapping(at place, v any) map[string]any {
	return w.named(at, w.follow(v))
}

// named returns a mapping whose keys are names, not OpenAPI's words.
func (w *walker) named(at place, v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok && w.err == nil {
		w.fail("%s has %s at %s where OpenAPI has a mapping; give a valid document", w.doc.name, textOf(v), at)
	}
	return m
}

func (w *walker) follow(v any) any {
	for w.err == nil {
		m, ok := v.(map[string]any)
		if !ok || m["$ref"] == nil {
			return v
		}
		v = w.step(m)
	}
	return nil
}

// step goes from one reference to what it points to.
func (w *walker) step(m map[string]any) any {
	ref, ok := m["$ref"].(string)
	if !ok {
		w.fail("%s has a $ref that is %s; a reference is text", w.doc.name, textOf(m["$ref"]))
		return nil
	}
	if slices.Contains(w.refs, ref) {
		w.fail("%s refers to %s from within itself, and what has no end cannot be compared; look at it by hand", w.doc.name, ref)
		return nil
	}
	w.refs = append(w.refs, ref)
	target, err := w.doc.lookup(ref)
	if err != nil {
		w.fail("%w", err)
	}
	return target
}

func (w *walker) leave(depth int) { w.refs = w.refs[:depth] }

// list returns a sequence, or nil where there is none.
func (w *walker) list(at place, v any) []any {
	if v == nil {
		return nil
	}
	l, ok := v.([]any)
	if !ok {
		w.fail("%s has %s at %s where OpenAPI has a list; give a valid document", w.doc.name, textOf(v), at)
	}
	return l
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

func (w *walker) pathItem(found slice, path string, v any) {
	defer w.leave(len(w.refs))
	item := w.mapping(place{path}, v)
	for key, v := range item {
		if isProse(key) || key == "parameters" || key == "servers" {
			continue
		}
		if !slices.Contains(methods, key) {
			w.fail("%s has %q under %s, which is no method known here; teach api/drift what it means", w.doc.name, key, path)
			return
		}
		name := strings.ToUpper(key) + " " + path
		id := strings.ToUpper(key) + " " + anonymous(path)
		if found[id] != nil {
			w.fail("%s has both %s and %s, which are the same request; give a valid document", w.doc.name, found[id].name, name)
			return
		}
		w.facts = map[string]value{}
		w.operation(name, item, v)
		found[id] = &operation{name: name, apiVersion: w.apiVersion(v), facts: w.facts}
	}
}

func (w *walker) apiVersion(v any) string {
	defer w.leave(len(w.refs))
	op, _ := w.follow(v).(map[string]any)
	version, _ := op["x-clerk-api-version"].(string)
	return version
}

// anonymous takes the names out of a path's placeholders.
func anonymous(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// isProse tells the keys that change neither code nor wire format wherever
// OpenAPI defines them. Every other key is a fact.
func isProse(key string) bool {
	switch key {
	case "description", "summary", "title", "example", "examples", "externalDocs", "tags", "$comment":
		return true
	}
	return strings.HasPrefix(key, "x-")
}

func (w *walker) operation(name string, item map[string]any, v any) {
	defer w.leave(len(w.refs))
	op := w.mapping(place{name}, v)
	w.add(place{wholeOperation}, present)
	w.add(place{"request"}, textOf(name))
	w.add(place{"deprecated"}, textOf(op["deprecated"] == true))
	w.parameters(item["parameters"], op["parameters"])
	w.responses(op["responses"])
	w.security(firstOf(op, w.doc.root, "security"))
	servers, declared := op["servers"]
	if !declared {
		servers = firstOf(item, w.doc.root, "servers")
	}
	w.servers(servers)
	for key, v := range op {
		switch key {
		case "deprecated", "parameters", "responses", "security", "servers":
		case "requestBody":
			w.requestBody(v)
		default:
			w.other(place{key}, key, v)
		}
	}
}

// firstOf reads what an operation may say itself or inherit.
func firstOf(own, inherited map[string]any, key string) any {
	if v, ok := own[key]; ok {
		return v
	}
	return inherited[key]
}

// other records a key that has no rules of its own, unless it is prose.
func (w *walker) other(at place, key string, v any) {
	if !isProse(key) {
		w.add(at, textOf(w.resolvedPart(key, v)))
	}
}

// resolvedPart copies what stands under one of OpenAPI's words. Prose is left out
// where keys are such words too, not where they are names or all is a value.
func (w *walker) resolvedPart(key string, v any) any {
	m, isMapping := v.(map[string]any)
	switch key {
	case "default", "enum", "const":
		return v
	case "parameters": // a mapping in links alone
		if isMapping {
			return v
		}
	case "scopes":
		names := map[string]any{}
		for name := range m {
			names[name] = ""
		}
		return names
	case "properties", "patternProperties", "dependentSchemas", "dependentRequired", "$defs", "definitions",
		"mapping", "callbacks", "headers", "encoding", "links", "responses", "variables", "security":
		return w.resolved(v, true)
	}
	return w.resolved(v, false)
}

// resolved copies a value with its references replaced.
func (w *walker) resolved(v any, named bool) any {
	defer w.leave(len(w.refs))
	if w.total++; w.total > maxFacts {
		w.fail("%s makes more than %d facts, its references multiply; give a smaller document", w.doc.name, maxFacts)
	}
	if !named {
		v = w.follow(v)
	}
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			if named {
				m[key] = w.resolved(item, false)
			} else if !isProse(key) {
				m[key] = w.resolvedPart(key, item)
			}
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, item := range v {
			l[i] = w.resolved(item, named)
		}
		return l
	default:
		return v
	}
}
