package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// A place is the location of a fact, such as query.limit.schema.maximum. The segment for an item of a set, which the
// function one returns, is printed in brackets: enum[pending].
type place string

const bracket = "\x00"       // the prefix of a segment in brackets
func one(name string) string { return bracket + name }

func (p place) at(segment string) place {
	name, bracketed := strings.CutPrefix(segment, bracket)
	if name == "" || strings.ContainsAny(name, ".[]\"\\ \t\r\n") {
		name = string(textOf(name))
	}
	if bracketed {
		return p + "[" + place(name) + "]"
	}
	return place(strings.TrimPrefix(string(p+"."+place(name)), "."))
}

// below reports whether a place is below another, as printed.
func below(at, root string) bool {
	return root == wholeOperation && at != root || strings.HasPrefix(at, root+".") || strings.HasPrefix(at, root+"[")
}

const wholeOperation = "operation" // the place of the fact that an operation exists

// A value is the value of a fact: JSON, present for a whole part, or absent.
type value string

const present, absent value = "present", "absent"

// textOf returns canonical JSON: keys are sorted, 10.0 is 10.
func textOf(v any) value {
	text, _ := json.Marshal(v, json.Deterministic(true))
	return value(text)
}

// A normalized operation is a tree of values, parts and groups. A part is itself a fact, like its members. A group is
// only its members.
type part map[string]any
type group map[string]any

// flatten adds the facts of a tree to facts.
func flatten(facts map[string]value, at place, v any) {
	switch v := v.(type) {
	case value:
		facts[string(at)] = v
	case part:
		facts[string(at)] = present
		flatten(facts, at, group(v))
	case group:
		for key, item := range v {
			flatten(facts, at.at(key), item)
		}
	}
}

// facts returns the facts of an operation, or nil.
func (ops operations) facts(key string) map[string]value {
	if o := ops[key]; o != nil {
		return o.facts
	}
	return nil
}

func (ops operations) value(key, at string) value { return cmp.Or(ops.facts(key)[at], absent) }

// A difference is a place at which two documents have different values.
type difference struct {
	key, name string
	place     string
	old, new  value
}

// compare lists the differences between operations that are readable in both documents, by operation and place.
func compare(old, new operations) (found []difference) {
	for _, key := range keys(old, new) {
		if old.unreadable(key) || new.unreadable(key) {
			continue
		}
		for _, at := range keys(old.facts(key), new.facts(key)) {
			if was, is := old.value(key, at), new.value(key, at); was != is {
				found = append(found, difference{key, cmp.Or(old[key], new[key]).name, at, was, is})
			}
		}
	}
	return found
}

// keys returns the keys of both maps in order.
func keys[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

// isRoot reports whether a whole part was added or removed.
func (d difference) isRoot() bool {
	return d.old == absent && d.new == present || d.old == present && d.new == absent
}

// topmost drops the differences below a part that was added or removed as a whole.
func topmost(all []difference) []difference {
	roots := map[[2]string]bool{}
	for _, d := range all {
		if d.isRoot() {
			roots[[2]string{d.key, d.place}] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(d difference) bool {
		covered := d.place != wholeOperation && roots[[2]string{d.key, wholeOperation}]
		for i, c := range d.place {
			covered = covered || (c == '.' || c == '[') && roots[[2]string{d.key, d.place[:i]}]
		}
		return covered
	})
}
