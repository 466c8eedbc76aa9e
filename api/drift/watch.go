package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// watchFiles tells what changed under /sessions from one document to another.
func watchFiles(old, new string) (*report, error) {
	a, err := sliceOfFile(old)
	if err != nil {
		return nil, err
	}
	b, err := sliceOfFile(new)
	if err != nil {
		return nil, err
	}
	return &report{Mode: "watch", Findings: (&project{pins: &pins{}}).changes(filepath.Base(new), a, b)}, nil
}

// watch tells what changed in our part of each document since it was pinned.
func (p *project) watch(ctx context.Context, from *upstream) (*report, error) {
	r := &report{Mode: "watch"}
	for _, version := range slices.Sorted(maps.Keys(p.pins.Documents)) {
		pin := p.pins.Documents[version]
		old, err := p.pinnedSlice(ctx, from, version)
		if err != nil {
			return nil, err
		}
		data, doc, err := from.newest(ctx, pin)
		if err != nil {
			return nil, err
		}
		all, err := doc.slice()
		if err != nil {
			return nil, err
		}
		var back []finding
		if checksum(data) != pin.SHA256 {
			back = p.back(version, old, all)
		}
		old, new := p.pins.mine(version, old), p.pins.mine(version, all)
		for _, e := range p.exceptions {
			if e.place == wholeOperation && e.theirs == present {
				delete(old, e.key)
				delete(new, e.key)
			}
		}
		r.Findings = slices.Concat(r.Findings, p.changes(pin.file(), old, new), back)
	}
	if err := p.addVersions(ctx, from, r); err != nil {
		if len(r.Findings) == 0 {
			return nil, err
		}
		r.Notes = append(r.Notes, fmt.Sprintf("Whether Clerk publishes newer API versions is not known: %s.", err))
	}
	return r, nil
}

// back lists the operations that follow an older document and are in this one now.
func (p *project) back(version string, old, new slice) []finding {
	var found []finding
	for _, id := range slices.Sorted(maps.Keys(p.pins.Operations)) {
		o := p.pins.Operations[id]
		if o.Follows >= version || old[o.key()] != nil || new[o.key()] == nil {
			continue
		}
		f := p.finding("unjudged", o.key(), o.Request, wholeOperation, present, "")
		f.Document, f.Before = p.pins.Documents[version].file(), absent
		f.Text = fmt.Sprintf("%s in %s: this operation is new here, while upstream.yaml lets it follow %s; let it follow this document, or take no notice", f.title(), f.Document, o.Follows)
		found = append(found, f)
	}
	return found
}

// addVersions names the published API versions that are newer than ours.
func (p *project) addVersions(ctx context.Context, from *upstream, r *report) error {
	newest := slices.Max(slices.Collect(maps.Keys(p.pins.Documents)))
	versions, err := from.versions(ctx, p.pins.Documents[newest])
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v > newest {
			r.NewVersions = append(r.NewVersions, v)
		}
	}
	return nil
}

// pinnedSlice is a document as pinned. A directory holds the newest documents only,
// so for a directory our part is put together from the contract and the
// deviations, which is the same as long as check passes.
func (p *project) pinnedSlice(ctx context.Context, from *upstream, version string) (slice, error) {
	if from.dir == "" {
		doc, err := from.pinned(ctx, p.pins.Documents[version])
		if err != nil {
			return nil, err
		}
		return doc.slice()
	}
	theirs := slice{}
	for _, o := range p.pins.Operations {
		if ours := p.contract[o.key()]; ours != nil && o.Follows == version {
			theirs[o.key()] = &operation{name: ours.name, facts: maps.Clone(ours.facts)}
		}
	}
	for _, e := range p.exceptions {
		o := theirs[e.key]
		if o == nil {
			continue
		}
		if is := o.value(e.place); is != e.ours {
			return nil, fmt.Errorf("entry %d of deviations.yaml says that %s of %s is %s in openapi.yaml, but it is %s; make check pass first", e.entry, e.place, o.name, e.ours, is)
		}
		if e.wholePart() {
			maps.DeleteFunc(o.facts, func(at string, _ value) bool { return below(at, e.place) })
		}
		if e.theirs == absent {
			delete(o.facts, e.place)
		} else {
			o.facts[e.place] = e.theirs
		}
	}
	return theirs, nil
}

// changes is the change log from one slice to another.
func (p *project) changes(document string, old, new slice) []finding {
	var found []finding
	for _, d := range topmost(compare(old, new)) {
		f := p.finding(judge(d, old[d.key], new[d.key]), d.key, d.name, d.place, d.new, "")
		f.Document, f.Before = document, d.old
		f.what = d.sentence()
		f.Text = fmt.Sprintf("%s in %s: %s", f.title(), document, f.what)
		found = append(found, f)
	}
	return found
}

func (d difference) sentence() string {
	switch {
	case d.place == wholeOperation && d.new == present:
		return "this operation is new"
	case d.place == wholeOperation:
		return "this operation was removed"
	case d.old == absent && d.new == present:
		return d.place + " was added"
	case d.old == present && d.new == absent:
		return d.place + " was removed"
	case d.old == absent:
		return fmt.Sprintf("%s is now %s, where nothing was said", d.place, d.new)
	case d.new == absent:
		return fmt.Sprintf("%s was %s, and nothing is said now", d.place, d.old)
	}
	return fmt.Sprintf("%s was %s and is now %s", d.place, d.old, d.new)
}
