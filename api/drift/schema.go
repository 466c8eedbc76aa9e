package main

import (
	"maps"
	"slices"
	"strings"
)

// schema normalizes a schema: equivalent spellings become one.
func (w walker) schema(at place, v any) group {
	w, m := w.unwrapped(at, v)
	s := group{}
	for key, v := range m {
		at := at.at(key)
		switch key {
		case "properties", "required", "$defs", "definitions":
		case "enum":
			s[key] = w.enum(at, v)
		case "allOf", "oneOf", "anyOf":
			s[key] = w.union(at, v)
		case "additionalProperties": // true is not the default: generators make different code of it
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
			if textOf(v) != omittedInSchemas[key] {
				s[key] = textOf(w.plain(key, v))
			}
		}
	}
	if properties := w.properties(at, m); len(properties) > 0 {
		s["properties"] = properties
	}
	return s
}

// omittedInSchemas are default values, which are dropped.
var omittedInSchemas = map[string]value{
	"nullable": "false", "deprecated": "false", "readOnly": "false", "writeOnly": "false", "uniqueItems": "false",
	"exclusiveMinimum": "false", "exclusiveMaximum": "false", "minLength": "0", "minItems": "0", "minProperties": "0",
}

// properties normalizes the properties, each with required. A property that is only listed as required is not present.
func (w walker) properties(at place, m map[string]any) group {
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

func (w walker) enum(at place, v any) any {
	all := group{}
	for _, v := range w.list(at, v) {
		all[one(enumLabel(v))] = part{}
	}
	if len(all) == 0 {
		return textOf(v)
	}
	return all
}

// enumLabel returns the segment for a value: a string itself, anything else as JSON with a prefix.
func enumLabel(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return "json:" + string(textOf(v))
}

// unwrapped returns a copy of a schema in the form that schema expects. A union of one member becomes that member.
func (w walker) unwrapped(at place, v any) (walker, map[string]any) {
	w, v = w.referenced(v)
	switch v {
	case true:
		v = map[string]any{}
	case false:
		v = map[string]any{"not": map[string]any{}}
	}
	w, s := w.mapping(at, v)
	s = maps.Clone(s)
	maps.DeleteFunc(s, func(key string, _ any) bool { return isProse(key) })
	useEnum(s)
	useNumbers(s)
	w.useNullable(s)
	for _, union := range []string{"allOf", "oneOf", "anyOf"} {
		isMore := func(key string) bool { return key != union && !slices.Contains(modifiers, key) }
		if l, _ := s[union].([]any); len(l) == 1 && !slices.ContainsFunc(slices.Collect(maps.Keys(s)), isMore) {
			w, inner := w.unwrapped(at, l[0])
			delete(s, union)
			maps.Copy(inner, s)
			w.useNullable(inner)
			return w, inner
		}
	}
	return w, s
}

// referenced resolves a reference. Keys beside it, which OpenAPI 3.0 ignores, become an allOf with the target.
func (w walker) referenced(v any) (walker, any) {
	m, _ := v.(map[string]any)
	if m["$ref"] == nil || *w.err != nil {
		return w, v
	}
	both := maps.Clone(m)
	delete(both, "$ref")
	if len(both) > 0 {
		members, _ := both["allOf"].([]any)
		both["allOf"] = append(slices.Clone(members), map[string]any{"$ref": m["$ref"]})
		return w, both
	}
	w, v = w.resolve(m["$ref"])
	return w.referenced(v)
}

// modifiers are keys that have the same meaning beside a union of one member as inside the member.
var modifiers = []string{"nullable", "default", "deprecated", "readOnly", "writeOnly"}

// useEnum replaces const with an enum of one value.
func useEnum(s map[string]any) {
	c, ok := s["const"]
	l, _ := s["enum"].([]any)
	same := func(v any) bool { return textOf(v) == textOf(c) }
	if ok && (s["enum"] == nil || slices.ContainsFunc(l, same)) {
		s["enum"] = []any{c}
		delete(s, "const")
	}
}

// useNumbers replaces the boolean exclusive limits of OpenAPI 3.0 with the numbers of 3.1.
func useNumbers(s map[string]any) {
	for exclusive, limit := range map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"} {
		if s[exclusive] == true && s[limit] != nil {
			s[exclusive] = s[limit]
			delete(s, limit)
		}
	}
}

// useNullable replaces null in type, enum and unions with nullable.
func (w walker) useNullable(s map[string]any) {
	for _, key := range []string{"type", "oneOf", "anyOf"} {
		l, _ := s[key].([]any)
		rest := slices.DeleteFunc(slices.Clone(l), w.isNull)
		if len(rest) == 0 {
			continue
		}
		s["nullable"] = s["nullable"] == true || len(rest) < len(l)
		if s[key] = sorted(rest); key == "type" && len(rest) == 1 {
			s[key] = rest[0]
		}
	}
	if l, ok := s["enum"].([]any); ok && s["nullable"] == true {
		s["enum"] = slices.DeleteFunc(slices.Clone(l), func(v any) bool { return v == nil })
	}
}

// isNull reports whether a type or a member of a union allows only null.
func (w walker) isNull(v any) bool {
	_, target := w.follow(v)
	m, _ := target.(map[string]any)
	c, isConst := m["const"]
	l, _ := m["enum"].([]any)
	return v == "null" || m["type"] == "null" || isConst && c == nil || len(l) == 1 && l[0] == nil
}

// union normalizes the members of a union, whose order has no meaning. Each gets a label that describes it.
func (w walker) union(at place, v any) group {
	byType := map[string][]any{}
	for _, v := range w.list(at, v) {
		s := w.schema(at, v)
		label := typeLabel(s)
		byType[label] = append(byType[label], s)
	}
	all := group{}
	for label, same := range byType {
		marks := map[string]bool{}
		for _, s := range same {
			marks[mark(s.(group))] = true
		}
		for i, s := range sorted(same) {
			label := label
			switch {
			case len(same) > 1 && len(marks) == len(same) && !marks[""]:
				label = mark(s.(group))
			case len(same) > 1:
				label += " " + string(textOf(i+1))
			}
			all[one(label)] = part(s.(group))
		}
	}
	return all
}

// bodySchema normalizes the schema of a body as a union, usually of one member: replacing the body is one difference.
func (w walker) bodySchema(at place, v any) group {
	w, m := w.unwrapped(at, v)
	for _, union := range []string{"oneOf", "anyOf"} {
		if m[union] == nil || m["oneOf"] != nil && m["anyOf"] != nil {
			continue
		}
		all := w.union(at, m[union])
		delete(m, union)
		if union == "anyOf" {
			all["anyOf"] = textOf(true) // several may apply at once
		}
		maps.Copy(all, w.schema(at, m))
		return all
	}
	s := w.schema(at, m)
	return group{one(typeLabel(s)): part(s)}
}

// typeLabel returns the type of a schema, or "any".
func typeLabel(s group) string {
	switch t, ok := s["type"].(value); {
	case ok:
		return strings.NewReplacer(`"`, "", "[", "", "]", "", ",", "|").Replace(string(t))
	case s["properties"] != nil:
		return "object"
	case s["items"] != nil:
		return "array"
	}
	return "any"
}

// mark returns the first property with a single value, such as object=token, or "".
func mark(s group) string {
	properties, _ := s["properties"].(group)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p, _ := properties[name].(part)
		if values, _ := p["enum"].(group); len(values) == 1 {
			for value := range values {
				return name + "=" + strings.TrimPrefix(value, bracket)
			}
		}
	}
	return ""
}
