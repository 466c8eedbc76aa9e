// Command table runs all benchmarks and prints the results as Markdown: a chart, the
// targets, ratios between clients, and what regeneration and linking cost. Run it from
// bench/.
//
//	go run ./table [-rounds 10] [-benchtime 50ms] [-newest go1.27.4] [-readme]
//
// It needs the network for ogen, for the second Go version, and for modules.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"time"
)

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 10, "`number` of times that everything is measured")
	benchtime := flag.Duration("benchtime", 50*time.Millisecond, "`duration` of one measurement")
	newest := flag.String("newest", "go1.27.4", "also measure with this Go `version`; empty for none")
	readme := flag.Bool("readme", false, "also write the result into README.md, and the chart into ../README.md")
	flag.Parse()

	chart, rest, err := report(*rounds, *benchtime, *newest)
	if err != nil {
		log.Fatalf("table: %v", err)
	}
	all := append(bytes.Clone(chart), rest...)
	os.Stdout.Write(all)
	if *readme {
		for name, text := range map[string][]byte{"README.md": all, "../README.md": chart} {
			if err := replaceTable(name, text); err != nil {
				log.Fatalf("table: %v", err)
			}
		}
	}
}

// report measures and returns the chart and the tables that follow it.
func report(rounds int, benchtime time.Duration, newest string) (chart, rest []byte, err error) {
	costs, err := measureCosts()
	if err != nil {
		return nil, nil, err
	}
	versions := []*results{}
	for _, toolchain := range []string{"", newest} {
		if toolchain == "" && len(versions) > 0 {
			continue // -newest is not set
		}
		raw, err := run(toolchain, rounds, benchtime)
		if err != nil {
			return nil, nil, err
		}
		r, err := parse(raw)
		if err != nil {
			return nil, nil, err
		}
		versions = append(versions, r)
	}
	last := versions[len(versions)-1]

	var head, out bytes.Buffer
	fmt.Fprintf(&head, "%s, median of %d rounds of %s.\n\n", versions[0].machine, rounds, benchtime)
	last.writeChart(&head)
	writeTargets(&out, versions)
	for i, r := range versions {
		r.write(&out, i == 0)
	}
	out.Write(costs)
	return head.Bytes(), out.Bytes(), nil
}

// replaceTable replaces the text between the two markers of a file.
func replaceTable(name string, text []byte) error {
	begin, end := []byte("<!-- begin of table -->\n"), []byte("<!-- end of table -->")
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, rest, found := bytes.Cut(old, begin)
	_, tail, closed := bytes.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s: missing the markers of the table", name)
	}
	return os.WriteFile(name, bytes.Join([][]byte{head, begin, text, end, tail}, nil), 0o644)
}
