package main

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/tools/go/packages"
)

//go:embed switch.go.txt
var switches string

type outcome string

const (
	killed     outcome = "killed"
	timedOut   outcome = "timed out"
	survived   outcome = "survived"
	notReached outcome = "not reached"
)

// A test is one top-level test of one test binary.
type test struct {
	binary, dir, name string
	took              time.Duration
}

// A runner builds mutants and runs the tests on them.
type runner struct {
	root, work string
	skip       *regexp.Regexp
	binaries   map[string]string // to the directories of their packages
}

// build writes the overlay of a package with its mutants and builds the tests.
func (r *runner) build(pkg string, tests []string) (mutants []*mutant, notBuilt int, err error) {
	mode := packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps
	loaded, err := packages.Load(&packages.Config{Mode: mode, Dir: filepath.Join(r.root, pkg)}, ".")
	if err != nil {
		return nil, 0, err
	}
	if len(loaded) != 1 || len(loaded[0].Errors) > 0 {
		return nil, 0, fmt.Errorf("cannot load %s: %v", pkg, loaded[0].Errors)
	}
	skip := make(map[int]bool)
	for range 20 {
		if mutants, err = r.overlay(loaded[0], skip); err != nil {
			return nil, 0, err
		}
		bad, err := r.compile(tests, mutants)
		if err != nil || len(bad) == 0 {
			return mutants, len(skip), err
		}
		for _, n := range bad {
			skip[n] = true
		}
	}
	return nil, 0, errors.New("the mutants do not build")
}

// overlay writes the mutated files and the overlay that replaces the original ones with them.
func (r *runner) overlay(pkg *packages.Package, skip map[int]bool) ([]*mutant, error) {
	m := &mutator{pkg: pkg, skip: skip}
	replace := make(map[string]string)
	for i, f := range pkg.Syntax {
		file := pkg.CompiledGoFiles[i]
		if strings.HasSuffix(file, ".gen.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		replace[file] = r.file(filepath.Base(file))
		if err := os.WriteFile(replace[file], m.mutate(f, file, source), 0o600); err != nil {
			return nil, err
		}
	}
	for _, mutant := range m.mutants {
		mutant.where = fmt.Sprintf("%s:%d", filepath.Base(mutant.file), mutant.line)
		mutant.change = strings.Join(strings.Fields(mutant.change), " ")
	}
	extra := r.file("mutant_switches.go")
	replace[filepath.Join(filepath.Dir(pkg.CompiledGoFiles[0]), "mutant_switches.go")] = extra
	text := fmt.Sprintf(switches, pkg.Name, r.file("active"), r.file("reached"))
	overlay, _ := json.Marshal(map[string]any{"Replace": replace})
	return m.mutants, errors.Join(os.WriteFile(extra, []byte(text), 0o600),
		os.WriteFile(r.file("overlay.json"), overlay, 0o600))
}

func (r *runner) file(name string) string { return filepath.Join(r.work, name) }

var compileError = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):\d+: `)

// compile builds the test binaries, or returns the mutants on lines that do not compile.
func (r *runner) compile(tests []string, mutants []*mutant) (bad []int, err error) {
	r.binaries = make(map[string]string)
	for i, pkg := range tests {
		binary, dir := r.file(fmt.Sprintf("%d.test", i)), filepath.Join(r.root, pkg)
		cmd := exec.Command("go", "test", "-c", "-gcflags=-e", "-overlay", r.file("overlay.json"), "-o", binary, ".")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		r.binaries[binary] = dir
		if err == nil {
			continue
		}
		for _, match := range compileError.FindAllStringSubmatch(string(out), -1) {
			for _, m := range mutants {
				if filepath.Base(m.file) == filepath.Base(match[1]) && strconv.Itoa(m.line) == match[2] {
					bad = append(bad, m.n)
				}
			}
		}
		if len(bad) == 0 {
			return nil, fmt.Errorf("building the tests of %s: %w\n%s", pkg, err, out)
		}
		return bad, nil
	}
	return nil, nil
}

// baseline runs every test alone without a mutant, and records which mutants it reaches.
func (r *runner) baseline(mutants []*mutant) error {
	for binary, dir := range r.binaries {
		list, err := r.exec(time.Minute, dir, 0, binary, "-test.list", "^(Test|Example|Fuzz)")
		if err != nil {
			return err
		}
		for name := range strings.FieldsSeq(list) {
			if r.skip.MatchString(name) {
				continue
			}
			_ = os.Remove(r.file("reached"))
			t := &test{binary: binary, dir: dir, name: name}
			began := time.Now()
			if out, err := r.exec(10*time.Minute, dir, -1, binary, "-test.run", "^"+name+"$"); err != nil {
				return fmt.Errorf("%s fails without a mutant: %w\n%s", name, err, out)
			}
			t.took = time.Since(began)
			reached, _ := os.ReadFile(r.file("reached"))
			numbers := strings.Fields(string(reached))
			slices.Sort(numbers)
			for _, m := range mutants {
				if _, found := slices.BinarySearch(numbers, strconv.Itoa(m.n)); found {
					m.tests = append(m.tests, t)
				}
			}
		}
	}
	for _, m := range mutants {
		slices.SortStableFunc(m.tests, func(a, b *test) int { return cmp.Compare(a.took, b.took) })
	}
	return nil
}

// run runs the tests that reach m until one of them fails.
func (r *runner) run(m *mutant) outcome {
	if len(m.tests) == 0 {
		return notReached
	}
	for _, t := range m.tests {
		_, err := r.exec(20*time.Second+2*t.took, t.dir, m.n, t.binary, "-test.run", "^"+t.name+"$", "-test.failfast")
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return timedOut
		case err != nil:
			return killed
		}
	}
	return survived
}

// exec runs a test binary with one switch on and returns its output. Time and memory are limited.
func (r *runner) exec(limit time.Duration, dir string, active int, args ...string) (string, error) {
	if err := os.WriteFile(r.file("active"), []byte(strconv.Itoa(active)), 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `ulimit -v 4194304; exec "$@"`, "sh"}, args...)...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return string(out), err
}
