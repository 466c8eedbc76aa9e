package contract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// compile type-checks the generated file within its package. Errors in hand-written
// files are returned as follow.
func (c *Contract) compile(generated *ast.File) (follow []string, err error) {
	imports, err := c.importer()
	if err != nil {
		return nil, err
	}
	var broken []string
	config := types.Config{
		Importer: imports,
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) && e.Fset.Position(e.Pos).Filename == c.config.Output {
				broken = append(broken, err.Error())
			} else {
				follow = append(follow, err.Error())
			}
		},
	}
	info := &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Implicits:    map[ast.Node]types.Object{},
		Scopes:       map[ast.Node]*types.Scope{},
		Instances:    map[*ast.Ident]types.Instance{},
		FileVersions: map[*ast.File]string{},
	}
	pkg, _ := config.Check("github.com/clerksessions/clerksessions", c.code.fset,
		append(slices.Clone(c.code.files), generated), info)
	c.checked = checked{pkg, info}
	if len(broken) > 0 {
		return nil, fmt.Errorf("the generated code does not compile: %s", strings.Join(broken, "\n"))
	}
	return follow, nil
}

// checked is the package with its types, for analyzers.
type checked struct {
	pkg  *types.Package
	info *types.Info
}

// exports finds the export data of what the package imports, once for a directory.
var exports = struct {
	sync.Mutex
	importers map[string]types.Importer
}{importers: map[string]types.Importer{}}

func (c *Contract) importer() (types.Importer, error) {
	exports.Lock()
	defer exports.Unlock()
	if found := exports.importers[c.dir]; found != nil {
		return found, nil
	}
	cmd := exec.Command("go", "list", "-e", "-export", "-deps", "-f",
		"{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}", ".", "regexp", "time", "github.com/go-json-experiment/json",
		"github.com/oapi-codegen/runtime/types")
	cmd.Dir = c.dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export: %w", err)
	}
	files := map[string]string{}
	for scanner := bufio.NewScanner(bytes.NewReader(out)); scanner.Scan(); {
		path, file, _ := strings.Cut(scanner.Text(), " ")
		files[path] = file
	}
	found := importer.ForCompiler(c.code.fset, "gc", func(path string) (io.ReadCloser,
		error) {
		return os.Open(files[path])
	})
	exports.importers[c.dir] = found
	return found, nil
}
