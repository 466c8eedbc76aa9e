package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// contractText returns the contract of the tests, which every mutation starts from.
func contractText(t *testing.T) string {
	t.Helper()
	return read(t, filepath.Join("testdata", "openapi.yaml"))
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

// replaceIn edits a file and fails if there is nothing to edit.
func replaceIn(t *testing.T, name, old, new string) {
	t.Helper()
	text := read(t, name)
	require.Contains(t, text, old)
	write(t, name, strings.Replace(text, old, new, 1))
}

// operationsOf reads a document that is expected to be valid.
func operationsOf(t *testing.T, text string) operations {
	t.Helper()
	doc, err := parseDocument("test.yml", []byte(text))
	require.NoError(t, err)
	ops := doc.operations()
	require.Empty(t, ops.errors())
	return ops
}

// changesOf returns what changed from one document to another.
func changesOf(old, new operations) []finding {
	r := &report{}
	(&project{pins: &pins{}}).changes(r, "new.yml", old, new)
	return r.Findings
}

// A tree under edit, as YAML is decoded.
type object = map[string]any

// edited returns a document after an edit of its decoded tree.
func edited(t *testing.T, text string, edit func(doc object)) string {
	t.Helper()
	var doc object
	require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
	edit(doc)
	data, err := yaml.Marshal(doc)
	require.NoError(t, err)
	return string(data)
}

// get descends into a tree: get(doc, "paths", "/sessions", "get").
func get(v any, keys ...string) object {
	for _, key := range keys {
		v = v.(object)[key]
	}
	return v.(object)
}

// parameter finds a parameter of an operation by name.
func parameter(op object, name string) object {
	for _, p := range op["parameters"].([]any) {
		if p.(object)["name"] == name {
			return p.(object)
		}
	}
	panic("no parameter " + name)
}

// workplace returns a directory with the contract of the tests, in which the program can run.
func workplace(t *testing.T) string {
	t.Helper()
	return copyOf(t, "testdata")
}

// copyOf returns a directory with a copy of the contract in root and of what api says of it.
func copyOf(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "api"), 0o755))
	for _, name := range []string{"openapi.yaml", "api/upstream.yaml", "api/deviations.yaml"} {
		write(t, filepath.Join(dir, name), read(t, filepath.Join(root, name)))
	}
	return filepath.Join(dir, "api")
}

// A result is what one run of the program returned and printed.
type result struct {
	exit           int
	stdout, stderr string
}

func runIn(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return runWith(t, options{dir: dir, host: "file:///nowhere/"}, args...)
}

func runWith(t *testing.T, o options, args ...string) result {
	t.Helper()
	o.backoff = time.Millisecond
	var stdout, stderr bytes.Buffer
	exit := o.run(context.Background(), args, &stdout, &stderr)
	require.NotContains(t, stderr.String()+stdout.String(), "<nil>")
	if exit == couldNotTell {
		require.NotEmpty(t, stderr.String())
	}
	return result{exit, stdout.String(), stderr.String()}
}
