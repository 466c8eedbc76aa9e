package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// published makes, from the contract and the deviations, documents that say about
// /sessions what the pinned ones say, so that every test can run without those. The
// workplace's pins are moved to them.
func published(t *testing.T, dir string) (upstreamDir string) {
	t.Helper()
	p, err := openProject(dir)
	require.NoError(t, err)
	upstreamDir = t.TempDir()
	pinsFile := filepath.Join(dir, "upstream.yaml")
	text := read(t, pinsFile)
	for version, pin := range p.pins.Documents {
		theirs, err := p.pinnedOperations(t.Context(), &source{dir: "nowhere"}, version)
		require.NoError(t, err)
		data := rebuiltDocument(t, theirs)
		write(t, filepath.Join(upstreamDir, pin.file()), string(data))
		text = strings.ReplaceAll(text, pin.SHA256, checksum(data))
	}
	write(t, pinsFile, text)
	return upstreamDir
}

// rebuiltDocument rebuilds one document of operations.
func rebuiltDocument(t *testing.T, ops operations) []byte {
	t.Helper()
	paths, schemes := object{}, object{}
	doc := object{
		"openapi": "3.0.3", "info": object{"title": "t", "version": "1"},
		"paths": paths, "components": object{"securitySchemes": schemes},
	}
	for _, o := range ops {
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

func TestRebuiltDocumentsSayTheSame(t *testing.T) {
	t.Parallel()
	ops := operationsOf(t, contractText(t))
	require.Len(t, ops, strings.Count(contractText(t), "operationId: "))
	assert.Empty(t, compare(ops, operationsOf(t, string(rebuiltDocument(t, ops)))))
}

// A remote is the upstream repository, where others would have GitHub.
type remote struct {
	t    *testing.T
	host string // a directory; the repository lies beneath it
	root string
}

const (
	newest = "bapi/2026-05-12.yml"
	older  = "bapi/2025-03-12.yml"
)

// clerk makes a remote with the published documents, to whose commit the pins of a
// workplace are moved.
func clerk(t *testing.T) (r *remote, o options) {
	t.Helper()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	host := t.TempDir()
	r = &remote{t, host, filepath.Join(host, "clerk", "openapi-specs")}
	require.NoError(t, os.MkdirAll(r.root, 0o755))
	require.NoError(t, os.CopyFS(filepath.Join(r.root, "bapi"), os.DirFS(upstreamDir)))
	r.git("init", "-q", "-b", "main")
	write(t, filepath.Join(r.root, "bapi", "README.md"), "Not a document.")
	commit := r.commit()
	p, err := openProject(dir)
	require.NoError(t, err)
	for _, pin := range p.pins.Documents {
		replaceIn(t, filepath.Join(dir, "upstream.yaml"), pin.Commit, commit)
	}
	return r, options{dir: dir, host: "file://" + host + "/"}
}

func (r *remote) git(args ...string) string {
	r.t.Helper()
	args = append([]string{"-C", r.root, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)
	out, err := exec.Command("git", args...).CombinedOutput()
	require.NoError(r.t, err, string(out))
	return strings.TrimSpace(string(out))
}

func (r *remote) commit() string {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-qm", "x")
	return r.git("rev-parse", "HEAD")
}

func (r *remote) text(name string) string { return read(r.t, filepath.Join(r.root, name)) }

// put commits a document; an empty text removes it.
func (r *remote) put(name, text string) string {
	r.t.Helper()
	if text == "" {
		require.NoError(r.t, os.Remove(filepath.Join(r.root, name)))
	} else {
		write(r.t, filepath.Join(r.root, name), text)
	}
	return r.commit()
}

// edit commits an edit of a document.
func (r *remote) edit(name string, edit func(doc object)) string {
	r.t.Helper()
	return r.put(name, edited(r.t, r.text(name), edit))
}

// The documents themselves are not part of the repository; UPSTREAM names a directory
// that has them.
func TestPinnedDocuments(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("UPSTREAM")
	if dir == "" {
		t.Skip("UPSTREAM is not set: the contract was NOT compared with the pinned documents here; `make drift UPSTREAM=dir` does it")
	}
	place := copyOf(t, filepath.Join("..", ".."))
	for _, mode := range []string{"check", "watch", "update"} {
		r := runIn(t, place, "-upstream", dir, mode)
		assert.Equal(t, noDrift, r.exit, "%s: %s%s", mode, r.stdout, r.stderr)
	}
	p, err := openProject(place)
	require.NoError(t, err)
	for _, version := range p.pins.versions() {
		derived, err := p.pinnedOperations(t.Context(), &source{dir: "nowhere"}, version)
		require.NoError(t, err)
		doc, err := p.pinned(t.Context(), &source{dir: dir}, version)
		require.NoError(t, err)
		assert.Empty(t, compare(derived, p.pins.mine(version, doc.operations())), "%s derived from contract and deviations", version)
	}
	assertEveryLineCounts(t, place, dir)
}
