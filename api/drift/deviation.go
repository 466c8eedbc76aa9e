package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A deviation is an intended difference: at each place At, the published document has Theirs and the contract Ours. If
// Theirs is absent and Ours is present, it covers everything below the place, until Clerk publishes the place.
type deviation struct {
	Operations any       `yaml:"operations"` // a list, or "all": every operation of upstream.yaml that has the place
	At         []string  `yaml:"at"`
	Theirs     yaml.Node `yaml:"theirs"`
	Ours       yaml.Node `yaml:"ours"`
	Why        string    `yaml:"why"`
	Evidence   string    `yaml:"evidence"`
}

// An exception is one place of a deviation in one operation.
type exception struct {
	key, place   string
	theirs, ours value
	entry        int  // counted from 1
	all          bool // the deviation is for all operations
}

func (e exception) covers(d difference) bool {
	if e.key == d.key && e.place == d.place {
		return e.theirs == d.old && e.ours == d.new
	}
	return e.key == d.key && e.isWhole() && below(d.place, e.place)
}

// isWhole reports whether the exception covers everything below its place.
func (e exception) isWhole() bool { return e.theirs == absent && e.ours == present || e.leftOut() }

// leftOut reports whether the exception is for an operation that the contract does not have.
func (e exception) leftOut() bool {
	return e.place == wholeOperation && e.theirs == present
}

func readDeviations(file string, p *pins) ([]exception, error) {
	var entries []deviation
	if err := readYAML(file, &entries); err != nil {
		return nil, err
	}
	var all []exception
	for i, entry := range entries {
		more, err := entry.exceptions(p, i+1)
		if err != nil {
			return nil, fmt.Errorf("%s, entry %d: %w", file, i+1, err)
		}
		all = append(all, more...)
	}
	for i, outer := range all {
		for j, inner := range all {
			same := inner.place == outer.place && i < j
			if outer.key == inner.key && (same || outer.isWhole() && !inner.all && below(inner.place, outer.place)) {
				return nil, fmt.Errorf("%s, entry %d: entry %d already covers %s; remove one",
					file, inner.entry, outer.entry, inner.place)
			}
		}
	}
	return all, nil
}

func (d *deviation) exceptions(p *pins, entry int) (all []exception, err error) {
	names, _ := d.Operations.([]any)
	if d.Operations == "all" {
		for _, id := range slices.Sorted(maps.Keys(p.Operations)) {
			names = append(names, id)
		}
	}
	if len(names) == 0 || len(d.At) == 0 || strings.TrimSpace(d.Why) == "" || strings.TrimSpace(d.Evidence) == "" {
		return nil, errors.New("missing operations, at, why or evidence")
	}
	theirs, ours := nodeValue(&d.Theirs), nodeValue(&d.Ours)
	if theirs == "" || ours == "" || theirs == ours {
		return nil, fmt.Errorf("theirs is %q and ours is %q, want two different values", theirs, ours)
	}
	for _, v := range names {
		request := fmt.Sprint(v)
		if o, ok := p.Operations[request]; ok {
			request = o.Request
		} else if !isRequest(request) {
			return nil, fmt.Errorf("%q is not an operation of upstream.yaml or a request like GET /sessions", request)
		}
		for _, at := range d.At {
			all = append(all, exception{keyOf(request), at, theirs, ours, entry, d.Operations == "all"})
		}
	}
	return all, nil
}

// nodeValue returns the value of a node, or "" if it has none.
func nodeValue(n *yaml.Node) value {
	v, err := new(decoder).decode(n)
	if err != nil || n.IsZero() {
		return ""
	} else if v == string(present) || v == string(absent) {
		return value(v.(string))
	}
	return textOf(v)
}
