package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// Limits on what is read.
const (
	maxDocument = 64 << 20  // bytes
	maxKeys     = 100_000   // of one mapping; oasdiff's loader takes quadratic time
	maxDepth    = 200       // nested mappings and lists
	maxNodes    = 1_000_000 // with aliases replaced
	maxPlace    = 10_000    // bytes of a place
	maxParts    = 50_000    // of all operations, with references replaced; Clerk's have about 2,000
)

// A document is one parsed OpenAPI document. Its references are not resolved.
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

// parseDocument parses an OpenAPI document of any 3.x version, in YAML or JSON.
func parseDocument(name string, data []byte) (*document, error) {
	parsed, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("cannot parse %s: %w", name, err)
	}
	root, _ := parsed.(map[string]any)
	version, _ := root["openapi"].(string)
	if _, ok := root["paths"].(map[string]any); !ok || !strings.HasPrefix(version, "3.") {
		return nil, fmt.Errorf("%s is not an OpenAPI 3 document: want a mapping with openapi: 3.x and paths", name)
	}
	return &document{name, checksum(data), root}, nil
}

var yamlDirective = regexp.MustCompile(`(?m)^%YAML 1\.[2-9]`)

// decode decodes YAML or JSON to maps with string keys, slices and scalars.
func decode(data []byte) (any, error) {
	// The YAML package rejects later versions of YAML and the escapes that only JSON has. YAML is not formatted here.
	data, _ = jsontext.AppendFormat(nil, data, jsontext.SpaceAfterColon(true))
	var top yaml.Node
	if err := yaml.Load(yamlDirective.ReplaceAll(data, []byte("%YAML 1.1")), &top); err != nil {
		return nil, oneLine(err)
	}
	return new(decoder).decode(&top)
}

// A decoder decodes YAML nodes within limits and, unlike the YAML package, in linear time.
type decoder struct{ depth, nodes int }

func (d *decoder) decode(n *yaml.Node) (v any, err error) {
	d.depth, d.nodes = d.depth+1, d.nodes+1
	defer func() { d.depth-- }()
	if d.depth > maxDepth || d.nodes > maxNodes || len(n.Content) > 2*maxKeys {
		return nil, fmt.Errorf("line %d: more than %d levels, %d keys of a mapping or %d nodes",
			n.Line, maxDepth, maxKeys, maxNodes)
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
			if _, exists := m[key.Value]; exists || key.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("line %d: key %q is a duplicate or not a scalar", key.Line, key.Value)
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
	if tag := n.ShortTag(); tag == "!!str" || tag == "!!timestamp" {
		return n.Value, nil
	}
	if err = n.Decode(&v); textOf(v) == "" { // NaN or infinite
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
		return fmt.Errorf("cannot read %s: %w", file, oneLine(err))
	}
	return nil
}

// oneLine returns the error with its message on one line.
func oneLine(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }
