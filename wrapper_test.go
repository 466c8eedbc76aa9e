package clerksessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// row is one call of a wrapper method and what it must put on the wire.
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

// sent names everything that a row sends, by its place.
func (r row) sent(t *testing.T) (names []string) {
	t.Helper()
	u, err := url.Parse(strings.Fields(r.request)[1])
	require.NoError(t, err)
	for name := range u.Query() {
		names = append(names, "query "+name)
	}
	names = append(names, "header Clerk-API-Version")
	if r.origin != "" {
		names = append(names, "header Origin")
	}
	if r.body != "" {
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(r.body), &body))
		for name := range body {
			names = append(names, "body "+name)
		}
	}
	return names
}

// declared names everything that an operation can be sent, by its place.
func declared(op *openapi3.Operation) (names []string) {
	for _, p := range op.Parameters {
		if p.Value.In != "path" { // every row fills the path
			names = append(names, p.Value.In+" "+p.Value.Name)
		}
	}
	if op.RequestBody != nil {
		for name := range op.RequestBody.Value.Content["application/json"].Schema.Value.Properties {
			names = append(names, "body "+name)
		}
	}
	return names
}

func TestEveryParameterIsSentByARow(t *testing.T) {
	t.Parallel()
	sent := make(map[string][]string)
	for _, r := range rows {
		sent[r.op] = append(sent[r.op], r.sent(t)...)
	}
	for id, op := range operations() {
		for _, name := range declared(op) {
			assert.Contains(t, sent[id], name, "%s: no row sends this; set it in a row of wrapper_test.go", id)
		}
	}
}

// All and RevokeAll rest on the order of the list, newest first, and pass ListParams on.
var keepOrder = []string{"UserID", "ClientID", "Status", "Limit", "Offset"}

func TestEveryListParameterIsKnownToKeepTheOrder(t *testing.T) {
	t.Parallel()
	for field := range reflect.TypeFor[clerksessions.ListParams]().Fields() {
		assert.Contains(t, keepOrder, field.Name,
			"All passes this on; if it changes the order, refuse it in All, else add it to keepOrder")
	}
}

func TestWhatGoesOverTheWire(t *testing.T) {
	t.Parallel()
	for _, r := range rows {
		t.Run(r.title(), func(t *testing.T) {
			t.Parallel()
			body := example(t, r.op, r.example)
			var got *http.Request
			var gotBody []byte
			base := contractServer(t, func(w http.ResponseWriter, req *http.Request) {
				gotBody, _ = io.ReadAll(req.Body)
				got = req
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Clerk-Trace-Id", "6f1d0c7ab92e4538a1c04be9d37f5260")
				_, _ = w.Write(body)
			})

			var meta clerksessions.Meta
			value, err := r.call(t.Context(), newClient(t, base), clerksessions.WithMeta(&meta))

			require.NoError(t, err)
			r.check(t, value)
			assert.Equal(t, r.request, got.Method+" "+got.RequestURI[len(below):])
			assert.Equal(t, r.body, string(gotBody))
			assert.Equal(t, int64(len(r.body)), got.ContentLength)
			header := http.Header{
				"Accept":            {"application/json"},
				"Accept-Encoding":   {"gzip"},
				"Authorization":     {"Bearer " + testKey},
				"Clerk-Api-Version": {r.version},
				"User-Agent":        {"clerksessions/0.1"},
			}
			if got.Method == http.MethodPost {
				header.Set("Content-Length", strconv.Itoa(len(r.body)))
			}
			if r.body != "" {
				header.Set("Content-Type", "application/json")
			}
			if r.origin != "" {
				header.Set("Origin", r.origin)
			}
			assert.Equal(t, header, got.Header)
			assert.Equal(t, 200, meta.StatusCode)
			assert.Equal(t, 1, meta.Attempts)
			assert.Equal(t, "6f1d0c7ab92e4538a1c04be9d37f5260", meta.TraceID)
			assert.Equal(t, compact(t, body), compact(t, meta.Body))
		})
	}
}

// errorResponses are responses that are not a success, and what is left of each.
var errorResponses = []struct {
	name   string
	status int
	header map[string]string
	body   string
	is     error
	code   string
	trace  string
	after  time.Duration
	text   string // part of the error's text
}{
	{name: "400", status: 400, body: clerkError("request_invalid_for_environment"), is: clerksessions.ErrBadRequest, code: "request_invalid_for_environment", trace: "trace-in-body", text: "400 Bad Request: request_invalid_for_environment (long text)"},
	{name: "401", status: 401, body: clerkError("clerk_key_invalid"), is: clerksessions.ErrUnauthorized, code: "clerk_key_invalid", trace: "trace-in-body"},
	{name: "403", status: 403, body: clerkError("authorization_invalid"), is: clerksessions.ErrForbidden, code: "authorization_invalid", trace: "trace-in-body"},
	{name: "404", status: 404, body: clerkError("resource_not_found"), is: clerksessions.ErrNotFound, code: "resource_not_found", trace: "trace-in-body"},
	{name: "409", status: 409, body: clerkError("conflict"), is: clerksessions.ErrConflict, code: "conflict", trace: "trace-in-body"},
	{name: "410", status: 410, body: clerkError("operation_deprecated"), is: clerksessions.ErrGone, code: "operation_deprecated", trace: "trace-in-body"},
	{name: "422", status: 422, body: clerkError("form_param_missing"), is: clerksessions.ErrUnprocessable, code: "form_param_missing", trace: "trace-in-body"},
	{name: "429", status: 429, header: map[string]string{"Retry-After": "7"}, body: clerkError("too_many_requests"), is: clerksessions.ErrRateLimited, code: "too_many_requests", trace: "trace-in-body", after: 7 * time.Second, text: "retry after 7s"},
	{name: "500", status: 500, body: clerkError("internal_clerk_error"), is: clerksessions.ErrUnavailable, code: "internal_clerk_error", trace: "trace-in-body"},
	{name: "599", status: 599, body: clerkError("x"), is: clerksessions.ErrUnavailable, code: "x", trace: "trace-in-body"},
	{name: "trace in the header", status: 404, header: map[string]string{"X-Clerk-Trace-Id": "trace-in-header", "CF-Ray": "ray"}, body: `{"errors":[]}`, is: clerksessions.ErrNotFound, trace: "trace-in-header"},
	{name: "trace in the edge's header", status: 502, header: map[string]string{"CF-Ray": "ray-1", "Content-Type": "text/html"}, body: "<html>bad gateway</html>", is: clerksessions.ErrUnavailable, trace: "ray-1", text: `not Clerk's JSON (Content-Type "text/html", 24 bytes)`},
	{name: "empty", status: 503, body: "", is: clerksessions.ErrUnavailable, text: "503 Service Unavailable"},
	{name: "cut short", status: 404, body: clerkError("resource_not_found")[:30], is: clerksessions.ErrNotFound},
	{name: "null", status: 404, body: "null", is: clerksessions.ErrNotFound},
	{name: "another shape", status: 404, body: `{"errors":"none"}`, is: clerksessions.ErrNotFound},
	{name: "a status nobody knows", status: 418, body: clerkError("teapot"), code: "teapot", trace: "trace-in-body"},
	{name: "redirect", status: 307, header: map[string]string{"Location": "https://elsewhere.example/v1/sessions?x=1"}, text: `redirect to "elsewhere.example" refused`},
	{name: "redirect to nowhere", status: 302, header: map[string]string{"Location": "://%zz"}, text: "redirect to an unreadable address refused"},
	{name: "success without a body", status: 204, text: "204 No Content: invalid"},
	{name: "success that is a page", status: 200, header: map[string]string{"Content-Type": "text/html", "X-Clerk-Trace-Id": "t"}, body: "<html>", trace: "t", text: "invalid "},
	{name: "success that is null", status: 200, body: "null", text: "missing"},
	{name: "success that is empty", status: 200, body: "{}", text: "missing"},
	{name: "success of another kind", status: 200, body: `{"object":"user","id":"user_1"}`, text: "missing"},
	{name: "success with a duplicate name", status: 200, body: `{"object":"session","object":"session","id":"sess_1","jwt":"x"}`, text: "invalid "},
	{name: "success with names in another case", status: 200, body: `{"Object":"session","ID":"sess_1","JWT":"x","Data":[]}`, text: "missing"},
	{name: "success with more behind it", status: 200, body: `{"object":"session","id":"sess_1","jwt":"x"} {}`, text: "invalid "},
}

func clerkError(code string) string {
	return fmt.Sprintf(`{"errors":[{"message":"text","long_message":"long text","code":%q,"meta":{"param_name":"p"}}],"clerk_trace_id":"trace-in-body"}`, code)
}

func TestErrorResponses(t *testing.T) {
	t.Parallel()
	for _, e := range errorResponses {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			srv := serve(t, func(w http.ResponseWriter, req *http.Request) {
				calls.Add(1)
				for name, value := range e.header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(e.status)
				_, _ = io.WriteString(w, e.body)
			})
			client := newClient(t, srv, clerksessions.WithMaxAttempts(1))
			for _, r := range rows {
				calls.Store(0)
				var meta clerksessions.Meta
				value, err := r.call(t.Context(), client, clerksessions.WithMeta(&meta))

				assert.True(t, isNil(value), "%s: exactly one of value and error", r.title())
				var apiErr *clerksessions.Error
				require.ErrorAs(t, err, &apiErr, r.title())
				assert.Equal(t, r.op, apiErr.Op)
				assert.Equal(t, e.status, apiErr.StatusCode)
				assert.Equal(t, e.trace, apiErr.TraceID)
				assert.Equal(t, e.after, apiErr.RetryAfter)
				assert.Equal(t, 1, apiErr.Attempts)
				if e.status > 299 {
					assert.Equal(t, e.body, string(apiErr.Body))
				} else {
					assert.Empty(t, apiErr.Body, "of a success nothing is kept: there may be a token in it")
				}
				assert.NotNil(t, apiErr.Header)
				assert.Contains(t, err.Error(), e.text)
				assert.NotContains(t, err.Error(), "\n")
				for _, category := range categories {
					assert.Equal(t, category == e.is, errors.Is(err, category), "%s: errors.Is %v", r.title(), category)
				}
				if e.code != "" {
					assert.True(t, apiErr.HasCode(e.code))
					assert.Equal(t, map[string]any{"param_name": "p"}, apiErr.Errors[0].Meta)
				}
				assert.False(t, apiErr.HasCode("other"))
				assert.Equal(t, e.status, meta.StatusCode)
				assert.Equal(t, e.trace, meta.TraceID)
				assert.EqualValues(t, 1, calls.Load(), "%s: no second request", r.title())
			}
		})
	}
}

var categories = []error{
	clerksessions.ErrBadRequest, clerksessions.ErrUnauthorized, clerksessions.ErrForbidden, clerksessions.ErrNotFound,
	clerksessions.ErrConflict, clerksessions.ErrGone, clerksessions.ErrUnprocessable, clerksessions.ErrRateLimited,
	clerksessions.ErrUnavailable, clerksessions.ErrInvalidArgument,
}

// What an edge or a proxy has written over is read as far as it can be.
func TestOddErrorsKeepTheirCodes(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"meta is a list":   `{"errors":[{"code":"resource_not_found","message":"m","meta":[]}],"meta":[],"clerk_trace_id":"t"}`,
		"meta is a text":   `{"errors":[{"code":"resource_not_found","message":"m","meta":"none"}],"clerk_trace_id":"t"}`,
		"meta is null":     `{"errors":[{"code":"resource_not_found","message":"m","meta":null}],"clerk_trace_id":"t"}`,
		"text is no UTF-8": "{\"errors\":[{\"code\":\"resource_not_found\",\"message\":\"caf\xe9\"}],\"clerk_trace_id\":\"t\"}",
		"names twice":      `{"errors":[],"errors":[{"code":"resource_not_found","code":"resource_not_found"}],"clerk_trace_id":"t"}`,
	} {
		srv := serve(t, func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(404)
			_, _ = io.WriteString(w, body)
		})
		_, err := newClient(t, srv).Get(t.Context(), "sess_1")
		var apiErr *clerksessions.Error
		require.ErrorAs(t, err, &apiErr, name)
		assert.True(t, apiErr.HasCode("resource_not_found"), "%s: %v", name, err)
		assert.Equal(t, "t", apiErr.TraceID, name)
	}
}
