package contract

import (
	"go/ast"
	"go/parser"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/assign"
	"golang.org/x/tools/go/analysis/passes/bools"
	"golang.org/x/tools/go/analysis/passes/copylock"
	"golang.org/x/tools/go/analysis/passes/nilfunc"
	"golang.org/x/tools/go/analysis/passes/stdmethods"
	"golang.org/x/tools/go/analysis/passes/structtag"
	"golang.org/x/tools/go/analysis/passes/unreachable"
)

const root = "../.."

// A mutation is one change of the contract, and its expected outcome.
type mutation struct {
	name     string
	old, new string
	also     [2]string // a second change, if any
	refused  string    // part of the sentence that refuses it
	reached  []string  // what the generated code has then
	gone     []string  // what it has no longer
	adapt    string    // part of the errors in hand-written code
}

// outcome is the result of generating from a contract.
type outcome struct {
	err    error
	code   string
	adapt  []string
	loaded *Contract
}

// ours returns a file in testdata: the tests have their own contract, so that a change of
// openapi.yaml does not break them.
func ours(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(text)
}

// outcomeOf loads, checks, generates and compiles a contract and an overlay.
func outcomeOf(t *testing.T, contract, overlay string) (o outcome) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	if o.loaded, o.err = load(root, write("openapi.yaml", contract), write("overlay.yaml", overlay)); o.err != nil {
		return o
	}
	if o.err = o.loaded.Check(); o.err != nil {
		return o
	}
	if o.code, o.err = o.loaded.Generate(); o.err != nil {
		return o
	}
	o.adapt, o.err = o.loaded.CheckCode(o.code)
	return o
}

// spaces replaces each run of white space by one space, so that alignment does not matter.
func spaces(text string) string { return strings.Join(strings.Fields(text), " ") }

// Each mutation either changes the code or is refused with an explanation. They run
// sequentially, since oapi-codegen has global state.
func TestEachChangeOfTheContractReachesTheCodeOrIsRefused(t *testing.T) {
	contract, overlay := ours(t, "openapi.yaml"), ours(t, "overlay.yaml")
	before := outcomeOf(t, contract, overlay)
	require.NoError(t, before.err)
	reached, refused := 0, 0
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			require.Contains(t, contract, m.old)
			require.NotEqual(t, m.refused == "", len(m.reached)+len(m.gone) == 0, "a row is in one column")
			require.Contains(t, contract, m.also[0])
			text := strings.Replace(contract, m.old, m.new, 1)
			o := outcomeOf(t, strings.Replace(text, m.also[0], m.also[1], 1), overlay)
			if m.refused != "" {
				refused++
				var r Refused
				require.ErrorAs(t, o.err, &r)
				assert.Contains(t, r.Error(), m.refused)
				assert.LessOrEqual(t, strings.Count(r.Error(), "\n"), 12, "a few sentences")
				for _, one := range r {
					assert.NotEmpty(t, one.Where)
					assert.NotEmpty(t, one.Do)
				}
				return
			}
			reached++
			require.NoError(t, o.err)
			for _, text := range m.reached {
				assert.Contains(t, spaces(o.code), spaces(text), "the code has no %s", text)
				assert.NotContains(t, spaces(before.code), spaces(text), "the code had %s before", text)
			}
			for _, text := range m.gone {
				assert.Contains(t, before.code, text, "the code had no %s before", text)
				assert.NotContains(t, o.code, text, "the code still has %s", text)
			}
			adapt := slices.DeleteFunc(o.adapt, func(what string) bool { return slices.Contains(before.adapt, what) })
			if m.adapt == "" {
				assert.Empty(t, adapt)
			} else {
				assert.Contains(t, strings.Join(adapt, "\n"), m.adapt)
			}
			assert.Empty(t, vet(t, o))
		})
	}
	t.Logf("%d mutations: %d reached the code, %d refused", len(mutations), reached, refused)
	assert.GreaterOrEqual(t, len(mutations), 100)
}

// analyzers are the analyzers of go vet that need only one package.
var analyzers = []*analysis.Analyzer{assign.Analyzer, bools.Analyzer, copylock.Analyzer, nilfunc.Analyzer,
	stdmethods.Analyzer, structtag.Analyzer, unreachable.Analyzer}

// vet runs the analyzers of go vet over the generated file.
func vet(t *testing.T, o outcome) (found []string) {
	t.Helper()
	generated, err := parser.ParseFile(o.loaded.code.fset, o.loaded.Output(), o.code, parser.SkipObjectResolution)
	require.NoError(t, err)
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Implicits: map[ast.Node]types.Object{},
		Scopes: map[ast.Node]*types.Scope{}, Instances: map[*ast.Ident]types.Instance{}, FileVersions: map[*ast.File]string{},
	}
	pkg, _, err := o.loaded.compile(generated, info)
	require.NoError(t, err)
	done := map[*analysis.Analyzer]any{}
	var run func(a *analysis.Analyzer)
	run = func(a *analysis.Analyzer) {
		if _, ok := done[a]; ok {
			return
		}
		for _, required := range a.Requires {
			run(required)
		}
		pass := &analysis.Pass{
			Analyzer: a, Fset: o.loaded.code.fset, Files: []*ast.File{generated}, Pkg: pkg,
			TypesInfo: info, TypesSizes: types.SizesFor("gc", "amd64"), ResultOf: done,
			Report:            func(d analysis.Diagnostic) { found = append(found, a.Name+": "+d.Message) },
			ReadFile:          func(string) ([]byte, error) { return []byte(o.code), nil },
			ImportObjectFact:  func(types.Object, analysis.Fact) bool { return false },
			ExportObjectFact:  func(types.Object, analysis.Fact) {},
			ImportPackageFact: func(*types.Package, analysis.Fact) bool { return false },
			ExportPackageFact: func(analysis.Fact) {},
			AllObjectFacts:    func() []analysis.ObjectFact { return nil },
			AllPackageFacts:   func() []analysis.PackageFact { return nil },
		}
		result, err := a.Run(pass)
		require.NoError(t, err)
		done[a] = result
	}
	for _, a := range analyzers {
		run(a)
	}
	return found
}

func TestVetFindsAnInvalidTag(t *testing.T) {
	o := outcomeOf(t, ours(t, "openapi.yaml"), ours(t, "overlay.yaml"))
	require.NoError(t, o.err)
	o.code += "\ntype bad struct {\n\tF int `json:\"f`\n}\n"
	assert.NotEmpty(t, vet(t, o))
}

func TestNamesOfMutationsDiffer(t *testing.T) {
	names := map[string]bool{}
	for _, m := range mutations {
		assert.False(t, names[m.name], m.name)
		names[m.name] = true
	}
	assert.True(t, slices.ContainsFunc(mutations, func(m mutation) bool { return m.refused != "" }))
}
