package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// A project is what lies in the api directory, and the contract beside it.
type project struct {
	pins       *pins
	exceptions []exception
	contract   slice
}

func openProject(dir string) (*project, error) {
	var p project
	var err error
	if p.pins, err = readPins(filepath.Join(dir, "upstream.yaml")); err != nil {
		return nil, err
	}
	if p.exceptions, err = readDeviations(filepath.Join(dir, "deviations.yaml"), p.pins); err != nil {
		return nil, err
	}
	p.contract, err = sliceOfFile(filepath.Join(dir, "..", "openapi.yaml"))
	return &p, err
}

func sliceOfFile(name string) (slice, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	doc, err := parseDocument(filepath.Base(name), data)
	if err != nil {
		return nil, err
	}
	return doc.slice()
}

// A finding is one thing a run has to say, in a sentence and for programs.
type finding struct {
	Kind        string `json:"kind"` // difference, deviation, breaking, unjudged or compatible
	Operation   string `json:"operation"`
	OperationID string `json:"operation_id,omitempty"`
	Document    string `json:"document"`
	Place       string `json:"place"`
	Theirs      value  `json:"theirs"`
	Ours        value  `json:"ours,omitempty"`
	Before      value  `json:"before,omitempty"`
	Text        string `json:"text"`

	what string // a change without its operation and document
}

// check compares the contract with the pinned documents.
func (p *project) check(ctx context.Context, from *upstream) ([]finding, error) {
	docs := map[string]slice{}
	for _, version := range slices.Sorted(maps.Keys(p.pins.Documents)) {
		doc, err := from.pinned(ctx, p.pins.Documents[version])
		if err != nil {
			return nil, err
		}
		if docs[version], err = doc.slice(); err != nil {
			return nil, err
		}
	}
	return p.compare(docs), nil
}

// compare lists the differences no deviation explains and the deviations that
// are not true, given the slice of each document by version.
func (p *project) compare(docs map[string]slice) []finding {
	theirs := slice{}
	file := map[string]string{}
	for _, version := range slices.Sorted(maps.Keys(docs)) {
		for key, o := range p.pins.mine(version, docs[version]) {
			theirs[key] = o
			file[key] = p.pins.Documents[version].file()
		}
	}
	for _, o := range p.pins.Operations {
		file[o.key()] = p.pins.Documents[o.Follows].file()
	}

	var found []finding
	differences := compare(theirs, p.contract)
	holds := map[exception]bool{}
	var unexplained []difference
	for _, d := range differences {
		explained := false
		for _, e := range p.exceptions {
			if e.covers(d) {
				explained = true
				if e.place == d.place {
					holds[e] = true
				}
			}
		}
		if !explained {
			unexplained = append(unexplained, d)
		}
	}
	for _, d := range topmost(unexplained) {
		f := p.finding("difference", d.key, d.name, d.place, d.old, d.new)
		f.Document = cmp.Or(file[d.key], "the pinned documents")
		f.Text = fmt.Sprintf("%s: %s is %s in %s and %s in openapi.yaml; follow Clerk, or say in deviations.yaml why not",
			f.title(), d.place, d.old, f.Document, d.new)
		found = append(found, f)
	}
	for _, e := range p.exceptions {
		if holds[e] {
			continue
		}
		was, is := theirs[e.key].value(e.place), p.contract[e.key].value(e.place)
		f := p.finding("deviation", e.key, e.key, e.place, was, is)
		f.Document = cmp.Or(file[e.key], "the pinned documents")
		f.Text = fmt.Sprintf("%s: entry %d of deviations.yaml says that %s is %s in %s and %s in openapi.yaml, but it is %s and %s; correct or remove the entry",
			f.title(), e.entry, e.place, e.theirs, f.Document, e.ours, was, is)
		found = append(found, f)
	}
	return append(found, p.untrue(theirs)...)
}

// untrue lists the operations of upstream.yaml that nobody has, and those that are
// sent with another API version than that of the document they follow.
func (p *project) untrue(theirs slice) []finding {
	var found []finding
	for _, id := range slices.Sorted(maps.Keys(p.pins.Operations)) {
		o := p.pins.Operations[id]
		ours := p.contract[o.key()]
		switch {
		case ours == nil && theirs[o.key()] == nil:
			f := p.finding("difference", o.key(), o.Request, wholeOperation, absent, absent)
			f.Document = p.pins.Documents[o.Follows].file()
			f.Text = fmt.Sprintf("%s: upstream.yaml lets it follow %s, but neither %s nor openapi.yaml has it; correct or remove it there", f.title(), o.Follows, f.Document)
			found = append(found, f)
		case ours != nil && ours.apiVersion != o.Follows:
			f := p.finding("difference", o.key(), ours.name, "x-clerk-api-version", textOf(o.Follows), textOf(ours.apiVersion))
			f.Document = "upstream.yaml"
			f.Text = fmt.Sprintf("%s: x-clerk-api-version is %q in openapi.yaml, but upstream.yaml lets it follow %s; make them agree", f.title(), ours.apiVersion, o.Follows)
			found = append(found, f)
		}
	}
	return found
}

func (p *project) finding(kind, key, name, place string, theirs, ours value) finding {
	f := finding{Kind: kind, Operation: name, OperationID: p.pins.id(key), Place: place, Theirs: theirs, Ours: ours}
	if f.OperationID != "" {
		f.Operation = p.pins.Operations[f.OperationID].Request
	}
	return f
}

// title is how a sentence names the operation.
func (f finding) title() string {
	if f.OperationID == "" {
		return f.Operation
	}
	return f.Operation + " (" + f.OperationID + ")"
}
