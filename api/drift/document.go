package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-openapi/jsonpointer"
	"go.yaml.in/yaml/v4"
)

// Limits on what is read.
const (
	maxDocument = 64 << 20  // bytes
	maxKeys     = 100_000   // of one mapping
	maxDepth    = 200       // of mappings and lists within each other
	maxNodes    = 1_000_000 // once aliases are replaced
	maxPlace    = 10_000    // bytes of a printed place
	maxParts    = 50_000    // of all operations, once references are replaced; Clerk's have about 2,000
)

// A document is one OpenAPI document as parsed, its references still in place.
type document struct {
	name   string // for messages, for example 2026-05-12.yml
	sha256 string
	root   map[string]any
}

func readDocument(name string) (*document, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	return parseDocument(filepath.Base(name), data)
}

// parseDocument parses an OpenAPI document of any 3.x version, YAML or JSON.
func parseDocument(name string, data []byte) (*document, error) {
	parsed, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as YAML or JSON: %w", name, err)
	}
	root, _ := parsed.(map[string]any)
	version, _ := root["openapi"].(string)
	if _, ok := root["paths"].(map[string]any); !ok || !strings.HasPrefix(version, "3.") {
		return nil, fmt.Errorf("%s is not an OpenAPI 3 document: want a mapping with openapi: 3.x and paths", name)
	}
	return &document{name, checksum(data), root}, nil
}

var yamlDirective = regexp.MustCompile(`(?m)^%YAML 1\.[2-9]`)

// decode returns YAML or JSON as maps with string keys, lists and plain values.
func decode(data []byte) (any, error) {
	// The YAML package rejects newer versions of YAML, and escapes that only JSON has.
	if plain, err := jsontext.AppendFormat(nil, data, jsontext.SpaceAfterColon(true)); err == nil {
		data = plain
	}
	var top yaml.Node
	if err := yaml.Load(yamlDirective.ReplaceAll(data, []byte("%YAML 1.1")), &top); err != nil {
		return nil, oneLine(err)
	}
	return new(decoder).decode(&top)
}

// A decoder decodes YAML nodes. Unlike that of the YAML package it takes linear time.
type decoder struct{ depth, nodes int }

func (d *decoder) decode(n *yaml.Node) (v any, err error) {
	d.depth, d.nodes = d.depth+1, d.nodes+1
	defer func() { d.depth-- }()
	if d.depth > maxDepth || d.nodes > maxNodes || len(n.Content) > 2*maxKeys {
		return nil, fmt.Errorf("line %d: more than %d levels, %d keys of one mapping, or %d nodes", n.Line, maxDepth, maxKeys, maxNodes)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return d.decode(n.Content[0])
	case yaml.AliasNode:
		return d.decode(n.Alias)
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i < len(n.Content) && err == nil; i += 2 {
			key := n.Content[i]
			if _, again := m[key.Value]; again || key.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: key %q is already defined, or not a scalar", key.Line, key.Value)
			}
			m[key.Value], err = d.decode(n.Content[i+1]) // 200 is "200"
		}
		return m, err
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i := 0; i < len(l) && err == nil; i++ {
			l[i], err = d.decode(n.Content[i])
		}
		return l, err
	}
	err = n.Decode(&v)
	if _, isTime := v.(time.Time); isTime || textOf(v) == "" {
		v = n.Value
	}
	return v, err
}

// readYAML reads one of the project's own files and rejects unknown fields.
func readYAML(file string, into any) error {
	data, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Load(data, into, yaml.WithKnownFields())
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", file, oneLine(err))
	}
	return nil
}

// oneLine returns the error with its message on one line.
func oneLine(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }

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

func (w *walker) list(at place, v any) []any {
	l, ok := v.([]any)
	if !ok && v != nil {
		w.fail("has %s at %s, where OpenAPI has a list", textOf(v), at)
	}
	return l
}

func (w *walker) leave(depth int) { w.refs = w.refs[:depth] }

func (w *walker) follow(v any) any {
	for {
		if m, ok := v.(map[string]any); !ok || m["$ref"] == nil || w.err != nil {
			return v
		}
		v = w.step(v)
	}
}

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
