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

	"go.yaml.in/yaml/v4"
)

// A project is the contract and what the api directory says about it.
type project struct {
	dir        string
	pins       *pins
	added      []string // operations of the contract that upstream.yaml does not list yet
	exceptions []exception
	contract   operations
}

func openProject(dir string) (*project, error) {
	p := &project{dir: dir}
	var err error
	if p.pins, err = readPins(filepath.Join(dir, "upstream.yaml")); err != nil {
		return nil, err
	}
	contract, err := readDocument(filepath.Join(dir, "..", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	p.contract = contract.operations()
	for _, key := range slices.Sorted(maps.Keys(p.contract)) {
		id, version := strings.Trim(string(p.contract[key].facts["operationId"]), `"`), p.contract[key].apiVersion()
		if _, taken := p.pins.Operations[id]; !taken && id != "" && p.pins.ids[key] == "" && p.pins.Documents[version] != nil {
			p.pins.Operations[id], p.pins.ids[key] = pinnedOperation{p.contract[key].name, version}, id
			p.added = append(p.added, id)
		}
	}
	p.exceptions, err = readDeviations(filepath.Join(dir, "deviations.yaml"), p.pins)
	return p, err
}

// apiVersion returns the API version the contract sends with an operation.
func (o *operation) apiVersion() string {
	for at := range o.facts {
		if version, ok := strings.CutPrefix(at, "header.clerk-api-version.schema.enum["); ok {
			return strings.TrimSuffix(version, "]")
		}
	}
	return ""
}

// pinned returns a document as it was at its commit, which its checksum proves.
func (p *project) pinned(ctx context.Context, from *source, version string) (*document, error) {
	pin := p.pins.Documents[version]
	data, err := from.read(ctx, pin.Path, pin.Commit)
	if err != nil {
		data, _ = from.read(ctx, pin.Path, "") // may be the same
	}
	if sum := checksum(data); sum != pin.SHA256 {
		return nil, cmp.Or(err, fmt.Errorf("%s has the sha256 %s, but upstream.yaml pins %s", pin.file(), sum, pin.SHA256))
	}
	return parseDocument(pin.file(), data)
}

// check compares the contract with the pinned documents.
func (p *project) check(ctx context.Context, from *source, r *report) {
	docs := map[string]operations{}
	for _, version := range p.pins.versions() {
		if doc, err := p.pinned(ctx, from, version); err != nil {
			r.cannotTell(err)
		} else {
			docs[version] = doc.operations()
		}
	}
	p.compare(r, docs)
}

// compare lists unexplained differences and false deviations, given the operations of each document that could be read.
func (p *project) compare(r *report, docs map[string]operations) {
	theirs, file := operations{}, map[string]string{}
	for _, version := range p.pins.versions() {
		mine := p.pins.mine(version, docs[version])
		r.cannotTell(mine.errors()...)
		maps.Copy(theirs, mine)
		for key := range mine {
			file[key] = p.pins.Documents[version].file()
		}
	}
	r.cannotTell(p.contract.errors()...)
	for _, o := range p.pins.Operations {
		file[keyOf(o.Request)] = p.pins.Documents[o.Follows].file()
		if docs[o.Follows] == nil {
			theirs[keyOf(o.Request)] = &operation{name: o.Request, err: errors.New("its document was not read")}
		}
	}
	holds, somewhere := map[exception]bool{}, map[string]bool{} // somewhere by place
	unexplained := slices.DeleteFunc(compare(theirs, p.contract), func(d difference) bool {
		explained := false
		for _, e := range p.exceptions {
			if e.covers(d) {
				explained = true
				holds[e] = holds[e] || e.place == d.place
				somewhere[e.place] = somewhere[e.place] || holds[e]
			}
		}
		return explained
	})
	const nowhere = "the pinned documents"
	for _, d := range topmost(unexplained) {
		doc := cmp.Or(file[d.key], nowhere)
		r.add("difference", doc, finding{Operation: p.title(d.key, d.name), Place: d.place, Theirs: d.old, Ours: d.new},
			"%s is %s in %s and %s in openapi.yaml; update openapi.yaml, or add a deviation", d.place, d.old, doc, d.new)
	}
	for _, e := range p.exceptions {
		unread := theirs.unreadable(e.key) || p.contract.unreadable(e.key) || file[e.key] == "" && len(docs) < len(p.pins.Documents)
		if holds[e] || unread {
			continue
		}
		doc, was, is := cmp.Or(file[e.key], nowhere), theirs.value(e.key, e.place), p.contract.value(e.key, e.place)
		if e.all && was == absent && is == absent && somewhere[e.place] {
			continue // another operation has the place, this one does not
		}
		r.add("deviation", doc, finding{Operation: p.title(e.key, e.key), Place: e.place, Theirs: was, Ours: is},
			"entry %d of deviations.yaml says that %s is %s in %s and %s in openapi.yaml, but it is %s and %s; correct or remove the entry",
			e.entry, e.place, e.theirs, doc, e.ours, was, is)
	}
	p.checkPins(r, theirs)
}

// checkPins compares the rows of upstream.yaml with the operations and the API versions they are sent with.
func (p *project) checkPins(r *report, theirs operations) {
	for _, id := range slices.Sorted(maps.Keys(p.pins.Operations)) {
		version, key := p.pins.Operations[id].Follows, keyOf(p.pins.Operations[id].Request)
		doc, ours := p.pins.Documents[version].file(), p.contract[key]
		f := finding{Operation: p.title(key, ""), Place: wholeOperation, Theirs: theirs.value(key, wholeOperation), Ours: present}
		switch {
		case p.contract.unreadable(key):
		case ours == nil && theirs[key] == nil:
			f.Ours = absent
			r.add("difference", doc, f, "upstream.yaml pins it to %s, but neither %s nor openapi.yaml has it; correct or remove the row", version, doc)
		case ours != nil && ours.apiVersion() != version:
			f.Place, f.Theirs, f.Ours = "header.clerk-api-version", textOf(version), textOf(ours.apiVersion())
			r.add("difference", doc, f, "openapi.yaml sends the API version %q, but upstream.yaml pins it to %s; make them agree", ours.apiVersion(), version)
		case slices.Contains(p.added, id) && r.Mode == "check":
			r.add("difference", doc, f, "this operation is missing in upstream.yaml; run update")
		}
	}
}

// title names an operation in a report: by request and id if upstream.yaml has it.
func (p *project) title(key, name string) string {
	if id := p.pins.ids[key]; id != "" {
		return p.pins.Operations[id].Request + " (" + id + ")"
	}
	return name
}

// A deviation is an intended difference: at each place At, the published document has Theirs and the contract Ours.
// Where Theirs is absent and Ours present, it covers all that lies beneath until Clerk publishes anything at that place.
type deviation struct {
	Operations any       `yaml:"operations"` // a list, or all for those of upstream.yaml that have the place
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
	all          bool // said of all operations
}

func (e exception) covers(d difference) bool {
	if e.key == d.key && e.place == d.place {
		return e.theirs == d.old && e.ours == d.new
	}
	return e.key == d.key && e.wholePart() && below(d.place, e.place)
}

// wholePart reports whether the exception covers all beneath it: a part only the contract has, or a left out operation.
func (e exception) wholePart() bool { return e.theirs == absent && e.ours == present || e.leftOut() }

func (e exception) leftOut() bool {
	return e.place == wholeOperation && e.theirs == present && e.ours == absent
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
			if outer.key == inner.key && (same || outer.wholePart() && !inner.all && below(inner.place, outer.place)) {
				return nil, fmt.Errorf("%s, entry %d: entry %d already covers %s; remove one", file, inner.entry, outer.entry, inner.place)
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
		return nil, fmt.Errorf("theirs is %q and ours is %q, want two values that differ", theirs, ours)
	}
	for _, v := range names {
		request := fmt.Sprint(v)
		if o, ok := p.Operations[request]; ok {
			request = o.Request
		} else if !isRequest(request) {
			return nil, fmt.Errorf("%q is neither an operation of upstream.yaml nor a request such as GET /sessions", request)
		}
		for _, at := range d.At {
			all = append(all, exception{keyOf(request), at, theirs, ours, entry, d.Operations == "all"})
		}
	}
	return all, nil
}

// nodeValue returns the value of a node, or "" if there is none.
func nodeValue(n *yaml.Node) value {
	v, err := new(decoder).decode(n)
	if err != nil || n.IsZero() {
		return ""
	} else if v == string(present) || v == string(absent) {
		return value(v.(string))
	}
	return textOf(v)
}
