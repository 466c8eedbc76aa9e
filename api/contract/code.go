package contract

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// handWritten is the hand-written part of the package of the generated file.
type handWritten struct {
	fset  *token.FileSet
	files []*ast.File
}

// readHandWritten parses the package in dir without its tests and the generated file.
func readHandWritten(dir, generated string) (handWritten, error) {
	h := handWritten{fset: token.NewFileSet()}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return h, err
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if name == generated || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return h, err
		}
		file, err := parser.ParseFile(h.fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return h, err
		}
		h.files = append(h.files, file)
	}
	return h, nil
}

func (h handWritten) hasFunction(name string) bool {
	return slices.ContainsFunc(h.files, func(file *ast.File) bool {
		return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
			f, ok := decl.(*ast.FuncDecl)
			return ok && f.Recv == nil && f.Name.Name == name
		})
	})
}

// CheckCode refuses generated code that does not compile within the package, for example
// because two names of the contract became the same Go name. Errors in hand-written code,
// which has to be adapted to the generated code, are returned as adapt.
func (c *Contract) CheckCode(code string) (adapt []string, err error) {
	file, err := parser.ParseFile(c.code.fset, c.config.Output, code, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("the generated code is not Go: %w", err)
	}
	_, adapt, err = c.compile(file, nil)
	return adapt, err
}

// compile type-checks the generated file within its package. info may be nil.
func (c *Contract) compile(file *ast.File, info *types.Info) (pkg *types.Package, adapt []string, err error) {
	const do = "give another name by x-go-name, or another type by x-go-type, in api/overlay.yaml"
	imports, err := c.importer()
	if err != nil {
		return nil, nil, err
	}
	var refused Refused
	config := types.Config{Importer: imports, Error: func(err error) {
		var e types.Error
		switch isType := errors.As(err, &e); {
		case !isType || e.Fset.Position(e.Pos).Filename != c.config.Output:
			adapt = append(adapt, err.Error())
		case !strings.HasPrefix(e.Msg, "\t"): // a tab marks the second half of an error
			what := "the generated code does not compile: " + e.Msg
			refused = append(refused, Refusal{enclosing(file, e.Pos), what, do})
		}
	}}
	pkg, _ = config.Check("github.com/clerksessions/clerksessions", c.code.fset,
		append(slices.Clone(c.code.files), file), info)
	if len(refused) > 0 {
		return nil, nil, refused
	}
	return pkg, adapt, nil
}

// enclosing returns the name of the declaration at a position.
func enclosing(file *ast.File, at token.Pos) string {
	for _, decl := range file.Decls {
		if at < decl.Pos() || at >= decl.End() {
			continue
		}
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			return decl.Name.Name
		case *ast.GenDecl:
			if spec, ok := decl.Specs[0].(*ast.TypeSpec); ok {
				return spec.Name.Name
			}
		}
	}
	return "openapi.yaml"
}

// exports caches the importer of each directory, since go list is slow.
var exports = struct {
	sync.Mutex
	importers map[string]types.Importer
}{importers: map[string]types.Importer{}}

// importer returns an importer of the export data of the package's dependencies.
func (c *Contract) importer() (types.Importer, error) {
	exports.Lock()
	defer exports.Unlock()
	if found := exports.importers[c.dir]; found != nil {
		return found, nil
	}
	cmd := exec.Command("go", "list", "-e", "-export", "-deps", "-f",
		"{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}", ".", "regexp", "time",
		"github.com/go-json-experiment/json", "github.com/oapi-codegen/runtime/types")
	cmd.Dir = c.dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -export: %w", err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	found := importer.ForCompiler(c.code.fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
	exports.importers[c.dir] = found
	return found, nil
}
