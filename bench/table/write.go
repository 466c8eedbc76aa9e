package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/clerksessions/clerksessions/bench"
)

// tables lists the tables, each with the rows it takes and a prefix for their names.
// One without a title continues the table before it.
var tables = []struct {
	title, rows, name string
	clients           []string
}{
	{"In memory", inMemory, "", callClients},
	{"", "Parallel/transport=mem/work=", "64 goroutines: ", callClients},
	{"HTTP/1.1 with TLS on loopback", "Call/transport=tls/work=", "", callClients},
	{"", "Parallel/transport=tls/work=", "64 goroutines: ", callClients},
	{"HTTP/2 on loopback", "Call/transport=http2/work=", "", callClients},
	{"", "Parallel/transport=http2/work=", "64 goroutines: ", callClients},
	{"Verifying a session token", "Token/work=", "", bench.TokenClients},
}

// write prints a line for each row: the figures of ours, and the ratios of the others.
// The tables of networks are omitted unless network is set.
func (r *results) write(w io.Writer, network bool) {
	for _, table := range tables {
		if !network && strings.Contains(table.rows, "transport=") && !strings.Contains(table.rows, "transport=mem") {
			continue
		}
		var lines strings.Builder
		for _, row := range r.rows {
			work, ok := strings.CutPrefix(row, table.rows)
			if !ok {
				continue
			}
			fmt.Fprintf(&lines, "| %s%s |", table.name, work)
			for _, client := range table.clients {
				fmt.Fprintf(&lines, " %s |", r.cell(row, client))
			}
			fmt.Fprintln(&lines)
		}
		if table.title != "" && lines.Len() > 0 {
			fmt.Fprintf(w, "\n**%s**, %s\n\n| | %s |\n|%s\n", table.title, r.version,
				strings.Join(table.clients, " | "), strings.Repeat("---|", len(table.clients)+1))
		}
		fmt.Fprint(w, lines.String())
	}
}

// cell returns a text of the form "processor time ± spread · allocations".
func (r *results) cell(row, client string) string {
	over := "ours"
	if client == over {
		over = ""
	}
	var parts []string
	for _, unit := range units {
		median, measured := r.median(row, unit, client, over)
		if !measured {
			continue
		}
		text := fmt.Sprintf("%.2f", median.Center)
		switch {
		case over == "" && unit == cpu:
			text = duration(median.Center)
		case over == "":
			text = fmt.Sprintf("%.0f", median.Center)
		}
		if unit == cpu {
			text += " ±" + median.PctRangeString()
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "–"
	}
	return strings.Join(parts, " · ")
}

func duration(seconds float64) string {
	if seconds < 1e-3 {
		return fmt.Sprintf("%.1f µs", seconds*1e6)
	}
	return fmt.Sprintf("%.2f ms", seconds*1e3)
}
