package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A project is the contract with its pins and deviations.
type project struct {
	dir        string
	pins       *pins
	added      []string // operations of the contract that are not in upstream.yaml yet
	exceptions []exception
	contract   operations
}

func openProject(dir string) (*project, error) {
	pins, err := readPins(filepath.Join(dir, "upstream.yaml"))
	if err != nil {
		return nil, err
	}
	contract, err := readDocument(filepath.Join(dir, "..", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	p := &project{dir: dir, pins: pins, contract: contract.operations()}
	for _, key := range slices.Sorted(maps.Keys(p.contract)) {
		o := p.contract[key]
		id, version := strings.Trim(string(o.facts["operationId"]), `"`), o.apiVersion()
		_, taken := p.pins.Operations[id]
		if !taken && id != "" && p.pins.ids[key] == "" && p.pins.Documents[version] != nil {
			p.pins.Operations[id], p.pins.ids[key] = pinnedOperation{o.name, version}, id
			p.added = append(p.added, id)
		}
	}
	p.exceptions, err = readDeviations(filepath.Join(dir, "deviations.yaml"), p.pins)
	return p, err
}

// apiVersion returns the API version that the contract sends with an operation.
func (o *operation) apiVersion() string {
	for at := range o.facts {
		if version, ok := strings.CutPrefix(at, "header.clerk-api-version.schema.enum["); ok {
			return strings.TrimSuffix(version, "]")
		}
	}
	return ""
}

// pinned returns a document at its commit and verifies its checksum.
func (p *project) pinned(ctx context.Context, from *source, version string) (*document, error) {
	pin := p.pins.Documents[version]
	data, err := from.read(ctx, pin.Path, pin.Commit)
	if err != nil {
		data, _ = from.read(ctx, pin.Path, "") // the newest version, which may have the same checksum
	}
	if sum := checksum(data); sum != pin.SHA256 {
		return nil, cmp.Or(err, fmt.Errorf("%s has sha256 %s, but upstream.yaml pins %s", pin.file(), sum, pin.SHA256))
	}
	return parseDocument(pin.file(), data)
}

// documents returns the documents that can be read, by version.
func (p *project) documents(r *report, read func(version string) (*document, error)) map[string]*document {
	docs := map[string]*document{}
	for _, version := range p.pins.versions() {
		if doc, err := read(version); err != nil {
			r.fail(err)
		} else {
			docs[version] = doc
		}
	}
	return docs
}

// check compares the contract with the pinned documents.
func (p *project) check(ctx context.Context, from *source, r *report) {
	p.compare(r, p.documents(r, func(version string) (*document, error) { return p.pinned(ctx, from, version) }))
}

// compare reports differences without a deviation and deviations that do not hold.
func (p *project) compare(r *report, docs map[string]*document) {
	theirs := operations{}
	for _, version := range p.pins.versions() {
		if doc := docs[version]; doc != nil {
			followed := p.pins.followed(version, doc.operations())
			r.fail(followed.errors()...)
			maps.Copy(theirs, followed)
		}
	}
	for _, o := range p.pins.Operations {
		if docs[o.Follows] == nil {
			theirs[keyOf(o.Request)] = &operation{name: o.Request, err: errors.New("its document was not read")}
		}
	}
	r.fail(p.contract.errors()...)

	holds := map[exception]bool{}
	unexplained := slices.DeleteFunc(compare(theirs, p.contract), func(d difference) bool {
		explained := false
		for _, e := range p.exceptions {
			explained = explained || e.covers(d)
			holds[e] = holds[e] || e.covers(d) && e.place == d.place
		}
		return explained
	})
	for _, d := range topmost(unexplained) {
		doc := p.file(d.key, theirs)
		r.add("difference", doc, finding{Operation: p.title(d.key, d.name), Place: d.place, Theirs: d.old, Ours: d.new},
			"%s is %s in %s and %s in openapi.yaml; update openapi.yaml or add a deviation", d.place, d.old, doc, d.new)
	}
	unknown := func(key string) bool { return theirs.unreadable(key) || p.contract.unreadable(key) }
	for _, e := range p.exceptions {
		missing := p.file(e.key, theirs) == anyDocument && len(docs) < len(p.pins.Documents)
		if holds[e] || missing || unknown(e.key) {
			continue
		}
		mayHoldElsewhere := func(other exception) bool {
			return other.entry == e.entry && other.place == e.place && (holds[other] || unknown(other.key))
		}
		doc, was, is := p.file(e.key, theirs), theirs.value(e.key, e.place), p.contract.value(e.key, e.place)
		if e.all && was == absent && is == absent && slices.ContainsFunc(p.exceptions, mayHoldElsewhere) {
			continue
		}
		r.add("deviation", doc, finding{Operation: p.title(e.key, e.key), Place: e.place, Theirs: was, Ours: is},
			"entry %d of deviations.yaml says that %s is %s in %s and %s in openapi.yaml, "+
				"but it is %s and %s; correct or remove the entry", e.entry, e.place, e.theirs, doc, e.ours, was, is)
	}
	p.checkPins(r, theirs)
}

const anyDocument = "the pinned documents"

// file returns the name of the document that an operation follows.
func (p *project) file(key string, theirs operations) string {
	if id := p.pins.ids[key]; id != "" {
		return p.pins.Documents[p.pins.Operations[id].Follows].file()
	} else if o := theirs[key]; o != nil {
		return o.doc.name
	}
	return anyDocument
}

// checkPins compares upstream.yaml with the operations and the API versions they are sent with.
func (p *project) checkPins(r *report, theirs operations) {
	for _, id := range slices.Sorted(maps.Keys(p.pins.Operations)) {
		version, key := p.pins.Operations[id].Follows, keyOf(p.pins.Operations[id].Request)
		doc, ours := p.pins.Documents[version].file(), p.contract[key]
		f := finding{Operation: p.title(key, ""), Place: wholeOperation, Ours: present}
		f.Theirs = theirs.value(key, wholeOperation)
		switch {
		case p.contract.unreadable(key):
		case ours == nil && theirs[key] == nil:
			f.Ours = absent
			r.add("difference", doc, f, "upstream.yaml pins it to %s, but neither %s nor openapi.yaml has it; "+
				"correct or remove the row", version, doc)
		case ours != nil && ours.apiVersion() != version:
			f.Place, f.Theirs, f.Ours = "header.clerk-api-version", textOf(version), textOf(ours.apiVersion())
			r.add("difference", doc, f, "openapi.yaml sends the API version %q, but upstream.yaml pins it to %s; "+
				"make them agree", ours.apiVersion(), version)
		case slices.Contains(p.added, id) && r.Mode == "check":
			r.add("difference", doc, f, "this operation is missing in upstream.yaml; run update")
		}
	}
}

// title returns the name of an operation in a report: its request, and its id if upstream.yaml has one.
func (p *project) title(key, name string) string {
	if id := p.pins.ids[key]; id != "" {
		return p.pins.Operations[id].Request + " (" + id + ")"
	}
	return name
}
