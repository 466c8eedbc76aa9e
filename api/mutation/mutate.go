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

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/packages"
)

// A mutant is one change of the code. The switch with number n turns it on.
type mutant struct {
	n             int
	file          string
	line          int
	where, change string
	tests         []*test // the tests that reach it, the fastest first
}

// An insertion is text before or after a node that is mutated.
type insertion struct {
	at, side int // the offset, and 0 for text after a node or 1 for text before
	order, n int // sort insertions at the same offset so that they nest
	text     string
}

// A mutator collects the mutants of one package.
type mutator struct {
	pkg        *packages.Package
	skip       map[int]bool // switches that do not compile
	file       string
	source     []byte
	insertions []insertion
	n          int
	mutants    []*mutant
}

// mutate returns the source of one file with all its mutants behind switches.
func (m *mutator) mutate(f *ast.File, file string, source []byte) []byte {
	m.file, m.source, m.insertions = file, source, nil
	inspector.New([]*ast.File{f}).Root().Inspect(nil, func(c inspector.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.GenDecl:
			return n.Tok == token.VAR
		case *ast.ArrayType, *ast.StructType, *ast.InterfaceType, *ast.FuncType:
			return false
		case *ast.BlockStmt:
			m.statements(n.List)
		case *ast.CaseClause:
			m.statements(n.Body)
		case *ast.CommClause:
			m.statements(n.Body)
		case *ast.IfStmt:
			m.around(n.Cond, "if true", "(mutantOn(%d) || ", ")")
			m.around(n.Cond, "if false", "(!mutantOn(%d) && (", "))")
		case *ast.ReturnStmt:
			m.returns(n, c)
		case ast.Expr:
			m.expr(n, c)
		}
		return true
	})
	return m.apply()
}

// statements mutates by removing one statement.
func (m *mutator) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			if strings.HasPrefix(m.text(s), "panic(") {
				continue // the function may not compile without it
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || m.text(s.Lhs[0]) == "_" {
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
func (m *mutator) returns(s *ast.ReturnStmt, c inspector.Cursor) {
	var function types.Type
	for c := range c.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch f := c.Node().(type) {
		case *ast.FuncDecl:
			function = m.pkg.TypesInfo.Defs[f.Name].Type()
		case *ast.FuncLit:
			function = m.pkg.TypesInfo.TypeOf(f)
		}
		break
	}
	results := function.(*types.Signature).Results()
	if len(s.Results) != results.Len() {
		return
	}
	for i, value := range s.Results {
		switch t := results.At(i).Type(); {
		case t.String() == "error" && !m.pkg.TypesInfo.Types[value].IsNil():
			m.around(value, "return no error", "mutantValue[error](%d, ", ", nil)")
		case t == types.Typ[types.String] && m.text(value) != `""`:
			m.around(value, "return an empty string", "mutantValue[string](%d, ", `, "")`)
		}
	}
}

// expr mutates conditions, sums and numbers.
func (m *mutator) expr(e ast.Expr, c inspector.Cursor) {
	if kind, _ := c.ParentEdge(); kind == edge.KeyValueExpr_Key {
		return
	}
	if call, ok := c.Parent().Node().(*ast.CallExpr); ok && len(call.Args) == 3 && m.text(call.Fun) == "make" {
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
		m.around(e, fmt.Sprintf("%s %s= %s", x, e.Op, y), "(", " || mutantOn(%d) && "+same)
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
		if !strings.Contains(x+y, "(") {
			m.replaceNumber(e, fmt.Sprintf("%s %s %s", x, opposite, y))
		}
	}
}

// number mutates an integer constant.
func (m *mutator) number(e ast.Expr) {
	v := m.pkg.TypesInfo.Types[e].Value
	if v == nil || v.Kind() != constant.Int {
		return
	}
	m.replaceNumber(e, m.text(e)+" + 1")
	if constant.Compare(v, token.GTR, constant.MakeInt64(1)) {
		m.replaceNumber(e, m.text(e)+" - 1")
	}
}

// replaceNumber mutates e if it is a number whose type can be written in the file.
func (m *mutator) replaceNumber(e ast.Expr, other string) {
	t := m.pkg.TypesInfo.TypeOf(e)
	basic, ok := t.Underlying().(*types.Basic)
	_, isParam := t.(*types.TypeParam)
	if !ok || isParam || basic.Info()&types.IsNumeric == 0 || basic.Info()&types.IsUntyped != 0 {
		return
	}
	name := types.TypeString(t, func(p *types.Package) string {
		if p == m.pkg.Types {
			return ""
		}
		return p.Name()
	})
	m.around(e, other, "mutantValue["+name+"](%d, ", ", "+other+")")
}

// around adds a mutant with text before and after a node. In the text, %d is the number of its switch.
func (m *mutator) around(node ast.Node, change, before, after string) {
	m.n++
	if m.skip[m.n] {
		return
	}
	start, end := m.pkg.Fset.Position(node.Pos()), m.pkg.Fset.Position(node.End())
	number := func(s string) string { return strings.Replace(s, "%d", fmt.Sprint(m.n), 1) }
	m.insertions = append(m.insertions,
		insertion{start.Offset, 1, -end.Offset, m.n, number(before)},
		insertion{end.Offset, 0, -start.Offset, -m.n, number(after)})
	m.mutants = append(m.mutants, &mutant{n: m.n, file: m.file, line: start.Line, change: change})
}

func (m *mutator) text(n ast.Node) string {
	return string(m.source[m.pkg.Fset.Position(n.Pos()).Offset:m.pkg.Fset.Position(n.End()).Offset])
}

// apply returns the source with all insertions, which nest like the syntax tree.
func (m *mutator) apply() []byte {
	slices.SortFunc(m.insertions, func(a, b insertion) int {
		return cmp.Or(a.at-b.at, a.side-b.side, a.order-b.order, a.n-b.n)
	})
	var out []byte
	last := 0
	for _, in := range m.insertions {
		out = append(append(out, m.source[last:in.at]...), in.text...)
		last = in.at
	}
	return append(out, m.source[last:]...)
}
