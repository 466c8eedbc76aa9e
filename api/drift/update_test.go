package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUpdateMovesThePins(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clone", "checkout"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRemote(t)
			before, pinned := w.read(pinsFile), w.git("rev-parse", "HEAD")
			old, text := checksum([]byte(w.read(newer))), w.read(newer)+"\n# edited\n"
			w.write(newer, text)
			commit := w.commit()
			res := w.sources()[name]("update")
			says := "2026-05-12.yml is now pinned at commit " + commit + ".\nupdate: no drift.\n"
			assert.Equal(t, result{noDrift, says, ""}, res)
			first, second, _ := strings.Cut(before, `"2026-05-12":`)
			second = strings.NewReplacer(pinned, commit, old, checksum([]byte(text))).Replace(second)
			assert.Equal(t, first+`"2026-05-12":`+second, w.read(pinsFile), "nothing else changes")
			assert.Equal(t, noDrift, w.run("check").exit)
		})
	}
}

func TestUpdateRefusesDrift(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	w.edit(newer, "get deprecated = true")
	w.commit()
	before := w.read(pinsFile)
	res := w.run("update")
	assert.Equal(t, drift, res.exit)
	assert.Contains(t, res.stdout, "## GET /sessions/{session_id} (GetSession) in 2026-05-12.yml\n\n"+
		"- difference: `deprecated is true in 2026-05-12.yml and false in openapi.yaml;")
	assert.Contains(t, res.stdout, "No pin was moved.")
	assert.Equal(t, before, w.read(pinsFile))
}

func TestUpdateAddsRows(t *testing.T) {
	t.Parallel()
	const touch = "paths /sessions/{session_id}/touch post = {operationId: TouchSession, responses: {}, "
	w := newRemote(t)
	w.edit(newer, touch+"security: [{bearerAuth: []}]}")
	w.edit(contract, touch+"parameters: [{$ref: '#/components/parameters/APIVersion'}]}")
	w.commit()
	const row = "  TouchSession: {request: \"POST /sessions/{session_id}/touch\", follows: \"2026-05-12\"}\n"
	before := w.read(pinsFile)
	res := w.run("update")
	assert.Equal(t, noDrift, res.exit, res.stdout+res.stderr)
	assert.Contains(t, res.stdout, "TouchSession was added to upstream.yaml.")
	assert.Equal(t, strings.Count(before, "\n")+1, strings.Count(w.read(pinsFile), "\n"))
	assert.True(t, strings.HasSuffix(w.read(pinsFile), row))
	assert.Equal(t, noDrift, w.run("check").exit)
}

// If the file cannot be edited, it is left alone.
func TestUpdateOfAnUnusualLayout(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	pinned := w.git("rev-parse", "HEAD")
	w.write(pinsFile, "# 2026-05-12 is pinned at "+pinned+".\n"+w.read(pinsFile))
	before := w.read(pinsFile)
	w.write(newer, w.read(newer)+"\n# edited\n")
	w.commit()
	res := w.run("update")
	assert.Equal(t, incomplete, res.exit)
	assert.Contains(t, res.stderr, "cannot edit")
	assert.Empty(t, res.stdout)
	assert.Equal(t, before, w.read(pinsFile))
	missing := &project{dir: t.TempDir()}
	assert.ErrorIs(t, missing.write(t.Context(), nil, nil, nil), os.ErrNotExist)
}

// The documents are not part of the repository. UPSTREAM names a directory that has them.
func TestPinnedDocuments(t *testing.T) {
	t.Parallel()
	upstream := os.Getenv("UPSTREAM")
	if upstream == "" {
		t.Skip("UPSTREAM is not set: the contract was NOT compared with the pinned documents; run make drift UPSTREAM=dir")
	}
	w := newWorkplace(t)
	for _, name := range []string{contract, pinsFile, deviations} {
		w.write(name, read(t, filepath.Join("..", "..", name)))
	}
	run := func(mode string, flags ...string) result { return w.run(append(flags, "-upstream", upstream, mode)...) }
	w.requireNoDrift(func(args ...string) result { return run(args[0]) })
	p, err := openProject(w.path("api"))
	require.NoError(t, err)
	for _, version := range p.pins.versions() {
		derived, err := p.pinnedOperations(t.Context(), &source{dir: "nowhere"}, version)
		require.NoError(t, err)
		doc, err := p.pinned(t.Context(), &source{dir: upstream}, version)
		require.NoError(t, err)
		assert.Empty(t, compare(derived, p.pins.followed(version, doc.operations())), "%s derived from the contract", version)
	}
	assertEveryLineCounts(t, w, &source{dir: upstream})
}
