package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// limit is a target for one ratio: at least it, or, for the floor, at most.
type limit struct {
	what         string
	client, over string
	rows         string // the prefix of the rows that count
	bound        float64
	atMost       bool
}

const inMemory = "Call/transport=mem/work="

var limits = []limit{
	{"Get: clerk-sdk-go over ours", "clerk-sdk-go", "ours", inMemory + "Get", 3.5, false},
	{"Get: ours over the floor", "ours", "floor", inMemory + "Get", 1.25, true},
	{"Page of 500: clerk-sdk-go over ours", "clerk-sdk-go", "ours", inMemory + "List500", 3, false},
	{"Page of 500: ours over the floor", "ours", "floor", inMemory + "List500", 1.15, true},
	{"Every operation: clerk-sdk-go over ours, least", "clerk-sdk-go", "ours", inMemory, 1, false},
	{"Every operation: oapi-codegen over ours, least", "oapi-codegen", "ours", inMemory, 1, false},
	{"TLS: ours over the floor, geometric mean", "ours", "floor", "Call/transport=tls/work=", 1.05, true},
}

// writeTargets prints what was aimed at beside what was measured, in bold what misses.
func (r *results) writeTargets(w io.Writer) {
	fmt.Fprint(w, "\n**Targets**\n\n| | target | CPU time | clock | allocations |\n|---|---|---|---|---|\n")
	for _, l := range limits {
		sign := "≥"
		if l.atMost {
			sign = "≤"
		}
		allocs := fmt.Sprintf("%.2f", r.reached(l, "allocs/op")) // a target only where it is to be fewer than a peer
		if l.client != "ours" {
			allocs = l.mark(r.reached(l, "allocs/op"), 1)
		}
		fmt.Fprintf(w, "| %s | %s %.4g | %s | %s | %s |\n", l.what, sign, l.bound,
			l.mark(r.reached(l, "cpu-sec/op"), l.bound), l.mark(r.reached(l, "sec/op"), l.bound), allocs)
	}
	get := limit{bound: 36, atMost: true}
	fmt.Fprintf(w, "| Get: allocations of ours | ≤ 36 | | | %s |\n", get.mark(r.figures[inMemory+"Get"]["allocs/op"]["ours"].median, 36))
}

// mark writes a figure, in bold if it misses the bound.
func (l limit) mark(figure, bound float64) string {
	text := strconv.FormatFloat(figure, 'f', 2, 64)
	if l.atMost && figure <= bound || !l.atMost && figure >= bound {
		return text
	}
	return "**" + text + "**"
}

// reached is the ratio of the one row there is, the least of several, or, where the
// floor is what counts, their geometric mean.
func (r *results) reached(l limit, unit string) float64 {
	least, logs, n := math.Inf(1), 0.0, 0
	for _, row := range r.rows {
		ratio := r.ratio(row, unit, l.client, l.over)
		if ratio == 0 || row != l.rows && !(strings.HasSuffix(l.rows, "=") && strings.HasPrefix(row, l.rows)) {
			continue
		}
		least = min(least, ratio)
		logs += math.Log(ratio)
		n++
	}
	switch {
	case n == 0:
		return math.NaN()
	case l.atMost:
		return math.Exp(logs / float64(n))
	}
	return least
}
