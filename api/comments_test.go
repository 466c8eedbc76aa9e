package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// uncommented returns the exported fields without a comment, which make doc-comments does not check. A comment above
// adjacent lines is a comment on all of them.
func uncommented(fset *token.FileSet, file *ast.File) (names []string) {
	line := func(pos token.Pos) int { return fset.Position(pos).Line }
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if !spec.Name.IsExported() {
			return false
		}
		ast.Inspect(spec.Type, func(node ast.Node) bool {
			structure, ok := node.(*ast.StructType)
			if !ok {
				return true
			}
			covered := 0 // last line that the comment above applies to
			for _, field := range structure.Fields.List {
				if field.Doc != nil || line(field.Pos()) == covered+1 {
					covered = line(field.End())
				} else if field.Comment == nil {
					for _, name := range field.Names {
						if name.IsExported() {
							names = append(names, spec.Name.Name+"."+name.Name)
						}
					}
				}
			}
			return true
		})
		return false
	})
	return names
}

// importable returns the packages that others can import, with the files of their external tests.
func importable(t *testing.T) (all []*packages.Package, tests map[string][]*ast.File) {
	t.Helper()
	mode := packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedSyntax
	loaded, err := packages.Load(&packages.Config{Mode: mode, Dir: "..", Tests: true, Fset: token.NewFileSet()}, "./...")
	require.NoError(t, err)
	tests = map[string][]*ast.File{}
	var paths []string
	for _, p := range loaded {
		if path, ok := strings.CutSuffix(p.PkgPath, "_test"); ok {
			tests[path] = p.Syntax
		} else if p.Name != "main" && p.ID == p.PkgPath && !strings.Contains(p.PkgPath, "/internal/") {
			all, paths = append(all, p), append(paths, p.PkgPath)
		}
	}
	require.Subset(t, paths, []string{module, module + "/sessionjwt", module + "/sessionstest"})
	return all, tests
}

const module = "github.com/clerksessions/clerksessions"

func TestEveryFieldHasAComment(t *testing.T) {
	t.Parallel()
	all, _ := importable(t)
	for _, p := range all {
		for _, file := range p.Syntax {
			assert.Empty(t, uncommented(p.Fset, file), "%s: fields without a comment", p.PkgPath)
		}
	}
}

func TestFieldsWithoutACommentAreFound(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a.go", `package a

type Exported struct {
	Named, Twice int
	Beside int // commented
	After int

	// Below and With are commented.
	Below struct {
		Inner int
	}
	With int

	Apart int
	unexported int
}

type hidden struct { Field int }
`, parser.ParseComments)
	require.NoError(t, err)
	assert.Equal(t, []string{"Exported.Named", "Exported.Twice", "Exported.After", "Exported.Apart", "Exported.Inner"}, uncommented(fset, file))
}
