package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// printed returns what the benchmarks print in three rounds on a busy machine, in which
// a Get of clerk-sdk-go takes sdk times as long as one of ours.
func printed(sdk float64) string {
	var out strings.Builder
	out.WriteString("go: go1.26\ncpu: Test\n")
	for _, load := range []float64{1, 1.5, 3} {
		line := func(name string, ns float64, allocs int) {
			fmt.Fprintf(&out, "BenchmarkCall/transport=mem/%s \t 100 \t 1 ns/op \t %.0f cpu-ns/op \t %d allocs/op\n", name, ns, allocs)
		}
		line("work=Get/client=ours-2", 10e3*load, 21)
		line("work=Get/client=clerk-sdk-go-2", sdk*10e3*load, 90)
		line("work=Get/client=floor-2", 9e3*load, 24)
		line("work=Refresh/client=ours-2", 20e3*load, 27)
		line("work=Refresh/client=floor-2", 10e3*load, 27)
	}
	return out.String()
}

// parsed returns the results of printed.
func parsed(t *testing.T, version string, sdk float64) *results {
	t.Helper()
	r, err := parse([]byte(printed(sdk)))
	require.NoError(t, err)
	r.version = version
	return r
}

func TestParseAndWrite(t *testing.T) {
	t.Parallel()
	r := parsed(t, "go1.26", 4)
	assert.Equal(t, []string{inMemory + "Get", inMemory + "Refresh"}, r.rows)
	assert.Contains(t, r.machine, ", Test, ")

	var out bytes.Buffer
	r.write(&out, true)
	assert.Contains(t, out.String(), "**In memory**, go1.26\n")
	assert.Contains(t, out.String(), "| Get | 15.0 µs ±∞ · 21 | – | 4.00 ±∞ · 4.29 | – | 0.90 ±∞ · 1.14 |\n")
	assert.Contains(t, out.String(), "| Refresh | 30.0 µs ±∞ · 27 | – | – | – | 0.50 ±∞ · 1.00 |\n")
	assert.NotContains(t, out.String(), "HTTP/2", "no rows")
}

// A ratio is of figures of the same round. Here the medians of ours and of the other are
// from different rounds, and their ratio would be 2.
func TestTheMedianOfRatios(t *testing.T) {
	t.Parallel()
	figures := map[string][]float64{"ours": {10, 20, 60}, "other": {40, 30, 60}}
	r := &results{figures: map[string]map[string]map[string][]float64{"row": {cpu: figures}}}
	median, measured := r.median("row", cpu, "other", "ours")
	assert.True(t, measured)
	assert.InDelta(t, 1.5, median.Center, 1e-9)
	_, measured = r.median("row", cpu, "another", "ours")
	assert.False(t, measured)
	assert.Equal(t, []float64{10, 20, 60}, figures["ours"])
}

func TestTargetIsMetByEveryGoVersion(t *testing.T) {
	t.Parallel()
	lines := func(versions ...*results) string {
		var out bytes.Buffer
		writeTargets(&out, versions)
		return out.String()
	}
	fast, slow := parsed(t, "go1.26", 4), parsed(t, "go1.27", 2)
	assert.Contains(t, lines(fast), "| Get: clerk-sdk-go over ours | ≥ 3 | 4.00 | yes |\n")
	assert.Contains(t, lines(fast, slow), "| Get: clerk-sdk-go over ours | ≥ 3 | 4.00 | **2.00** | **no** |\n")
	assert.Contains(t, lines(fast, slow), "| Get: ours over the floor | ≤ 1.25 | 1.11 | 1.11 | yes |\n")
	assert.Contains(t, lines(fast, slow), "| Get: allocations | ≤ 22 | 21 | 21 | yes |\n")
	assert.Contains(t, lines(fast, slow), "| Token: allocations | ≤ 45 | **–** | **–** | **no** |\n", "not measured")
}

func TestChart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	parsed(t, "go1.27", 4).writeChart(&out)
	assert.True(t, strings.HasPrefix(out.String(), "```mermaid\nxychart-beta horizontal\n"))
	assert.Contains(t, out.String(), `["clerksessions", "one session: ogen", "one session: clerk-sdk-go",`)
	assert.Contains(t, out.String(), "0 --> 4\n    bar [1, 0.00, 4.00,")
}

func TestParseRejectsOutputWithoutFigures(t *testing.T) {
	t.Parallel()
	_, err := parse([]byte("goos: linux\n"))
	assert.ErrorContains(t, err, "no benchmark in")
	_, err = parse([]byte(printed(4) + "BenchmarkCall/work=Get/client=ours-2 something else was printed\n"))
	assert.Error(t, err, "a round without a figure")
}

func TestReplaceTable(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(name, []byte("before\n<!-- begin of table -->\nold\n<!-- end of table -->\nafter\n"), 0o644))
	require.NoError(t, replaceTable(name, []byte("new\n")))
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "before\n<!-- begin of table -->\nnew\n<!-- end of table -->\nafter\n", string(text))

	require.NoError(t, os.WriteFile(name, []byte(strings.Repeat("x", 10)), 0o644))
	assert.Error(t, replaceTable(name, nil))
}

// go run ./table -readme writes both.
func TestBothREADMEsShowTheSameRun(t *testing.T) {
	t.Parallel()
	table := func(name string) string {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(text), "<!-- begin of table -->\n")
		shown, _, found := strings.Cut(rest, "<!-- end of table -->")
		require.True(t, found)
		return shown
	}
	assert.True(t, strings.HasPrefix(table("../README.md"), table("../../README.md")))
}
