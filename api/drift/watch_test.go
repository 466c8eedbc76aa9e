package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func lowerLimit(doc object) {
	setSchema("maximum", 100)(parameter(get(doc, "paths", "/sessions", "get"), "limit"))
}

func TestWatchTellsWhatChanged(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	pinnedCommit := r.git("rev-parse", "HEAD")
	commit := r.edit(newest, func(doc object) {
		lowerLimit(doc)
		setSchema("maximum", 5000)(parameter(get(doc, "paths", "/sessions", "get"), "offset"))
		withParameter(object{"name": "order_by", "in": "query", "schema": object{
			"type": "string", "nullable": true, "enum": []any{"created_at", "-created_at"}, "default": "created_at",
		}})(get(doc, "paths", "/sessions", "get"))
		get(doc, "paths", revoke_, "post")["operationId"] = "EndSession"
		get(doc, "paths")["/sessions/{session_id}/log"] = object{"get": object{"responses": object{"200": object{"description": "x"}}}}
		delete(get(doc, "paths"), refresh_)
	})

	res := runWith(t, o, "watch")
	assert.Equal(t, drift, res.exit)
	text, link := res.stdout, "https://github.com/clerk/openapi-specs/compare/"+pinnedCommit+"..."+commit
	assert.Equal(t, "bapi/2026-05-12.yml: pinned at "+pinnedCommit[:12]+", newest "+commit[:12]+", compare "+link+"\n\nHow to read it: ",
		text[:strings.Index(text, "query.limit")])
	assert.Contains(t, text, `## GET /sessions (GetSessionList) in 2026-05-12.yml

- breaking: `+"`query.limit.schema.maximum was 500 and is now 100`"+`
- breaking: `+"`query.offset.schema.maximum was absent and is now 5000`"+`
- compatible: `+"`query.order_by was added: default \"created_at\", nullable true, required false, type \"string\", enum[-created_at], enum[created_at]`"+`

## POST /sessions/{session_id}/refresh (RefreshSession) in 2026-05-12.yml

- breaking: `+"`this operation was removed`"+`

## GET /sessions/{session_id}/log in 2026-05-12.yml

- compatible: `+"`this operation was added: ")
	assert.Contains(t, text, "(RevokeSession) in 2026-05-12.yml\n\n- compatible: `operationId was \"RevokeSession\" and is now \"EndSession\"`")

	// The same from a checkout, and but for the commit from a directory without history.
	assert.Equal(t, text, runWith(t, options{dir: o.dir}, "-upstream", r.root, "watch").stdout)
	directory := t.TempDir()
	require.NoError(t, os.CopyFS(directory, os.DirFS(filepath.Join(r.root, "bapi"))))
	offline := runWith(t, options{dir: o.dir}, "-upstream", directory, "watch").stdout
	assert.Equal(t, text, strings.NewReplacer("newest main", "newest "+commit[:12], "...main", "..."+commit).Replace(offline))
}

// A document that cannot be read does not hide what changed in the other.
func TestWatchTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(doc object){
		"nothing else changed": func(object) {},
		"a change":             lowerLimit,
	} {
		r, o := clerk(t)
		r.put(older, "<html>")
		r.put(newest, edited(t, r.text(newest), spoil)+"# edited\n")
		res := runWith(t, o, "watch")
		assert.Contains(t, res.stderr, "2025-03-12.yml is not an OpenAPI 3 document", name)
		if name == "nothing else changed" {
			assert.Equal(t, couldNotTell, res.exit)
			assert.Empty(t, res.stdout)
			continue
		}
		assert.Equal(t, drift, res.exit)
		assert.Contains(t, res.stdout, "query.limit.schema.maximum was 500 and is now 100")
		assert.Contains(t, res.stdout, "## Could not tell\n\n- 2025-03-12.yml is not an OpenAPI 3 document")
		assert.NotContains(t, res.stdout, "no drift")
	}
}

// An operation that cannot be read does not hide what changed in the others.
func TestWatchTellsOfOtherOperations(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	r.edit(newest, func(doc object) {
		lowerLimit(doc)
		get(doc, "paths", refresh_, "post")["requestBody"] = object{"$ref": "#/nowhere"}
		get(doc, "paths")[revoke_] = 5
	})
	res := runWith(t, o, "watch")
	assert.Equal(t, drift, res.exit)
	assert.Contains(t, res.stdout, "query.limit.schema.maximum was 500 and is now 100")
	assert.Contains(t, res.stdout, "- POST /sessions/{session_id}/refresh: 2026-05-12.yml refers to \"#/nowhere\", which does not exist")
	assert.Contains(t, res.stdout, "- /sessions/{session_id}/revoke: 2026-05-12.yml has 5")
	assert.Contains(t, res.stdout, "watch: findings: 1.")
}

func TestWatchTellsOfVersions(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	r.put("bapi/2026-11-01.yml", "anything")
	r.put("bapi/2026-01-01.yml", "older than what is followed")
	r.put(older, "")
	file := filepath.Join(o.dir, "upstream.yaml")
	directory := t.TempDir()
	require.NoError(t, os.CopyFS(directory, os.DirFS(filepath.Join(r.root, "bapi"))))
	for _, args := range [][]string{{"watch"}, {"-upstream", r.root, "watch"}, {"-upstream", directory, "watch"}} {
		res := runWith(t, o, args...)
		assert.Equal(t, drift, res.exit, res.stderr)
		assert.Contains(t, res.stdout, "## 2025-03-12.yml\n\n- withdrawn: `2025-03-12.yml is no longer published; ")
		assert.Contains(t, res.stdout, "## 2026-11-01\n\n- new version: `API version 2026-11-01 is published; ")
		assert.Contains(t, res.stdout, "watch: findings: 2.")
	}
	assert.Equal(t, couldNotTell, runWith(t, o, "update").exit)

	replaceIn(t, file, "operations:\n", "seen:\n  \"2026-11-01\": sessions are as before\n  \"2025-03-12\": nothing replaces verify\noperations:\n")
	for _, mode := range []string{"check", "watch", "update"} {
		res := runWith(t, o, mode)
		assert.Equal(t, noDrift, res.exit, res.stdout+res.stderr)
	}
}

// An operation that follows an older document may return in a newer one.
func TestWatchTellsWhatReturned(t *testing.T) {
	t.Parallel()
	r, o := clerk(t)
	var before object
	edited(t, r.text(older), func(doc object) { before = doc })
	r.edit(newest, func(doc object) { get(doc, "paths")[verify_] = get(before, "paths", verify_) })
	res := runWith(t, o, "watch")
	assert.Equal(t, drift, res.exit, res.stderr)
	assert.Contains(t, res.stdout, "## POST /sessions/{session_id}/verify (VerifySession) in 2026-05-12.yml\n\n- compatible: `this operation was added: ")
	assert.Contains(t, res.stdout, "; upstream.yaml pins it to 2025-03-12`")
	assert.Contains(t, res.stdout, "watch: findings: 1.")

	assert.Equal(t, noDrift, runWith(t, o, "update").exit)
	for _, mode := range []string{"check", "watch", "update"} { // once the pin is at a document that has it, it is not reported
		res := runWith(t, o, mode)
		assert.Equal(t, noDrift, res.exit, "%s: %s%s", mode, res.stdout, res.stderr)
	}
}

// What hits several statuses is one line, which names them.
func TestChangeLogNamesTheStatuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := contractText(t)
	old := write(t, filepath.Join(dir, "old.yml"), text)
	r := runIn(t, dir, "-old", old, "-new", write(t, filepath.Join(dir, "new.yml"), edited(t, text, schema("ClerkError", withProperty("hint")))), "watch")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "## GET /sessions in new.yml\n\n- compatible: `responses.{400,401,422,429,5XX,default}.content.application/json[object].properties.errors.items.properties.hint was added: required false, type \"string\"`\n")
	assert.Equal(t, len(requests), strings.Count(r.stdout, "hint"))

	r = runIn(t, dir, "-old", old, "-new", write(t, filepath.Join(dir, "new.yml"), edited(t, text, editResponses("/sessions", "get", func(r object) { delete(r, "422") }))), "watch")
	assert.Contains(t, r.stdout, ": `responses.422 was removed`\n")
}

// What documents say cannot leave its code span.
func TestChangeLogQuotesDocuments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := contractText(t)
	changed := edited(t, text, list("limit", setSchema("default", "`@everyone`\n# <img src=x>")))
	r := runIn(t, dir, "-old", write(t, filepath.Join(dir, "old.yml"), text), "-new", write(t, filepath.Join(dir, "new.yml"), changed), "watch")
	assert.Contains(t, r.stdout, "`query.limit.schema.default was 10 and is now \"\\u0060@everyone\\u0060\\n# <img src=x>\"`\n")
}
