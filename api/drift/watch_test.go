package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const lowerLimit = "list parameters limit schema maximum = 100"

// sources run the program with each kind of upstream: a clone, a checkout and a directory.
func (p workplace) sources() map[string]func(mode string) result {
	return map[string]func(mode string) result{
		"clone":     func(mode string) result { return p.run(mode) },
		"checkout":  func(mode string) result { return p.run("-upstream", p.root, mode) },
		"directory": func(mode string) result { return p.local(mode) },
	}
}

func TestNothingChanged(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	w.write("bapi/2021-02-05.yml", "a version older than all that are followed")
	for _, name := range []string{"README.md", "next.yml", "2027-01-01"} {
		w.write("bapi/"+name, "not a document")
	}
	w.commit()
	for name, run := range w.sources() {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []string{"check", "watch", "update"} {
				res := run(mode)
				assert.Equal(t, noDrift, res.exit, "%s: %s%s", mode, res.stdout, res.stderr)
				if mode == "update" {
					assert.Equal(t, "Every pin is already at the newest document.\nupdate: no drift.\n", res.stdout)
				} else {
					assert.Equal(t, mode+": no drift.\n", res.stdout)
				}
			}
		})
	}
}

func TestWatchReportsChanges(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	pinned := w.git("rev-parse", "HEAD")
	w.edit(newer, lowerLimit+"; list parameters offset schema maximum = 5000; "+
		"list parameters + = {name: order_by, in: query, schema: "+
		"{type: string, nullable: true, enum: [created_at, -created_at], default: created_at}}; "+
		"revoke operationId = EndSession; refresh =; paths /sessions/{session_id}/log post responses 200 description = x")
	commit := w.commit()
	link := "https://github.com/clerk/openapi-specs/compare/" + pinned + "..." + commit
	want := fmt.Sprintf("bapi/2026-05-12.yml: pinned at %.12s, newest %.12s, compare %s\n\n%s", pinned, commit, link, notation) + `
## GET /sessions (GetSessionList) in 2026-05-12.yml

- breaking: |query.limit.schema.maximum was 500 and is now 100|
- breaking: |query.offset.schema.maximum was absent and is now 5000|
- compatible: |query.order_by was added: default "created_at", nullable true, required false, type "string", ` +
		`enum[-created_at], enum[created_at]|

## POST /sessions/{session_id}/refresh (RefreshSession) in 2026-05-12.yml

- breaking: |this operation was removed|

## POST /sessions/{session_id}/log in 2026-05-12.yml

- compatible: |this operation was added: security [[{"scheme":"bearer","type":"http"}]], responses.200, servers[0]|

## POST /sessions/{session_id}/revoke (RevokeSession) in 2026-05-12.yml

- compatible: |operationId was "RevokeSession" and is now "EndSession"|

watch: 6 findings.
`
	for name, run := range w.sources() {
		t.Run(name, func(t *testing.T) {
			got := run("watch")
			assert.Equal(t, drift, got.exit)
			if name == "directory" { // where commits are unknown
				got.stdout = strings.NewReplacer("newest main", "newest "+commit[:12], "...main", "..."+commit).Replace(got.stdout)
			}
			assert.Equal(t, strings.ReplaceAll(want, "|", "`"), got.stdout)
		})
	}
}

func TestWatchDespiteUnreadableParts(t *testing.T) {
	t.Parallel()
	const html = "2025-03-12.yml is not an OpenAPI 3 document"
	for name, test := range map[string]struct{ older, edits, says string }{
		"document":                          {"<html>", "info version = 2", html},
		"document, and a change in another": {"<html>", lowerLimit, html},
		"operation, and a change in another": {
			"", lowerLimit + "; refresh requestBody = {$ref: '#/nowhere'}",
			"POST /sessions/{session_id}/refresh: 2026-05-12.yml refers to \"#/nowhere\", which does not exist",
		},
		"path, and a change in another": {
			"", lowerLimit + "; paths /sessions/{session_id}/revoke = 5", "/sessions/{session_id}/revoke: 2026-05-12.yml has 5",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRemote(t)
			w.write(older, cmp.Or(test.older, w.read(older)))
			w.edit(newer, test.edits)
			w.commit()
			res := w.run("watch")
			assert.Contains(t, res.stderr, test.says)
			if !strings.HasPrefix(test.edits, lowerLimit) {
				assert.Equal(t, incomplete, res.exit)
				assert.Empty(t, res.stdout)
				return
			}
			assert.Equal(t, drift, res.exit)
			assert.Contains(t, res.stdout, "query.limit.schema.maximum was 500 and is now 100")
			assert.Contains(t, res.stdout, "## Could not be compared\n\n- "+test.says)
			assert.Contains(t, res.stdout, "watch: 1 finding.")
		})
	}
}

func TestWatchReportsVersions(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	w.write("bapi/2026-11-01.yml", "anything")
	w.write("bapi/2026-01-01.yml", "older than the newest that is followed")
	require.NoError(t, os.Remove(w.path(older)))
	w.commit()
	for name, run := range w.sources() {
		t.Run(name, func(t *testing.T) {
			res := run("watch")
			assert.Equal(t, drift, res.exit, res.stderr)
			assert.Contains(t, res.stdout, "## 2025-03-12.yml\n\n- withdrawn: `2025-03-12.yml is no longer published; ")
			assert.Contains(t, res.stdout, "## 2026-11-01\n\n- new version: `API version 2026-11-01 is published; ")
			assert.Contains(t, res.stdout, "watch: 2 findings.")
			assert.Equal(t, incomplete, run("update").exit)
		})
	}
	w.replace(pinsFile, "operations:", "seen: {\"2026-11-01\": no change, \"2025-03-12\": still works}\noperations:")
	w.requireNoDrift(w.run)
}

// An operation that follows an older document may return in a newer one.
func TestWatchReportsAnOperationThatReturned(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	w.edit(newer, "paths /sessions/{session_id}/verify post responses 200 description = x")
	w.commit()
	for _, run := range w.sources() {
		res := run("watch")
		assert.Equal(t, drift, res.exit, res.stderr)
		assert.Contains(t, res.stdout, "## POST /sessions/{session_id}/verify (VerifySession) in 2026-05-12.yml\n\n"+
			"- compatible: `this operation was added: ")
		assert.Contains(t, res.stdout, "; upstream.yaml pins it to 2025-03-12`")
		assert.Contains(t, res.stdout, "watch: 1 finding.")
	}
	assert.Equal(t, noDrift, w.run("update").exit)
	w.requireNoDrift(w.run) // the pinned document has it now
}

// Changes of operations that do not follow the document, or are left out of the contract, are not reported.
func TestWatchIgnoresWhatIsNotFollowed(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	const verify = "paths /sessions/{session_id}/verify post"
	w.repin(newer, verify+" responses = {}") // the operation follows the older document
	pinned := w.git("rev-parse", "HEAD")
	commit := w.commit()
	w.write(pinsFile, strings.ReplaceAll(w.read(pinsFile), pinned, commit))
	w.edit(older, "get deprecated = true")
	w.edit(newer, verify+" deprecated = true; paths /users get deprecated = true; "+
		"paths /sessions/{session_id}/log get deprecated = true")
	w.commit()
	res := w.run("watch")
	assert.Equal(t, noDrift, res.exit, res.stdout)
}

func TestSentences(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	for name, test := range map[string]struct{ edits, says string }{
		"value removed":        {"list parameters offset schema default =", "query.offset.schema.default was 0 and is now absent"},
		"value added":          {"list parameters offset schema maximum = 9", "query.offset.schema.maximum was absent and is now 9"},
		"exclusive, no limit":  {"list parameters user_id schema exclusiveMinimum = true", "query.user_id.schema.exclusiveMinimum was absent and is now true"},
		"operation removed":    {"refresh =", "this operation was removed"},
		"part removed":         {"template requestBody =", "requestBody was removed"},
		"content type added":   {"verify requestBody content text/plain = {}", "requestBody.content.text/plain was added"},
		"content type removed": {"template requestBody content = {}", "requestBody.content.application/json was removed"},
		"any additional properties": {
			"RefreshSession additionalProperties = true",
			"requestBody.content.application/json[object].additionalProperties was false and is now true",
		},
		"schema of additional properties": {
			"CreateSession additionalProperties = {type: string, title: x}",
			`requestBody.content.application/json[object].additionalProperties was added: type "string"`,
		},
		"parameter added": {
			"list parameters + = {name: a, in: query, schema: {type: array, items: {type: string}, maxItems: 2}}",
			`query.a was added: maxItems 2, required false, type "array", items`,
		},
		"object added": {
			"CreateSession properties a = {type: object, required: [b], properties: {b: {type: object, properties: {c: {}}}}}",
			`requestBody.content.application/json[object].properties.a was added: required false, type "object", properties.b`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := changesOf(t, text, edited(t, text, test.edits))
			require.Len(t, found, 1)
			assert.Equal(t, test.says, found[0].Text)
		})
	}
}

// Only what is below a part that was added or removed is left out.
func TestFindingsThatAreNotLeftOut(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	part := edited(t, text, "RefreshSession additionalProperties = {minProperties: 1}")
	similar := edited(t, text, "list parameters + = {name: a, in: query}; list parameters + = {name: ab, in: query}")
	const at = body + ".additionalProperties"
	for name, test := range map[string]struct {
		old, new string
		says     []string
	}{
		"part instead of a value": {text, part, []string{at + " was false and is now present", at + ".minProperties was absent and is now 1"}},
		"value instead of a part": {part, text, []string{at + " was present and is now false", at + ".minProperties was 1 and is now absent"}},
		"similar name":            {text, similar, []string{"query.a was added: required false", "query.ab was added: required false"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			for _, f := range changesOf(t, test.old, test.new) {
				found = append(found, f.Text)
			}
			assert.Equal(t, test.says, found)
		})
	}
}

// Findings that differ only in the status are one line.
func TestStatusesShareALine(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	write(t, w.path("new.yml"), edited(t, contractText(t), "Error properties hint type = string"))
	r := w.run("-old", w.path(contract), "-new", w.path("new.yml"), "watch")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "## GET /sessions in new.yml\n\n- compatible: `responses.{401,422,429,default}.content."+
		"application/json[object].properties.errors.items.properties.hint was added: required false, type \"string\"`\n")
	assert.Equal(t, len(requests), strings.Count(r.stdout, "hint"))

	write(t, w.path("new.yml"), edited(t, contractText(t), "list responses 422 =; create responses 403 = {}; create responses 409 = {}"))
	r = w.run("-old", w.path(contract), "-new", w.path("new.yml"), "watch")
	assert.Contains(t, r.stdout, ": `responses.422 was removed`\n")
	assert.Contains(t, r.stdout, ": `responses.{403,409} was added`\n")
}

func TestDocumentsCannotLeaveTheirCodeSpan(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	write(t, w.path("new.yml"), edited(t, contractText(t),
		"list parameters limit schema default = \"`@everyone`\\n# <img src=x>\""))
	r := w.run("-old", w.path(contract), "-new", w.path("new.yml"), "watch")
	assert.Contains(t, r.stdout,
		"`query.limit.schema.default was 10 and is now \"\\u0060@everyone\\u0060\\n# <img src=x>\"`\n")
}

func TestRepositoryErrors(t *testing.T) {
	t.Parallel()
	noCommit := strings.Repeat("0", 40)
	for name, test := range map[string]struct {
		mode string
		edit func(w *workplace)
		says string
	}{
		"no repository":  {"check", func(w *workplace) { w.host += "nowhere/" }, "git clone: exit status 128: fatal"},
		"unknown commit": {"check", func(w *workplace) { w.repinCommit(noCommit); w.edit(newer, lowerLimit) }, "git ls-tree"},
		"another checksum": {"check", func(w *workplace) {
			w.replace(pinsFile, checksum([]byte(w.read(newer))), strings.Repeat("0", 64))
		}, "but upstream.yaml pins 000"},
		"unreadable document":       {"watch", func(w *workplace) { w.write(newer, "<html>") }, "not an OpenAPI 3 document"},
		"no documents":              {"watch", func(w *workplace) { w.git("mv", newer, "bapi/a.txt"); w.git("rm", older) }, "no documents in bapi"},
		"no directory":              {"watch", func(w *workplace) { w.git("mv", "bapi", "old") }, "cannot list the published API versions: git ls-tree"},
		"update without a document": {"update", func(w *workplace) { w.write(older, "<html>") }, "not an OpenAPI 3 document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newRemote(t)
			test.edit(&w)
			w.git("add", "-A", ".", ":!api", ":!openapi.yaml")
			w.git("commit", "-qm", "x", "--allow-empty")
			before := w.read(pinsFile)
			res := w.run(test.mode)
			assert.Equal(t, incomplete, res.exit, res.stdout)
			assert.Contains(t, res.stderr, test.says)
			assert.NotContains(t, res.stdout, "no drift")
			assert.Equal(t, before, w.read(pinsFile))
		})
	}
}

func TestCloneIsRemoved(t *testing.T) {
	w, temp := newRemote(t), t.TempDir()
	t.Setenv("TMPDIR", temp)
	require.Equal(t, noDrift, w.run("check").exit)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// repinCommit changes the commit of both pins.
func (p workplace) repinCommit(commit string) {
	p.t.Helper()
	for range 2 {
		p.replace(pinsFile, p.git("rev-parse", "HEAD"), commit)
	}
}

// A directory of documents may be a repository of its own.
func TestDirectoryInAnotherRepository(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	require.NoError(t, os.Mkdir(w.path("bapi/.git"), 0o700))
	w.requireNoDrift(func(args ...string) result { return w.local(args[0]) })
	w.write(newer, w.read(newer)+"\n# edited\n")
	res := w.local("update")
	assert.Equal(t, incomplete, res.exit)
	assert.Contains(t, res.stderr, "bapi is not a git checkout, so its commit is unknown")
	assert.Empty(t, res.stdout)
}

// A checkout without the pinned commit is used like a directory.
func TestShallowCheckout(t *testing.T) {
	t.Parallel()
	w := newRemote(t)
	w.repinCommit(strings.Repeat("0", 40))
	res := w.run("-upstream", w.root, "watch")
	assert.Equal(t, noDrift, res.exit, res.stderr)
	w.edit(newer, lowerLimit)
	w.commit()
	res = w.run("-upstream", w.root, "watch")
	assert.Equal(t, drift, res.exit, res.stderr)
	assert.Contains(t, res.stdout, "query.limit.schema.maximum was 500 and is now 100")
	assert.Contains(t, res.stdout, "watch: 1 finding.")
	assert.Equal(t, incomplete, w.run("watch").exit, "a clone has every commit that exists")
}

func TestGitIsRetried(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	program := write(t, filepath.Join(t.TempDir(), "git"),
		"#!/bin/sh\necho x >> "+count+"\n[ $(wc -l < "+count+") -ge 3 ] || { echo broken >&2; exit 1; }\necho done\n")
	require.NoError(t, os.Chmod(program, 0o700))
	t.Setenv("PATH", filepath.Dir(program)+":"+os.Getenv("PATH"))
	git := &source{attempts: 3, backoff: 1}
	out, err := git.git(t.Context(), "fetch")
	require.NoError(t, err)
	assert.Equal(t, "done\n", out)
	assert.Equal(t, "x\nx\nx\n", read(t, count))

	git.attempts = 2
	write(t, count, "")
	_, err = git.git(t.Context(), "fetch")
	assert.ErrorContains(t, err, "git fetch: exit status 1: broken")
	assert.Equal(t, "x\nx\n", read(t, count))
}
