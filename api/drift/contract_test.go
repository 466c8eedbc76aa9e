package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// contractText is openapi.yaml, which every mutation starts from.
func contractText(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "openapi.yaml"))
	require.NoError(t, err)
	return string(data)
}

// sliceOf reads a document that is expected to be good.
func sliceOf(t *testing.T, text string) slice {
	t.Helper()
	doc, err := parseDocument("test.yml", []byte(text))
	require.NoError(t, err)
	s, err := doc.slice()
	require.NoError(t, err)
	return s
}

// A tree under edit, as yaml.v3 decodes it.
type object = map[string]any

// edited is the contract after an edit of its decoded tree.
func edited(t *testing.T, text string, edit func(doc object)) string {
	t.Helper()
	var doc object
	require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
	edit(doc)
	data, err := yaml.Marshal(doc)
	require.NoError(t, err)
	return string(data)
}

// get goes down a tree: get(doc, "paths", "/sessions", "get").
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

// A workplace is a directory of its own with the contract and our files, in
// which the program can run.
func workplace(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "api"), 0o755))
	for _, name := range []string{"openapi.yaml", "api/upstream.yaml", "api/deviations.yaml"} {
		data, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(root, name), data, 0o644))
	}
	return filepath.Join(root, "api")
}

// A result is what one run of the program gave.
type result struct {
	exit           int
	stdout, stderr string
}

func runIn(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return runWith(t, dir, newUpstream, args...)
}

func runWith(t *testing.T, dir string, open func(dir, repository string) *upstream, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	exit := run(context.Background(), dir, args, &stdout, &stderr, open)
	if exit == couldNotTell {
		require.Equal(t, 1, strings.Count(stderr.String(), "\n"), "one sentence expected: %s", &stderr)
		require.NotContains(t, stderr.String(), "<nil>")
	}
	return result{exit, stdout.String(), stderr.String()}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}
