package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Pins is upstream.yaml: which published document each operation follows.
type pins struct {
	Repository string                     `yaml:"repository"`
	Documents  map[string]*pinned         `yaml:"documents"` // by API version
	Seen       map[string]string          `yaml:"seen"`      // API versions not followed, and why
	Operations map[string]pinnedOperation `yaml:"operations"`
	ids        map[string]string          // of operations, by key
}

type pinned struct {
	Path   string `yaml:"path"`
	Commit string `yaml:"commit"`
	SHA256 string `yaml:"sha256"`
}

// file is the document's name without its folder.
func (p *pinned) file() string { return path.Base(p.Path) }

type pinnedOperation struct {
	Request string `yaml:"request"` // method and path
	Follows string `yaml:"follows"` // API version
}

var (
	isCommit  = regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString
	isSHA256  = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString
	isRepo    = regexp.MustCompile(`^\w[\w.-]*/\w[\w.-]*$`).MatchString
	isPath    = regexp.MustCompile(`^(\w[\w.-]*/)+\w[\w.-]*$`).MatchString
	isRequest = regexp.MustCompile(`^[A-Z]+ /sessions(/\S+)?$`).MatchString
	isVersion = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`).MatchString
)

func readPins(file string) (*pins, error) {
	var p pins
	if err := readYAML(file, &p); err != nil {
		return nil, err
	}
	if err := p.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &p, nil
}

func (p *pins) validate() error {
	if !isRepo(p.Repository) {
		return fmt.Errorf("repository is %q, want owner/name", p.Repository)
	}
	if len(p.Documents) == 0 || len(p.Operations) == 0 {
		return fmt.Errorf("missing documents or operations")
	}
	for version, d := range p.Documents {
		if d == nil || !isPath(d.Path) || !isCommit(d.Commit) || !isSHA256(d.SHA256) {
			return fmt.Errorf("document %s is %+v, want a path like bapi/%s.yml, a commit of 40 and a sha256 of 64 hexadecimal digits",
				version, d, version)
		}
	}
	for version, why := range p.Seen {
		if !isVersion(version) || strings.TrimSpace(why) == "" {
			return fmt.Errorf("seen has %q: %q, want an API version and a reason", version, why)
		}
	}
	p.ids = map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(p.Operations)) {
		o := p.Operations[id]
		if p.ids[keyOf(o.Request)] != "" || !isRequest(o.Request) || p.Documents[o.Follows] == nil {
			return fmt.Errorf("%s has the request %q and follows %q, want a request of its own like GET /sessions and one of the documents",
				id, o.Request, o.Follows)
		}
		p.ids[keyOf(o.Request)] = id
	}
	return nil
}

func (p *pins) versions() []string { return slices.Sorted(maps.Keys(p.Documents)) }

// folder is where upstream keeps the newest document.
func (p *pins) folder() string { return path.Dir(p.Documents[slices.Max(p.versions())].Path) }

// mine returns the operations of a document that follow it, and those that upstream.yaml does not list.
func (p *pins) mine(version string, all operations) operations {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(key string, _ *operation) bool {
		id := p.ids[key]
		return id != "" && p.Operations[id].Follows != version
	})
	return kept
}

// update moves the pins to the newest documents, and adds rows for new operations, if the contract with its
// deviations holds for them.
func (p *project) update(ctx context.Context, from *source, r *report) {
	docs, moved := map[string]operations{}, map[string]*pinned{}
	for _, version := range p.pins.versions() {
		pin := p.pins.Documents[version]
		data, err := from.read(ctx, pin.Path, "")
		var doc *document
		if errors.Is(err, fs.ErrNotExist) && p.pins.Seen[version] != "" {
			doc, err = p.pinned(ctx, from, version)
		} else if err == nil {
			doc, err = parseDocument(pin.file(), data)
		}
		if err != nil {
			r.cannotTell(err)
			continue
		}
		docs[version] = doc.operations()
		if doc.sha256 != pin.SHA256 {
			moved[version] = &pinned{Path: pin.Path, SHA256: doc.sha256}
		}
	}
	p.compare(r, docs)
	if len(r.Findings)+len(r.Unknown) > 0 {
		r.Notes = append(r.Notes, "No pin was moved. Follow each change in openapi.yaml or explain it in deviations.yaml, run `make generate` and the tests, then update again.")
		return
	}
	if err := p.write(ctx, from, moved, r); err != nil {
		r.Notes = nil
		r.cannotTell(err)
	}
}

// write writes upstream.yaml with documents moved and operations added, and leaves its comments and layout as they
// are.
func (p *project) write(ctx context.Context, from *source, moved map[string]*pinned, r *report) error {
	file := filepath.Join(p.dir, "upstream.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, version := range slices.Sorted(maps.Keys(moved)) {
		old, new := p.pins.Documents[version], moved[version]
		if new.Commit, err = from.lastCommit(ctx, new.Path); err != nil {
			return err
		}
		p.pins.Documents[version] = new
		if data, err := from.read(ctx, new.Path, new.Commit); err != nil || checksum(data) != new.SHA256 {
			return fmt.Errorf("%s changed while it was read, or its commit %s cannot be read: try again (%v)", new.Path, new.Commit, err)
		}
		content = replaceAfter(content, version, old.SHA256, new.SHA256)
		content = replaceAfter(content, version, old.Commit, new.Commit)
		r.Notes = append(r.Notes, fmt.Sprintf("%s is now pinned at commit %s.", new.file(), new.Commit))
	}
	for _, id := range p.added {
		o := p.pins.Operations[id]
		row := fmt.Sprintf("  %s: {request: %s, follows: %s}\n", id, textOf(o.Request), textOf(o.Follows))
		end := operationRows.FindIndex(content)
		if end == nil {
			return fmt.Errorf("cannot find the operations of %s to add %s", file, id)
		}
		content = slices.Insert(content, end[1], []byte(row)...)
		r.Notes = append(r.Notes, fmt.Sprintf("%s was added to upstream.yaml.", id))
	}
	if len(r.Notes) == 0 {
		r.Notes = append(r.Notes, "Every pin is at the newest document already.")
		return nil
	}
	var written pins
	if err := yaml.Load(content, &written); err != nil || !maps.Equal(written.Operations, p.pins.Operations) {
		return fmt.Errorf("cannot edit %s; bring its layout back to that of the last commit (%v)", file, err)
	}
	return os.WriteFile(file, content, 0o644)
}

var operationRows = regexp.MustCompile(`(?m)^operations:.*\n(?:(?:[ \t#].*)?\n)*`)

// replaceAfter replaces the first old that comes after the document's version.
func replaceAfter(content []byte, version, old, new string) []byte {
	at := max(bytes.Index(content, []byte(version)), 0)
	return slices.Concat(content[:at], bytes.Replace(content[at:], []byte(old), []byte(new), 1))
}
