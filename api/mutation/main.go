// Mutation measures how well the tests of a package look at results: it changes the package's code in many
// small ways, one at a time, and counts the changes that no test sees.
//
// All changes are compiled into one test binary, each behind a switch, by an overlay: the tree is left alone, and
// a mutant costs one run of the tests that reach it instead of a build.
//
//	go tool mutation -sample 100 -seed 1 -tests ./internal/rest,. ./internal/rest
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
		root    = flag.String("C", ".", "directory of the module")
		tests   = flag.String("tests", "", "packages whose tests are run, comma-separated; the mutated one by default")
		skip    = flag.String("skip", "^$", "tests to skip, a regular expression")
		sample  = flag.Int("sample", 0, "number of mutants to run; 0 runs all")
		seed    = flag.Uint64("seed", 1, "seed of the sample")
		match   = flag.String("match", "", "mutants to run, a regular expression: \"^all.go:41: if\"")
		budget  = flag.Duration("budget", 0, "time after which no further mutant is run; 0 means no limit")
		timeout = flag.Duration("timeout", 20*time.Second, "time limit of one test, on top of twice its usual time")
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
		r := &runner{dir: *root, work: work, skip: *skip, timeout: *timeout}
		err = run(r, flag.Arg(0), strings.Split(*tests, ","), *match, *sample, *seed, *budget)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func run(r *runner, pkg string, tests []string, match string, sample int, seed uint64, budget time.Duration) error {
	mutants, notBuilt, err := r.build(pkg, tests)
	if err != nil {
		return err
	}
	wanted, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	mutants = slices.DeleteFunc(mutants, func(m *mutant) bool { return !wanted.MatchString(m.where + ": " + m.change) })
	if len(mutants) == 0 {
		return errors.New("nothing to mutate in " + pkg)
	}
	if err := r.baseline(mutants); err != nil {
		return err
	}
	total := len(mutants)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(total, func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	if sample > 0 && sample < total {
		mutants = mutants[:sample]
	}
	began := time.Now()
	count := make(map[outcome]int)
	var survivors []string
	for _, m := range mutants {
		if budget > 0 && time.Since(began) > budget {
			break
		}
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
	ran := caught + len(survivors)
	fmt.Printf("%s: %d of %d mutants, seed %d, %s: %d killed, %d timed out, %d survived, %d not reached, "+
		"%d not built: %.1f %%\n", filepath.ToSlash(pkg), ran, total, seed, time.Since(began).Round(time.Second),
		count[killed], count[timedOut], count[survived], count[notReached], notBuilt, 100*float64(caught)/float64(ran))
	return nil
}
