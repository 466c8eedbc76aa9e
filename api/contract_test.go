// Package api contains the tools that keep the contract correct. Its tests compare the rest of the repository with the
// contract.
package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// literals returns the strings and the JSON names in the code of a directory, in lower case, without its tests.
func literals(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	found := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					found[strings.ToLower(text)] = true
					name, _, _ := strings.Cut(reflect.StructTag(text).Get("json"), ",")
					found[strings.ToLower(name)] = true
				}
			}
			return true
		})
	}
	return found
}

// unread returns the parameters and properties whose names are not in the code of a directory.
func unread(t *testing.T, doc *openapi3.T, dir string) (names []string) {
	t.Helper()
	known := literals(t, dir)
	for _, path := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(path).Operations() {
			missing := func(in, name string) {
				if !known[strings.ToLower(name)] {
					names = append(names, method+" "+path+": "+in+" "+name)
				}
			}
			for _, p := range op.Parameters {
				missing(p.Value.In, p.Value.Name)
			}
			if op.RequestBody != nil {
				for name := range op.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
					missing("body", name)
				}
			}
		}
	}
	return names
}

func contractIn(t *testing.T, dir string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "openapi.yaml"))
	require.NoError(t, err)
	return doc
}

func TestTheEmulatorReadsEveryParameter(t *testing.T) {
	t.Parallel()
	assert.Empty(t, unread(t, contractIn(t, ".."), "../sessionstest"),
		"sessionstest does not read these: add them to the handlers of their operations")
}

func TestUnreadParametersAreFound(t *testing.T) {
	t.Parallel()
	doc := contractIn(t, "..")
	list := doc.Paths.Value("/sessions").Get
	list.Parameters = append(list.Parameters, &openapi3.ParameterRef{Value: &openapi3.Parameter{In: "query",
		Name: "never_heard_of"}})
	assert.Equal(t, []string{"GET /sessions: query never_heard_of"}, unread(t, doc, "../sessionstest"))
}
