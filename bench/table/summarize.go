package main

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// callClients are those that call the API, in the order of the tables.
var callClients = []string{"ours", "ogen", "clerk-sdk-go", "oapi-codegen", "floor"}

// units are the units that the tables show, as benchfmt names them.
var units = []string{cpu, allocs}

// results are the figures of one Go version by row, unit and client, one for each round.
// Rows are in the order of the benchmarks.
type results struct {
	version string // of Go
	machine string
	rows    []string
	figures map[string]map[string]map[string][]float64
}

// clientOf matches the end of a benchmark's name: the client and the number of processors.
var clientOf = regexp.MustCompile(`/client=(.+?)(-\d+)?$`)

// parse reads what the benchmarks print.
func parse(raw []byte) (*results, error) {
	r := &results{figures: map[string]map[string]map[string][]float64{}}
	reader := benchfmt.NewReader(bytes.NewReader(raw), "benchmarks")
	for reader.Scan() {
		var result *benchfmt.Result
		switch record := reader.Result().(type) {
		case *benchfmt.Result:
			result = record
		case *benchfmt.SyntaxError:
			return nil, record
		default:
			continue
		}
		r.version = result.GetConfig("go")
		r.machine = fmt.Sprintf("%s/%s, %s, %d processors",
			runtime.GOOS, runtime.GOARCH, cmp.Or(result.GetConfig("cpu"), "unknown processor"), runtime.NumCPU())
		name := result.Name.String()
		client := clientOf.FindStringSubmatch(name)
		if client == nil {
			return nil, fmt.Errorf("benchmark %s has no client", name)
		}
		row := strings.TrimSuffix(name, client[0])
		if r.figures[row] == nil {
			r.figures[row] = map[string]map[string][]float64{cpu: {}, allocs: {}}
			r.rows = append(r.rows, row)
		}
		for _, unit := range units {
			if value, ok := result.Value(unit); ok {
				r.figures[row][unit][client[1]] = append(r.figures[row][unit][client[1]], value)
			}
		}
	}
	if err := reader.Err(); err != nil {
		return nil, err
	}
	if len(r.rows) == 0 {
		return nil, fmt.Errorf("no benchmark in:\n%s", raw)
	}
	return r, nil
}

// median returns the median of one client's figures over another's, or of its figures
// alone if over is empty, with the 95 % confidence interval. The two figures of a ratio
// are of the same round, as a busy machine slows both. measured is false if a client was
// not measured.
func (r *results) median(row, unit, client, over string) (s benchmath.Summary, measured bool) {
	values := slices.Clone(r.figures[row][unit][client])
	if over != "" {
		divisors := r.figures[row][unit][over]
		values = values[:min(len(values), len(divisors))]
		for i := range values {
			values[i] /= divisors[i]
		}
	}
	if len(values) == 0 {
		return s, false
	}
	sample := benchmath.NewSample(values, &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, 0.95), true
}
