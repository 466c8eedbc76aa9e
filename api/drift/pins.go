package main

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
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
		return errors.New("missing documents or operations")
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
