package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Pins is upstream.yaml: which published document each operation follows.
type pins struct {
	Repository string                     `yaml:"repository"`
	Documents  map[string]*pinned         `yaml:"documents"` // by API version
	Operations map[string]pinnedOperation `yaml:"operations"`
}

type pinned struct {
	Path   string `yaml:"path"`
	Commit string `yaml:"commit"`
	SHA256 string `yaml:"sha256"`
}

// file is the document's name without its folder.
func (p *pinned) file() string { return filepath.Base(p.Path) }

type pinnedOperation struct {
	Request string `yaml:"request"` // method and path
	Follows string `yaml:"follows"` // API version
}

// key is how a slice knows the operation.
func (o pinnedOperation) key() string {
	method, path, _ := strings.Cut(o.Request, " ")
	return method + " " + anonymous(path)
}

var (
	isCommit  = regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString
	isSHA256  = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString
	isRepo    = regexp.MustCompile(`^\w[\w.-]*/\w[\w.-]*$`).MatchString
	isPath    = regexp.MustCompile(`^(\w[\w.-]*/)*\w[\w.-]*$`).MatchString
	isRequest = regexp.MustCompile(`^[A-Z]+ /sessions(/\S+)?$`).MatchString
)

func readPins(file string) (*pins, error) {
	var p pins
	if err := readYAML(file, &p); err != nil {
		return nil, err
	}
	if !isRepo(p.Repository) {
		return nil, fmt.Errorf("%s has the repository %q; expected owner/name", file, p.Repository)
	}
	if len(p.Documents) == 0 || len(p.Operations) == 0 {
		return nil, fmt.Errorf("%s pins no documents or no operations; list both", file)
	}
	for _, version := range slices.Sorted(maps.Keys(p.Documents)) {
		switch d := p.Documents[version]; {
		case d == nil || !isPath(d.Path):
			return nil, fmt.Errorf("%s has no good path for document %s; expected one like bapi/%s.yml", file, version, version)
		case !isCommit(d.Commit):
			return nil, fmt.Errorf("%s has the commit %q for document %s; expected 40 hexadecimal digits", file, d.Commit, version)
		case !isSHA256(d.SHA256):
			return nil, fmt.Errorf("%s has the sha256 %q for document %s; expected 64 hexadecimal digits", file, d.SHA256, version)
		}
	}
	keys := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(p.Operations)) {
		o := p.Operations[id]
		if !isRequest(o.Request) {
			return nil, fmt.Errorf("%s has the request %q for %s; expected one like GET /sessions", file, o.Request, id)
		}
		if p.Documents[o.Follows] == nil {
			return nil, fmt.Errorf("%s lets %s follow %q; expected one of its documents", file, id, o.Follows)
		}
		if other := keys[o.key()]; other != "" {
			return nil, fmt.Errorf("%s gives %s and %s the same request; expected one each", file, other, id)
		}
		keys[o.key()] = id
	}
	return &p, nil
}

// id is the operation's id in upstream.yaml, or "" if it is not there.
func (p *pins) id(key string) string {
	for id, o := range p.Operations {
		if o.key() == key {
			return id
		}
	}
	return ""
}

// mine cuts a document's slice to what follows that document, and to what
// upstream.yaml does not know at all.
func (p *pins) mine(version string, all slice) slice {
	kept := slice{}
	for key, o := range all {
		if id := p.id(key); id == "" || p.Operations[id].Follows == version {
			kept[key] = o
		}
	}
	return kept
}

// readYAML reads one of our own files and refuses what it does not know.
func readYAML(file string, into any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decodeYAML(decoder, into); err != nil {
		return fmt.Errorf("%s cannot be read: %s", file, oneLine(err))
	}
	return nil
}
