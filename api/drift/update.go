package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// update moves the pins to the newest documents if the contract, with its
// deviations, holds for them.
func (p *project) update(ctx context.Context, dir string, from *upstream) (*report, error) {
	r := &report{Mode: "update"}
	docs := map[string]slice{}
	moved := map[string]*pinned{}
	for _, version := range slices.Sorted(maps.Keys(p.pins.Documents)) {
		pin := p.pins.Documents[version]
		data, doc, err := from.newest(ctx, pin)
		if err != nil {
			return nil, err
		}
		if docs[version], err = doc.slice(); err != nil {
			return nil, err
		}
		if sum := checksum(data); sum != pin.SHA256 {
			moved[version] = &pinned{Path: pin.Path, SHA256: sum}
		}
	}
	if r.Findings = p.compare(docs); len(r.Findings) > 0 {
		r.Notes = append(r.Notes, "No pin was moved. Follow each change in openapi.yaml or explain it in deviations.yaml, run `make generate` and the tests, then update again.")
		return r, nil
	}
	file := filepath.Join(dir, "upstream.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for _, version := range slices.Sorted(maps.Keys(moved)) {
		old, new := p.pins.Documents[version], moved[version]
		if new.Commit, err = from.commit(ctx, new); err != nil {
			return nil, err
		}
		if _, err := from.pinned(ctx, new); err != nil { // main may have moved meanwhile
			return nil, err
		}
		content = replaceAfter(content, version, old.SHA256, new.SHA256)
		content = replaceAfter(content, version, old.Commit, new.Commit)
		r.Notes = append(r.Notes, fmt.Sprintf("%s is now pinned at commit %s.", new.file(), new.Commit))
	}
	if len(moved) == 0 {
		r.Notes = append(r.Notes, "Every pin is at the newest document already.")
		return r, nil
	}
	return r, os.WriteFile(file, content, 0o644)
}

// replaceAfter replaces the first old that comes after the document's version,
// and leaves comments and layout as they are.
func replaceAfter(content []byte, version, old, new string) []byte {
	at := max(bytes.Index(content, []byte(version)), 0)
	return slices.Concat(content[:at], bytes.Replace(content[at:], []byte(old), []byte(new), 1))
}
