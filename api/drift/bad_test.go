package main

import (
	"fmt"
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

// minimal is a good document with one operation, whose parts a test replaces.
func minimal(schema string) string {
	return `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /sessions:
    get:
      responses:
        "200":
          description: x
          content:
            application/json:
              schema: ` + schema + `
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

// multiplied refers ten times to what refers ten times to what …
func multiplied() string {
	var b strings.Builder
	b.WriteString(minimal(`{$ref: "#/components/schemas/L0"}`))
	for i := range 9 {
		fmt.Fprintf(&b, "    L%d: {properties: {", i)
		for j := range 10 {
			fmt.Fprintf(&b, "p%d: {$ref: \"#/components/schemas/L%d\"}, ", j, i+1)
		}
		b.WriteString("}}\n")
	}
	b.WriteString("    L9: {type: string}\n")
	return b.String()
}

func aliasBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	return b.String() + minimal("{}")
}

func TestBadDocumentsCannotTell(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		fmt.Fprintln(w, "type: string")
	}))
	t.Cleanup(server.Close)

	tests := map[string]struct{ text, says string }{
		"empty":                     {"", "its top is no mapping"},
		"no YAML":                   {"a: [b", "is no YAML"},
		"a web page":                {"<!DOCTYPE html><html><body>Not found</body></html>", "is no"},
		"binary":                    {"\x00\x01\x02\xff", "is no YAML"},
		"a list":                    {"- a", "its top is no mapping"},
		"no OpenAPI":                {"name: drift\non: push", "is no OpenAPI 3 document"},
		"Swagger 2":                 {"swagger: '2.0'\npaths: {}", "is no OpenAPI 3 document"},
		"a version that is none":    {"openapi: 3.0\npaths: {}", "is no OpenAPI 3 document"},
		"no paths":                  {"openapi: 3.0.3", "has no paths"},
		"paths that are none":       {"openapi: 3.0.3\npaths: [a]", "has no paths"},
		"two documents":             {minimal("{}") + "---\n" + minimal("{}"), "begins a second document"},
		"a second one empty":        {minimal("{}") + "---\n", "begins a second document"},
		"a second one broken":       {minimal("{}") + "---\n[", "is no YAML"},
		"a key twice":               {"openapi: 3.0.3\nopenapi: 3.0.3\npaths: {}", "already defined"},
		"an alias to itself":        {"a: &a [*a]\n" + minimal("{}"), "is no YAML"},
		"aliases that multiply":     {aliasBomb(), "excessive aliasing"},
		"references that multiply":  {multiplied(), "multiply"},
		"a broken reference":        {minimal(`{$ref: "#/components/schemas/Nothing"}`), "does not exist"},
		"a reference into text":     {minimal(`{$ref: "#/components/schemas/Text/type/x"}`), "does not exist"},
		"an index too high":         {minimal(`{$ref: "#/components/schemas/Lists/oneOf/1"}`), "does not exist"},
		"an index that is none":     {minimal(`{$ref: "#/components/schemas/Lists/oneOf/-"}`), "does not exist"},
		"an index below zero":       {minimal(`{$ref: "#/components/schemas/Lists/oneOf/-1"}`), "does not exist"},
		"an index of two spellings": {minimal(`{$ref: "#/components/schemas/Lists/oneOf/00"}`), "does not exist"},
		"a reference that is none":  {minimal(`{$ref: [a]}`), "a reference is text"},
		"a remote reference":        {minimal(`{$ref: "` + server.URL + `/schema.yml"}`), "not followed"},
		"a remote part":             {minimal(`{$ref: "` + server.URL + `/schema.yml#/x"}`), "not followed"},
		"a file":                    {minimal(`{$ref: "other.yml#/x"}`), "not followed"},
		"a file of this machine":    {minimal(`{$ref: "file:///etc/passwd"}`), "not followed"},
		"a tree":                    {minimal(`{$ref: "#/components/schemas/Tree"}`), "from within itself"},
		"a reference to itself":     {minimal(`{$ref: "#/components/schemas/Self"}`), "from within itself"},
		"two in a circle":           {minimal(`{$ref: "#/components/schemas/Ping"}`), "from within itself"},
		"a union with itself":       {minimal(`{$ref: "#/components/schemas/Many"}`), "from within itself"},
		"a schema that is text":     {minimal("text"), "OpenAPI has a mapping"},
		"an enum that is text":      {minimal("{type: string, enum: a}"), "OpenAPI has a list"},
		"properties that are none":  {minimal("{properties: [a]}"), "OpenAPI has a mapping"},
		"a path item that is none":  {"openapi: 3.0.3\npaths: {/sessions: 5}", "OpenAPI has a mapping"},
		"an unknown method":         {"openapi: 3.0.3\npaths: {/sessions: {fetch: {}}}", "no method"},
		"the same path twice":       {"openapi: 3.0.3\npaths: {'/sessions/{a}': {get: {}}, '/sessions/{b}': {get: {}}}", "the same request"},
		"a nameless parameter":      {"openapi: 3.0.3\npaths: {/sessions: {get: {parameters: [{in: query}]}}}", "without name"},
		"a parameter twice":         {"openapi: 3.0.3\npaths: {/sessions: {get: {parameters: [{in: query, name: a}, {in: query, name: a}]}}}", "twice"},
		"an unknown scheme":         {"openapi: 3.0.3\npaths: {/sessions: {get: {security: [{key: []}]}}}", "does not exist"},
	}
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.yml"), minimal(`{$ref: "#/components/schemas/Text"}`))
	require.Equal(t, noDrift, runIn(t, dir, "-old", good, "-new", good, "watch").exit)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := write(t, filepath.Join(dir, "bad.yml"), test.text)
			for _, args := range [][]string{{"-old", good, "-new", bad, "watch"}, {"-old", bad, "-new", good, "watch"}} {
				r := runIn(t, dir, args...)
				assert.Equal(t, couldNotTell, r.exit, "%v: %s", args, r.stdout)
				assert.Contains(t, r.stderr, test.says)
				assert.Empty(t, r.stdout)
			}
			r := runIn(t, dir, "-json", "-old", good, "-new", bad, "watch")
			assert.Equal(t, couldNotTell, r.exit)
			assert.Contains(t, r.stdout, `"exit": 2`)
		})
	}
	assert.Zero(t, fetched.Load(), "remote references were fetched")
}

func TestUnreadableFilesCannotTell(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	good := filepath.Join(upstreamDir, "2026-05-12.yml")

	huge := filepath.Join(t.TempDir(), "huge.yml")
	require.NoError(t, os.WriteFile(huge, []byte("openapi: 3.0.3\n"), 0o644))
	require.NoError(t, os.Truncate(huge, maxDocument+1))
	r := runIn(t, dir, "-old", good, "-new", huge, "watch")
	assert.Equal(t, couldNotTell, r.exit)
	assert.Contains(t, r.stderr, "larger than 64 MiB")

	for name, args := range map[string][]string{
		"no such file":      {"-old", good, "-new", "nowhere.yml", "watch"},
		"a directory":       {"-old", good, "-new", upstreamDir, "watch"},
		"no such directory": {"-upstream", "nowhere", "check"},
		"an empty one":      {"-upstream", t.TempDir(), "watch"},
		"old alone":         {"-old", good, "watch"},
		"old with check":    {"-old", good, "-new", good, "check"},
		"old with upstream": {"-old", good, "-new", good, "-upstream", upstreamDir, "watch"},
		"no mode":           {},
		"two modes":         {"check", "watch"},
		"an unknown mode":   {"-upstream", upstreamDir, "compare"},
	} {
		assert.Equal(t, couldNotTell, runIn(t, dir, args...).exit, name)
	}

	replaceIn(t, good, "Session", "Sessions")
	r = runIn(t, dir, "-upstream", upstreamDir, "check")
	assert.Equal(t, couldNotTell, r.exit)
	assert.Contains(t, r.stderr, "but upstream.yaml pins")
}

// Of our own files, too, all has to count.
func TestSecondDocumentsInOurFilesCannotTell(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"upstream.yaml", "deviations.yaml"} {
		for _, more := range []string{"---\nanything: goes\n", "---\n", "---\n[\n"} {
			dir := workplace(t)
			upstreamDir := published(t, dir)
			file := filepath.Join(dir, name)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			write(t, file, string(data)+more)
			r := runIn(t, dir, "-upstream", upstreamDir, "check")
			assert.Equal(t, couldNotTell, r.exit, "%s with %q", name, more)
			assert.Contains(t, r.stderr, name)

			write(t, file, "---\n"+string(data)+"...\n# The end.\n")
			assert.Equal(t, noDrift, runIn(t, dir, "-upstream", upstreamDir, "check").exit, "%s as one document", name)
		}
	}
}

func TestBadPinsCannotTell(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ old, new, says string }{
		{"repository: clerk/openapi-specs", "repository: ../x", "expected owner/name"},
		{"path: bapi/2026-05-12.yml", "path: ../../x.yml", "no good path"},
		{"commit: 81dd1c54", "commit: main", "40 hexadecimal digits"},
		{"sha256: 75df", "sha256: 75", "64 hexadecimal digits"},
		{"request: GET /sessions,", "request: GET /users,", "expected one like GET /sessions"},
		{`follows: "2026-05-12"`, `follows: "2026-05-13"`, "expected one of its documents"},
		{"POST /sessions,", "GET /sessions,", "the same request"},
		{"documents:", "documentz:", "documentz"},
	} {
		dir := workplace(t)
		replaceIn(t, filepath.Join(dir, "upstream.yaml"), test.old, test.new)
		r := runIn(t, dir, "-upstream", t.TempDir(), "check")
		assert.Equal(t, couldNotTell, r.exit, test.new)
		assert.Contains(t, r.stderr, test.says)
	}
}
