package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// run measures everything in rounds, each begun by another client, so that whatever
// else the machine is doing meets all clients alike.
func run(rounds int, benchtime time.Duration) ([]byte, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "bench.test")
	if _, err := output("go", "test", "-c", "-o", program, "."); err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		text, err := output(program, "-test.run=^$", "-test.bench=.", "-test.benchtime="+benchtime.String(), "-first="+strconv.Itoa(round))
		if err != nil {
			return nil, err
		}
		raw.Write(text)
	}
	return raw.Bytes(), nil
}

// machine says what was measured on.
func machine(raw []byte) string {
	cpu := "an unnamed processor"
	if match := regexp.MustCompile(`(?m)^cpu: (.+)$`).FindSubmatch(raw); match != nil {
		cpu = strings.TrimSpace(string(match[1]))
	}
	return fmt.Sprintf("%s %s/%s, %s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, cpu, runtime.NumCPU())
}

// output runs a command; what it says on failure becomes part of the error.
func output(name string, args ...string) ([]byte, error) {
	return outputIn("", name, args...)
}

func outputIn(dir, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes(), nil
}
