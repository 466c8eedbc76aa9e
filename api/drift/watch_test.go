package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWatchTellsWhatIsNew(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	h.files[newestFile] = edited(t, h.files[newestFile], func(doc object) {
		setSchema("maximum", 100)(parameter(get(doc, "paths", "/sessions", "get"), "limit"))
		setSchema("maximum", 5000)(parameter(get(doc, "paths", "/sessions", "get"), "offset"))
		get(doc, "paths", revoke_, "post")["operationId"] = "EndSession"
		get(doc, "paths")["/sessions/{session_id}/log"] = object{"get": object{"responses": object{"200": object{"description": "x"}}}}
		delete(get(doc, "paths"), refresh_)
	})
	h.list(t, []map[string]string{{"name": "2026-05-12.yml"}, {"name": "2026-11-01.yml"}, {"name": "2025-03-12.yml"}, {"name": "notes.yml"}})

	r := runWith(t, dir, h.open, "watch")
	assert.Equal(t, drift, r.exit)
	breaking, rest, found := strings.Cut(r.stdout, "\n## Compatible changes")
	require.True(t, found, r.stdout)
	assert.Contains(t, breaking, "GET /sessions (GetSessionList) in 2026-05-12.yml: query.limit.schema.maximum was 500 and is now 100")
	assert.Contains(t, breaking, "POST /sessions/{session_id}/refresh (RefreshSession) in 2026-05-12.yml: this operation was removed")
	assert.Contains(t, rest, "GET /sessions/{session_id}/log in 2026-05-12.yml: this operation is new")
	assert.Contains(t, rest, "API version 2026-11-01")
	assert.NotContains(t, rest, "API version 2025-03-12")
	assert.Less(t, strings.Index(r.stdout, "## Breaking"), strings.Index(r.stdout, "## Compatible"))

	// The same news from a directory, without the pinned document.
	upstreamDir := t.TempDir()
	write(t, filepath.Join(upstreamDir, "2026-05-12.yml"), h.files[newestFile])
	write(t, filepath.Join(upstreamDir, "2026-11-01.yml"), "")
	write(t, filepath.Join(upstreamDir, "2025-03-12.yml"), h.files[strings.Replace(newestFile, "2026-05-12", "2025-03-12", 1)])
	asked := len(h.asked)
	offline := runWith(t, dir, h.open, "-upstream", upstreamDir, "watch")
	assert.Equal(t, r.stdout, offline.stdout)
	assert.Len(t, h.asked, asked, "a directory needs no network")
}

// An operation that follows an older document may be taken up again by a newer one.
func TestWatchTellsWhatIsBack(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	var older object
	edited(t, h.files[strings.Replace(newestFile, "2026-05-12", "2025-03-12", 1)], func(doc object) { older = doc })
	pinnedText := h.files[newestFile]
	newest := edited(t, pinnedText, func(doc object) {
		get(doc, "paths")[verify_] = get(older, "paths", verify_)
		for name, scheme := range get(older, "components", "securitySchemes") {
			get(doc, "components", "securitySchemes")[name] = scheme
		}
	})
	upstreamDir := t.TempDir()
	write(t, filepath.Join(upstreamDir, "2025-03-12.yml"), string(encode(older)))
	write(t, filepath.Join(upstreamDir, "2026-05-12.yml"), newest)

	h.files[newestFile] = newest
	for _, r := range []result{runWith(t, dir, h.open, "watch"), runIn(t, dir, "-upstream", upstreamDir, "watch")} {
		assert.Equal(t, drift, r.exit, r.stderr)
		assert.Contains(t, r.stdout, "## Changes to judge by hand\n\n- POST /sessions/{session_id}/verify (VerifySession) in 2026-05-12.yml: this operation is new here, while upstream.yaml lets it follow 2025-03-12; let it follow this document, or take no notice\n")
		assert.Contains(t, r.stdout, "watch: 1 finding.")
	}

	// Once the pin is at a document that has it, it is no news.
	file := filepath.Join(dir, "upstream.yaml")
	replaceIn(t, file, checksum([]byte(pinnedText)), checksum([]byte(newest)))
	h.each("bapi/2026-05-12.yml", newest)
	for _, mode := range []string{"check", "watch", "update"} {
		for _, r := range []result{runWith(t, dir, h.open, mode), runIn(t, dir, "-upstream", h.asDirectory(t), mode)} {
			assert.Equal(t, noDrift, r.exit, "%s: %s%s", mode, r.stdout, r.stderr)
		}
	}
}

// asDirectory has the newest documents.
func (h *hub) asDirectory(t *testing.T) string {
	dir := t.TempDir()
	for name, text := range h.files {
		if file, newest := strings.CutPrefix(name, "/raw/clerk/openapi-specs/main/bapi/"); newest {
			write(t, filepath.Join(dir, file), text)
		}
	}
	return dir
}

// That versions cannot be listed does not hide what is known already.
func TestWatchWithoutAListingTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	h.files[newestFile] = edited(t, h.files[newestFile], func(doc object) { delete(get(doc, "paths"), refresh_) })
	delete(h.files, listing)
	r := runWith(t, dir, h.open, "watch")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "(RefreshSession) in 2026-05-12.yml: this operation was removed")
	assert.Contains(t, r.stdout, "Whether Clerk publishes newer API versions is not known: ")
	assert.Contains(t, r.stdout, "404 Not Found instead of 200")
}

// What hits many places is told once, with the operations.
func TestWatchTellsASharedChangeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := contractText(t)
	changed := edited(t, text, schema("ClerkError", withProperty("hint")))
	r := runIn(t, dir, "-old", write(t, filepath.Join(dir, "old.yml"), text), "-new", write(t, filepath.Join(dir, "new.yml"), changed), "watch")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "- new.yml: responses.*.content.application/json[object].properties.errors.items.properties.hint was added, in\n  - GET /sessions\n  - GET /sessions/{session_id}\n  - POST /sessions\n")
	assert.Equal(t, 1, strings.Count(r.stdout, "hint"))
}

// A version that is published but followed by nothing is news, not drift.
func TestNewVersionAloneIsNoDrift(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	h.list(t, []map[string]string{{"name": "2030-01-01.yml"}})
	r := runWith(t, dir, h.open, "watch")
	assert.Equal(t, noDrift, r.exit)
	assert.Contains(t, r.stdout, "API version 2030-01-01")
}
