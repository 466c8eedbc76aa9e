package main

import (
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

// Pins is upstream.yaml: the published document that each operation follows.
type pins struct {
	Repository string                     `yaml:"repository"`
	Documents  map[string]*pinned         `yaml:"documents"` // by API version
	Seen       map[string]string          `yaml:"seen"`      // why an API version is not followed
	Operations map[string]pinnedOperation `yaml:"operations"`
	ids        map[string]string          // of operations, by key
}

type pinned struct {
	Path   string `yaml:"path"`
	Commit string `yaml:"commit"`
	SHA256 string `yaml:"sha256"`
}

func (p *pinned) file() string { return path.Base(p.Path) }

type pinnedOperation struct {
	Request string `yaml:"request"` // method and path
	Follows string `yaml:"follows"` // API version
}

var (
	isCommit  = regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString
	isSHA256  = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString
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
	if !isPath(p.Repository) || len(p.Operations) == 0 {
		return fmt.Errorf("repository is %q, want owner/name and operations", p.Repository)
	}
	for version, d := range p.Documents {
		if d == nil || !isPath(d.Path) || !isCommit(d.Commit) || !isSHA256(d.SHA256) {
			return fmt.Errorf("document %s is %+v, want a path like bapi/%[1]s.yml, "+
				"a commit of 40 and a sha256 of 64 hexadecimal digits", version, d)
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
			return fmt.Errorf("%s has the request %q and follows %q, "+
				"want a unique request like GET /sessions and one of the documents", id, o.Request, o.Follows)
		}
		p.ids[keyOf(o.Request)] = id
	}
	return nil
}

func (p *pins) versions() []string { return slices.Sorted(maps.Keys(p.Documents)) }

// folder returns the directory of the newest document in the upstream repository.
func (p *pins) folder() string { return path.Dir(p.Documents[slices.Max(p.versions())].Path) }

// followed returns the operations of a document that follow it or are not in upstream.yaml.
func (p *pins) followed(version string, all operations) operations {
	maps.DeleteFunc(all, func(key string, _ *operation) bool {
		o, listed := p.Operations[p.ids[key]]
		return listed && o.Follows != version
	})
	return all
}

// update moves the pins to the newest documents and adds rows for new operations, if check passes with them.
func (p *project) update(ctx context.Context, from *source, r *report) {
	docs := p.documents(r, func(version string) (*document, error) {
		doc, err := p.newest(ctx, from, version)
		if errors.Is(err, fs.ErrNotExist) && p.pins.Seen[version] != "" {
			return p.pinned(ctx, from, version)
		}
		return doc, err
	})
	if p.compare(r, docs); len(r.Findings)+len(r.Errors) > 0 {
		r.Notes = []string{"No pin was moved. Follow each change in openapi.yaml or explain it in deviations.yaml, " +
			"run `make generate` and the tests, then run update again."}
	} else if err := p.write(ctx, from, docs, r); err != nil {
		r.fail(err)
	}
}

var rows = regexp.MustCompile(`(?m)^operations:.*\n(?:(?:[ \t#].*)?\n)*`)

// write edits upstream.yaml: it pins the documents and adds the new operations. Comments and layout are kept.
func (p *project) write(ctx context.Context, from *source, docs map[string]*document, r *report) error {
	file := filepath.Join(p.dir, "upstream.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, notes := string(data), []string{}
	for version, doc := range docs {
		pin := p.pins.Documents[version]
		if pin.SHA256 == doc.sha256 {
			continue
		}
		commit, err := from.lastCommit(ctx, pin.Path)
		if err != nil {
			return err
		}
		before, after, _ := strings.Cut(text, version)
		after = strings.Replace(after, pin.SHA256, doc.sha256, 1)
		text = before + version + strings.Replace(after, pin.Commit, commit, 1)
		notes = append(notes, fmt.Sprintf("%s is now pinned at commit %s.", pin.file(), commit))
		*pin = pinned{pin.Path, commit, doc.sha256}
	}
	for _, id := range p.added {
		o, end := p.pins.Operations[id], rows.FindString(text)
		row := fmt.Sprintf("  %s: {request: %s, follows: %s}\n", id, textOf(o.Request), textOf(o.Follows))
		text = strings.Replace(text, end, end+row, 1)
		notes = append(notes, id+" was added to upstream.yaml.")
	}
	if len(notes) == 0 {
		r.Notes = []string{"Every pin is already at the newest document."}
		return nil
	}
	var written pins
	err = yaml.Load([]byte(text), &written)
	same := maps.EqualFunc(written.Documents, p.pins.Documents, func(a, b *pinned) bool { return *a == *b })
	if err != nil || !same || !maps.Equal(written.Operations, p.pins.Operations) {
		return fmt.Errorf("cannot edit %s; restore its layout from the last commit", file)
	}
	r.Notes = notes
	return os.WriteFile(file, []byte(text), 0o644)
}
