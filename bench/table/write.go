package main

import (
	"fmt"
	"io"
	"strings"
)

// The tables, each with the rows it takes and what to call them.
var tables = []struct{ title, prefix, name string }{
	{"In memory", "Call/transport=mem/work=", ""},
	{"", "Parallel/transport=mem/work=", "64 goroutines: "},
	{"HTTP/1.1 with TLS on loopback", "Call/transport=tls/work=", ""},
	{"", "Parallel/transport=tls/work=", "64 goroutines: "},
	{"HTTP/2 on loopback", "Call/transport=http2/work=", ""},
	{"", "Parallel/transport=http2/work=", "64 goroutines: "},
	{"Verifying a session token", "Token/work=", ""},
}

// write prints a line for each row: what we take, and how many times that the others take.
func (r *results) write(w io.Writer) {
	for _, table := range tables {
		if table.title != "" {
			fmt.Fprintf(w, "\n**%s**\n\n| | %s |\n|%s\n", table.title, strings.Join(clients, " | "), strings.Repeat("---|", len(clients)+1))
		}
		for _, row := range r.rows {
			work, ok := strings.CutPrefix(row, table.prefix)
			if !ok {
				continue
			}
			fmt.Fprintf(w, "| %s%s |", table.name, work)
			for _, client := range clients {
				fmt.Fprintf(w, " %s |", r.cell(row, client))
			}
			fmt.Fprintln(w)
		}
	}
}

// cell is time ± spread · CPU time ± spread · bytes · allocations.
func (r *results) cell(row, client string) string {
	var parts []string
	for _, unit := range units {
		f, measured := r.figures[row][unit][client]
		if !measured {
			continue
		}
		var text string
		switch {
		case client != clients[0]:
			text = fmt.Sprintf("%.2f", r.ratio(row, unit, client, clients[0]))
		case strings.HasSuffix(unit, "sec/op"):
			text = duration(f.median)
		case unit == "B/op":
			text = fmt.Sprintf("%.1f kB", f.median/1000)
		default:
			text = fmt.Sprintf("%.0f", f.median)
		}
		if strings.HasSuffix(unit, "sec/op") {
			text += " ±" + f.spread
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
