package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// update moves the pins to the newest documents and adds rows for new operations, if check passes with them.
func (p *project) update(ctx context.Context, from *source, r *report) {
	docs := p.documents(r, func(version string) (*document, error) {
		doc, err := p.newest(ctx, from, version)
		if errors.Is(err, fs.ErrNotExist) && p.pins.Seen[version] != "" {
			return p.pinned(ctx, from, version)
		}
		return doc, err
	})
	if p.compare(r, docs); len(r.Findings)+len(r.Unknown) > 0 {
		r.Notes = []string{"No pin was moved. Follow each change in openapi.yaml or explain it in deviations.yaml, " +
			"run `make generate` and the tests, then run update again."}
	} else if err := p.write(ctx, from, docs, r); err != nil {
		r.Notes = nil
		r.cannotTell(err)
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
	text := string(data)
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
		r.Notes = append(r.Notes, fmt.Sprintf("%s is now pinned at commit %s.", pin.file(), commit))
		*pin = pinned{pin.Path, commit, doc.sha256}
	}
	for _, id := range p.added {
		o, end := p.pins.Operations[id], rows.FindString(text)
		row := fmt.Sprintf("  %s: {request: %s, follows: %s}\n", id, textOf(o.Request), textOf(o.Follows))
		text = strings.Replace(text, end, end+row, 1)
		r.Notes = append(r.Notes, id+" was added to upstream.yaml.")
	}
	if len(r.Notes) == 0 {
		r.Notes = []string{"Every pin is already at the newest document."}
		return nil
	}
	var written pins
	err = yaml.Load([]byte(text), &written)
	samePins := func(a, b *pinned) bool { return *a == *b }
	if err != nil || !maps.Equal(written.Operations, p.pins.Operations) ||
		!maps.EqualFunc(written.Documents, p.pins.Documents, samePins) {
		return fmt.Errorf("cannot edit %s; restore its layout from the last commit", file)
	}
	return os.WriteFile(file, []byte(text), 0o644)
}
