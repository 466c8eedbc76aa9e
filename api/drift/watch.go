package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// watchFiles lists what changed under /sessions from one document to another.
func watchFiles(r *report, old, new string) error {
	a, err := readDocument(old)
	if err != nil {
		return err
	}
	b, err := readDocument(new)
	if err == nil {
		(&project{pins: &pins{}}).changes(r, b.name, a.operations(), b.operations())
	}
	return err
}

// watch lists what changed since the documents were pinned.
func (p *project) watch(ctx context.Context, from *source, r *report) {
	published, err := p.published(ctx, from)
	if err != nil {
		r.fail(fmt.Errorf("cannot list the published API versions: %w", err))
	}
	const advice = "pin operations to another document in upstream.yaml, or list the version under seen"
	for _, version := range p.pins.versions() {
		pin := p.pins.Documents[version]
		doc, err := p.newest(ctx, from, version)
		if err == nil && doc.sha256 != pin.SHA256 {
			err = p.watchDocument(ctx, from, version, doc, r)
		}
		withdrawn := errors.Is(err, fs.ErrNotExist) && published != nil
		if withdrawn && p.pins.Seen[version] == "" {
			r.add("withdrawn", pin.file(), finding{Before: present, Theirs: absent},
				"%s is no longer published; %s", pin.file(), advice)
		} else if err != nil && !withdrawn {
			r.fail(err)
		}
	}
	for _, version := range published {
		if version > slices.Max(p.pins.versions()) && p.pins.Seen[version] == "" {
			r.add("new version", version, finding{Before: absent, Theirs: present},
				"API version %s is published; %s", version, advice)
		}
	}
}

func (p *project) newest(ctx context.Context, from *source, version string) (*document, error) {
	data, err := from.read(ctx, p.pins.Documents[version].Path, "")
	if err != nil {
		return nil, err
	}
	return parseDocument(p.pins.Documents[version].file(), data)
}

// watchDocument lists what changed in a document since it was pinned.
func (p *project) watchDocument(ctx context.Context, from *source, version string, doc *document, r *report) error {
	pin := p.pins.Documents[version]
	old, err := p.pinnedOperations(ctx, from, version)
	if err != nil {
		return err
	}
	new := doc.operations()
	for _, o := range p.pins.Operations {
		// An operation that follows an older document is reported only if it was added to this one.
		if key := keyOf(o.Request); o.Follows > version || o.Follows < version && old[key] != nil {
			delete(new, key)
			delete(old, key)
		}
	}
	for _, e := range p.exceptions {
		if e.leftOut() {
			delete(old, e.key)
			delete(new, e.key)
		}
	}
	found := len(r.Findings)
	p.changes(r, pin.file(), old, new)
	if len(r.Findings) > found {
		commit, err := from.lastCommit(ctx, pin.Path)
		if err != nil {
			commit = "main"
		}
		link := fmt.Sprintf("https://github.com/%s/compare/%s...%s", p.pins.Repository, pin.Commit, commit)
		r.Documents = append(r.Documents,
			fmt.Sprintf("%s: pinned at %.12s, newest %.12s, compare %s", pin.Path, pin.Commit, commit, link))
	}
	return nil
}

// published lists the published API versions.
func (p *project) published(ctx context.Context, from *source) (versions []string, err error) {
	names, err := from.list(ctx, p.pins.folder())
	for _, name := range names {
		if version, isYAML := strings.CutSuffix(filepath.Base(name), ".yml"); isYAML && isVersion(version) {
			versions = append(versions, version)
		}
	}
	if err == nil && versions == nil {
		err = fmt.Errorf("no documents in %s", p.pins.folder())
	}
	return versions, err
}

// pinnedOperations returns the operations of a document as pinned. If only the newest is known, they are derived from
// the contract and its deviations, which is equivalent if check passes.
func (p *project) pinnedOperations(ctx context.Context, from *source, version string) (operations, error) {
	doc, err := p.pinned(ctx, from, version)
	if err == nil {
		return doc.operations(), nil
	} else if from.dir == "" {
		return nil, err
	}
	theirs := operations{}
	for key, ours := range p.contract {
		if p.pins.Operations[p.pins.ids[key]].Follows == version {
			theirs[key] = &operation{name: ours.name, doc: ours.doc, facts: maps.Clone(ours.facts), err: ours.err}
		}
	}
	for _, e := range p.exceptions {
		facts := theirs.facts(e.key)
		maps.DeleteFunc(facts, func(at string, _ value) bool {
			return e.covers(difference{e.key, "", at, e.theirs, e.ours})
		})
		if e.theirs != absent && facts != nil {
			facts[e.place] = e.theirs
		}
	}
	return theirs, nil
}

// changes lists what changed from old to new.
func (p *project) changes(r *report, document string, old, new operations) {
	r.fail(old.errors()...)
	r.fail(new.errors()...)
	differences := topmost(compare(old, new))
	for i, kind := range judge(differences, old, new) {
		d := differences[i]
		text := d.sentence(new[d.key])
		if o, ok := p.pins.Operations[p.pins.ids[d.key]]; ok && d.place == wholeOperation && d.new == present {
			text += "; upstream.yaml pins it to " + o.Follows
		}
		f := finding{Operation: p.title(d.key, d.name), Place: d.place, Before: d.old, Theirs: d.new}
		r.add(kind, document, f, "%s", text)
	}
}
