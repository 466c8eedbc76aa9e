package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A mutant is one change of the code, which switch number n turns on.
type mutant struct {
	n             int
	file          string
	line          int
	where, change string
	tests         []*test // that reach it, the quickest first
}

// An edit puts text around a piece of a file.
type edit struct {
	from, to       int
	prefix, suffix string
	n              int
}

// A mutator collects the mutants of one package.
type mutator struct {
	pkg     *packages.Package
	skip    map[int]bool // switches that do not compile
	file    string
	source  []byte
	edits   []edit
	n       int
	mutants []*mutant
}

// mutate returns the source of one file with all its mutants behind switches.
func (m *mutator) mutate(f *ast.File, file string, source []byte) []byte {
	m.file, m.source, m.edits = file, source, nil
	var results []*ast.FieldList // of the functions around
	var path []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			switch path[len(path)-1].(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				results = results[:len(results)-1]
			}
			path = path[:len(path)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok != token.VAR {
				return false
			}
		case *ast.ArrayType, *ast.StructType, *ast.InterfaceType, *ast.FuncType:
			return false
		case *ast.FuncDecl:
			results = append(results, n.Type.Results)
		case *ast.FuncLit:
			results = append(results, n.Type.Results)
		case *ast.BlockStmt:
			m.statements(n.List)
		case *ast.CaseClause:
			m.statements(n.Body)
			for _, value := range n.List { // a switch over values needs constants: leave literals alone
				if tv := m.pkg.TypesInfo.Types[value]; tv.Value == nil {
					m.expr(value, path)
				}
			}
		case *ast.CommClause:
			m.statements(n.Body)
		case *ast.IfStmt:
			m.around(n.Cond, "if true", "(mutantOn(%d) || ", ")")
			m.around(n.Cond, "if false", "(!mutantOn(%d) && (", "))")
		case *ast.ReturnStmt:
			m.returns(n, results[len(results)-1])
		case ast.Expr:
			m.expr(n, path)
		}
		path = append(path, n)
		return true
	})
	return m.apply()
}

// statements mutates by removing one statement.
func (m *mutator) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok {
				if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "panic" {
					continue // the statement may be what makes the function end
				}
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				continue
			}
			if name, ok := s.Lhs[0].(*ast.Ident); ok && name.Name == "_" {
				continue
			}
		case *ast.IncDecStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt, *ast.BranchStmt:
		default:
			continue
		}
		m.around(s, "without "+m.text(s), "if !mutantOn(%d) { ", " }")
	}
}

// returns mutates by returning no error, or an empty string.
func (m *mutator) returns(s *ast.ReturnStmt, results *ast.FieldList) {
	if results == nil || len(s.Results) != results.NumFields() {
		return
	}
	i := 0
	for _, field := range results.List {
		for range max(1, len(field.Names)) {
			value := s.Results[i]
			i++
			tv := m.pkg.TypesInfo.Types[value]
			switch t := m.pkg.TypesInfo.TypeOf(field.Type); {
			case t.String() == "error" && !tv.IsNil():
				m.around(value, "return no error", "mutantError(%d, ", ")")
			case t == types.Typ[types.String] && m.text(value) != `""`:
				m.around(value, "return an empty string", "mutantString(%d, ", ")")
			}
		}
	}
}

// expr mutates conditions, sums and numbers.
func (m *mutator) expr(e ast.Expr, path []ast.Node) {
	if _, isKey := path[len(path)-1].(*ast.KeyValueExpr); isKey && path[len(path)-1].(*ast.KeyValueExpr).Key == e {
		return
	}
	if call, ok := path[len(path)-1].(*ast.CallExpr); ok && len(call.Args) == 3 && m.text(call.Fun) == "make" {
		return // a capacity changes no result
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		m.binary(e)
	case *ast.BasicLit:
		m.number(e)
	case *ast.Ident:
		if c, ok := m.pkg.TypesInfo.Uses[e].(*types.Const); ok && c.Pkg() == m.pkg.Types {
			m.number(e)
		}
	}
}

func (m *mutator) binary(e *ast.BinaryExpr) {
	if m.pkg.TypesInfo.Types[e].Value != nil {
		return
	}
	x, y := m.text(e.X), m.text(e.Y)
	same := fmt.Sprintf("(%s) == (%s))", x, y)
	switch e.Op {
	case token.LSS, token.GTR:
		m.around(e, fmt.Sprintf("%s%s= %s", x+" ", e.Op, y), "(", " || mutantOn(%d) && "+same)
	case token.LEQ, token.GEQ:
		m.around(e, fmt.Sprintf("%s %s %s", x, e.Op.String()[:1], y), "(", " && !(mutantOn(%d) && "+same+")")
	case token.EQL, token.NEQ:
		m.around(e, "negate "+m.text(e), "((", ") != mutantOn(%d))")
	case token.LAND:
		m.around(e.X, "only "+y, "(mutantOn(%d) || ", ")")
		m.around(e.Y, "only "+x, "(mutantOn(%d) || ", ")")
	case token.LOR:
		m.around(e.X, "only "+y, "(!mutantOn(%d) && (", "))")
		m.around(e.Y, "only "+x, "(!mutantOn(%d) && (", "))")
	case token.ADD, token.SUB, token.MUL, token.QUO:
		opposite := map[token.Token]string{token.ADD: "-", token.SUB: "+", token.MUL: "+", token.QUO: "*"}[e.Op]
		if t := m.numeric(e); t != "" && !strings.Contains(x+y, "(") {
			m.around(e, fmt.Sprintf("%s %s %s", x, opposite, y),
				"mutantNumber["+t+"](%d, ", fmt.Sprintf(", (%s) %s (%s))", x, opposite, y))
		}
	}
}

// number mutates a constant, where it need not be one.
func (m *mutator) number(e ast.Expr) {
	tv := m.pkg.TypesInfo.Types[e]
	t := m.numeric(e)
	if t == "" || tv.Value == nil || tv.Value.Kind() != constant.Int {
		return
	}
	text := m.text(e)
	m.around(e, text+" + 1", "mutantNumber["+t+"](%d, ", ", "+text+"+1)")
	if constant.Compare(tv.Value, token.GTR, constant.MakeInt64(1)) {
		m.around(e, text+" - 1", "mutantNumber["+t+"](%d, ", ", "+text+"-1)")
	}
}

// numeric returns the type of e if it is a number whose type can be written in the file.
func (m *mutator) numeric(e ast.Expr) string {
	t := m.pkg.TypesInfo.TypeOf(e)
	basic, ok := t.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsNumeric == 0 || basic.Info()&types.IsUntyped != 0 {
		return ""
	}
	if _, ok := t.(*types.TypeParam); ok {
		return ""
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p == m.pkg.Types {
			return ""
		}
		return p.Name()
	})
}

// around adds a mutant that puts text around n; %d in either text is the number of its switch.
func (m *mutator) around(n ast.Node, change, prefix, suffix string) {
	m.n++
	if m.skip[m.n] {
		return
	}
	at := m.pkg.Fset.Position(n.Pos())
	number := func(s string) string { return strings.Replace(s, "%d", fmt.Sprint(m.n), 1) }
	m.edits = append(m.edits, edit{at.Offset, m.pkg.Fset.Position(n.End()).Offset, number(prefix), number(suffix), m.n})
	m.mutants = append(m.mutants, &mutant{n: m.n, file: m.file, line: at.Line, change: change})
}

func (m *mutator) text(n ast.Node) string {
	return string(m.source[m.pkg.Fset.Position(n.Pos()).Offset:m.pkg.Fset.Position(n.End()).Offset])
}

// apply inserts the texts of all edits, which are nested like the syntax tree.
func (m *mutator) apply() []byte {
	type insertion struct {
		at   int
		text string
	}
	outer := slices.Clone(m.edits)
	slices.SortStableFunc(outer, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(a.n, b.n))
	})
	inner := slices.Clone(m.edits)
	slices.SortStableFunc(inner, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(b.from, a.from), cmp.Compare(b.n, a.n))
	})
	var all []insertion
	i := 0
	for _, e := range outer {
		for ; i < len(inner) && inner[i].to <= e.from; i++ {
			all = append(all, insertion{inner[i].to, inner[i].suffix})
		}
		all = append(all, insertion{e.from, e.prefix})
	}
	for ; i < len(inner); i++ {
		all = append(all, insertion{inner[i].to, inner[i].suffix})
	}
	slices.SortStableFunc(all, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	var out []byte
	last := 0
	for _, in := range all {
		out = append(append(out, m.source[last:in.at]...), in.text...)
		last = in.at
	}
	return append(out, m.source[last:]...)
}
