package main

import (
	"maps"
	"slices"
)

// schema records what a schema asks for. Inlined or referenced, nullable: true
// or a type list with null, enum or const: the facts are the same.
func (w *walker) schema(at place, v any) {
	defer w.leave(len(w.refs))
	if s, ok := w.normal(at, v); ok {
		w.normalSchema(at, s)
	}
}

// bodySchema is schema for a whole body, see content.
func (w *walker) bodySchema(at place, v any) {
	defer w.leave(len(w.refs))
	s, ok := w.normal(at, v)
	if !ok {
		return
	}
	for _, union := range []string{"oneOf", "anyOf"} {
		if len(s) > 0 && s[union] != nil && !(s["oneOf"] != nil && s["anyOf"] != nil) {
			if union == "anyOf" {
				w.add(at.at("anyOf"), textOf(true)) // more than one may apply at once
			}
			w.alternatives(at, w.list(at, s[union]))
			delete(s, union)
			w.normalSchema(at, s)
			return
		}
	}
	w.alternatives(at, []any{s})
}

// normal resolves a schema and brings its several spellings to one. It is not
// ok for the schemas true and false, which are recorded at once.
func (w *walker) normal(at place, v any) (map[string]any, bool) {
	if yes, isBool := w.target(v).(bool); isBool {
		if !yes {
			w.add(at.at("not"), present)
		}
		return map[string]any{}, yes
	}
	s := map[string]any{}
	for key, item := range w.mapping(at, w.referenced(v)) {
		if !isProse(key) {
			s[key] = item
		}
	}
	if c, ok := s["const"]; ok && s["enum"] == nil {
		s["enum"] = []any{c}
		delete(s, "const")
	}
	w.withoutNull(at, s)
	for _, union := range []string{"allOf", "oneOf", "anyOf"} {
		if l, _ := s[union].([]any); len(l) == 1 && modifiersOnly(s, union) {
			inner, ok := w.normal(at, l[0])
			if !ok {
				return nil, false
			}
			delete(s, union)
			maps.Copy(inner, s)
			w.withoutNull(at, inner)
			return inner, true
		}
	}
	return s, true
}

// target is where a reference ends, without entering it.
func (w *walker) target(v any) any {
	defer w.leave(len(w.refs))
	return w.follow(v)
}

// referenced gives a reference with constraints beside it as both together.
// OpenAPI 3.0 ignores what stands beside a reference; whoever wrote it meant it.
func (w *walker) referenced(v any) any {
	for w.err == nil {
		m, ok := v.(map[string]any)
		if !ok || m["$ref"] == nil {
			return v
		}
		both := map[string]any{}
		rest := map[string]any{}
		for key, item := range m {
			switch {
			case key == "$ref" || isProse(key):
			case isModifier(key):
				both[key] = item
			default:
				rest[key] = item
			}
		}
		if len(both)+len(rest) > 0 {
			members := []any{map[string]any{"$ref": m["$ref"]}}
			if len(rest) > 0 {
				members = append(members, rest)
			}
			both["allOf"] = members
			return both
		}
		v = w.step(m)
	}
	return nil
}

func isModifier(key string) bool {
	switch key {
	case "nullable", "default", "deprecated", "readOnly", "writeOnly":
		return true
	}
	return false
}

func modifiersOnly(s map[string]any, but string) bool {
	for key := range s {
		if key != but && !isModifier(key) {
			return false
		}
	}
	return true
}

// withoutNull moves null out of type, enum and alternatives into nullable.
func (w *walker) withoutNull(at place, s map[string]any) {
	if l, ok := s["type"].([]any); ok {
		rest := slices.DeleteFunc(slices.Clone(l), func(v any) bool { return v == "null" })
		if len(rest) < len(l) && len(rest) > 0 {
			s["nullable"] = true
		}
		if len(rest) == 1 {
			s["type"] = rest[0]
		} else if len(rest) > 1 {
			s["type"] = sorted(rest)
		}
	}
	for _, union := range []string{"oneOf", "anyOf"} {
		l, ok := s[union].([]any)
		if !ok {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(l), func(v any) bool {
			m, _ := w.target(v).(map[string]any)
			return m["type"] == "null"
		})
		if len(rest) < len(l) && len(rest) > 0 {
			s["nullable"], s[union] = true, rest
		}
	}
	if s["nullable"] == true {
		if l, ok := s["enum"].([]any); ok {
			s["enum"] = slices.DeleteFunc(slices.Clone(l), func(v any) bool { return v == nil })
		}
	}
}

func (w *walker) normalSchema(at place, s map[string]any) {
	if w.err != nil {
		return
	}
	properties := w.properties(at, s)
	for key, v := range s {
		at := at.at(key)
		switch key {
		case "properties", "required": // done
		case "enum":
			for _, v := range w.list(at, v) {
				w.add(at.at(one(enumLabel(v))), present)
			}
		case "default":
			w.add(at, textOf(v))
		case "additionalProperties":
			w.additional(at, v, properties)
		case "allOf", "oneOf", "anyOf":
			w.alternatives(at, w.list(at, v))
		case "items", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties":
			w.add(at, present)
			w.schema(at, v)
		case "prefixItems":
			for i, v := range w.list(at, v) {
				at := at.at(one(string(textOf(i))))
				w.add(at, present)
				w.schema(at, v)
			}
		case "patternProperties", "dependentSchemas":
			for name, v := range w.named(at, v) {
				w.add(at.at(name), present)
				w.schema(at.at(name), v)
			}
		case "$defs", "definitions": // only what refers to them counts
		case "nullable", "deprecated", "readOnly", "writeOnly", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum":
			if v != false {
				w.add(at, textOf(v))
			}
		case "minLength", "minItems", "minProperties":
			if v != 0 {
				w.add(at, textOf(v))
			}
		default:
			w.other(at, key, v)
		}
	}
}

// properties records each property and whether it is required.
func (w *walker) properties(at place, s map[string]any) int {
	required := w.list(at.at("required"), s["required"])
	known := map[string]any{}
	if v, ok := s["properties"]; ok {
		known = w.named(at.at("properties"), v)
	}
	for name, v := range known {
		at := at.at("properties", name)
		w.add(at, present)
		w.add(at.at("required"), textOf(slices.Contains(required, any(name))))
		w.schema(at, v)
	}
	for _, v := range required {
		if name, ok := v.(string); !ok || known[name] == nil {
			w.add(at.at("required", one(enumLabel(v))), present)
		}
	}
	return len(known)
}

// additional records whether other properties may be there. For an object
// without properties of its own, true is the same as saying nothing.
func (w *walker) additional(at place, v any, properties int) {
	target := w.target(v)
	if m, ok := target.(map[string]any); ok {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(m)), func(key string) bool { return !isProse(key) }) {
			target = true
		} else {
			w.add(at, present)
			w.schema(at, v)
			return
		}
	}
	if target == true && properties == 0 {
		return
	}
	w.add(at, textOf(target))
}

// enumLabel names a value: text as it is, anything else marked as JSON.
func enumLabel(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return jsonLabel + string(textOf(v))
}

const jsonLabel = "json:"
