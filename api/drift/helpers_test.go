package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// The names that the tables use for the operations of testdata/openapi.yaml.
var requests = map[string]string{
	"list":     "GET /sessions",
	"create":   "POST /sessions",
	"get":      "GET /sessions/{session_id}",
	"refresh":  "POST /sessions/{session_id}/refresh",
	"revoke":   "POST /sessions/{session_id}/revoke",
	"verify":   "POST /sessions/{session_id}/verify",
	"template": "POST /sessions/{session_id}/tokens/{template_name}",
}

// A tree under edit, as YAML is decoded.
type object = map[string]any

func contractText(t *testing.T) string {
	t.Helper()
	return read(t, filepath.Join("testdata", "openapi.yaml"))
}

// edited returns a document after edits, separated by "; ". "list parameters limit required = true" sets a value, given
// as YAML, below the operation list; "Session properties id =" removes one below a schema; "+" appends to a list; names
// of parameters stand for their indexes.
func edited(t *testing.T, text, edits string) string {
	t.Helper()
	var doc object
	require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
	for edit := range strings.SplitSeq(edits, "; ") {
		at, text, ok := strings.Cut(edit, " =")
		require.True(t, ok, edit)
		var v any
		require.NoError(t, yaml.Unmarshal([]byte(text), &v), edit)
		keys := strings.Fields(at)
		if request, ok := requests[keys[0]]; ok {
			method, path, _ := strings.Cut(request, " ")
			keys = append([]string{"paths", path, strings.ToLower(method)}, keys[1:]...)
		} else if s := doc["components"].(object)["schemas"].(object); s[keys[0]] != nil {
			keys = append([]string{"components", "schemas"}, keys...)
		}
		put(doc, keys, v)
	}
	data, err := yaml.Marshal(doc)
	require.NoError(t, err)
	return string(data)
}

func put(at any, keys []string, v any) any {
	if len(keys) == 0 {
		return v
	}
	switch at := at.(type) {
	case nil:
		if keys[0] == "+" {
			return []any{v}
		}
		return put(object{}, keys, v)
	case []any:
		if keys[0] == "+" {
			return append(at, v)
		}
		i := slices.IndexFunc(at, func(item any) bool { o, _ := item.(object); return o["name"] == keys[0] })
		if i < 0 {
			_, err := fmt.Sscan(keys[0], &i)
			if err != nil {
				panic("no element " + keys[0])
			}
		}
		if len(keys) == 1 && v == nil {
			return slices.Delete(at, i, i+1)
		}
		at[i] = put(at[i], keys[1:], v)
		return at
	}
	if o := at.(object); len(keys) == 1 && v == nil {
		delete(o, keys[0])
	} else {
		o[keys[0]] = put(o[keys[0]], keys[1:], v)
	}
	return at
}

// operationsOf reads a valid document.
func operationsOf(t *testing.T, text string) operations {
	t.Helper()
	doc, err := parseDocument("test.yml", []byte(text))
	require.NoError(t, err)
	ops := doc.operations()
	require.Empty(t, ops.errors())
	return ops
}

// changesOf returns what changed from one document to another.
func changesOf(t *testing.T, old, new string) []finding {
	t.Helper()
	r := &report{}
	(&project{pins: &pins{}}).changes(r, "new.yml", operationsOf(t, old), operationsOf(t, new))
	return r.Findings
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

const (
	contract   = "openapi.yaml"
	pinsFile   = "api/upstream.yaml"
	deviations = "api/deviations.yaml"
	newer      = "bapi/2026-05-12.yml"
	older      = "bapi/2025-03-12.yml"
)

// A workplace is a copy of testdata: a contract with its pins and deviations, and the documents that Clerk publishes,
// which [newRemote] makes a git repository.
type workplace struct {
	t    *testing.T
	host string // where others have https://github.com/
	root string
}

func newWorkplace(t *testing.T) workplace {
	t.Helper()
	host := t.TempDir()
	p := workplace{t, "file://" + host + "/", filepath.Join(host, "clerk", "openapi-specs")}
	require.NoError(t, os.CopyFS(p.root, os.DirFS("testdata")))
	return p
}

// newRemote returns a workplace whose documents are committed, with the pins at that commit.
func newRemote(t *testing.T) workplace {
	t.Helper()
	p := newWorkplace(t)
	p.git("init", "-q", "-b", "main")
	commit := p.commit()
	for range 2 {
		p.replace(pinsFile, strings.Repeat("0", 39)+"1", commit)
	}
	return p
}

func (p workplace) path(name string) string { return filepath.Join(p.root, name) }
func (p workplace) read(name string) string { p.t.Helper(); return read(p.t, p.path(name)) }

func (p workplace) write(name, text string) {
	p.t.Helper()
	write(p.t, p.path(name), text)
}

// replace edits a file as text.
func (p workplace) replace(name, old, new string) {
	p.t.Helper()
	text := p.read(name)
	require.Contains(p.t, text, old)
	p.write(name, strings.Replace(text, old, new, 1))
}

// edit edits a document. See [edited].
func (p workplace) edit(name, edits string) {
	p.t.Helper()
	p.write(name, edited(p.t, p.read(name), edits))
}

// repin changes a document together with its checksum in upstream.yaml.
func (p workplace) repin(name, edits string) {
	p.t.Helper()
	before := checksum([]byte(p.read(name)))
	p.edit(name, edits)
	p.replace(pinsFile, before, checksum([]byte(p.read(name))))
}

func (p workplace) git(args ...string) string {
	p.t.Helper()
	who := []string{"-C", p.root, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}
	out, err := exec.Command("git", append(who, args...)...).CombinedOutput()
	require.NoError(p.t, err, string(out))
	return strings.TrimSpace(string(out))
}

// commit commits the documents and returns the commit.
func (p workplace) commit() string {
	p.t.Helper()
	p.git("add", "-A", "bapi")
	p.git("commit", "-qm", "x")
	return p.git("rev-parse", "HEAD")
}

// A result is the exit code and output of one run of the program.
type result struct {
	exit           int
	stdout, stderr string
}

// run runs the program with the repository as its upstream, unless args name another.
func (p workplace) run(args ...string) result {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	o := options{dir: p.path("api"), host: p.host, backoff: time.Millisecond}
	exit := o.run(p.t.Context(), args, &stdout, &stderr)
	require.NotContains(p.t, stderr.String()+stdout.String(), "<nil>")
	if exit == incomplete {
		require.NotEmpty(p.t, stderr.String())
	}
	return result{exit, stdout.String(), stderr.String()}
}

// local runs the program with the directory of documents as its upstream.
func (p workplace) local(mode string, flags ...string) result {
	p.t.Helper()
	return p.run(append(flags, "-upstream", p.path("bapi"), mode)...)
}

// requireNoDrift requires that no mode finds drift.
func (p workplace) requireNoDrift(run func(args ...string) result) {
	p.t.Helper()
	for _, mode := range []string{"check", "watch", "update"} {
		res := run(mode)
		require.Equal(p.t, noDrift, res.exit, "%s: %s%s", mode, res.stdout, res.stderr)
	}
}
