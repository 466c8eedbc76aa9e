package main

import (
	"maps"
	"slices"
)

// schema returns a schema in its normal form, which does not depend on how the same is spelled.
func (w *walker) schema(at place, v any) group {
	defer w.leave(len(w.refs))
	s, m := group{}, w.unwrapped(at, v)
	for key, v := range m {
		at := at.at(key)
		switch key {
		case "properties", "required", "$defs", "definitions":
		case "enum":
			s[key] = w.enum(at, v)
		case "allOf", "oneOf", "anyOf":
			s[key] = w.union(at, v)
		case "additionalProperties": // true is not the same as unsaid: generators see a difference
			if more := part(w.schema(at, v)); len(more) > 0 && v != false {
				s[key] = more
			} else {
				s[key] = textOf(v != false)
			}
		case "items", "not", "if", "then", "else", "contains", "propertyNames", "contentSchema",
			"unevaluatedItems", "unevaluatedProperties":
			s[key] = part(w.schema(at, v))
		case "prefixItems", "patternProperties", "dependentSchemas":
			all := group{}
			if key == "prefixItems" {
				v = byIndex(w.list(at, v))
			}
			for name, v := range w.names(at, v) {
				all[name] = part(w.schema(at.at(name), v))
			}
			s[key] = all
		default:
			if def, ok := omittedInSchemas[key]; !ok || textOf(v) != def {
				s[key] = textOf(w.plain(key, v))
			}
		}
	}
	if properties := w.properties(at, m); len(properties) > 0 {
		s["properties"] = properties
	}
	return s
}

// omittedInSchemas are values that mean the same as not given.
var omittedInSchemas = map[string]value{
	"nullable": "false", "deprecated": "false", "readOnly": "false", "writeOnly": "false", "uniqueItems": "false",
	"exclusiveMinimum": "false", "exclusiveMaximum": "false",
	"minLength": "0", "minItems": "0", "minProperties": "0",
}

// properties returns the properties, each with whether it is required. One only listed as required is not present.
func (w *walker) properties(at place, m map[string]any) group {
	all := group{}
	if v, ok := m["properties"]; ok {
		for name, v := range w.names(at.at("properties"), v) {
			p := part(w.schema(at.at("properties").at(name), v))
			p["required"] = textOf(false)
			all[name] = p
		}
	}
	for _, v := range w.list(at.at("required"), m["required"]) {
		name := enumLabel(v)
		if p, ok := all[name].(part); ok {
			p["required"] = textOf(true)
		} else {
			all[name] = group{"required": textOf(true)}
		}
	}
	return all
}

func (w *walker) enum(at place, v any) any {
	all := group{}
	for _, v := range w.list(at, v) {
		all[one(enumLabel(v))] = part{}
	}
	if len(all) == 0 {
		return textOf(v)
	}
	return all
}

// enumLabel names a value: a string as it is, anything else marked as JSON.
func enumLabel(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return "json:" + string(textOf(v))
}

// unwrapped returns a copy of a schema in one of several spellings, where a union of one member is the member.
func (w *walker) unwrapped(at place, v any) map[string]any {
	v = w.referenced(v)
	if yes, ok := v.(bool); ok {
		v = map[string]any{}
		if !yes {
			v = map[string]any{"not": map[string]any{}}
		}
	}
	s := map[string]any{}
	for key, v := range w.mapping(at, v) {
		if !isProse(key) {
			s[key] = v
		}
	}
	useEnum(s)
	useNumbers(s)
	w.useNullable(s)
	for _, union := range []string{"allOf", "oneOf", "anyOf"} {
		isMore := func(key string) bool { return key != union && !slices.Contains(modifiers, key) }
		if l, _ := s[union].([]any); len(l) == 1 && !slices.ContainsFunc(slices.Collect(maps.Keys(s)), isMore) {
			inner := w.unwrapped(at, l[0])
			delete(s, union)
			maps.Copy(inner, s)
			w.useNullable(inner)
			return inner
		}
	}
	return s
}

// referenced returns what a schema refers to, with the constraints beside the reference, which OpenAPI 3.0 ignores.
func (w *walker) referenced(v any) any {
	for w.err == nil {
		m, ok := v.(map[string]any)
		if !ok || m["$ref"] == nil {
			return v
		}
		both := map[string]any{}
		for key, item := range m {
			if key != "$ref" && !isProse(key) {
				both[key] = item
			}
		}
		if len(both) > 0 {
			members, _ := both["allOf"].([]any)
			both["allOf"] = append(slices.Clone(members), map[string]any{"$ref": m["$ref"]})
			return both
		}
		v = w.step(v)
	}
	return nil
}

// modifiers are keys that may stand beside a union of one member, or its member.
var modifiers = []string{"nullable", "default", "deprecated", "readOnly", "writeOnly"}

// useEnum replaces const by an enum of one value.
func useEnum(s map[string]any) {
	c, ok := s["const"]
	l, _ := s["enum"].([]any)
	if same := func(v any) bool { return textOf(v) == textOf(c) }; ok && (s["enum"] == nil || slices.ContainsFunc(l, same)) {
		s["enum"] = []any{c}
		delete(s, "const")
	}
}

// useNumbers replaces the boolean exclusive limits of OpenAPI 3.0 by the numbers of 3.1.
func useNumbers(s map[string]any) {
	for exclusive, limit := range map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"} {
		if s[exclusive] == true && s[limit] != nil {
			s[exclusive] = s[limit]
			delete(s, limit)
		}
	}
}

// useNullable moves null out of type, enum and unions into nullable.
func (w *walker) useNullable(s map[string]any) {
	for _, key := range []string{"type", "oneOf", "anyOf"} {
		l, ok := s[key].([]any)
		rest := slices.DeleteFunc(slices.Clone(l), w.isNull)
		if !ok || len(rest) == 0 {
			continue
		}
		if len(rest) < len(l) {
			s["nullable"] = true
		}
		switch {
		case key != "type":
			s[key] = rest
		case len(rest) == 1:
			s[key] = rest[0]
		default:
			s[key] = sorted(rest)
		}
	}
	if l, ok := s["enum"].([]any); ok && s["nullable"] == true {
		s["enum"] = slices.DeleteFunc(slices.Clone(l), func(v any) bool { return v == nil })
	}
}

// isNull reports whether a type, or a member of a union, allows null alone.
func (w *walker) isNull(v any) bool {
	defer w.leave(len(w.refs))
	m, ok := w.follow(v).(map[string]any)
	if !ok {
		return v == "null"
	}
	c, isConst := m["const"]
	l, _ := m["enum"].([]any)
	return m["type"] == "null" || isConst && c == nil || len(l) == 1 && l[0] == nil
}
