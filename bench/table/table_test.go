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

// What benchstat -format csv prints.
const printed = `goos: linux
cpu: Test
,ours,,clerk-sdk-go,,,,floor,,,
,sec/op,CI,sec/op,CI,vs base,P,sec/op,CI,vs base,P
Call/transport=mem/work=Get-2,1e-05,3%,4e-05,5%,+300.00%,p=0.000 n=10,8e-06,4%,-20.00%,p=0.000 n=10
Call/transport=mem/work=Refresh-2,2e-05,3%,,,,,1e-05,4%,-50.00%,p=0.000 n=10
geomean,1.4e-05,,4e-05,,+300.00%,,9e-06,,-20.00%,

,ours,,clerk-sdk-go,,,,floor,,,
,allocs/op,CI,allocs/op,CI,vs base,P,allocs/op,CI,vs base,P
Call/transport=mem/work=Get-2,30,0%,90,0%,+200.00%,p=0.000 n=10,24,0%,-20.00%,p=0.000 n=10
`

func TestParseAndWrite(t *testing.T) {
	t.Parallel()
	r, err := parse([]byte(printed))
	require.NoError(t, err)
	assert.Equal(t, []string{"Call/transport=mem/work=Get", "Call/transport=mem/work=Refresh"}, r.rows)
	assert.InDelta(t, 4, r.ratio("Call/transport=mem/work=Get", "sec/op", "clerk-sdk-go", "ours"), 1e-9)
	assert.Zero(t, r.ratio("Call/transport=mem/work=Refresh", "sec/op", "clerk-sdk-go", "ours"), "not offered")

	var out bytes.Buffer
	r.write(&out)
	assert.Contains(t, out.String(), "| Get | 10.0 µs ±3% · 30 | 4.00 ±5% · 3.00 | – | 0.80 ±4% · 0.80 |\n")
	assert.Contains(t, out.String(), "| Refresh | 20.0 µs ±3% | – | – | 0.50 ±4% |\n")

	out.Reset()
	r.writeTargets(&out)
	assert.Contains(t, out.String(), "| Get: clerk-sdk-go over ours | ≥ 3.5 | **NaN** | 4.00 | 3.00 |\n", "what was not measured is not met")
	assert.Contains(t, out.String(), "| Get: allocations of ours | ≤ 36 | | | 30.00 |\n")
}

func TestParseRefusesWhatHasNoFigures(t *testing.T) {
	t.Parallel()
	_, err := parse([]byte("goos: linux\n"))
	assert.ErrorContains(t, err, "found no benchmark")
}

func TestWhatMissesATargetIsBold(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "3.00", limit{}.mark(3, 3))
	assert.Equal(t, "**2.90**", limit{}.mark(2.9, 3))
	assert.Equal(t, "1.05", limit{atMost: true}.mark(1.05, 1.05))
	assert.Equal(t, "**1.10**", limit{atMost: true}.mark(1.1, 1.05))
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

func TestTheREADMEShowsTheSameRun(t *testing.T) {
	t.Parallel()
	table := func(name string) string {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(text), "<!-- begin of table -->\n")
		shown, _, found := strings.Cut(rest, "<!-- end of table -->")
		require.True(t, found)
		return shown
	}
	shown := table("../../README.md")
	assert.Contains(t, shown, "| Get: clerk-sdk-go over ours |")
	assert.True(t, strings.HasPrefix(table("../README.md"), shown), "go run ./table -readme writes both")
}
