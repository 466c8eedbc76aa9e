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

func manyKeys(n int) string {
	var b strings.Builder
	b.WriteString(minimal("{}") + "x-many:\n")
	for i := range n {
		fmt.Fprintf(&b, "  a key of some length %d: x\n", i)
	}
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

	text := minimal(`{$ref: "#/components/schemas/Text"}`)
	tests := map[string]struct{ text, says string }{
		"empty":                     {"", "no documents in stream"},
		"not YAML":                  {"a: [b", "cannot be read as YAML or JSON"},
		"web page":                  {"<!DOCTYPE html><html><body>Not found</body></html>", "not an OpenAPI 3 document"},
		"binary":                    {"\x00\x01\x02\xff", "cannot be read as YAML or JSON"},
		"list":                      {"- a", "not an OpenAPI 3 document"},
		"not OpenAPI":               {"name: drift\non: push", "not an OpenAPI 3 document"},
		"Swagger 2":                 {"swagger: '2.0'\npaths: {}", "not an OpenAPI 3 document"},
		"version is a number":       {"openapi: 3.0\npaths: {}", "not an OpenAPI 3 document"},
		"no paths":                  {"openapi: 3.0.3", "not an OpenAPI 3 document"},
		"paths are a list":          {"openapi: 3.0.3\npaths: [a]", "not an OpenAPI 3 document"},
		"two documents":             {minimal("{}") + "---\n" + minimal("{}"), "found multiple"},
		"second document empty":     {minimal("{}") + "---\n", "found multiple"},
		"second document broken":    {minimal("{}") + "---\n[", "cannot be read as YAML or JSON"},
		"duplicate key":             {"openapi: 3.0.3\nopenapi: 3.0.3\npaths: {}", "already defined"},
		"duplicate key in JSON":     {`{"openapi": "3.0.3", "openapi": "3.0.3", "paths": {}}`, "already defined"},
		"mapping as a key":          {minimal("{{}: b}"), "not a scalar"},
		"alias to itself":           {"a: &a [*a]\n" + minimal("{}"), "cannot be read as YAML or JSON"},
		"aliases multiply":          {aliasBomb(), "nodes"},
		"600,000 keys":              {manyKeys(600_000), "keys of one mapping"},
		"deep nesting":              {minimal(strings.Repeat("{items: ", 300) + "{}" + strings.Repeat("}", 300)), "levels"},
		"deep nesting in JSON":      {strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "levels"},
		"references multiply":       {multiplied(), "once references are replaced"},
		"missing target":            {minimal(`{$ref: "#/components/schemas/Nothing"}`), "does not exist"},
		"reference into a string":   {minimal(`{$ref: "#/components/schemas/Text/type/x"}`), "does not exist"},
		"index too high":            {minimal(`{$ref: "#/components/schemas/Lists/oneOf/1"}`), "does not exist"},
		"index is not a number":     {minimal(`{$ref: "#/components/schemas/Lists/oneOf/-"}`), "does not exist"},
		"negative index":            {minimal(`{$ref: "#/components/schemas/Lists/oneOf/-1"}`), "does not exist"},
		"reference is a list":       {minimal(`{$ref: [a]}`), "not a string"},
		"remote reference":          {minimal(`{$ref: "` + server.URL + `/schema.yml"}`), "not followed"},
		"part of a remote document": {minimal(`{$ref: "` + server.URL + `/schema.yml#/x"}`), "not followed"},
		"reference to a file":       {minimal(`{$ref: "other.yml#/x"}`), "not followed"},
		"reference to a local file": {minimal(`{$ref: "file:///etc/passwd"}`), "not followed"},
		"tree":                      {minimal(`{$ref: "#/components/schemas/Tree"}`), "cycle"},
		"reference to itself":       {minimal(`{$ref: "#/components/schemas/Self"}`), "cycle"},
		"cycle of two":              {minimal(`{$ref: "#/components/schemas/Ping"}`), "cycle"},
		"union with itself":         {minimal(`{$ref: "#/components/schemas/Many"}`), "cycle"},
		"schema is a string":        {minimal("text"), "OpenAPI has a mapping"},
		"enum is a string":          {minimal("{type: string, enum: a}"), "OpenAPI has a list"},
		"properties are a list":     {minimal("{properties: [a]}"), "OpenAPI has a mapping"},
		"path item is a number":     {"openapi: 3.0.3\npaths: {/sessions: 5}", "OpenAPI has a mapping"},
		"unknown method":            {strings.Replace(text, "    get:", "    fetch: {}\n    get:", 1), "unknown method"},
		"two paths for one request": {strings.Replace(text, "paths:", "paths:\n  /sessions/{a}: {get: {}}\n  /sessions/{b}: {get: {}}", 1), "the same request"},
		"parameter without a name":  {"openapi: 3.0.3\npaths: {/sessions: {get: {parameters: [{in: query}]}}}", "without name or in"},
		"duplicate parameter":       {"openapi: 3.0.3\npaths: {/sessions: {get: {parameters: [{in: query, name: a}, {in: query, name: a}]}}}", "or twice"},
		"unknown security scheme":   {"openapi: 3.0.3\npaths: {/sessions: {get: {security: [{key: []}]}}}", "does not exist"},
	}
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.yml"), text)
	require.Equal(t, noDrift, runIn(t, dir, "-old", good, "-new", good, "watch").exit)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			bad := write(t, filepath.Join(dir, "bad.yml"), test.text)
			r := runIn(t, dir, "-old", good, "-new", bad, "watch")
			assert.Equal(t, couldNotTell, r.exit, r.stdout)
			assert.Contains(t, r.stderr, test.says)
			assert.Empty(t, r.stdout)
			r = runIn(t, dir, "-json", "-old", bad, "-new", good, "watch")
			assert.Equal(t, couldNotTell, r.exit, r.stdout)
			assert.Contains(t, r.stderr, test.says)
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
		"an unknown flag":   {"-fast", "check"},
	} {
		assert.Equal(t, couldNotTell, runIn(t, dir, args...).exit, name)
	}

	replaceIn(t, good, "Session", "Sessions")
	r = runIn(t, dir, "-upstream", upstreamDir, "check")
	assert.Equal(t, couldNotTell, r.exit)
	assert.Contains(t, r.stderr, "but upstream.yaml pins")
}

// All of the project's own files has to count.
func TestSecondDocumentsInOurFilesCannotTell(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"upstream.yaml", "deviations.yaml"} {
		for _, more := range []string{"---\nanything: goes\n", "---\n", "---\n[\n"} {
			dir := workplace(t)
			upstreamDir := published(t, dir)
			file := filepath.Join(dir, name)
			text := read(t, file)
			write(t, file, text+more)
			r := runIn(t, dir, "-upstream", upstreamDir, "check")
			assert.Equal(t, couldNotTell, r.exit, "%s with %q", name, more)
			assert.Contains(t, r.stderr, name)

			write(t, file, "---\n"+text+"...\n# The end.\n")
			assert.Equal(t, noDrift, runIn(t, dir, "-upstream", upstreamDir, "check").exit, "%s as one document", name)
		}
	}
}

func TestBadPinsCannotTell(t *testing.T) {
	t.Parallel()
	const good = `repository: owner/name
documents:
  "2026-05-12": {path: bapi/2026-05-12.yml, commit: 81dd1c54dc093b3ab0e10d279f8bf585dbc673d9, sha256: 75df3a43fcb2d9fc4467a23c717714f5228aa3267b0930ba34612728365fd8f2}
seen: {"2027-01-01": too new}
operations:
  GetSessionList: {request: GET /sessions, follows: "2026-05-12"}
  CreateSession: {request: POST /sessions, follows: "2026-05-12"}
`
	file := filepath.Join(t.TempDir(), "upstream.yaml")
	_, err := readPins(write(t, file, good))
	require.NoError(t, err)
	for _, test := range []struct{ old, new, says string }{
		{"repository: owner/name", "repository: ../x", "want owner/name"},
		{"path: bapi/2026-05-12.yml", "path: ../../x.yml", "want a path like"},
		{"commit: 81dd1c54", "commit: main", "a commit of 40"},
		{"sha256: 75df", "sha256: 75", "a sha256 of 64"},
		{"request: GET /sessions,", "request: GET /users,", "like GET /sessions"},
		{`follows: "2026-05-12"`, `follows: "2026-05-13"`, "one of the documents"},
		{"POST /sessions,", "GET /sessions,", "a request of its own"},
		{"documents:", "documentz:", "documentz"},
		{"too new", `" "`, "a reason"},
		{`"2027-01-01"`, "next", "an API version"},
	} {
		require.Contains(t, good, test.old)
		_, err := readPins(write(t, file, strings.Replace(good, test.old, test.new, 1)))
		assert.ErrorContains(t, err, test.says)
	}
}
