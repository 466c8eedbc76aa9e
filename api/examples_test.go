package api

import (
	"go/ast"
	"go/doc"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withoutExample returns the functions of a package, except options, and the methods of its Client or Verifier that have
// no Example. A function that is called in another Example needs none.
func withoutExample(t *testing.T, p goPackage) (names []string) {
	t.Helper()
	fset := token.NewFileSet()
	files := slices.Concat(p.parse(t, fset, p.GoFiles), p.parse(t, fset, p.XTestGoFiles))
	pkg, err := doc.NewFromFiles(fset, files, p.ImportPath)
	require.NoError(t, err)
	called := map[string]bool{}
	for _, example := range doc.Examples(files...) {
		ast.Inspect(example.Code, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok {
				called[selector.Sel.Name] = true
			}
			return true
		})
	}
	check := func(f *doc.Func, name string) {
		isPrinter := f.Name == "Format" || f.Name == "LogValue"
		isOption := strings.HasPrefix(f.Name, "With")
		isDeprecated := strings.Contains(f.Doc, "\nDeprecated: ")
		isCalled := f.Recv == "" && called[f.Name]
		if len(f.Examples) == 0 && !isPrinter && !isOption && !isDeprecated && !isCalled {
			names = append(names, name)
		}
	}
	for _, f := range pkg.Funcs {
		check(f, f.Name)
	}
	for _, typ := range pkg.Types {
		for _, f := range typ.Funcs {
			check(f, f.Name)
		}
		if typ.Name == "Client" || typ.Name == "Verifier" {
			for _, f := range typ.Methods {
				check(f, typ.Name+"."+f.Name)
			}
		}
	}
	return names
}

func TestEntryPointsHaveExamples(t *testing.T) {
	t.Parallel()
	for _, p := range importable(t) {
		assert.Empty(t, withoutExample(t, p), "%s: no Example", p.ImportPath)
	}
}

func TestMissingExamplesAreFound(t *testing.T) {
	t.Parallel()
	p := importable(t)[0]
	p.XTestGoFiles = nil
	assert.Subset(t, withoutExample(t, p), []string{"New", "NewFromEnv", "Operations", "Client.Get",
		"Client.RevokeAll"})
	assert.NotContains(t, withoutExample(t, p), "Client.Verify", "it is deprecated")
}
