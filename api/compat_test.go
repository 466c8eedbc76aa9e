package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A checkout is a small repository with this one's Makefile and tools.
type checkout struct {
	t   *testing.T
	dir string
}

func newCheckout(t *testing.T) checkout {
	t.Helper()
	c := checkout{t, t.TempDir()}
	for _, name := range []string{"Makefile", "api/go.mod", "api/go.sum", "api/compat.sh"} {
		c.write(name, read(t, filepath.Join("..", name)))
	}
	require.NoError(t, os.Chmod(filepath.Join(c.dir, "api", "compat.sh"), 0o700))
	c.write("go.mod", "module example.com/a\n\ngo 1.26\n")
	c.write("a.go", "// Package a is the root.\npackage a\n\n// F takes an int.\nfunc F(n int) {}\n")
	c.write("sub/sub.go", "// Package sub is below.\npackage sub\n\n// N is one.\nconst N = 1\n")
	c.write("internal/i/i.go", "package i\n\nfunc F() {}\n")
	c.write("cmd/a/main.go", "package main\n\nfunc main() {}\n\nfunc F() {}\n")
	c.git("init", "--quiet")
	c.commit()
	return c
}

func (c checkout) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(c.t, os.WriteFile(path, []byte(text), 0o600))
}

func (c checkout) git(args ...string) {
	c.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	require.NoError(c.t, err, string(out))
}

func (c checkout) commit() {
	c.t.Helper()
	c.git("add", ".")
	c.git("commit", "--quiet", "--message", "A change", "--allow-empty")
}

// make runs a target and reports whether it succeeded. The first run downloads its tools.
func (c checkout) make(target string, variables ...string) (ok bool, output string) {
	c.t.Helper()
	cmd := exec.Command("make", append([]string{"--silent", target}, variables...)...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "MAKEFLAGS=")
	out, err := cmd.CombinedOutput()
	c.t.Logf("make %s: %v\n%s", target, err, out)
	return err == nil, string(out)
}

func TestAPICompatFindsIncompatibleChanges(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)

	for _, tag := range []string{"api/v9.0.0", "v1.0.0-rc.1"} {
		c.git("tag", tag)
	}
	ok, out := c.make("api-compat")
	assert.True(t, ok)
	assert.Contains(t, out, "NOTHING WAS COMPARED", "tags of nested modules and candidates are not releases")

	c.git("tag", "v1.0.0")
	c.write("a.go", "// Package a is the root.\npackage a\n\n// F takes an int and more.\nfunc F(n int, more ...int) {}\n")
	require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "internal")))
	require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "cmd")))
	ok, out = c.make("api-compat")
	assert.False(t, ok)
	assert.Contains(t, out, "# example.com/a since v1.0.0\nIncompatible changes:\n- F: changed from func(int) to func(int, ...int)")
	assert.Contains(t, out, "# example.com/a/sub since v1.0.0\nNo change.")
	assert.NotContains(t, out, "internal")
	assert.NotContains(t, out, "cmd")

	c.write("a.go", "// Package a is the root.\npackage a\n\n// F takes an int.\nfunc F(n int) {}\n\n// G is new.\nfunc G() {}\n")
	ok, out = c.make("api-compat")
	assert.True(t, ok, "additions are compatible, and commands and internal packages cannot be imported")
	assert.Contains(t, out, "Compatible changes:\n- G: added")

	c.commit()
	c.git("tag", "v1.1.0")
	require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "sub")))
	c.commit()
	ok, out = c.make("api-compat")
	assert.False(t, ok, "a package was removed")
	assert.Contains(t, out, "# example.com/a/sub since v1.1.0\n")

	c.git("tag", "v1.2.0")
	ok, out = c.make("api-compat")
	assert.False(t, ok)
	assert.Contains(t, out, "since v1.1.0", "a release is compared with the previous one")

	ok, out = c.make("api-compat", "BASE=v1.2.0")
	assert.True(t, ok)
	assert.NotContains(t, out, "Compatible")
}

func TestDocCommentsFindsMissingComments(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	ok, out := c.make("doc-comments")
	assert.True(t, ok, "commands and internal packages need no comments: %s", out)

	c.write("a.go", "package a\n\nfunc F(n int) {}\n\n// Makes the type.\ntype T struct{}\n\nfunc (T) Error() string { return \"\" }\n\nvar V int\n")
	ok, out = c.make("doc-comments")
	assert.False(t, ok)
	for _, want := range []string{
		`package should have a godoc ("a")`, `symbol should have a godoc ("F")`, `should start with symbol name ("T")`,
		`symbol should have a godoc ("Error")`, `symbol should have a godoc ("V")`,
	} {
		assert.Contains(t, out, want)
	}
}
