package api

import (
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

// make doc-comments asks for a comment on every exported name but does not look
// inside structs, so that is done here.

// uncommented names the exported fields of a file that have no comment. One above the
// first of a few adjacent lines is a comment on all of them.
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
			covered := 0 // the line up to which the last comment above reaches
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

func TestEveryFieldHasAComment(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-json=Dir,GoFiles,Name,ImportPath", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)

	var importable []string
	for packages := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir, Name, ImportPath string
			GoFiles               []string
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		if p.Name == "main" {
			continue
		}
		importable = append(importable, p.ImportPath)
		for _, name := range p.GoFiles {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			require.NoError(t, err)
			assert.Empty(t, uncommented(fset, file), "%s/%s: fields without a comment", p.ImportPath, name)
		}
	}
	const root = "github.com/clerksessions/clerksessions"
	assert.Subset(t, importable, []string{root, root + "/sessionjwt", root + "/sessionstest"})
}

func TestAFieldWithoutACommentIsFound(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a.go", `package a

type Exported struct {
	Named, Twice int
	Beside int // has one
	After int

	// Below and With have one.
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
