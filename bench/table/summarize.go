package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/clerksessions/clerksessions/bench"
)

// callClients are those that call the API, in the order of the tables.
var callClients = []string{"ours", "ogen", "clerk-sdk-go", "oapi-codegen", "floor"}

// units are benchstat's names of the units that the tables show.
var units = []string{"cpu-sec/op", "allocs/op"}

// figure is a median and, as benchstat writes it, the confidence interval around it.
type figure struct {
	median float64
	spread string
}

// results are the figures of one Go version by row, unit and client. Rows are in the
// order of the benchmarks.
type results struct {
	version string // of Go
	machine string
	rows    []string
	figures map[string]map[string]map[string]figure
}

// summarize computes the medians with benchstat.
func summarize(raw []byte) (*results, error) {
	file, err := os.CreateTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	if _, err := file.Write(raw); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	clients := []string{"ours"}
	for _, client := range slices.Concat(callClients, bench.TokenClients) {
		if !slices.Contains(clients, client) {
			clients = append(clients, client)
		}
	}
	columns := "/client@(" + strings.Join(clients, " ") + ")"
	table, err := output(nil, "go", "tool", "benchstat", "-format", "csv", "-col", columns, file.Name())
	if err != nil {
		return nil, err
	}
	r, err := parse(table)
	if err != nil {
		return nil, err
	}
	r.version = setting(raw, "go")
	r.machine = fmt.Sprintf("%s/%s, %s, %d processors", runtime.GOOS, runtime.GOARCH, setting(raw, "cpu"),
		runtime.NumCPU())
	return r, nil
}

// setting returns the value of a line "name: value" that the benchmarks print.
func setting(raw []byte, name string) string {
	if match := regexp.MustCompile(`(?m)^` + name + `: (.+)$`).FindSubmatch(raw); match != nil {
		return strings.TrimSpace(string(match[1]))
	}
	return "unknown " + name
}

// processors is the suffix -2 of a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

// parse decodes benchstat's CSV: for each unit a line of clients, a line of headings,
// the rows, and an empty line.
func parse(table []byte) (*results, error) {
	r := &results{figures: map[string]map[string]map[string]figure{}}
	for section := range bytes.SplitSeq(table, []byte("\n\n")) {
		reader := csv.NewReader(bytes.NewReader(section))
		reader.FieldsPerRecord = -1
		lines, err := reader.ReadAll()
		if err != nil {
			return nil, err
		}
		for len(lines) > 0 && len(lines[0]) < 3 { // goos: and the like
			lines = lines[1:]
		}
		if len(lines) < 3 {
			continue
		}
		who, heading := lines[0], lines[1]
		for _, line := range lines[2:] {
			row := processors.ReplaceAllString(line[0], "")
			if row == "geomean" {
				continue
			}
			if r.figures[row] == nil {
				r.figures[row] = map[string]map[string]figure{}
				r.rows = append(r.rows, row)
			}
			unit := heading[1]
			r.figures[row][unit] = map[string]figure{}
			for i := 1; i < len(line); i++ {
				if who[i] == "" || line[i] == "" {
					continue
				}
				median, err := strconv.ParseFloat(line[i], 64)
				if err != nil {
					return nil, fmt.Errorf("benchstat's %s of %s: %w", heading[i], row, err)
				}
				r.figures[row][unit][who[i]] = figure{median, line[i+1]}
			}
		}
	}
	if len(r.rows) == 0 {
		return nil, fmt.Errorf("benchstat found no benchmark in:\n%s", table)
	}
	return r, nil
}

// ratio returns one client's median over another's, or 0 if one of them was not measured.
func (r *results) ratio(row, unit, client, over string) float64 {
	a, b := r.figures[row][unit][client], r.figures[row][unit][over]
	if a.median == 0 || b.median == 0 {
		return 0
	}
	return a.median / b.median
}
