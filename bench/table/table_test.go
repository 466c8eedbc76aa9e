package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// printed is an output of benchstat -format csv.
const printed = `goos: linux
cpu: Test
,ours,,clerk-sdk-go,,,,floor,,,
,cpu-sec/op,CI,cpu-sec/op,CI,vs base,P,cpu-sec/op,CI,vs base,P
Call/transport=mem/work=Get-2,1e-05,3%,4e-05,5%,+300.00%,p=0.000 n=10,9e-06,4%,-10.00%,p=0.000 n=10
Call/transport=mem/work=Refresh-2,2e-05,3%,,,,,1e-05,4%,-50.00%,p=0.000 n=10
geomean,1.4e-05,,4e-05,,+300.00%,,9e-06,,-20.00%,

,ours,,clerk-sdk-go,,,,floor,,,
,allocs/op,CI,allocs/op,CI,vs base,P,allocs/op,CI,vs base,P
Call/transport=mem/work=Get-2,21,0%,90,0%,+200.00%,p=0.000 n=10,24,0%,-20.00%,p=0.000 n=10
`

// parsed returns the results with the given time of clerk-sdk-go's Get.
func parsed(t *testing.T, version, sdk string) *results {
	t.Helper()
	r, err := parse([]byte(strings.Replace(printed, "4e-05", sdk, 1)))
	require.NoError(t, err)
	r.version = version
	return r
}

func TestParseAndWrite(t *testing.T) {
	t.Parallel()
	r := parsed(t, "go1.26", "4e-05")
	assert.Equal(t, []string{inMemory + "Get", inMemory + "Refresh"}, r.rows)
	assert.InDelta(t, 4, r.ratio(inMemory+"Get", cpu, "clerk-sdk-go", "ours"), 1e-9)
	assert.Zero(t, r.ratio(inMemory+"Refresh", cpu, "clerk-sdk-go", "ours"), "not offered")

	var out bytes.Buffer
	r.write(&out, true)
	assert.Contains(t, out.String(), "**In memory**, go1.26\n")
	assert.Contains(t, out.String(), "| Get | 10.0 µs ±3% · 21 | – | 4.00 ±5% · 4.29 | – | 0.90 ±4% · 1.14 |\n")
	assert.Contains(t, out.String(), "| Refresh | 20.0 µs ±3% | – | – | – | 0.50 ±4% |\n")
	assert.NotContains(t, out.String(), "HTTP/2", "no rows")
}

func TestTargetIsMetByEveryGoVersion(t *testing.T) {
	t.Parallel()
	lines := func(versions ...*results) string {
		var out bytes.Buffer
		writeTargets(&out, versions)
		return out.String()
	}
	fast, slow := parsed(t, "go1.26", "4e-05"), parsed(t, "go1.27", "2e-05")
	assert.Contains(t, lines(fast), "| Get: clerk-sdk-go over ours | ≥ 3 | 4.00 | yes |\n")
	assert.Contains(t, lines(fast, slow), "| Get: clerk-sdk-go over ours | ≥ 3 | 4.00 | **2.00** | **no** |\n")
	assert.Contains(t, lines(fast, slow), "| Get: ours over the floor | ≤ 1.25 | 1.11 | 1.11 | yes |\n")
	assert.Contains(t, lines(fast, slow), "| Get: allocations | ≤ 22 | 21 | 21 | yes |\n")
	assert.Contains(t, lines(fast, slow), "| Token: allocations | ≤ 45 | **0** | **0** | **no** |\n", "not measured")
}

func TestChart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	parsed(t, "go1.27", "4e-05").writeChart(&out)
	assert.True(t, strings.HasPrefix(out.String(), "```mermaid\nxychart-beta horizontal\n"))
	assert.Contains(t, out.String(), `["clerksessions", "one session: ogen", "one session: clerk-sdk-go",`)
	assert.Contains(t, out.String(), "0 --> 4\n    bar [1, 0.00, 4.00,")
}

func TestParseRejectsOutputWithoutFigures(t *testing.T) {
	t.Parallel()
	_, err := parse([]byte("goos: linux\n"))
	assert.ErrorContains(t, err, "found no benchmark")
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
