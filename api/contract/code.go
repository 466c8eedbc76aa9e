package contract

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// handWritten is the package around the generated file.
type handWritten struct {
	fset    *token.FileSet
	files   []*ast.File
	names   []string            // declared in the package
	methods map[string][]string // by receiver
}

// readHandWritten parses the package in dir, but for its tests and the generated file.
func readHandWritten(dir, generated string) (handWritten, error) {
	h := handWritten{fset: token.NewFileSet(), methods: map[string][]string{}}
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
		file, err := parser.ParseFile(h.fset, name, text, 0)
		if err != nil {
			return h, err
		}
		h.files = append(h.files, file)
		for _, d := range declarations(file) {
			h.add(d)
		}
	}
	return h, nil
}

func (h *handWritten) add(d declaration) {
	if d.receiver == "" {
		h.names = append(h.names, d.name)
	} else {
		h.methods[d.receiver] = append(h.methods[d.receiver], d.name)
	}
}

// A declaration is a name that a file adds to the package, or to a type.
type declaration struct {
	receiver, name string
	fields         []structField
	arguments      []string
}

type structField struct{ name, json string }

func declarations(file *ast.File) (all []declaration) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d := declaration{name: decl.Name.Name}
			if decl.Recv != nil {
				d.receiver = receiver(decl.Recv.List[0].Type)
			}
			for _, group := range decl.Type.Params.List {
				for _, name := range group.Names {
					d.arguments = append(d.arguments, name.Name)
				}
			}
			all = append(all, d)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					d := declaration{name: spec.Name.Name}
					if s, ok := spec.Type.(*ast.StructType); ok {
						d.fields = structFields(s)
					}
					all = append(all, d)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						all = append(all, declaration{name: name.Name})
					}
				}
			}
		}
	}
	return all
}

func receiver(expression ast.Expr) string {
	if star, ok := expression.(*ast.StarExpr); ok {
		expression = star.X
	}
	name, _ := expression.(*ast.Ident)
	if name == nil {
		return ""
	}
	return name.Name
}

func structFields(s *ast.StructType) (all []structField) {
	for _, group := range s.Fields.List {
		json := ""
		if group.Tag != nil {
			json = reflect.StructTag(strings.Trim(group.Tag.Value, "`")).Get("json")
		}
		for _, name := range group.Names {
			all = append(all, structField{name.Name, strings.Split(json, ",")[0]})
		}
	}
	return all
}

// CheckCode refuses generated code in which two names of the contract became one, or
// one that the package has already, and then code that does not compile. What the
// hand-written code has yet to follow is not an error; it is returned as follow.
func (c *Contract) CheckCode(code string) (follow []string, err error) {
	file, err := parser.ParseFile(c.code.fset, c.config.Output, code, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("the generated code is not Go: %w", err)
	}
	if refused := c.collisions(file); len(refused) > 0 {
		return nil, refused
	}
	return c.compile(file)
}

func (c *Contract) collisions(file *ast.File) (refused Refused) {
	const do = "give one another name with x-go-name in api/overlay.yaml, or another operationId"
	all := declarations(file)
	names := slices.Clone(c.code.names)
	methods := map[string][]string{}
	for receiver, list := range c.code.methods {
		methods[receiver] = slices.Clone(list)
	}
	for _, d := range all {
		taken := &names
		where := d.name
		if d.receiver != "" {
			list := methods[d.receiver]
			taken, where = &list, d.receiver+"."+d.name
		}
		if slices.Contains(*taken, d.name) {
			refused = append(refused, Refusal{where, "the package has this Go name already", do})
		}
		*taken = append(*taken, d.name)
		if d.receiver != "" {
			methods[d.receiver] = *taken
		}
		for i, name := range d.arguments {
			if slices.Contains(d.arguments[:i], name) {
				refused = append(refused, Refusal{d.name, "two parameters become the argument " + name, do})
			}
		}
	}
	for _, d := range all {
		seen := map[string]string{}
		for _, f := range d.fields {
			if other, ok := seen[f.name]; ok {
				what := fmt.Sprintf("%s and %s both become the field %s", other, orName(f), f.name)
				refused = append(refused, Refusal{d.name, what, do})
			}
			seen[f.name] = orName(f)
			if slices.Contains(methods[d.name], f.name) {
				what := fmt.Sprintf(
					"property %s becomes the field %s, which is the name of a method",
					orName(f),
					f.name,
				)
				refused = append(refused, Refusal{d.name, what, do})
			}
		}
	}
	return refused
}

func orName(f structField) string {
	if f.json == "" {
		return f.name
	}
	return f.json
}
