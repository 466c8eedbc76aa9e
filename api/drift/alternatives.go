package main

import (
	"maps"
	"slices"
	"strings"
)

// alternatives records the members of a union. Their order means nothing, so
// each is named after what it is.
func (w *walker) alternatives(at place, members []any) {
	for label, member := range w.labelled(at, members) {
		w.add(at.at(one(label)), present)
		w.schema(at.at(one(label)), member)
	}
}

func (w *walker) labelled(at place, members []any) map[string]any {
	byType := map[string][]any{}
	for _, member := range members {
		label := w.typeLabel(at, member)
		byType[label] = append(byType[label], member)
	}
	all := map[string]any{}
	for label, same := range byType {
		if len(same) == 1 {
			all[label] = same[0]
			continue
		}
		for label, member := range w.distinct(at, label, same) {
			all[label] = member
		}
	}
	return all
}

// distinct tells members of one type apart: by a property with a single value
// such as object=token, or else by their order once sorted.
func (w *walker) distinct(at place, label string, same []any) map[string]any {
	byMark := map[string]any{}
	for _, member := range same {
		byMark[w.mark(at, member)] = member
	}
	if _, unmarked := byMark[""]; !unmarked && len(byMark) == len(same) {
		return byMark
	}
	same = slices.Clone(same)
	slices.SortStableFunc(same, func(a, b any) int {
		return strings.Compare(w.fingerprint(at, a), w.fingerprint(at, b))
	})
	numbered := map[string]any{}
	for i, member := range same {
		numbered[label+" "+string(textOf(i+1))] = member
	}
	return numbered
}

// typeLabel is the type of a schema as far as one can tell without a value.
func (w *walker) typeLabel(at place, v any) string {
	s, depth := w.look(at, v)
	defer w.leave(depth)
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		var names []string
		for _, v := range t {
			names = append(names, enumLabel(v))
		}
		return strings.Join(names, "|")
	}
	switch {
	case s["properties"] != nil:
		return "object"
	case s["items"] != nil:
		return "array"
	}
	return "any"
}

// mark is the first property that can have one value only.
func (w *walker) mark(at place, v any) string {
	s, depth := w.look(at, v)
	defer w.leave(depth)
	known, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		p, depth := w.look(at, known[name])
		l, _ := p["enum"].([]any)
		w.leave(depth)
		if len(l) == 1 {
			return name + "=" + enumLabel(l[0])
		}
	}
	return ""
}

// look reads a schema's normal form without recording anything. The caller
// leaves to the depth returned.
func (w *walker) look(at place, v any) (map[string]any, int) {
	depth := len(w.refs)
	kept := w.facts
	w.facts = map[string]value{}
	s, _ := w.normal(at, v)
	w.facts = kept
	return s, depth
}

// fingerprint is all the facts of a schema in one text.
func (w *walker) fingerprint(at place, v any) string {
	kept := w.facts
	w.facts = map[string]value{}
	w.schema(at, v)
	var b strings.Builder
	for _, printed := range slices.Sorted(maps.Keys(w.facts)) {
		b.WriteString(printed + "=" + string(w.facts[printed]) + "\n")
	}
	w.facts = kept
	return b.String()
}
