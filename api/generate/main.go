// Command generate writes sessions.gen.go from openapi.yaml. It refuses a contract that
// generated code cannot express completely, and leaves the file unchanged then.
//
//	go tool generate [-o file]
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/clerksessions/clerksessions/api/contract"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "..", "directory of openapi.yaml")
	output := flag.String("o", "", "file to write instead of sessions.gen.go")
	flag.Parse()
	if err := run(*dir, *output); err != nil {
		log.Fatalf("%v\ngenerate: nothing was written", err)
	}
}

func run(dir, output string) error {
	c, err := contract.Load(dir)
	if err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	code, err := c.Generate()
	if err != nil {
		return err
	}
	adapt, err := c.CheckCode(code)
	if err != nil {
		return err
	}
	if err := write(cmp.Or(output, filepath.Join(dir, c.Output())), code); err != nil {
		return err
	}
	for _, what := range adapt {
		fmt.Fprintln(os.Stderr, "generate: to do by hand:", what)
	}
	return nil
}

// write replaces a file atomically.
func write(name, text string) error {
	temporary, err := os.CreateTemp(filepath.Dir(name), ".generate-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.WriteString(text); err != nil {
		return err
	}
	if err := temporary.Chmod(0o644); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}
