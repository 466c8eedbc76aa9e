package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// A goPackage is what go list prints about a package.
type goPackage struct {
	Dir, Name, ImportPath string
	GoFiles, XTestGoFiles []string
}

func (p goPackage) parse(t *testing.T, fset *token.FileSet, names []string) (files []*ast.File) {
	t.Helper()
	for _, name := range names {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	return files
}

// importable returns the packages that others can import.
func importable(t *testing.T) (packages []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=Dir,GoFiles,XTestGoFiles,Name,ImportPath", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	var paths []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		if p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") {
			packages = append(packages, p)
			paths = append(paths, p.ImportPath)
		}
	}
	const root = "github.com/clerksessions/clerksessions"
	require.Subset(t, paths, []string{root, root + "/sessionjwt", root + "/sessionstest"})
	return packages
}

func TestEveryFieldHasAComment(t *testing.T) {
	t.Parallel()
	for _, p := range importable(t) {
		fset := token.NewFileSet()
		for _, file := range p.parse(t, fset, p.GoFiles) {
			assert.Empty(t, uncommented(fset, file), "%s: fields without a comment", p.ImportPath)
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
