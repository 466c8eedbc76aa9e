package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// program is built to measure the cost of importing a package.
type program struct{ name, requires, file string }

//go:embed programs
var programs embed.FS

const (
	requireOurs = "require github.com/clerksessions/clerksessions v0.0.0\n" +
		"replace github.com/clerksessions/clerksessions => %s\n"
	requireSDK = "require github.com/clerk/clerk-sdk-go/v2 v2.4.2\n// %s\n"
)

// getters get one session.
var getters = []program{
	{"net/http alone", "", "get-http"},
	{"clerksessions", requireOurs, "get-clerksessions"},
	{"clerk-sdk-go", requireSDK, "get-clerk-sdk-go"},
}

// verifiers verify one session token.
var verifiers = []program{
	{"sessionjwt", requireOurs, "verify-sessionjwt"},
	{"clerk-sdk-go", requireSDK, "verify-clerk-sdk-go"},
}

// measureCosts measures regeneration and the programs.
func measureCosts() ([]byte, error) {
	var out bytes.Buffer
	for _, group := range []struct {
		title    string
		programs []program
	}{{"A program that gets one session", getters}, {"A program that verifies a session token", verifiers}} {
		fmt.Fprintf(&out, "\n**%s**, built with -trimpath -ldflags=-s\n\n"+
			"| | size | packages linked | modules in its build list |\n|---|---|---|---|\n", group.title)
		for _, p := range group.programs {
			size, packages, modules, err := p.weigh()
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&out, "| %s | %.2f MB | %d | %d |\n", p.name, float64(size)/1e6, packages, modules)
		}
	}
	took, err := regenerate()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&out, "\n**Regeneration**: `make generate` takes %.2f s warm (median of 5).\n", took.Seconds())
	return out.Bytes(), nil
}

func regenerate() (time.Duration, error) {
	var took []time.Duration
	for range 6 {
		began := time.Now()
		if _, err := output(nil, "make", "-C", "..", "generate"); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	took = took[1:] // the first run fills caches
	slices.Sort(took)
	return took[len(took)/2], nil
}

// weigh builds the program in a new module and returns its size and dependencies.
func (p program) weigh() (size int64, packages, modules int, err error) {
	dir, err := os.MkdirTemp("", "weigh")
	if err != nil {
		return 0, 0, 0, err
	}
	defer os.RemoveAll(dir)
	root, err := filepath.Abs("..")
	if err != nil {
		return 0, 0, 0, err
	}
	module := "module example.com/program\n\ngo 1.26\n\n"
	if p.requires != "" {
		module += fmt.Sprintf(p.requires, root)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o644); err != nil {
		return 0, 0, 0, err
	}
	source, err := programs.ReadFile("programs/" + p.file + ".txt")
	if err != nil {
		return 0, 0, 0, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), source, 0o644); err != nil {
		return 0, 0, 0, err
	}
	lines := func(args ...string) (n int) {
		var text []byte
		if err == nil {
			text, err = output(nil, "go", append([]string{"-C", dir}, args...)...)
		}
		return bytes.Count(text, []byte("\n"))
	}
	lines("mod", "tidy")
	lines("build", "-trimpath", "-ldflags=-s", "-o", "program", ".")
	packages = lines("list", "-deps", ".")
	modules = lines("list", "-m", "all") - 1 // not itself
	if err != nil {
		return 0, 0, 0, err
	}
	info, err := os.Stat(filepath.Join(dir, "program"))
	if err != nil {
		return 0, 0, 0, err
	}
	return info.Size(), packages, modules, nil
}
