package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// published makes, from the contract and the deviations, documents that say
// about /sessions what the pinned ones say, so that every test can run without
// those. The workplace's pins are moved to them.
func published(t *testing.T, dir string) (upstreamDir string) {
	t.Helper()
	p, err := openProject(dir)
	require.NoError(t, err)
	upstreamDir = t.TempDir()
	pinsFile := filepath.Join(dir, "upstream.yaml")
	content, err := os.ReadFile(pinsFile)
	require.NoError(t, err)
	text := string(content)
	for version, pin := range p.pins.Documents {
		theirs, err := p.pinnedSlice(t.Context(), &upstream{dir: upstreamDir}, version)
		require.NoError(t, err)
		data := document_(t, theirs)
		write(t, filepath.Join(upstreamDir, pin.file()), string(data))
		text = strings.ReplaceAll(text, pin.SHA256, checksum(data))
	}
	write(t, pinsFile, text)
	return upstreamDir
}

// document_ rebuilds one document of a whole slice.
func document_(t *testing.T, s slice) []byte {
	t.Helper()
	paths, schemes := object{}, object{}
	doc := object{"openapi": "3.0.3", "info": object{"title": "t", "version": "1"}, "paths": paths, "components": object{"securitySchemes": schemes}}
	for _, o := range s {
		one := rebuild(o.facts)
		for path, item := range one["paths"].(object) {
			if paths[path] == nil {
				paths[path] = object{}
			}
			for method, op := range item.(object) {
				paths[path].(object)[method] = op
			}
		}
		for name, scheme := range get(one, "components", "securitySchemes") {
			schemes[name] = scheme
		}
	}
	data, err := yaml.Marshal(doc)
	require.NoError(t, err)
	return data
}

// replaceIn edits a file and fails if there is nothing to edit.
func replaceIn(t *testing.T, name, old, new string) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Contains(t, string(data), old)
	write(t, name, strings.Replace(string(data), old, new, 1))
}

func TestRebuiltDocumentsSayTheSame(t *testing.T) {
	t.Parallel()
	s := sliceOf(t, contractText(t))
	require.Len(t, s, 8)
	assert.Empty(t, compare(s, sliceOf(t, string(document_(t, s)))))
}

// The documents themselves are not part of the repository; UPSTREAM names a
// directory that has them.
func TestPinnedDocuments(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("UPSTREAM")
	if dir == "" {
		t.Skip("UPSTREAM is not set: the contract was NOT compared with the pinned documents here; `make drift UPSTREAM=dir` does it")
	}
	place := workplace(t)
	for _, mode := range []string{"check", "watch", "update"} {
		r := runIn(t, place, "-upstream", dir, mode)
		assert.Equal(t, noDrift, r.exit, "%s: %s%s", mode, r.stdout, r.stderr)
	}

	p, err := openProject(place)
	require.NoError(t, err)
	for version, pin := range p.pins.Documents {
		together, err := p.pinnedSlice(t.Context(), &upstream{dir: dir}, version)
		require.NoError(t, err)
		doc, err := (&upstream{dir: dir}).pinned(t.Context(), pin)
		require.NoError(t, err)
		all, err := doc.slice()
		require.NoError(t, err)
		assert.Empty(t, compare(together, p.pins.mine(version, all)), "%s put together from contract and deviations", version)
	}
	assertEveryLineCounts(t, place, dir)
}
