package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const edit = "\n# edited in place\n"

func TestNothingChangedInTheRepository(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	r.put("bapi/2021-02-05.yml", "an older version that nothing follows")
	for _, mode := range []string{"check", "watch", "update"} {
		res := runWith(t, o, mode)
		assert.Equal(t, noDrift, res.exit, "%s: %s%s", mode, res.stdout, res.stderr)
		for _, upstream := range []string{r.root, filepath.Join(r.root, "bapi")} { // a checkout, and its folder
			res = runWith(t, options{dir: o.dir}, "-upstream", upstream, mode)
			assert.Equal(t, noDrift, res.exit, "%s: %s%s", mode, res.stdout, res.stderr)
		}
	}
}

func TestRepositoryTroubleCannotTell(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode  string
		spoil func(r *remote, o *options)
		says  string
	}{
		"no repository":      {"check", func(_ *remote, o *options) { o.host += "nowhere/" }, "git clone"},
		"unknown commit":     {"check", func(r *remote, o *options) { o.recommit(t); r.put(newest, r.text(newest)+edit) }, "git ls-tree"},
		"another document":   {"check", func(r *remote, o *options) { o.repin(t, r, newest) }, "but upstream.yaml pins"},
		"newest unreadable":  {"watch", func(r *remote, _ *options) { r.put(newest, "<html>") }, "not an OpenAPI 3 document"},
		"no documents":       {"watch", func(r *remote, _ *options) { r.put(newest, ""); r.put(older, "") }, "no documents in bapi"},
		"no folder":          {"watch", func(r *remote, _ *options) { r.git("mv", "bapi", "api"); r.commit() }, "git ls-tree"},
		"update cannot read": {"update", func(r *remote, _ *options) { r.put(older, "<html>") }, "not an OpenAPI 3 document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, o := clerk(t)
			r.t = t
			test.spoil(r, &o)
			before := read(t, filepath.Join(o.dir, "upstream.yaml"))
			res := runWith(t, o, test.mode)
			assert.Equal(t, couldNotTell, res.exit, res.stdout)
			assert.Contains(t, res.stderr, test.says)
			assert.NotContains(t, res.stdout, "no drift")
			assert.Equal(t, before, read(t, filepath.Join(o.dir, "upstream.yaml")))
		})
	}
}

// recommit pins all documents to a commit that does not exist.
func (o *options) recommit(t *testing.T) {
	p, err := openProject(o.dir)
	require.NoError(t, err)
	for _, pin := range p.pins.Documents {
		replaceIn(t, filepath.Join(o.dir, "upstream.yaml"), pin.Commit, strings.Repeat("0", 40))
	}
}

// repin pins a document to another checksum.
func (o *options) repin(t *testing.T, r *remote, name string) {
	replaceIn(t, filepath.Join(o.dir, "upstream.yaml"), checksum([]byte(r.text(name))), strings.Repeat("0", 64))
}

// A command that fails for a moment is retried: here the repository appears late.
func TestDownloadsAreRetried(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	bin, count := t.TempDir(), filepath.Join(t.TempDir(), "count")
	write(t, filepath.Join(bin, "git"), "#!/bin/sh\necho x >> "+count+"\n[ $(wc -l < "+count+") -ge 3 ] || exit 1\n")
	require.NoError(t, os.Chmod(filepath.Join(bin, "git"), 0o755))
	git := &source{gitDir: r.root, attempts: 4, backoff: o.backoff, program: filepath.Join(bin, "git")}
	_, err := git.git(t.Context(), "fetch")
	require.NoError(t, err)
	assert.Equal(t, "x\nx\nx\n", read(t, count))

	git.attempts = 2
	write(t, count, "")
	_, err = git.git(t.Context(), "fetch")
	require.Error(t, err)
	assert.Equal(t, "x\nx\n", read(t, count))
}

func TestUpdateMovesThePins(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	r.t = t
	file := filepath.Join(o.dir, "upstream.yaml")
	before := read(t, file)
	commit := r.put(newest, r.text(newest)+edit)
	checkout := runWith(t, options{dir: workplaceCopy(t, o.dir)}, "-upstream", r.root, "update")
	res := runWith(t, o, "update")
	assert.Equal(t, noDrift, res.exit, res.stderr)
	assert.Contains(t, res.stdout, "2026-05-12.yml is now pinned at commit "+commit)
	assert.Equal(t, res, checkout, "the same from a checkout")

	old, err := readPins(write(t, filepath.Join(t.TempDir(), "upstream.yaml"), before))
	require.NoError(t, err)
	now, err := readPins(file)
	require.NoError(t, err)
	assert.Equal(t, &pinned{newest, commit, checksum([]byte(r.text(newest)))}, now.Documents["2026-05-12"])
	assert.Equal(t, old.Documents["2025-03-12"], now.Documents["2025-03-12"])
	assert.Equal(t, strings.Count(before, "\n"), strings.Count(read(t, file), "\n"), "comments and layout stay")
	assert.Equal(t, noDrift, runWith(t, o, "check").exit)
}

func workplaceCopy(t *testing.T, dir string) string {
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(filepath.Dir(dir))))
	return filepath.Join(root, "api")
}

func TestUpdateRefusesDrift(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	r.edit(newest, func(doc object) { get(doc, "paths", one_, "get")["deprecated"] = true })
	file := filepath.Join(o.dir, "upstream.yaml")
	before := read(t, file)
	res := runWith(t, o, "update")
	assert.Equal(t, drift, res.exit)
	assert.Contains(t, res.stdout, "## GET /sessions/{session_id} (GetSession) in 2026-05-12.yml\n\n- difference: `deprecated is true in 2026-05-12.yml and false in openapi.yaml;")
	assert.Contains(t, res.stdout, "No pin was moved.")
	assert.Equal(t, before, read(t, file))
}

// A directory does not know of which commit its documents are.
func TestUpdateNeedsCommits(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	directory := t.TempDir()
	for _, name := range []string{newest, older} {
		write(t, filepath.Join(directory, filepath.Base(name)), r.text(name)+edit)
	}
	res := runWith(t, o, "-upstream", directory, "update")
	assert.Equal(t, couldNotTell, res.exit)
	assert.Contains(t, res.stderr, "is not a git checkout")
}

// An operation that the contract takes over gets its row in upstream.yaml from update.
func TestUpdateAddsRows(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	r.edit(newest, func(doc object) {
		revoke := get(doc, "paths", revoke_, "post")
		get(doc, "paths")[one_+"/touch"] = object{"post": object{
			"operationId": "TouchSession", "responses": object{"204": object{"description": "x"}},
			"security": revoke["security"], "servers": revoke["servers"],
		}}
	})
	contract := filepath.Join(o.dir, "..", "openapi.yaml")
	write(t, contract, edited(t, read(t, contract), func(doc object) {
		get(doc, "paths")[one_+"/touch"] = object{"post": object{
			"operationId": "TouchSession", "responses": object{"204": object{"description": "x"}},
			"parameters": []any{versionParameter("2026-05-12")},
		}}
	}))
	res := runWith(t, o, "update")
	assert.Equal(t, noDrift, res.exit, res.stdout+res.stderr)
	assert.Contains(t, res.stdout, "TouchSession was added to upstream.yaml.")
	assert.Contains(t, read(t, filepath.Join(o.dir, "upstream.yaml")),
		"\n  TouchSession: {request: \"POST /sessions/{session_id}/touch\", follows: \"2026-05-12\"}\n")
	assert.Equal(t, noDrift, runWith(t, o, "check").exit)

	replaceIn(t, filepath.Join(o.dir, "upstream.yaml"), "  TouchSession:", "  # TouchSession:")
	res = runWith(t, o, "check")
	assert.Equal(t, drift, res.exit)
	assert.Contains(t, res.stdout, "this operation is missing in upstream.yaml; run update")
}

// versionParameter is how the contract declares the API version it sends.
func versionParameter(version string) object {
	return object{"name": "Clerk-API-Version", "in": "header", "required": true, "schema": object{"type": "string", "enum": []any{version}}}
}
