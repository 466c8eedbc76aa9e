// Command table runs all benchmarks and prints what they say as Markdown: ratios,
// targets, and what regeneration and linking cost. Run it from bench/.
//
//	go run ./table [-rounds 20] [-benchtime 50ms] [-readme]
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
	rounds := flag.Int("rounds", 20, "how often everything is measured")
	benchtime := flag.Duration("benchtime", 50*time.Millisecond, "how long one measurement takes")
	readme := flag.Bool("readme", false, "also write the table into README.md, and the targets into ../README.md")
	flag.Parse()

	text, err := report(*rounds, *benchtime)
	if err != nil {
		log.Fatalf("table: %v", err)
	}
	os.Stdout.Write(text)
	if *readme {
		targets, _, _ := bytes.Cut(text, []byte("\n**In memory**"))
		for name, text := range map[string][]byte{"README.md": text, "../README.md": targets} {
			if err := replaceTable(name, text); err != nil {
				log.Fatalf("table: %v", err)
			}
		}
	}
}

func report(rounds int, benchtime time.Duration) ([]byte, error) {
	costs, err := measureCosts()
	if err != nil {
		return nil, err
	}
	raw, err := run(rounds, benchtime)
	if err != nil {
		return nil, err
	}
	results, err := summarize(raw)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s; median of %d rounds of %s.\n", machine(raw), rounds, benchtime)
	results.writeTargets(&out)
	results.write(&out)
	out.Write(costs)
	return out.Bytes(), nil
}

// replaceTable puts text between the two markers of a file.
func replaceTable(name string, text []byte) error {
	begin, end := []byte("<!-- begin of table -->\n"), []byte("<!-- end of table -->")
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, rest, found := bytes.Cut(old, begin)
	_, tail, closed := bytes.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s lacks the markers of the table", name)
	}
	return os.WriteFile(name, bytes.Join([][]byte{head, begin, text, end, tail}, nil), 0o644)
}
