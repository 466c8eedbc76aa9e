package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oursAlone are the mutations of parts that the contract has and Clerk does not
// publish: one deviation speaks for the whole part, there is nothing to compare.
var oursAlone = map[string]bool{
	"header/removed":              true, // Retry-After of 429
	"header/retyped":              true,
	"property default/in a reply": true, // of the page with a total
}

func TestEveryMutationOfTheContractFailsCheck(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	p, err := openProject(dir)
	require.NoError(t, err)
	docs := map[string]slice{}
	for version, pin := range p.pins.Documents {
		docs[version], err = sliceOfFile(filepath.Join(upstreamDir, pin.file()))
		require.NoError(t, err)
	}
	require.Empty(t, p.compare(docs))
	text := contractText(t)
	for _, m := range mutations {
		mutated := *p
		mutated.contract = sliceOf(t, edited(t, text, m.edit))
		found := mutated.compare(docs)
		name := m.kind + "/" + m.name
		if oursAlone[name] {
			assert.Empty(t, found, name)
			continue
		}
		named := map[string]bool{}
		for _, f := range found {
			named[f.Operation] = true
			assert.Contains(t, f.Text, f.Operation)
			assert.Contains(t, f.Text, f.Place)
		}
		for _, operation := range m.in {
			request := requests[operation]
			if request == "" {
				request = operation
			}
			if m.place == "path.name" {
				request = requests["template"] // upstream.yaml knows it by its name there
			}
			assert.True(t, named[request], "%s is not reported in %s", name, request)
		}
	}
}

func TestCheckSpeaksInSentences(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		old, new string
		says     string
		file     string
	}{
		"a value": {
			"maximum: 500}", "maximum: 400}",
			"- GET /sessions (GetSessionList): query.limit.schema.maximum is 500 in 2026-05-12.yml and 400 in openapi.yaml; follow Clerk, or say in deviations.yaml why not\n",
			"../openapi.yaml",
		},
		"a deviation": {
			"operationId: CreateSession\n", "operationId: createSession\n",
			"- POST /sessions (CreateSession): entry 1 of deviations.yaml says that operationId is \"createSession\" in 2026-05-12.yml and \"CreateSession\" in openapi.yaml, but it is \"createSession\" and \"createSession\"; correct or remove the entry\n",
			"../openapi.yaml",
		},
		"an operation nobody has": {
			"operations:\n", "operations:\n  GetLog: {request: \"GET /sessions/{session_id}/log\", follows: \"2026-05-12\"}\n",
			"- GET /sessions/{session_id}/log (GetLog): upstream.yaml lets it follow 2026-05-12, but neither 2026-05-12.yml nor openapi.yaml has it; correct or remove it there\n",
			"upstream.yaml",
		},
		"another version": {
			"x-clerk-api-version: \"2025-03-12\"", "x-clerk-api-version: \"2026-05-12\"",
			"- POST /sessions/{session_id}/verify (VerifySession): x-clerk-api-version is \"2026-05-12\" in openapi.yaml, but upstream.yaml lets it follow 2025-03-12; make them agree\n",
			"../openapi.yaml",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := workplace(t)
			upstreamDir := published(t, dir)
			replaceIn(t, filepath.Join(dir, test.file), test.old, test.new)
			r := runIn(t, dir, "-upstream", upstreamDir, "check")
			assert.Equal(t, drift, r.exit)
			assert.Contains(t, r.stdout, test.says)
			assert.Contains(t, r.stdout, "check: 1 finding.")
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	assert.JSONEq(t, `{"mode": "check", "exit": 0}`, runIn(t, dir, "-json", "-upstream", upstreamDir, "check").stdout)
	replaceIn(t, filepath.Join(dir, "..", "openapi.yaml"), "maximum: 500}", "maximum: 400}")
	assert.JSONEq(t, `{"mode": "check", "exit": 1, "findings": [{
		"kind": "difference", "operation": "GET /sessions", "operation_id": "GetSessionList", "document": "2026-05-12.yml",
		"place": "query.limit.schema.maximum", "theirs": "500", "ours": "400",
		"text": "GET /sessions (GetSessionList): query.limit.schema.maximum is 500 in 2026-05-12.yml and 400 in openapi.yaml; follow Clerk, or say in deviations.yaml why not"
	}]}`, runIn(t, dir, "-json", "-upstream", upstreamDir, "check").stdout)
}
