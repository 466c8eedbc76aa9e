package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oursAlone are the mutations of parts that the contract has and Clerk does not
// publish: one deviation speaks for the whole part, there is nothing to compare.
var oursAlone = map[string]bool{
	"header/removed":                 true, // Retry-After of 429
	"header/retyped":                 true,
	"property default/in a response": true, // of the page with a total
}

func TestEveryMutationOfTheContractFailsCheck(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	p, err := openProject(dir)
	require.NoError(t, err)
	docs := map[string]operations{}
	for version, pin := range p.pins.Documents {
		docs[version] = operationsOf(t, read(t, filepath.Join(upstreamDir, pin.file())))
		require.NoError(t, err)
	}
	compared := func(p project) []finding {
		r := &report{}
		p.compare(r, docs)
		require.Empty(t, r.Unknown)
		return r.Findings
	}
	require.Empty(t, compared(*p))
	text := contractText(t)
	for _, m := range mutations {
		mutated := *p
		mutated.contract = operationsOf(t, edited(t, text, m.edit))
		found := compared(mutated)
		name := m.kind + "/" + m.name
		if oursAlone[name] {
			assert.Empty(t, found, name)
			continue
		}
		named := map[string]bool{}
		for _, f := range found {
			request, _, _ := strings.Cut(f.Operation, " (")
			named[request] = true
			assert.NotEmpty(t, f.Text, name)
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
		"value": {
			"maximum: 500}", "maximum: 400}",
			"## GET /sessions (GetSessionList) in 2026-05-12.yml\n\n" +
				"- difference: `query.limit.schema.maximum is 500 in 2026-05-12.yml and 400 in openapi.yaml; update openapi.yaml, or add a deviation`\n",
			"../openapi.yaml",
		},
		"deviation": {
			"operationId: CreateSession\n", "operationId: createSession\n",
			"## POST /sessions (CreateSession) in 2026-05-12.yml\n\n" +
				"- deviation: `entry 1 of deviations.yaml says that operationId is \"createSession\" in 2026-05-12.yml and \"CreateSession\" in openapi.yaml, but it is \"createSession\" and \"createSession\"; correct or remove the entry`\n",
			"../openapi.yaml",
		},
		"operation nobody has": {
			"operations:\n", "operations:\n  GetLog: {request: \"GET /sessions/{session_id}/log\", follows: \"2026-05-12\"}\n",
			"## GET /sessions/{session_id}/log (GetLog) in 2026-05-12.yml\n\n" +
				"- difference: `upstream.yaml pins it to 2026-05-12, but neither 2026-05-12.yml nor openapi.yaml has it; correct or remove the row`\n",
			"upstream.yaml",
		},
		"another version": {
			"follows: \"2025-03-12\"}", "follows: \"2026-05-12\"}",
			"- difference: `openapi.yaml sends the API version \"2025-03-12\", but upstream.yaml pins it to 2026-05-12; make them agree`\n",
			"upstream.yaml",
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
		"kind": "difference", "operation": "GET /sessions (GetSessionList)", "document": "2026-05-12.yml",
		"place": "query.limit.schema.maximum", "theirs": "500", "ours": "400",
		"text": "query.limit.schema.maximum is 500 in 2026-05-12.yml and 400 in openapi.yaml; update openapi.yaml, or add a deviation"
	}]}`, runIn(t, dir, "-json", "-upstream", upstreamDir, "check").stdout)
}

// A document that cannot be read does not hide differences from the other.
func TestCheckTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	require.NoError(t, os.Remove(filepath.Join(upstreamDir, "2025-03-12.yml")))
	r := runIn(t, dir, "-upstream", upstreamDir, "check")
	assert.Equal(t, couldNotTell, r.exit)
	assert.Empty(t, r.stdout)
	assert.Contains(t, r.stderr, "2025-03-12.yml")

	replaceIn(t, filepath.Join(dir, "..", "openapi.yaml"), "maximum: 500}", "maximum: 400}")
	r = runIn(t, dir, "-upstream", upstreamDir, "check")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "query.limit.schema.maximum is 500")
	assert.Contains(t, r.stdout, "## Could not tell\n\n- cannot read a document")
	assert.Contains(t, r.stdout, "check: findings: 1.")
}
