package main

import (
	"maps"
	"slices"
	"strings"
)

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
