package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckReports(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, old, new, says string }{
		"difference": {
			contract, "maximum: 500}", "maximum: 400}",
			"## GET /sessions (GetSessionList) in 2026-05-12.yml\n\n- difference: `query.limit.schema.maximum " +
				"is 500 in 2026-05-12.yml and 400 in openapi.yaml; update openapi.yaml or add a deviation`\n\ncheck: 1 finding.\n",
		},
		"deviation that does not hold": {
			contract, "operationId: CreateSession\n", "operationId: createSession\n",
			"## POST /sessions (CreateSession) in 2026-05-12.yml\n\n- deviation: `entry 1 of deviations.yaml says that operationId " +
				"is \"createSession\" in 2026-05-12.yml and \"CreateSession\" in openapi.yaml, " +
				"but it is \"createSession\" and \"createSession\"; correct or remove the entry`\n",
		},
		"deviation from another value": {
			deviations, "theirs: createSession", "theirs: create",
			"says that operationId is \"create\" in 2026-05-12.yml and \"CreateSession\" in openapi.yaml, " +
				"but it is \"createSession\" and \"CreateSession\";",
		},
		"deviation to another value": {
			contract, "operationId: CreateSession\n", "operationId: Create\n",
			"but it is \"createSession\" and \"Create\"; correct or remove the entry`\n",
		},
		"pinned operation that does not exist": {
			pinsFile, "operations:\n",
			"operations:\n  GetLog: {request: \"GET /sessions/{session_id}/events\", follows: \"2026-05-12\"}\n",
			"## GET /sessions/{session_id}/events (GetLog) in 2026-05-12.yml\n\n- difference: `upstream.yaml pins it to " +
				"2026-05-12, but neither 2026-05-12.yml nor openapi.yaml has it; correct or remove the row`\n",
		},
		"another API version": {
			pinsFile, "follows: \"2025-03-12\"}", "follows: \"2026-05-12\"}",
			"- difference: `openapi.yaml sends the API version \"2025-03-12\", but upstream.yaml pins it to 2026-05-12; " +
				"make them agree`\n",
		},
		"operation that is not pinned": {
			pinsFile, "  RevokeSession: {", "  # RevokeSession: {",
			"- difference: `this operation is missing in upstream.yaml; run update`\n\ncheck: 1 finding.\n",
		},
		"operation that the contract does not have": {
			deviations, "{session_id}/log", "{session_id}/logs",
			"## GET /sessions/{session_id}/log in 2026-05-12.yml\n\n" +
				"- difference: `operation is present in 2026-05-12.yml and absent in openapi.yaml;",
		},
		"operation that moved": {
			contract, "  /sessions/{session_id}/revoke:\n", "  /sessions/{session_id}/stop:\n",
			"## POST /sessions/{session_id}/revoke (RevokeSession) in 2026-05-12.yml\n\n- difference: `operation is present in",
		},
		"operation that Clerk does not have": {
			contract, "  /sessions/{session_id}/revoke:\n    post:\n      operationId: RevokeSession",
			"  /sessions/{session_id}/stop:\n    post:\n      operationId: StopSession",
			"(StopSession) in 2026-05-12.yml\n\n- difference: `operation is absent in 2026-05-12.yml and present in openapi.yaml;",
		},
		"operation without an API version": {
			contract, "revoke:\n    post:\n      operationId: RevokeSession\n      parameters:\n        - {$ref: \"#/components/parameters/APIVersion\"}",
			"stop:\n    post:\n      operationId: StopSession\n      parameters:",
			"## POST /sessions/{session_id}/stop in the pinned documents\n\n- difference: `operation is absent in the pinned documents",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			w.replace(test.file, test.old, test.new)
			r := w.local("check")
			assert.Equal(t, drift, r.exit)
			assert.Contains(t, r.stdout, test.says)
			assert.True(t, strings.HasPrefix(r.stdout, notation))
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	assert.JSONEq(t, `{"mode": "check", "exit": 0}`, w.local("check", "-json").stdout)
	w.replace(contract, "maximum: 500}", "maximum: 400}")
	assert.JSONEq(t, `{"mode": "check", "exit": 1, "findings": [{
		"kind": "difference", "operation": "GET /sessions (GetSessionList)", "document": "2026-05-12.yml",
		"place": "query.limit.schema.maximum", "theirs": "500", "ours": "400",
		"text": "query.limit.schema.maximum is 500 in 2026-05-12.yml and 400 in openapi.yaml; update openapi.yaml or add a deviation"
	}]}`, w.local("check", "-json").stdout)
	w = newWorkplace(t)
	w.replace(pinsFile, "  RevokeSession: {", "  # RevokeSession: {")
	assert.JSONEq(t, `{"mode": "check", "exit": 1, "findings": [{
		"kind": "difference", "operation": "POST /sessions/{session_id}/revoke (RevokeSession)", "document": "2026-05-12.yml",
		"place": "operation", "theirs": "present", "ours": "present",
		"text": "this operation is missing in upstream.yaml; run update"
	}]}`, w.local("check", "-json").stdout)
}

// An unreadable document does not hide differences from the other one.
func TestCheckWithAMissingDocument(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	require.NoError(t, os.Remove(w.path(older)))
	r := w.local("check")
	assert.Equal(t, incomplete, r.exit)
	assert.Empty(t, r.stdout)
	assert.Contains(t, r.stderr, "2025-03-12.yml: no such file")
	assert.Contains(t, w.local("check", "-json").stdout, `"errors"`)

	w.replace(contract, "maximum: 500}", "maximum: 400}")
	r = w.local("check")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "query.limit.schema.maximum is 500")
	assert.Contains(t, r.stdout, "## Could not be compared\n\n- cannot read a document")
	assert.Contains(t, r.stdout, "check: 1 finding.")
}

// A deviation of all operations may hold in one whose document is missing.
func TestDeviationOfAllWithAMissingDocument(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	w.edit(contract, "list responses 422 = {headers: {a: {}}}; "+
		"list responses 422 content application/json schema $ref = '#/components/schemas/Errors'")
	w.write(deviations, w.read(deviations)+"- operations: all\n  at: [responses.422.headers.a]\n  theirs: absent\n"+
		"  ours: present\n  why: Because.\n  evidence: Seen.\n")
	require.Equal(t, noDrift, w.local("check").exit)
	require.NoError(t, os.Remove(w.path(newer)))
	r := w.local("check")
	assert.Equal(t, incomplete, r.exit)
	assert.Empty(t, r.stdout)
}

// assertEveryLineCounts removes each line of deviations.yaml in turn.
func assertEveryLineCounts(t *testing.T, w workplace, from *source) {
	t.Helper()
	p, err := openProject(w.path("api"))
	require.NoError(t, err)
	docs := p.documents(&report{}, func(version string) (*document, error) { return p.pinned(t.Context(), from, version) })
	passes := func(lines ...string) bool {
		w.write(deviations, strings.Join(lines, ""))
		p, err := openProject(w.path("api"))
		r := &report{}
		if err == nil {
			p.compare(r, docs)
		}
		return err == nil && len(r.Findings)+len(r.Errors) == 0
	}
	lines := strings.SplitAfter(w.read(deviations), "\n")
	require.True(t, passes(lines...))
	for i, line := range lines[:len(lines)-1] {
		assert.False(t, passes(slices.Concat(lines[:i], lines[i+1:])...), "without line %d: %s", i+1, line)
	}
}

func TestEveryLineOfTheDeviationsCounts(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	assertEveryLineCounts(t, w, &source{dir: w.path("bapi")})
}

func TestDeviationsThatDoNotHold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		operation, at, theirs, ours string
		exit                        int
		says                        string
	}{
		"no such difference":    {"GetSession", "deprecated", "true", "false", drift, "says that deprecated is true"},
		"another value":         {"GetSessionList", "query.limit.schema.maximum", "400", "500", drift, "but it is 500 and 500"},
		"no such place":         {"GetSessionList", "query.order", "absent", "present", drift, "but it is absent and absent"},
		"place of no operation": {"all", "responses.418", "absent", "present", drift, "but it is absent and absent"},
		"no such operation": {
			"GET /sessions/{id}/events", "operation", "present", "absent", drift,
			"## GET /sessions/{}/events in the pinned documents\n\n- deviation: ",
		},
		"unknown name":           {"GetSessions", "deprecated", "true", "false", incomplete, `"GetSessions" is not an operation`},
		"pattern":                {"*", "deprecated", "true", "false", incomplete, "is not an operation"},
		"same place twice":       {"GetSession", "responses.429", "absent", "present", incomplete, "entry 7 already covers responses.429"},
		"part of another":        {"GetSession", "responses.429.headers.retry-after", "absent", "present", incomplete, "already covers"},
		"part left out":          {"GET /sessions/{id}/log", "operationId", "x", "absent", incomplete, "already covers operationId"},
		"same values":            {"GetSession", "deprecated", "false", "false", incomplete, "want two different values"},
		"no value":               {"GetSession", "deprecated", "", "", incomplete, `theirs is "" and ours is ""`},
		"unknown key":            {"GetSession", "deprecated", "true", "false\n  severity: low", incomplete, "severity"},
		"reason of only a space": {"GetSession", "deprecated", "true", "false\n  why: ' '", incomplete, "missing operations, at, why or evidence"},
		"no evidence":            {"GetSession", "deprecated", "true", "false\n  evidence: ''", incomplete, "missing operations, at, why or evidence"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			entry := fmt.Sprintf("- operations: [%q]\n  at: [%q]\n", test.operation, test.at)
			if test.theirs != "" {
				entry += "  theirs: " + test.theirs + "\n  ours: " + test.ours + "\n"
			}
			for _, key := range []string{"why", "evidence"} {
				if !strings.Contains(entry, key+":") {
					entry += "  " + key + ": Because.\n"
				}
			}
			w.write(deviations, w.read(deviations)+strings.Replace(entry, `["all"]`, "all", 1))
			r := w.local("check")
			assert.Equal(t, test.exit, r.exit)
			assert.Contains(t, r.stdout+r.stderr, test.says)
			if test.exit == incomplete && name != "unknown key" {
				assert.Contains(t, r.stderr, "deviations.yaml, entry 12: ")
			}
		})
	}
}

// Each place of a deviation has to hold in some operation.
func TestDeviationOfAllWithAPlaceOfNone(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	w.replace(deviations, "    - responses.429\n", "    - responses.429\n    - responses.418\n")
	r := w.local("check")
	assert.Equal(t, drift, r.exit)
	assert.Equal(t, len(requests), strings.Count(r.stdout, "says that responses.418 is absent"))
}

// Once Clerk publishes what only the contract had, the entry no longer holds.
func TestDeviationEndsWhenClerkFollows(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	w.repin(newer, "list responses 429 description = Wait.")
	r := w.local("check")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "## GET /sessions (GetSessionList) in 2026-05-12.yml\n\n"+
		"- deviation: `entry 7 of deviations.yaml says that responses.429 is absent in 2026-05-12.yml and present in openapi.yaml, but it is present and present;")
}

// A deviation of an operation that cannot be read is neither true nor false.
func TestDeviationsOfUnreadableOperations(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w workplace){
		"published": func(w workplace) { w.repin(newer, "create requestBody = {$ref: '#/nowhere'}") },
		"path":      func(w workplace) { w.repin(newer, "paths /sessions/{session_id}/revoke = 5") },
		"contract":  func(w workplace) { w.edit(contract, "create requestBody = {$ref: '#/nowhere'}") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			change(w)
			r := w.local("check")
			assert.Equal(t, incomplete, r.exit)
			assert.Empty(t, r.stdout)
			assert.Equal(t, noDrift, w.local("watch").exit, "nothing changed")
		})
	}
}
