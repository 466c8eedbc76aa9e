package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// run measures everything in rounds with a Go version, or with the installed one if it is
// empty. It returns what the benchmarks print.
func run(toolchain string, rounds int, benchtime time.Duration) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program, env := filepath.Join(dir, "bench.test"), []string(nil)
	if toolchain != "" {
		env = []string{"GOTOOLCHAIN=" + toolchain}
	}
	version, err := output(env, "go", "env", "GOVERSION")
	if err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"generate", "./ogenclient"},
		{"test", "-tags=ogen", "."}, // every client does the work
		{"test", "-tags=ogen", "-c", "-o", program, "."},
	} {
		if _, err := output(env, "go", args...); err != nil {
			return nil, err
		}
	}
	raw := bytes.NewBufferString("go: " + string(version))
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "%s: round %d of %d\n", bytes.TrimSpace(version), round+1, rounds)
		text, err := output(nil, program, "-test.run=^$", "-test.bench=.",
			"-test.benchtime="+benchtime.String(), "-first="+strconv.Itoa(round))
		if err != nil {
			return nil, err
		}
		raw.Write(text)
	}
	return raw.Bytes(), nil
}

// output runs a command. The error includes what it prints.
func output(env []string, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes(), nil
}
