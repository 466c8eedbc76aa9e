package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A node is facts as a tree again, for rebuilding a document.
type node struct {
	value value
	kids  map[string]*node // by segment
}

func tree(facts map[string]value) *node {
	root := &node{kids: map[string]*node{}}
	for printed, v := range facts {
		n := root
		for _, segment := range parsePlace(printed) {
			if n.kids[segment] == nil {
				n.kids[segment] = &node{value: absent, kids: map[string]*node{}}
			}
			n = n.kids[segment]
		}
		n.value = v
	}
	return root
}

// parsePlace returns the segments of a printed place.
func parsePlace(printed string) []string {
	var p []string
	for rest := printed; rest != ""; {
		prefix := ""
		switch rest[0] {
		case '[':
			prefix, rest = one(""), rest[1:]
		case '.':
			rest = rest[1:]
		}
		name := rest
		if strings.HasPrefix(rest, `"`) {
			decoder := json.NewDecoder(strings.NewReader(rest))
			if decoder.Decode(&name) != nil {
				return append(p, rest)
			}
			rest = rest[decoder.InputOffset():]
		} else {
			end := strings.IndexAny(rest, ".[]")
			if end < 0 {
				end = len(rest)
			}
			name, rest = rest[:end], rest[end:]
		}
		rest = strings.TrimPrefix(rest, "]")
		p = append(p, prefix+name)
	}
	return p
}

// rebuild makes an OpenAPI document of one operation's facts, without facts one
// without operations, for tools that compare documents.
func rebuild(facts map[string]value) map[string]any {
	paths := map[string]any{}
	doc := map[string]any{
		"openapi": "3.0.3",
		"info":    map[string]any{"title": "sessions", "version": "0"},
		"paths":   paths,
	}
	if len(facts) == 0 {
		return doc
	}
	n := tree(facts)
	op := map[string]any{"responses": map[string]any{}}
	var parameters []any
	for _, segment := range slices.Sorted(maps.Keys(n.kids)) {
		kid := n.kids[segment]
		switch segment {
		case wholeOperation, "request":
		case "query", "path", "header", "cookie":
			parameters = append(parameters, kid.parameters(segment)...)
		case "responses":
			op["responses"] = kid.named((*node).response)
		case "requestBody":
			op["requestBody"] = kid.response()
		case "servers":
			op["servers"] = kid.listed((*node).plain)
		case "security":
			op["security"], doc["components"] = kid.security()
		default:
			op[segment] = kid.plain()
		}
	}
	op["parameters"] = parameters
	request, _ := n.kids["request"].plain().(string)
	method, path, _ := strings.Cut(request, " ")
	paths[path] = map[string]any{strings.ToLower(method): op}
	return doc
}

// decoded is the node's own value.
func (n *node) decoded() any {
	var v any
	if json.Unmarshal([]byte(n.value), &v) != nil {
		return map[string]any{}
	}
	return v
}

// plain is a node whose keys need no rebuilding.
func (n *node) plain() any {
	if len(n.kids) == 0 {
		return n.decoded()
	}
	return n.named((*node).plain)
}

func (n *node) named(each func(*node) any) any {
	m := map[string]any{}
	for segment, kid := range n.kids {
		m[segment] = each(kid)
	}
	return m
}

// listed is a node whose kids are one of several.
func (n *node) listed(each func(*node) any) any {
	l := []any{}
	for _, segment := range slices.Sorted(maps.Keys(n.kids)) {
		l = append(l, each(n.kids[segment]))
	}
	return l
}

func (n *node) parameters(in string) []any {
	var l []any
	for _, name := range slices.Sorted(maps.Keys(n.kids)) {
		p := n.kids[name].response().(map[string]any)
		p["in"], p["name"] = in, name
		l = append(l, p)
	}
	return l
}

// response also serves request bodies, parameters and headers, which are built alike.
func (n *node) response() any {
	m := map[string]any{"description": ""}
	for segment, kid := range n.kids {
		switch segment {
		case "content":
			m[segment] = kid.named((*node).mediaType)
		case "headers":
			m[segment] = kid.named((*node).response)
		case "schema":
			m[segment] = kid.schema()
		default:
			m[segment] = kid.plain()
		}
	}
	return m
}

func (n *node) mediaType() any {
	var alternatives []any
	for _, segment := range slices.Sorted(maps.Keys(n.kids)) {
		if strings.HasPrefix(segment, one("")) {
			alternatives = append(alternatives, n.kids[segment].schema())
		}
	}
	switch len(alternatives) {
	case 0:
		return map[string]any{}
	case 1:
		return map[string]any{"schema": alternatives[0]}
	}
	union := "oneOf"
	if n.kids["anyOf"] != nil {
		union = "anyOf"
	}
	return map[string]any{"schema": map[string]any{union: alternatives}}
}

func (n *node) schema() any {
	s := map[string]any{}
	for segment, kid := range n.kids {
		switch segment {
		case "properties":
			s[segment] = kid.named((*node).schema)
			if l := kid.required(); len(l) > 0 {
				s["required"] = l
			}
		case "required": // said by properties
		case "enum":
			s[segment] = kid.enum()
		case "allOf", "oneOf", "anyOf":
			s[segment] = kid.listed((*node).schema)
		case "items", "not":
			s[segment] = kid.schema()
		case "additionalProperties":
			if kid.value == present {
				s[segment] = kid.schema()
			} else {
				s[segment] = kid.decoded()
			}
		default:
			s[segment] = kid.plain()
		}
	}
	return s
}

func (n *node) required() []any {
	var l []any
	for _, name := range slices.Sorted(maps.Keys(n.kids)) {
		if r := n.kids[name].kids["required"]; r != nil && r.value == "true" {
			l = append(l, name)
		}
	}
	return l
}

func (n *node) enum() []any {
	var l []any
	for _, segment := range slices.Sorted(maps.Keys(n.kids)) {
		label := strings.TrimPrefix(segment, one(""))
		if text, isJSON := strings.CutPrefix(label, "json:"); isJSON {
			l = append(l, (&node{value: value(text)}).decoded())
		} else {
			l = append(l, label)
		}
	}
	return l
}

// security names each scheme after what it is.
func (n *node) security() (requirements []any, components any) {
	schemes := map[string]any{}
	alternatives, _ := n.decoded().([]any)
	for _, alternative := range alternatives {
		requirement := map[string]any{}
		together, _ := alternative.([]any)
		for _, scheme := range together {
			name := string(textOf(scheme))
			schemes[name] = scheme
			requirement[name] = []any{}
		}
		requirements = append(requirements, requirement)
	}
	return requirements, map[string]any{"securitySchemes": schemes}
}
