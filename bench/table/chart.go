package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// bars are the groups of bars of the chart.
var bars = []struct {
	name, row string
	clients   []string
}{
	{"one session", inMemory + "Get", []string{"ogen", "clerk-sdk-go", "oapi-codegen"}},
	{"500 sessions", inMemory + "List500", []string{"ogen", "clerk-sdk-go", "oapi-codegen"}},
	{"one token", "Token/work=Token", []string{"golang-jwt", "go-jose", "jwx", "clerk-sdk-go"}},
}

// writeChart prints a Mermaid bar chart of the processor time of the others over ours.
func (r *results) writeChart(w io.Writer) {
	labels, values, top := []string{`"clerksessions"`}, []string{"1"}, 1.0
	for _, group := range bars {
		for _, client := range group.clients {
			median, _ := r.median(group.row, cpu, client, "ours")
			labels = append(labels, fmt.Sprintf("%q", group.name+": "+client))
			values = append(values, fmt.Sprintf("%.2f", median.Center))
			top = max(top, median.Center)
		}
	}
	fmt.Fprintf(w, "```mermaid\nxychart-beta horizontal\n"+
		"    title \"Processor time of the same work, clerksessions = 1 (%s)\"\n"+
		"    x-axis [%s]\n    y-axis \"times as much\" 0 --> %.0f\n    bar [%s]\n```\n",
		r.version, strings.Join(labels, ", "), math.Ceil(top), strings.Join(values, ", "))
}
