package main

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A deviation is an intended difference: in each of Operations, at each place
// of At, the published document has Theirs and the contract Ours.
//
// Where Theirs is absent and Ours present the whole part is ours, and what lies
// beneath needs no entry of its own. The entry is no longer true as soon as
// Clerk publishes anything at that place.
type deviation struct {
	Operations []string  `yaml:"operations"`
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
	entry        int // counted from 1
}

func (e exception) covers(d difference) bool {
	if e.key != d.key {
		return false
	}
	if e.place == d.place {
		return e.theirs == d.old && e.ours == d.new
	}
	return e.wholePart() && below(d.place, e.place)
}

// wholePart tells whether the exception speaks for everything beneath it too:
// a part only we have, or an operation the contract leaves out.
func (e exception) wholePart() bool {
	return e.theirs == absent && e.ours == present ||
		e.place == wholeOperation && e.theirs == present && e.ours == absent
}

func readDeviations(file string, p *pins) ([]exception, error) {
	var entries []deviation
	if err := readYAML(file, &entries); err != nil {
		return nil, err
	}
	var all []exception
	taken := map[string]int{}
	for i, entry := range entries {
		n := i + 1
		theirs, ours, err := entry.values()
		if err != nil {
			return nil, fmt.Errorf("%s, entry %d: %w", file, n, err)
		}
		for _, name := range entry.Operations {
			key, err := p.keyOf(name)
			if err != nil {
				return nil, fmt.Errorf("%s, entry %d: %w", file, n, err)
			}
			for _, at := range entry.At {
				said := key + " " + at
				if before := taken[said]; before != 0 {
					return nil, fmt.Errorf("%s says twice what holds for %s at %s, in entries %d and %d; keep one", file, name, at, before, n)
				}
				taken[said] = n
				all = append(all, exception{key, at, theirs, ours, n})
			}
		}
	}
	for _, outer := range all {
		for _, inner := range all {
			if outer.key == inner.key && outer.wholePart() && below(inner.place, outer.place) {
				return nil, fmt.Errorf("%s, entry %d: %s is part of %s, which entry %d speaks for; remove it", file, inner.entry, inner.place, outer.place, outer.entry)
			}
		}
	}
	return all, nil
}

func (d *deviation) values() (theirs, ours value, err error) {
	switch {
	case len(d.Operations) == 0:
		return "", "", fmt.Errorf("operations is missing; list the operations it holds for")
	case len(d.At) == 0:
		return "", "", fmt.Errorf("at is missing; list the places it holds for")
	case strings.TrimSpace(d.Why) == "":
		return "", "", fmt.Errorf("why is missing; say why the contract differs")
	case strings.TrimSpace(d.Evidence) == "":
		return "", "", fmt.Errorf("evidence is missing; say how one knows")
	}
	if theirs, err = nodeValue("theirs", &d.Theirs); err != nil {
		return "", "", err
	}
	if ours, err = nodeValue("ours", &d.Ours); err != nil {
		return "", "", err
	}
	if theirs == ours {
		return "", "", fmt.Errorf("theirs and ours are both %s; a deviation differs", ours)
	}
	return theirs, ours, nil
}

func nodeValue(name string, n *yaml.Node) (value, error) {
	if n.IsZero() {
		return "", fmt.Errorf("%s is missing; give the value, or absent", name)
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return "", fmt.Errorf("%s is no value: %s", name, oneLine(err))
	}
	if s, ok := v.(string); ok && (s == string(present) || s == string(absent)) {
		return value(s), nil
	}
	return textOf(plain(v)), nil
}

// keyOf knows an operation by its id in upstream.yaml, or, for one the contract
// leaves out, by method and path.
func (p *pins) keyOf(name string) (string, error) {
	if o, ok := p.Operations[name]; ok {
		return o.key(), nil
	}
	if isRequest(name) {
		return pinnedOperation{Request: name}.key(), nil
	}
	return "", fmt.Errorf("%q is no operation of upstream.yaml, nor a request such as GET /sessions", name)
}
