package main

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Pins is upstream.yaml: which published document each operation follows.
type pins struct {
	Repository string                     `yaml:"repository"`
	Documents  map[string]*pinned         `yaml:"documents"` // by API version
	Seen       map[string]string          `yaml:"seen"`      // API versions not followed, and why
	Operations map[string]pinnedOperation `yaml:"operations"`
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
	keys := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(p.Operations)) {
		o := p.Operations[id]
		if other := keys[keyOf(o.Request)]; other != "" || !isRequest(o.Request) || p.Documents[o.Follows] == nil {
			return fmt.Errorf("%s has the request %q and follows %q, want a request of its own like GET /sessions and one of the documents",
				id, o.Request, o.Follows)
		}
		keys[keyOf(o.Request)] = id
	}
	return nil
}

func (p *pins) versions() []string { return slices.Sorted(maps.Keys(p.Documents)) }

// folder is where upstream keeps the newest document.
func (p *pins) folder() string { return path.Dir(p.Documents[slices.Max(p.versions())].Path) }

// id is the operation's id in upstream.yaml, or "" if it is not there.
func (p *pins) id(key string) string {
	for id, o := range p.Operations {
		if keyOf(o.Request) == key {
			return id
		}
	}
	return ""
}

// mine returns the operations of a document that follow it, and those that upstream.yaml does not list.
func (p *pins) mine(version string, all operations) operations {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(key string, _ *operation) bool {
		id := p.id(key)
		return id != "" && p.Operations[id].Follows != version
	})
	return kept
}
