package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// assertEveryLineCounts takes each line out of deviations.yaml in turn.
func assertEveryLineCounts(t *testing.T, dir, upstreamDir string) {
	t.Helper()
	file := filepath.Join(dir, "deviations.yaml")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n")
	require.Greater(t, len(lines), 50)
	for i, line := range lines {
		write(t, file, strings.Join(lines[:i], "")+strings.Join(lines[i+1:], ""))
		r := runIn(t, dir, "-upstream", upstreamDir, "check")
		assert.NotEqual(t, noDrift, r.exit, "without line %d: %s", i+1, line)
	}
	write(t, file, string(data))
	require.Equal(t, noDrift, runIn(t, dir, "-upstream", upstreamDir, "check").exit)
}

func TestEveryLineOfTheDeviationsCounts(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	assertEveryLineCounts(t, dir, published(t, dir))
}

func TestFalseDeviationsFail(t *testing.T) {
	t.Parallel()
	entry := func(operation, at, theirs, ours string) string {
		return "- operations: [\"" + operation + "\"]\n  at: [\"" + at + "\"]\n  theirs: " + theirs + "\n  ours: " + ours + "\n  why: Because.\n  evidence: Seen.\n"
	}
	tests := map[string]struct {
		entry string
		exit  int
		says  string
	}{
		"no such difference":     {entry("GetSession", "deprecated", "true", "false"), drift, "says that deprecated is true"},
		"their value is another": {entry("GetSessionList", "query.limit.schema.maximum", "400", "500"), drift, "but it is 500 and 500"},
		"no such place":          {entry("GetSessionList", "query.order", "absent", "present"), drift, "but it is absent and absent"},
		"a place nobody has": {
			strings.Replace(entry("all", "responses.418", "absent", "present"), "[\"all\"]", "all", 1), drift, "but it is absent and absent",
		},
		"no such operation of ours": {entry("GET /sessions/{id}/log", "operation", "present", "absent"), drift, "but it is absent and absent"},
		"an unknown name":           {entry("GetSessions", "deprecated", "true", "false"), couldNotTell, `"GetSessions" is neither an operation`},
		"the same twice":            {entry("GetSession", "responses.429", "absent", "present"), couldNotTell, "already covers responses.429"},
		"a part of another":         {entry("GetSession", "responses.429.headers.retry-after", "absent", "present"), couldNotTell, "already covers responses.429.headers.retry-after"},
		"no difference at all":      {entry("GetSession", "deprecated", "false", "false"), couldNotTell, "want two values that differ"},
		"by pattern":                {entry("*", "deprecated", "true", "false"), couldNotTell, "is neither an operation"},
		"an unknown key":            {entry("GetSession", "deprecated", "true", "false") + "  severity: low\n", couldNotTell, "severity"},
		"an empty reason":           {strings.Replace(entry("GetSession", "deprecated", "true", "false"), "Because.", `" "`, 1), couldNotTell, "missing operations, at, why or evidence"},
		"an empty evidence":         {strings.Replace(entry("GetSession", "deprecated", "true", "false"), "Seen.", `""`, 1), couldNotTell, "missing operations, at, why or evidence"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := workplace(t)
			upstreamDir := published(t, dir)
			require.Equal(t, noDrift, runIn(t, dir, "-upstream", upstreamDir, "check").exit)
			file := filepath.Join(dir, "deviations.yaml")
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			write(t, file, string(data)+test.entry)
			r := runIn(t, dir, "-upstream", upstreamDir, "check")
			assert.Equal(t, test.exit, r.exit)
			assert.Contains(t, r.stdout+r.stderr, test.says)
		})
	}
}

// Once Clerk publishes what only the contract had, the entry is no longer true.
func TestDeviationEndsWhenClerkFollows(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	name := filepath.Join(upstreamDir, "2026-05-12.yml")
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	changed := edited(t, string(data), func(doc object) {
		get(doc, "paths", "/sessions", "get", "responses")["429"] = object{"description": "Wait."}
	})
	write(t, name, changed)
	replaceIn(t, filepath.Join(dir, "upstream.yaml"), checksum(data), checksum([]byte(changed)))

	r := runIn(t, dir, "-upstream", upstreamDir, "check")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "## GET /sessions (GetSessionList) in 2026-05-12.yml\n\n- deviation: `entry ")
	assert.Contains(t, r.stdout, "responses.429 is absent in 2026-05-12.yml and present in openapi.yaml, but it is present and present")
}
