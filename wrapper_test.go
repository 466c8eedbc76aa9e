package clerksessions_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// row is one call of a wrapper method and the request it must send.
type row struct {
	op      string // the operation of the contract
	name    string // what is special about this call
	call    func(context.Context, *clerksessions.Client, ...clerksessions.Option) (any, error)
	request string // method, path below the base URL, and query
	version string // header Clerk-Api-Version
	origin  string // header Origin; "" for none
	body    string // "" for no body at all
	example string // which example of the contract is the response; "" for the first
	check   func(*testing.T, any)
}

var refresh = clerksessions.RefreshParams{
	ExpiredToken:   "expired.jwt.canary",
	RefreshToken:   "refresh-canary",
	RequestOrigin:  "https://app.example.com",
	RequestHeaders: map[string][]string{"user-agent": {"Mozilla/5.0"}, "cookie": {"a=1", "__session=expired.jwt.canary; __client=cookie-canary"}},
}

func checkSession(t *testing.T, got any) {
	s := got.(*clerksessions.Session)
	assert.Equal(t, "sess_2mVhR4cWq8ZtLx1NvJ7yKb3PsDu", s.ID)
	assert.Equal(t, clerksessions.SessionStatusActive, s.Status)
	assert.Equal(t, "2026-11-15T23:45:07.113Z", s.CreatedAt.String())
	assert.Equal(t, time.UnixMilli(1795391107113).UTC(), s.ExpireAt.Time())
	assert.Nil(t, s.LatestActivity)
	assert.Nil(t, s.Actor)
	assert.Empty(t, s.LastActiveOrganizationID)
}

func checkToken(t *testing.T, got any) {
	assert.Equal(t, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.bmV3", got.(*clerksessions.Token).JWT)
}

// rows has at least one row for each operation of the contract.
var rows = []row{
	{
		op: "GetSessionList", name: "everything given", example: "page",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.List(ctx, clerksessions.ListParams{UserID: "user_1", ClientID: "client_1", Status: clerksessions.SessionStatusActive, Limit: 500, Offset: 20}, o...)
		},
		request: "GET /sessions?client_id=client_1&limit=500&offset=20&paginated=true&status=active&user_id=user_1",
		version: "2026-05-12",
		check: func(t *testing.T, got any) {
			page := got.(*clerksessions.SessionPage)
			assert.Equal(t, 1, page.TotalCount)
			require.Len(t, page.Data, 1)
			assert.Equal(t, "org_2mVgbT6Hd0RfUe9CjM2iXv5AoQz", page.Data[0].LastActiveOrganizationID)
			assert.Equal(t, "Thessaloniki", page.Data[0].LatestActivity.City)
			assert.False(t, page.Data[0].LatestActivity.IsMobile)
		},
	},
	{
		op: "GetSessionList", name: "zero values are not sent", example: "list",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.List(ctx, clerksessions.ListParams{UserID: "user_1"}, o...)
		},
		request: "GET /sessions?paginated=true&user_id=user_1",
		version: "2026-05-12",
		check: func(t *testing.T, got any) {
			assert.Equal(t, &clerksessions.SessionPage{Data: []clerksessions.Session{}}, got)
		},
	},
	{
		op: "CreateSession", name: "with an organization",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Create(ctx, clerksessions.CreateParams{UserID: "user_1", ActiveOrganizationID: "org_1"}, o...)
		},
		request: "POST /sessions", version: "2026-05-12",
		body:  `{"user_id":"user_1","active_organization_id":"org_1"}`,
		check: checkSession,
	},
	{
		op: "CreateSession", name: "without an organization",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Create(ctx, clerksessions.CreateParams{UserID: "user_1"}, o...)
		},
		request: "POST /sessions", version: "2026-05-12", body: `{"user_id":"user_1"}`, check: checkSession,
	},
	{
		op: "GetSession",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Get(ctx, "sess_1", o...)
		},
		request: "GET /sessions/sess_1", version: "2026-05-12", check: checkSession,
	},
	{
		op: "RefreshSession", name: "for a token", example: "token",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Refresh(ctx, "sess_1", refresh, o...)
		},
		request: "POST /sessions/sess_1/refresh", version: "2026-05-12",
		body:  `{"expired_token":"expired.jwt.canary","refresh_token":"refresh-canary","request_origin":"https://app.example.com","request_headers":{"cookie":["a=1","__session=expired.jwt.canary; __client=cookie-canary"],"user-agent":["Mozilla/5.0"]},"format":"token"}`,
		check: checkToken,
	},
	{
		op: "RefreshSession", name: "for cookies", example: "cookies",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			cookies, err := c.RefreshCookies(ctx, "sess_1", clerksessions.RefreshParams{ExpiredToken: "expired.jwt.canary", RefreshToken: "refresh-canary", RequestOrigin: "https://app.example.com", RequestOriginatingIP: "203.0.113.24"}, o...)
			if cookies == nil {
				return nil, err
			}
			return cookies, err
		},
		request: "POST /sessions/sess_1/refresh", version: "2026-05-12",
		body: `{"expired_token":"expired.jwt.canary","refresh_token":"refresh-canary","request_origin":"https://app.example.com","request_originating_ip":"203.0.113.24","format":"cookie"}`,
		check: func(t *testing.T, got any) {
			assert.Equal(t, []string{"__session=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.bmV3; Path=/; Secure; SameSite=Lax"}, got)
		},
	},
	{
		op: "RevokeSession",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Revoke(ctx, "sess_1", o...)
		},
		request: "POST /sessions/sess_1/revoke", version: "2026-05-12", check: checkSession,
	},
	{
		op: "VerifySession",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.Verify(ctx, "sess_1", "session.jwt.canary", o...)
		},
		request: "POST /sessions/sess_1/verify", version: "2025-03-12", body: `{"token":"session.jwt.canary"}`, check: checkSession,
	},
	{
		op: "CreateSessionToken", name: "default lifetime",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.CreateToken(ctx, "sess_1", clerksessions.TokenParams{}, o...)
		},
		request: "POST /sessions/sess_1/tokens", version: "2026-05-12", check: checkToken,
	},
	{
		op: "CreateSessionToken", name: "longest lifetime, with an origin",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.CreateToken(ctx, "sess_1", clerksessions.TokenParams{ExpiresIn: 315_360_000 * time.Second}, append(o, clerksessions.WithOrigin("https://app.example.com"))...)
		},
		request: "POST /sessions/sess_1/tokens", version: "2026-05-12", origin: "https://app.example.com", body: `{"expires_in_seconds":315360000}`, check: checkToken,
	},
	{
		op: "CreateSessionTokenFromTemplate", name: "default lifetime",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.CreateTokenFromTemplate(ctx, "sess_1", "hasura", clerksessions.TokenParams{}, o...)
		},
		request: "POST /sessions/sess_1/tokens/hasura", version: "2026-05-12", check: checkToken,
	},
	{
		op: "CreateSessionTokenFromTemplate", name: "shortest lifetime, template with a slash",
		call: func(ctx context.Context, c *clerksessions.Client, o ...clerksessions.Option) (any, error) {
			return c.CreateTokenFromTemplate(ctx, "sess_1", "a/b c", clerksessions.TokenParams{ExpiresIn: 30 * time.Second}, append(o, clerksessions.WithOrigin("https://app.example.com"))...)
		},
		request: "POST /sessions/sess_1/tokens/a%2Fb%20c", version: "2026-05-12", origin: "https://app.example.com", body: `{"expires_in_seconds":30}`, check: checkToken,
	},
}

func (r row) title() string {
	if r.name == "" {
		return r.op
	}
	return r.op + ", " + r.name
}

func (r row) method() string { return strings.Fields(r.request)[0] }

func rowOf(op string) row {
	return rows[slices.IndexFunc(rows, func(r row) bool { return r.op == op })]
}

// distinctRows returns rows that differ in more than the contents of body and query: at
// least one of each method, with and without a body if it has both.
func distinctRows() (some []row) {
	seen := make(map[string]bool)
	for _, r := range rows {
		kind := fmt.Sprint(r.op, r.body == "")
		if r.op == "RefreshSession" {
			kind += r.example
		}
		if !seen[kind] {
			seen[kind] = true
			some = append(some, r)
		}
	}
	return some
}

func operation(id string) clerksessions.Operation {
	all := clerksessions.Operations()
	return all[slices.IndexFunc(all, func(op clerksessions.Operation) bool { return op.ID == id })]
}

func TestEveryOperationHasAWrapperMethodAndARow(t *testing.T) {
	t.Parallel()
	covered := make(map[string]bool)
	for _, r := range rows {
		covered[r.op] = true
	}
	for _, op := range clerksessions.Operations() {
		assert.True(t, covered[op.ID], "%s is in the contract: write a method on Client for it in client_wrapper.go and a row here", op.ID)
		delete(covered, op.ID)
	}
	assert.Empty(t, covered, "rows for operations the contract no longer has")
}

func TestEveryParameterIsSentByARow(t *testing.T) {
	t.Parallel()
	for id, op := range operations() {
		var sent strings.Builder // by all rows of the operation
		for _, r := range rows {
			if r.op == id {
				fmt.Fprintf(&sent, "%s Origin: %s %s\n", strings.ReplaceAll(r.request, "?", "&"), r.origin, r.body)
			}
		}
		check := func(where, name, text string) {
			assert.Contains(t, sent.String(), text, "%s: no row sends this; set it in a row of wrapper_test.go: %s %s", id, where, name)
		}
		for _, p := range op.Parameters {
			if p.Value.In == "query" {
				check("query", p.Value.Name, "&"+p.Value.Name+"=")
			}
			if p.Value.In == "header" && p.Value.Name != "Clerk-API-Version" {
				check("header", p.Value.Name, p.Value.Name+": http")
			}
		}
		if op.RequestBody != nil {
			for name := range op.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
				check("body", name, strconv.Quote(name)+":")
			}
		}
	}
}

// All and RevokeAll rely on the order of the list, newest first, and pass ListParams on.
var keepOrder = []string{"UserID", "ClientID", "Status", "Limit", "Offset"}

func TestEveryListParameterIsKnownToKeepTheOrder(t *testing.T) {
	t.Parallel()
	for field := range reflect.TypeFor[clerksessions.ListParams]().Fields() {
		assert.Contains(t, keepOrder, field.Name,
			"All passes this on; if it changes the order, refuse it in All, else add it to keepOrder")
	}
}

func TestEachCallSendsTheRequestOfItsRow(t *testing.T) {
	t.Parallel()
	for _, r := range rows {
		t.Run(r.title(), func(t *testing.T) {
			t.Parallel()
			body := example(t, r.op, r.example)
			base := contractServer(t, func(w http.ResponseWriter, req *http.Request) {
				r.checkRequest(t, req)
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Clerk-Trace-Id", "6f1d0c7ab92e4538a1c04be9d37f5260")
				_, _ = w.Write(body)
			})

			var meta clerksessions.Meta
			client := newClient(t, base, clerksessions.WithHTTPClient(new(http.Client))) // the default transport
			value, err := r.call(t.Context(), client, clerksessions.WithMeta(&meta))

			require.NoError(t, err)
			r.check(t, value)
			assert.Equal(t, 200, meta.StatusCode)
			assert.Equal(t, 1, meta.Attempts)
			assert.Equal(t, "6f1d0c7ab92e4538a1c04be9d37f5260", meta.TraceID)
			assert.JSONEq(t, string(body), string(meta.Body))
		})
	}
}

// checkRequest requires the request of the row, without any other header field.
func (r row) checkRequest(t *testing.T, got *http.Request) {
	body, err := io.ReadAll(got.Body)
	assert.NoError(t, err)
	assert.Equal(t, r.body, string(body))
	assert.Equal(t, int64(len(r.body)), got.ContentLength)
	assert.Equal(t, r.request, got.Method+" "+got.RequestURI[len(pathPrefix):])
	header := http.Header{
		"Accept":            {"application/json"},
		"Accept-Encoding":   {"gzip"},
		"Authorization":     {"Bearer " + testKey},
		"Clerk-Api-Version": {r.version},
		"User-Agent":        {"clerksessions/0.1"},
	}
	if r.method() == http.MethodPost {
		header.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	if r.body != "" {
		header.Set("Content-Type", "application/json")
	}
	if r.origin != "" {
		header.Set("Origin", r.origin)
	}
	assert.Equal(t, header, got.Header)
}
