package api

import (
	"go/ast"
	"go/doc"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// withoutExample returns the functions of a package, except options, and the methods of its Client or Verifier that have
// no Example. A function that is called in another Example needs none.
func withoutExample(t *testing.T, p *packages.Package, tests []*ast.File) (names []string) {
	t.Helper()
	files := slices.Concat(p.Syntax, tests)
	pkg, err := doc.NewFromFiles(p.Fset, files, p.PkgPath)
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
	all, tests := importable(t)
	for _, p := range all {
		assert.Empty(t, withoutExample(t, p, tests[p.PkgPath]), "%s: no Example", p.PkgPath)
	}
}

func TestMissingExamplesAreFound(t *testing.T) {
	t.Parallel()
	all, _ := importable(t)
	names := withoutExample(t, all[0], nil)
	assert.Subset(t, names, []string{"New", "NewFromEnv", "Operations", "Client.Get", "Client.RevokeAll"})
	assert.NotContains(t, names, "Client.Verify", "it is deprecated")
}
