package clerksessions_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unindented removes the white space around the lines of source.
func unindented(source string) string {
	lines := strings.Split(strings.TrimSpace(source), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Every Go snippet of the documents is part of an Example, or a program that compiles.
func TestDocumentsShowCodeThatRuns(t *testing.T) {
	t.Parallel()
	var examples strings.Builder
	for _, name := range []string{"example_test.go", "example_signout_test.go", "sessionjwt/example_test.go", "sessionstest/example_test.go"} {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		examples.WriteString(unindented(string(source)) + "\n")
	}
	for _, document := range []string{"README.md", "MIGRATING.md"} {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
		assert.NotEmpty(t, snippets, document)
		for _, snippet := range snippets {
			if strings.HasPrefix(snippet[1], "package main") {
				compiles(t, snippet[1])
			} else {
				assert.Contains(t, examples.String(), unindented(snippet[1]), "%s has a snippet that is in no Example:\n%s", document, snippet[1])
			}
		}
	}
}

// compiles builds a program as if it were part of this module.
func compiles(t *testing.T, program string) {
	t.Helper()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "readme", "main.go"): file}})
	require.NoError(t, err)
	overlayFile := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, overlay, 0o600))
	out, err := exec.Command("go", "build", "-overlay", overlayFile, "-o", os.DevNull, "./readme").CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

func TestTheREADMEIsShortAndStartsWithAProgram(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	assert.Less(t, len(lines), 200)
	end := strings.Index(string(text), "\n}\n```")
	require.Positive(t, end)
	assert.LessOrEqual(t, strings.Count(string(text[:end]), "\n")+2, 30, "the program ends by then")
}
