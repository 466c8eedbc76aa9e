package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A clone is a copy of this repository in which a change of the contract is made.
type clone struct {
	t     *testing.T
	dir   string
	files []string // edited by hand, in order
}

func newClone(t *testing.T) *clone {
	t.Helper()
	c := &clone{t: t, dir: t.TempDir()}
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	list.Dir = ".."
	out, err := list.Output()
	require.NoError(t, err)
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		text, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) { // deleted, but not yet in the index
			continue
		}
		require.NoError(t, err)
		path := filepath.Join(c.dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	return c
}

// edit replaces the first match of a pattern in a file.
func (c *clone) edit(name, pattern, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	before := read(c.t, path)
	at := regexp.MustCompile(pattern).FindStringSubmatchIndex(before)
	require.NotNil(c.t, at, "%s has no %s", name, pattern)
	var expanded []byte
	expanded = regexp.MustCompile(pattern).ExpandString(expanded, text, before, at)
	require.NoError(c.t, os.WriteFile(path, []byte(before[:at[0]]+string(expanded)+before[at[1]:]), 0o600))
	if !slices.Contains(c.files, name) {
		c.files = append(c.files, name)
	}
}

// run runs go in a directory of the clone.
func (c *clone) run(dir string, args ...string) (ok bool, output string) {
	c.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = filepath.Join(c.dir, dir)
	out, err := cmd.CombinedOutput()
	return err == nil, string(out)
}

// The tests that report what is missing, by package.
var judges = map[string]string{
	".":              "^(TestEveryOperationHasAWrapperMethodAndARow|TestEachCallSendsTheRequestOfItsRow|TestEveryParameterIsSentByARow|TestEveryListParameterIsKnownToKeepTheOrder|TestOperationsMatchTheContract)$",
	"./sessionstest": "Route|Example$",
}

func (c *clone) test(dir string) (ok bool, output string) {
	c.t.Helper()
	return c.run(".", "test", "-vet=off", "-run", judges[dir], dir)
}

// A new operation and a new parameter with an enum take the steps that CONTRIBUTING lists, in that order.
func TestStepsOfAContractChange(t *testing.T) {
	t.Parallel()
	c := newClone(t)
	c.edit("openapi.yaml", `(?m)^components:\n`, `  /sessions/{session_id}/touch:
    post:
      operationId: TouchSession
      x-retry: unsent
      tags: [Sessions]
      summary: Mark a session as used
      description: Sets when the user was last seen.
      parameters:
        - $$ref: "#/components/parameters/ClerkAPIVersion"
        - $$ref: "#/components/parameters/SessionID"
      responses:
        "200": {$$ref: "#/components/responses/Session"}
        "401": {$$ref: "#/components/responses/Unauthorized"}
        "404": {$$ref: "#/components/responses/NotFound"}
        "429": {$$ref: "#/components/responses/RateLimited"}
        5XX: {$$ref: "#/components/responses/ServerError"}
        default: {$$ref: "#/components/responses/Unexpected"}

components:
`)
	c.edit("openapi.yaml", `        - name: status\n`, `        - name: ordered_by
          in: query
          description: The order of the list.
          schema: {type: string, enum: [newest, oldest]}
          example: oldest
        - name: status
`)
	ok, out := c.run("api", "tool", "generate")
	require.True(t, ok, out)
	code := read(t, filepath.Join(c.dir, "sessions.gen.go"))
	assert.Contains(t, code,
		"func (c *lowLevel) touchSession(ctx context.Context, sessionID string) (*Session, error)")
	assert.Contains(t, code, "OrderedBy ListOrderedBy")
	assert.Contains(t, code, `ListOrderedByOldest ListOrderedBy = "oldest"`)

	ok, out = c.test(".")
	assert.False(t, ok)
	assert.Contains(t, out,
		"TouchSession is in the contract: write a method on Client for it in client_wrapper.go and a row here")
	assert.Contains(t, out, "GetSessionList: no row sends this")
	assert.Contains(t, out, "query ordered_by")
	assert.Contains(t, out, "All passes this on; if it changes the order, refuse it in All, else add it to keepOrder")
	assert.Less(t, strings.Count(out, "\n"), 60, out)
	ok, out = c.test("./sessionstest")
	assert.False(t, ok)
	assert.Contains(t, out, "TouchSession")
	assert.Contains(t, out, "add its handler")
	assert.Equal(t, []string{"GET /sessions: query ordered_by"}, unread(t, contractIn(t, c.dir),
		filepath.Join(c.dir, "sessionstest")))

	c.edit("client_wrapper.go", `(?m)^// TokenParams`, `// Touch marks a session as used.
func (c *Client) Touch(ctx context.Context, sessionID string, opts ...Option) (*Session, error) {
	return c.with(opts).touchSession(ctx, sessionID)
}

// TokenParams`)
	c.edit("wrapper_test.go", `var rows = \[\]row\{\n`, `var rows = []row{
	{
		op: "TouchSession",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Touch(ctx, "sess_1", o...)
		},
		request: "POST /sessions/sess_1/touch", version: "2026-05-12", check: checkSession,
	},
	{
		op: "GetSessionList", name: "oldest first", example: "list",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.List(ctx, clerksessions.ListParams{UserID: "user_1", OrderedBy: clerksessions.ListOrderedByOldest}, o...)
		},
		request: "GET /sessions?ordered_by=oldest&paginated=true&user_id=user_1", version: "2026-05-12", check: func(*testing.T, any) {},
	},
`)
	c.edit("wrapper_test.go", `"Offset"\}`, `"Offset", "OrderedBy"}`)
	c.edit("sessionstest/route.go", `(?m)^(\s*)"GetSession":(\s*)(.*)$`, "$0\n$1\"TouchSession\":$2$3 // ordered_by")
	c.edit("example_test.go", `(?m)^func ExampleClient_Revoke\(`, `func ExampleClient_Touch() {
	_, client := emulated(clerksessions.Session{ID: "sess_1", UserID: "user_alice"})
	session, err := client.Touch(context.Background(), "sess_1")
	fmt.Println(session.ID, err)
	// Output: sess_1 <nil>
}

func ExampleClient_Revoke(`)
	c.edit("CHANGELOG.md", `(?m)^## .*\n`,
		"$0\n- `Client.Touch` marks a session as used, and `ListParams.OrderedBy` orders a list.\n")
	for _, dir := range []string{".", "./sessionstest"} {
		ok, out := c.test(dir)
		assert.True(t, ok, out)
	}

	steps := read(t, "../CONTRIBUTING.md")
	steps = steps[strings.Index(steps, "## Changing the contract"):]
	for _, name := range c.files {
		at := strings.Index(steps, "`"+name+"`")
		require.GreaterOrEqual(t, at, 0, "CONTRIBUTING does not name %s, or not in this order", name)
		steps = steps[at:]
	}
	assert.Len(t, c.files, 6, "%v", c.files)
}
