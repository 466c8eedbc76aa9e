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
		o, listed := p.Operations[p.ids[key]]
		return listed && o.Follows != version
	})
	return kept
}

// update moves the pins to the newest documents and adds rows for new operations, if the contract holds for them.
func (p *project) update(ctx context.Context, from *source, r *report) {
	docs, sums := map[string]operations{}, map[string]string{}
	for _, version := range p.pins.versions() {
		doc, err := p.newest(ctx, from, version)
		if errors.Is(err, fs.ErrNotExist) && p.pins.Seen[version] != "" {
			doc, err = p.pinned(ctx, from, version)
		}
		if err != nil {
			r.cannotTell(err)
			continue
		}
		docs[version], sums[version] = doc.operations(), doc.sha256
	}
	if p.compare(r, docs); len(r.Findings)+len(r.Unknown) > 0 {
		r.Notes = []string{"No pin was moved. Follow each change in openapi.yaml or explain it in deviations.yaml, " +
			"run `make generate` and the tests, then update again."}
	} else if err := p.write(ctx, from, sums, r); err != nil {
		r.Notes = nil
		r.cannotTell(err)
	}
}

var rows = regexp.MustCompile(`(?m)^operations:.*\n(?:(?:[ \t#].*)?\n)*`)

// write writes upstream.yaml with documents pinned to checksums and operations added. Its comments and layout stay.
func (p *project) write(ctx context.Context, from *source, sums map[string]string, r *report) error {
	file := filepath.Join(p.dir, "upstream.yaml")
	data, err := os.ReadFile(file)
	text := string(data)
	for version, sum := range sums {
		pin := p.pins.Documents[version]
		if err != nil || pin.SHA256 == sum {
			continue
		}
		commit, err := from.lastCommit(ctx, pin.Path)
		if err != nil {
			return err
		}
		if data, err := from.read(ctx, pin.Path, commit); err != nil || checksum(data) != sum {
			return fmt.Errorf("%s changed while it was read, or its commit %s cannot be read: try again (%v)", pin.Path, commit, err) //nolint:errorlint // may be nil
		}
		before, after, _ := strings.Cut(text, version)
		after = strings.Replace(after, pin.SHA256, sum, 1)
		text = before + version + strings.Replace(after, pin.Commit, commit, 1)
		r.Notes = append(r.Notes, fmt.Sprintf("%s is now pinned at commit %s.", pin.file(), commit))
	}
	for _, id := range p.added {
		o := p.pins.Operations[id]
		end := rows.FindString(text)
		text = strings.Replace(text, end, fmt.Sprintf("%s  %s: {request: %s, follows: %s}\n", end, id, textOf(o.Request), textOf(o.Follows)), 1)
		r.Notes = append(r.Notes, fmt.Sprintf("%s was added to upstream.yaml.", id))
	}
	if len(r.Notes) == 0 {
		r.Notes = []string{"Every pin is at the newest document already."}
		return err
	}
	var written pins
	if err := yaml.Load([]byte(text), &written); err != nil || !maps.Equal(written.Operations, p.pins.Operations) {
		return fmt.Errorf("cannot edit %s; restore its layout from the last commit (%v)", file, err) //nolint:errorlint // may be nil
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
