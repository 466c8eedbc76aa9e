// Command mutation measures whether the tests of a package check results: it changes the package's code in many small
// ways, one at a time, and counts the changes that no test detects.
//
//	go tool mutation -C .. -sample 100 -seed 1 -tests ./internal/rest,. ./internal/rest
//
// An overlay compiles all changes into one test binary, each behind a switch. So no file is modified, and a mutant
// costs only a run of the tests that reach it, not a build.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	var (
		root   = flag.String("C", ".", "directory that packages are relative to")
		tests  = flag.String("tests", "", "packages whose tests run, comma-separated; default the mutated one")
		skip   = flag.String("skip", "^$", "tests to skip, a regular expression")
		sample = flag.Int("sample", 0, "number of mutants to run; 0 runs all")
		seed   = flag.Uint64("seed", 1, "seed of the sample")
		match  = flag.String("match", "", "mutants to run, a regular expression: \"^all.go:41: if\"")
	)
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if *tests == "" {
		*tests = flag.Arg(0)
	}
	work, err := os.MkdirTemp("", "mutation")
	if err == nil {
		defer os.RemoveAll(work)
		r := &runner{root: *root, work: work, skip: regexp.MustCompile(*skip)}
		err = run(r, options{
			pkg: flag.Arg(0), tests: strings.Split(*tests, ","), match: regexp.MustCompile(*match),
			sample: *sample, seed: *seed,
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

// options says which mutants to run, and on which tests.
type options struct {
	pkg    string // the package to mutate
	tests  []string
	match  *regexp.Regexp
	sample int // zero for all
	seed   uint64
}

func run(r *runner, o options) error {
	mutants, notBuilt, err := r.build(o.pkg, o.tests)
	if err != nil {
		return err
	}
	mutants = slices.DeleteFunc(mutants, func(m *mutant) bool {
		return !o.match.MatchString(m.where + ": " + m.change)
	})
	if len(mutants) == 0 {
		return errors.New("nothing to mutate in " + o.pkg)
	}
	if err := r.baseline(mutants); err != nil {
		return err
	}
	total := len(mutants)
	rand.New(rand.NewPCG(o.seed, 0)).Shuffle(total, func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	if o.sample > 0 && o.sample < total {
		mutants = mutants[:o.sample]
	}
	began := time.Now()
	count := make(map[outcome]int)
	var survivors []string
	for _, m := range mutants {
		how := r.run(m)
		count[how]++
		if how == survived || how == notReached {
			survivors = append(survivors, fmt.Sprintf("%s: %s (%s)", m.where, m.change, how))
			fmt.Fprintln(os.Stderr, survivors[len(survivors)-1])
		}
	}
	slices.Sort(survivors)
	for _, line := range survivors {
		fmt.Println(line)
	}
	caught := count[killed] + count[timedOut]
	fmt.Printf("%s: %d of %d mutants, seed %d, %s: %d killed, %d timed out, %d survived, %d not reached, "+
		"%d not built: %.1f %%\n",
		filepath.ToSlash(o.pkg), len(mutants), total, o.seed, time.Since(began).Round(time.Second), count[killed],
		count[timedOut], count[survived], count[notReached], notBuilt, 100*float64(caught)/float64(len(mutants)))
	return nil
}
