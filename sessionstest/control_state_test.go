package sessionstest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestControlChangesState(t *testing.T) {
	t.Parallel()
	c := newControlled(t, sessionstest.WithStrictUsers())
	assert.Equal(t, "user_1", c.ok("POST", "users", `{"id":"user_1","email_addresses":["a@example.com"],"public_metadata":{"a":1}}`)["id"])
	changed := c.ok("PATCH", "users/user_1", `{"first_name":"Anna","public_metadata":{"b":2}}`)
	assert.Equal(t, map[string]any{"a": 1., "b": 2.}, changed["public_metadata"])
	assert.Equal(t, []any{"a@example.com"}, changed["email_addresses"])
	c.ok("POST", "organizations", `{"id":"org_1","members":[{"user_id":"user_1","role":"org:admin"}]}`)
	assert.Equal(t, "acme", c.ok("PATCH", "organizations/org_1", `{"slug":"acme"}`)["slug"])
	c.ok("POST", "templates", `{"name":"my app","lifetime":300}`)
	assert.EqualValues(t, 300, c.ok("PATCH", "templates/my%20app", `{"claims":{"role":"editor"}}`)["lifetime"])
	session := c.ok("POST", "sessions", `{"id":"sess_1","user_id":"user_1","last_active_organization_id":"org_1","tasks":[{"key":"setup-mfa"}]}`)
	assert.Equal(t, "pending", session["status"])
	c.Advance(time.Second)
	session = c.ok("PATCH", "sessions/sess_1", `{"status":"active","tasks":null,"actor":{"sub":"user_admin"}}`)
	assert.Equal(t, "active", session["status"])
	assert.EqualValues(t, start.Add(time.Second).UnixMilli(), session["updated_at"])
	assert.EqualValues(t, 5, c.ok("PATCH", "sessions/sess_1", `{"updated_at":5}`)["updated_at"])
	c.ok("POST", "refresh_tokens", `{"session_id":"sess_1","token":"rt_1"}`)

	own, ok := c.Session("sess_1")
	require.True(t, ok)
	assert.Equal(t, "user_admin", own.Actor["sub"])
	c.ok("DELETE", "organizations/org_1", "")
	own, _ = c.Session("sess_1")
	assert.Empty(t, own.LastActiveOrganizationID)
	c.ok("DELETE", "templates/my%20app", "")
	c.ok("DELETE", "users/user_1", "")
	own, _ = c.Session("sess_1")
	assert.EqualValues(t, "revoked", own.Status)
	c.ok("DELETE", "sessions/sess_1", "")
	assert.Equal(t, sessionstest.Seed{Deleted: []string{"org_1", "user_1"}}, trimmed(c.State()))
}

// trimmed replaces empty lists by nil.
func trimmed(seed sessionstest.Seed) sessionstest.Seed {
	if len(seed.Sessions) == 0 {
		seed.Sessions = nil
	}
	return seed
}

// The messages are those of the methods in Go. Nothing is changed.
func TestControlRefusesInvalidState(t *testing.T) {
	t.Parallel()
	c := newControlled(t, sessionstest.WithStrictUsers())
	c.AddUser(sessionstest.User{ID: "user_1"})
	c.AddTemplate(sessionstest.Template{Name: "plain"})
	session := "sessions/" + added(c.Server)
	before := c.State()
	for _, test := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"POST", "users", `{"id":"anna"}`, 422, `user id \"anna\" must be user_`},
		{"POST", "users", `{"name":"anna"}`, 400, `unknown member \"/name\"`},
		{"POST", "users", `[]`, 400, `the top level must be an object`},
		{"POST", "users", `{`, 400, `unexpected EOF`},
		{"PATCH", "users/user_1", `{"id":"user_2"}`, 422, `the id of user \"user_1\" cannot change`},
		{"PATCH", "users/user_2", `{}`, 404, `there is no user \"user_2\"`},
		{"PATCH", "users/user_1", ``, 400, `EOF`},
		{"PATCH", "users/user_1", `null`, 422, `cannot change`},
		{"DELETE", "users/user_2", ``, 404, `there is no user \"user_2\"`},
		{"POST", "sessions", `{"user_id":"user_1","userid":1}`, 422, `unknown member \"/userid\"`},
		{"PATCH", session, `{"state":"ended"}`, 422, `unknown member \"/state\"`},
		{"PATCH", session, `{"id":"sess_2"}`, 422, `cannot change`},
		{"DELETE", "sessions/sess_2", ``, 404, `there is no session \"sess_2\"`},
		{"POST", "organizations", `{"members":[{"user_id":"user_9"}]}`, 422, `member \"user_9\" does not exist`},
		{"PATCH", "organizations/org_2", `{}`, 404, `there is no organization \"org_2\"`},
		{"DELETE", "organizations/org_2", ``, 404, `there is no organization \"org_2\"`},
		{"PATCH", "templates/plain", `{"lifetime":1}`, 422, "lifetime of 1 seconds"},
		{"PATCH", "templates/plain", `{"name":"x"}`, 422, "cannot change"},
		{"DELETE", "templates/x", ``, 404, `there is no template \"x\"`},
		{"POST", "refresh_tokens", `{"session_id":"sess_9"}`, 422, `session \"sess_9\" does not exist`},
		{"POST", "tokens", `{"session_id":"sess_9"}`, 422, `there is no session \"sess_9\"`},
		{"PUT", "state", `{"sessions":[{"user_id":"user_9"}]}`, 422, `"sessions[0]: user \"user_9\" does not exist`},
		{"PUT", "state", `{"people":[]}`, 400, `unknown member \"/people\"`},
		{"GET", "nothing", ``, 404, "openapi.yaml"},
		{"POST", "state", `{}`, 404, "openapi.yaml"},
	} {
		status, body := c.do(test.method, test.path, test.body)
		assert.Equal(t, test.status, status, "%s %s %s: %s", test.method, test.path, test.body, body)
		assert.Contains(t, body, test.message, "%s %s %s", test.method, test.path, test.body)
	}
	assert.Equal(t, before, c.State())
}

func TestControlDumpsLoadsAndResets(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	require.NoError(t, c.Seed(sessionstest.Seed{Sessions: []clerksessions.Session{{ID: "sess_seed", UserID: "user_1"}}}))
	require.Error(t, c.Seed(sessionstest.Seed{Deleted: []string{"anna"}}))
	require.NoError(t, c.Seed(sessionstest.Seed{Templates: []sessionstest.Template{{Name: "plain"}}}))
	c.ok("POST", "sessions", `{"id":"sess_2","user_id":"user_2"}`)
	c.ok("DELETE", "users/user_2", "")
	c.ok("DELETE", "organizations/org_9", "")
	_, err := c.Client().Create(t.Context(), clerksessions.CreateParams{UserID: "user_1", ActiveOrganizationID: "org_9"})
	require.ErrorIs(t, err, clerksessions.ErrNotFound, "no seed is needed for an organization, unless it is deleted")
	_, dump := c.do("GET", "state", "")

	other := newControlled(t)
	added(other.Server)
	other.ok("PUT", "state", dump)
	_, again := other.do("GET", "state", "")
	assert.JSONEq(t, dump, again)
	seed, err := sessionstest.ReadSeed(strings.NewReader(dump))
	require.NoError(t, err, "a dump is a seed file")
	assert.Len(t, seed.Sessions, 2)

	pem := c.PublicKeyPEM()
	c.ok("POST", "clock/advance", `{"seconds":60}`)
	c.ok("POST", "faults", `{"status":500}`)
	c.ok("PUT", "maintenance", `{"on":true}`)
	_, err = c.Client(clerksessions.WithMaxAttempts(1)).Get(t.Context(), "sess_seed")
	require.Error(t, err)
	c.ok("POST", "reset", "")
	assert.Equal(t, start, c.Now())
	assert.Empty(t, c.Requests())
	assert.Equal(t, pem, c.PublicKeyPEM())
	sessions := c.Sessions("")
	require.Len(t, sessions, 1)
	assert.Equal(t, "sess_seed", sessions[0].ID)
	assert.Len(t, c.State().Templates, 1)
	_, err = c.Client().Create(t.Context(), clerksessions.CreateParams{UserID: "user_2"})
	require.NoError(t, err)
}

// A seed that depends on what was added in another way cannot be restored.
func TestControlResetReportsInvalidSeeds(t *testing.T) {
	t.Parallel()
	c := newControlled(t, sessionstest.WithStrictUsers())
	c.AddUser(sessionstest.User{ID: "user_1"})
	require.NoError(t, c.Seed(sessionstest.Seed{Sessions: []clerksessions.Session{{UserID: "user_1"}}}))
	status, body := c.do("POST", "reset", "")
	assert.Equal(t, 422, status)
	assert.Contains(t, body, `sessions[0]: user \"user_1\" does not exist`)
}
