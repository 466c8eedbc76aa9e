package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const (
	inMemory = "Call/transport=mem/work="
	cpu      = "cpu-sec/op"
	allocs   = "allocs/op"
)

// target is a bound on one figure, which every Go version must meet: a ratio of two
// clients, or a number of ours if over is empty.
type target struct {
	what         string
	client, over string
	unit         string
	row          string // a row or, if it ends in "=", all rows with this prefix
	except       string // a row to ignore
	bound        float64
	atMost       bool
}

var targets = []target{
	{"Get: clerk-sdk-go over ours", "clerk-sdk-go", "ours", cpu, inMemory + "Get", "", 3, false},
	{"Page of 500: clerk-sdk-go over ours", "clerk-sdk-go", "ours", cpu, inMemory + "List500", "", 2, false},
	{"Every operation in memory: clerk-sdk-go over ours, least", "clerk-sdk-go", "ours", cpu, inMemory, "", 1, false},
	{"Every operation in memory: oapi-codegen over ours, least", "oapi-codegen", "ours", cpu, inMemory, "", 1, false},
	{
		"Every operation in memory except a 404: ogen over ours, least",
		"ogen", "ours", cpu, inMemory, inMemory + "NotFound", 1, false,
	},
	{"404: ours over ogen", "ours", "ogen", cpu, inMemory + "NotFound", "", 1.15, true},
	{"Get: ours over the floor", "ours", "floor", cpu, inMemory + "Get", "", 1.25, true},
	{"Page of 500: ours over the floor", "ours", "floor", cpu, inMemory + "List500", "", 1, true},
	{"TLS: ours over the floor, geometric mean", "ours", "floor", cpu, "Call/transport=tls/work=", "", 1.05, true},
	{"Token: ours over the bare RSA check", "ours", "floor", cpu, "Token/work=Token", "", 1.25, true},
	{"Token: golang-jwt over ours", "golang-jwt", "ours", cpu, "Token/work=Token", "", 1, false},
	{"Token: go-jose over ours", "go-jose", "ours", cpu, "Token/work=Token", "", 1, false},
	{"Token: jwx over ours", "jwx", "ours", cpu, "Token/work=Token", "", 1, false},
	{"Token: clerk-sdk-go over ours", "clerk-sdk-go", "ours", cpu, "Token/work=Token", "", 1, false},
	{"Get: allocations", "ours", "", allocs, inMemory + "Get", "", 22, true},
	{"Page of 500: allocations", "ours", "", allocs, inMemory + "List500", "", 1100, true},
	{"Token: allocations", "ours", "", allocs, "Token/work=Token", "", 45, true},
}

// writeTargets prints each target with the figure of each Go version, in bold if it
// misses the target. A target is met if every version meets it.
func writeTargets(w io.Writer, versions []*results) {
	fmt.Fprint(w, "\n**Targets**, in processor time unless they say allocations\n\n| | target |")
	for _, r := range versions {
		fmt.Fprintf(w, " %s |", r.version)
	}
	fmt.Fprintf(w, " met |\n|---|---|%s---|\n", strings.Repeat("---|", len(versions)))
	for _, t := range targets {
		sign, met := "≥", "yes"
		if t.atMost {
			sign = "≤"
		}
		fmt.Fprintf(w, "| %s | %s %.4g |", t.what, sign, t.bound)
		for _, r := range versions {
			figure, measured := r.reached(t)
			text := strconv.FormatFloat(figure, 'f', 2, 64)
			if t.unit == allocs {
				text = strconv.FormatFloat(figure, 'f', 0, 64)
			}
			if !measured {
				text = "–"
			}
			if !measured || !t.met(figure) {
				text, met = "**"+text+"**", "**no**"
			}
			fmt.Fprintf(w, " %s |", text)
		}
		fmt.Fprintf(w, " %s |\n", met)
	}
}

func (t target) met(figure float64) bool {
	if t.atMost {
		return figure <= t.bound
	}
	return figure >= t.bound
}

// reached returns the figure of the row. Of several rows it returns the least, or their
// geometric mean if the target is a maximum.
func (r *results) reached(t target) (figure float64, measured bool) {
	least, logs, n := math.Inf(1), 0.0, 0
	for _, row := range r.rows {
		median, measured := r.median(row, t.unit, t.client, t.over)
		counts := row == t.row || strings.HasSuffix(t.row, "=") && strings.HasPrefix(row, t.row) && row != t.except
		if !measured || !counts {
			continue
		}
		least = min(least, median.Center)
		logs += math.Log(median.Center)
		n++
	}
	switch {
	case n == 0:
		return math.NaN(), false
	case t.atMost && n > 1:
		return math.Exp(logs / float64(n)), true
	}
	return least, true
}
