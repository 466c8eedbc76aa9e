package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A place is where in an operation a fact holds: "query", "limit", "schema",
// "maximum" is printed query.limit.schema.maximum. A segment made by one names
// one of several alternatives or values: status.enum[pending].
type place []string

func (p place) at(segments ...string) place { return append(slices.Clip(p), segments...) }

func one(name string) string { return "\x00" + name }

func (p place) String() string {
	var b strings.Builder
	for i, segment := range p {
		name, bracketed := strings.CutPrefix(segment, "\x00")
		if name == "" || strings.ContainsAny(name, ".[]\"\\ \t\r\n") {
			name = string(encode(name))
		}
		switch {
		case bracketed:
			name = "[" + name + "]"
		case i > 0:
			name = "." + name
		}
		b.WriteString(name)
	}
	return b.String()
}

// below tells whether one printed place lies beneath another.
func below(at, root string) bool {
	rest, ok := strings.CutPrefix(at, root)
	return root == wholeOperation && at != root || ok && rest != "" && (rest[0] == '.' || rest[0] == '[')
}

// A value is a fact's value as JSON, or one of two words that JSON does not
// have: present, for what merely exists, and absent.
type value string

const (
	present value = "present"
	absent  value = "absent"
)

// wholeOperation is the place that says an operation exists.
const wholeOperation = "operation"

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

// textOf makes two equal values equal texts: keys sorted, 10.0 the same as 10.
func textOf(v any) value {
	if v == nil {
		return "null"
	}
	return value(encode(v))
}

// An operation is everything a document says of one operation that changes
// code or what goes over the wire: its facts, keyed by their printed place.
type operation struct {
	name       string // GET /sessions/{session_id}
	apiVersion string // x-clerk-api-version, which only the contract has
	facts      map[string]value
}

func (o *operation) value(at string) value {
	if o != nil {
		if v, ok := o.facts[at]; ok {
			return v
		}
	}
	return absent
}

func (o *operation) all() map[string]value {
	if o == nil {
		return nil
	}
	return o.facts
}

// A slice holds operations by key: the method and the path, with its
// placeholders unnamed so that renaming one does not hide the operation.
type slice map[string]*operation

// A difference is one place where two documents say different things of an
// operation.
type difference struct {
	key, name string
	place     string
	old, new  value
}

// compare lists every difference between two slices, by operation and place.
func compare(old, new slice) []difference {
	var found []difference
	for _, key := range union(old, new) {
		a, b := old[key], new[key]
		name := key
		if b != nil {
			name = b.name
		}
		if a != nil {
			name = a.name
		}
		for _, at := range union(a.all(), b.all()) {
			if was, is := a.value(at), b.value(at); was != is {
				found = append(found, difference{key: key, name: name, place: at, old: was, new: is})
			}
		}
	}
	return found
}

func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// isRoot tells whether a difference is the coming or going of a whole part.
func (d difference) isRoot() bool {
	return d.old == absent && d.new == present || d.old == present && d.new == absent
}

// depth grows from a part to what lies beneath it.
func (d difference) depth() int {
	if d.place == wholeOperation {
		return 0
	}
	return len(d.place)
}

// topmost leaves out what lies beneath a part that came or went as a whole.
func topmost(all []difference) []difference {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.depth(), b.depth()))
	})
	var kept []difference
	for _, d := range all {
		covered := slices.ContainsFunc(kept, func(k difference) bool {
			return k.key == d.key && k.isRoot() && below(d.place, k.place)
		})
		if !covered {
			kept = append(kept, d)
		}
	}
	slices.SortFunc(kept, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.place, b.place))
	})
	return kept
}
