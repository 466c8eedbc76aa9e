package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// minimal returns a valid document with one operation, whose response has the given schema.
func minimal(schema string) string {
	return `openapi: 3.0.3
paths:
  /sessions:
    get: {responses: {"200": {content: {application/json: {schema: ` + schema + `}}}}}
components:
  schemas:
    Text: {type: string}
    Lists: {oneOf: [{type: string}]}
    Tree: {type: object, properties: {kids: {type: array, items: {$ref: "#/components/schemas/Tree"}}}}
    Self: {$ref: "#/components/schemas/Self"}
    Ping: {allOf: [{$ref: "#/components/schemas/Pong"}]}
    Pong: {allOf: [{$ref: "#/components/schemas/Ping"}]}
    Many: {oneOf: [{$ref: "#/components/schemas/Many"}, {type: string}]}
`
}

// operationWith returns a document with one operation that contains the given keys.
func operationWith(keys string) string {
	return "openapi: 3.0.3\npaths: {/sessions: {get: {" + keys + "}}}"
}

// multiplied has ten references to a schema with ten references to a schema with ten references, and so on.
func multiplied() string {
	var b strings.Builder
	b.WriteString(minimal(`{$ref: "#/components/schemas/L0"}`))
	for i := range 9 {
		ref := fmt.Sprintf(`: {$ref: "#/components/schemas/L%d"}`, i+1)
		fmt.Fprintf(&b, "    L%d: {properties: {a%s}}\n", i, strings.Join(strings.Split("bcdefghij", ""), ref+", ")+ref)
	}
	return strings.ReplaceAll(b.String(), "{a", `{a: {}, `) + "    L9: {type: string}\n"
}

// chain is a schema of 2,000 references, each below the one before.
func chain() string {
	var b strings.Builder
	b.WriteString(minimal(`{$ref: "#/components/schemas/L0"}`))
	for i := range 2000 {
		fmt.Fprintf(&b, "    L%d: {properties: {a: {$ref: \"#/components/schemas/L%d\"}}}\n", i, i+1)
	}
	return b.String() + "    L2000: {type: string}\n"
}

func aliases() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		all := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", ")
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, all)
	}
	return b.String() + minimal("{}")
}

// nested has a schema of so many levels below another, which is at level 10.
func nested(levels int) string {
	return minimal(strings.Repeat("{items: ", levels) + "{}" + strings.Repeat("}", levels))
}

func TestBadDocuments(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		fmt.Fprintln(w, "type: string")
	}))
	t.Cleanup(server.Close)
	refers := func(target string) string { return minimal(`{$ref: "` + target + `"}`) }
	const components = "#/components/schemas/"
	text := refers(components + "Text")

	tests := map[string]struct{ text, says string }{
		"empty":                      {"", "no documents in stream"},
		"not YAML":                   {"a: [b", "cannot parse bad.yml: "},
		"web page":                   {"<!DOCTYPE html><html><body>Not found</body></html>", "not an OpenAPI 3 document"},
		"binary":                     {"\x00\x01\x02\xff", "cannot parse bad.yml: "},
		"list":                       {"- a", "not an OpenAPI 3 document"},
		"not OpenAPI":                {"name: drift\non: push", "not an OpenAPI 3 document"},
		"Swagger 2":                  {"swagger: '2.0'\npaths: {}", "not an OpenAPI 3 document"},
		"OpenAPI 2":                  {"openapi: '2.0'\npaths: {}", "not an OpenAPI 3 document"},
		"version is a number":        {"openapi: 3.0\npaths: {}", "not an OpenAPI 3 document"},
		"no paths":                   {"openapi: 3.0.3", "not an OpenAPI 3 document"},
		"paths are a list":           {"openapi: 3.0.3\npaths: [a]", "not an OpenAPI 3 document"},
		"two documents":              {minimal("{}") + "---\n" + minimal("{}"), "found multiple"},
		"empty second document":      {minimal("{}") + "---\n", "found multiple"},
		"broken second document":     {minimal("{}") + "---\n[", "cannot parse bad.yml: "},
		"duplicate key":              {"openapi: 3.0.3\nopenapi: 3.0.3\npaths: {}", `line 2: key "openapi" is a duplicate`},
		"duplicate key in a list":    {"x: [{a: 1, a: 2}, b]\n" + minimal("{}"), `key "a" is a duplicate`},
		"duplicate key in a mapping": {"x: {b: {a: 1, a: 2}, c: 1}\n" + minimal("{}"), `key "a" is a duplicate`},
		"value of another type":      {"x: !!int abc\n" + minimal("{}"), "cannot parse bad.yml: "},
		"duplicate key in JSON":      {`{"openapi": "3.0.3", "openapi": "3.0.3", "paths": {}}`, "is a duplicate"},
		"mapping as a key":           {minimal("{{}: b}"), "not a scalar"},
		"alias to itself":            {"a: &a [*a]\n" + minimal("{}"), "more than 200 levels"},
		"aliases multiply":           {aliases(), "1000000 nodes"},
		"100,001 keys of a mapping":  {minimal("{}") + "x-many:" + keys100k, "100000 keys of a mapping"},
		"201 levels":                 {nested(191), "more than 200 levels"},
		"9,000 levels of JSON":       {strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "more than 200 levels"},
		"references multiply":        {multiplied(), "more than 50000 parts"},
		"long place":                 {chain(), "a place longer than 10000 bytes"},
		"missing target":             {refers(components + "Nothing"), "does not exist"},
		"reference into a string":    {refers(components + "Text/type/x"), "does not exist"},
		"index too high":             {refers(components + "Lists/oneOf/1"), "does not exist"},
		"index is not a number":      {refers(components + "Lists/oneOf/-"), "does not exist"},
		"negative index":             {refers(components + "Lists/oneOf/-1"), "does not exist"},
		"invalid escape":             {refers(components + "%zz"), "does not exist"},
		"reference is a list":        {minimal(`{$ref: [a]}`), "not a string"},
		"remote reference":           {refers(server.URL + "/schema.yml"), "not followed"},
		"part of a remote document":  {refers(server.URL + "/schema.yml#/x"), "not followed"},
		"reference to a file":        {refers("other.yml#/x"), "not followed"},
		"reference to a local file":  {refers("file:///etc/passwd"), "not followed"},
		"tree":                       {refers(components + "Tree"), "cycle"},
		"reference to itself":        {refers(components + "Self"), "cycle"},
		"cycle of two":               {refers(components + "Ping"), "cycle"},
		"union with itself":          {refers(components + "Many"), "cycle"},
		"schema is a string":         {minimal("text"), `has "text" at responses.200.content.application/json.schema, want a mapping`},
		"enum is a string":           {minimal("{type: string, enum: a}"), "schema.enum, want a list"},
		"properties are a list":      {minimal("{properties: [a]}"), "schema.properties, want a mapping"},
		"path item is a number":      {"openapi: 3.0.3\npaths: {/sessions: 5}", "/sessions: bad.yml has 5 at /sessions, want a mapping"},
		"path item does not exist":   {"openapi: 3.0.3\npaths: {/sessions: {$ref: '#/x'}}", "/sessions: bad.yml refers to \"#/x\""},
		"path item refers to itself": {"openapi: 3.0.3\npaths: {/sessions: {$ref: '#/paths/~1sessions'}}", "cycle"},
		"operation is a number":      {"openapi: 3.0.3\npaths: {/sessions: {get: 5}}", "GET /sessions: bad.yml has 5 at get, want a mapping"},
		"parameters are a mapping":   {operationWith("parameters: {a: {}}"), "at parameters, want a list"},
		"security is a mapping":      {operationWith("security: {a: []}"), "at security, want a list"},
		"scopes are a string":        {operationWith("security: [{a: b}]") + "\ncomponents: {securitySchemes: {a: {}}}", "at security, want a list"},
		"unknown method":             {strings.Replace(text, "    get:", "    fetch: {}\n    get:", 1), `unknown method "fetch"`},
		"two paths for one request":  {strings.Replace(text, "paths:", "paths:\n  /sessions/{a}: {get: {}}\n  /sessions/{b}: {get: {}}", 1), "has both GET /sessions/{a} and GET /sessions/{b}"},
		"parameter without a name":   {operationWith("parameters: [{in: query}]"), "no name or location"},
		"parameter without location": {operationWith("parameters: [{name: a}]"), "no name or location"},
		"duplicate parameter":        {operationWith("parameters: [{in: query, name: a}, {in: query, name: a}]"), "is a duplicate"},
		"unknown security scheme":    {operationWith("security: [{key: []}]"), "does not exist"},
		"cycle in a link":            {operationWith("responses: {'200': {links: {a: {server: {$ref: '#/x'}}}}}") + "\nx: {a: {$ref: '#/x'}}", "cycle"},
	}
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.yml"), text)
	w := newWorkplace(t)
	require.Equal(t, noDrift, w.run("-old", good, "-new", good, "watch").exit)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := w
			w.t = t
			bad := write(t, filepath.Join(t.TempDir(), "bad.yml"), test.text)
			r := w.run("-old", good, "-new", bad, "watch")
			assert.Equal(t, incomplete, r.exit, r.stdout)
			assert.Contains(t, r.stderr, test.says)
			assert.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
			assert.Empty(t, r.stdout)
			r = w.run("-json", "-old", bad, "-new", good, "watch")
			assert.Equal(t, incomplete, r.exit, r.stdout)
			assert.Contains(t, r.stdout, `"exit": 2`)
		})
	}
	assert.Zero(t, fetched.Load(), "remote references were fetched")
}

var keys100k = func() string {
	var b strings.Builder
	for i := range 100_001 {
		fmt.Fprintf(&b, "\n  %d: x", i)
	}
	return b.String()
}()

func TestLimitsAreNotTooLow(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"100,000 keys of a mapping": minimal("{}") + "x-many:" + keys100k[:strings.LastIndex(keys100k, "\n")],
		"200 levels":                nested(190),
		"reference used twice":      minimal(`{properties: {a: {$ref: "#/components/schemas/Text"}, b: {$ref: "#/components/schemas/Text"}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operationsOf(t, text)
		})
	}
}

func TestMisuseAndUnreadableFiles(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	good := w.path(newer)
	huge := write(t, filepath.Join(t.TempDir(), "huge.yml"), "openapi: 3.0.3\n")
	require.NoError(t, os.Truncate(huge, maxDocument+1))
	for name, test := range map[string]struct {
		says string
		args []string
	}{
		"no such file":      {"nowhere.yml", []string{"-old", good, "-new", "nowhere.yml", "watch"}},
		"directory":         {"is a directory", []string{"-old", good, "-new", w.path("bapi"), "watch"}},
		"huge file":         {"larger than 64 MiB", []string{"-old", good, "-new", huge, "watch"}},
		"no such directory": {"cannot read a document", []string{"-upstream", "nowhere", "check"}},
		"empty directory":   {"no documents in bapi", []string{"-upstream", t.TempDir(), "watch"}},
		"old alone":         {"-old and -new", []string{"-old", good, "watch"}},
		"new alone":         {"-old and -new", []string{"-new", good, "watch"}},
		"old with check":    {"-old and -new", []string{"-old", good, "-new", good, "check"}},
		"old with upstream": {"-old and -new", []string{"-old", good, "-new", good, "-upstream", "bapi", "watch"}},
		"no mode":           {"want check, watch or update", nil},
		"two modes":         {"want check, watch or update", []string{"check", "watch"}},
		"unknown mode":      {"want check, watch or update", []string{"-upstream", "bapi", "compare"}},
		"unknown flag":      {"not defined: -fast", []string{"-fast", "check"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.run(test.args...)
			assert.Equal(t, incomplete, r.exit)
			assert.Contains(t, r.stderr, test.says)
			assert.NotContains(t, r.stdout, "no drift")
		})
	}
	r := w.run("-help")
	assert.Equal(t, noDrift, r.exit)
	assert.Contains(t, r.stderr, "-upstream")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t)
	for _, format := range []string{"-json", "-json=false"} {
		args := []string{format, "-old", w.path(newer), "-new", w.path(newer), "watch"}
		assert.Equal(t, incomplete, options{}.run(t.Context(), args, brokenWriter{}, io.Discard), format)
	}
}

func TestBadProjectFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, old, new, says string }{
		"changed document":      {newer, "Sessions", "Session", "2026-05-12.yml has sha256 "},
		"contract not OpenAPI":  {contract, "openapi: 3", "openapi: 2", "openapi.yaml is not an OpenAPI 3 document"},
		"contract's reference":  {contract, "RateLimited\"}", "Limited\"}", "which does not exist"},
		"repository":            {pinsFile, "clerk/openapi-specs", "../x", "want owner/name"},
		"path":                  {pinsFile, "path: bapi/", "path: ../", "want a path like"},
		"commit":                {pinsFile, `commit: "`, `commit: "0`, "a commit of 40"},
		"sha256":                {pinsFile, "sha256: ", "sha256: 0", "a sha256 of 64"},
		"request":               {pinsFile, "GET /sessions,", "GET /users,", "unique request like GET /sessions"},
		"duplicate request":     {pinsFile, "POST /sessions,", "GET /sessions,", "unique request"},
		"unknown document":      {pinsFile, `follows: "2026-05-12"`, `follows: "2026-05-13"`, "one of the documents"},
		"unknown key":           {pinsFile, "documents:", "documentz:", "documentz"},
		"no operations":         {pinsFile, "", "repository: owner/name", "want owner/name and operations"},
		"seen without a reason": {pinsFile, "operations:", "seen: {'2027-01-01': ' '}\noperations:", "an API version and a reason"},
		"seen is not a version": {pinsFile, "operations:", "seen: {next: no}\noperations:", "an API version and a reason"},
		"no place":              {deviations, "  at: [operationId]\n", "", "missing operations, at, why or evidence"},
		"no operation":          {deviations, "- operations: [CreateSession]\n  at", "- at", "missing operations, at"},
		"second document":       {pinsFile, "\noperations:", "\n---\noperations:", "upstream.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			if test.old == "" {
				w.write(test.file, test.new)
			} else {
				w.replace(test.file, test.old, test.new)
			}
			r := w.local("check")
			assert.Equal(t, incomplete, r.exit, r.stdout)
			assert.Contains(t, r.stderr, test.says)
		})
	}
	t.Run("one document and one operation are enough", func(t *testing.T) {
		t.Parallel()
		file := write(t, filepath.Join(t.TempDir(), "upstream.yaml"), `repository: a/b
operations: {A: {request: GET /sessions, follows: "2026-05-12"}}
documents: {"2026-05-12": {path: b/c, commit: "`+strings.Repeat("0", 40)+`", sha256: "`+strings.Repeat("0", 64)+`"}}`)
		_, err := readPins(file)
		require.NoError(t, err)
	})
	for _, name := range []string{pinsFile, deviations} {
		t.Run("missing "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			require.NoError(t, os.Remove(w.path(name)))
			assert.Contains(t, w.local("check").stderr, name+": no such file")
		})
		t.Run("end of "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t)
			text := w.read(name)
			for _, more := range []string{"---\nanything: goes\n", "---\n", "---\n[\n"} {
				w.write(name, text+more)
				r := w.local("check")
				assert.Equal(t, incomplete, r.exit, more)
				assert.Contains(t, r.stderr, name)
			}
			w.write(name, "---\n"+text+"...\n# The end.\n")
			w.requireNoDrift(func(args ...string) result { return w.local(args[0]) })
		})
	}
}
