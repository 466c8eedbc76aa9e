package clerksessions_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

const aSession = `{"object":"session","id":"sess_1","user_id":"user_1","client_id":"client_1","status":"active","surprise":{"a":[1]},"created_at":1794786307113}`

// serve starts a server on loopback, mounted under /v1, and returns the base URL.
func serve(t *testing.T, respond http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(http.StripPrefix("/v1", respond))
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return rv.IsNil()
	default:
		return false
	}
}

func TestNewRefusesBadKeys(t *testing.T) {
	t.Parallel()
	_, err := clerksessions.New("!sk_test_~")
	require.NoError(t, err, "the first and the last character of ASCII that prints")
	for name, key := range map[string]string{
		"empty": "", "publishable": "pk_test_canary", "line break": "sk_test_canary\n", "space": " sk_test_canary", "tab": "sk_test_\tcanary",
		"NUL": "sk_test_canary\x00", "DEL": "sk_test_canary\x7f", "invalid UTF-8": "sk_test_canary\xff", "typographic dash": "sk_test–canary",
	} {
		client, err := clerksessions.New(key)
		assert.Nil(t, client, name)
		require.ErrorIs(t, err, clerksessions.ErrInvalidArgument, name)
		assert.NotContains(t, err.Error(), "canary", name)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	bad := map[string]clerksessions.Option{
		"nil":                       nil,
		"base: no scheme":           clerksessions.WithBaseURL("api.clerk.com/v1"),
		"base: other scheme":        clerksessions.WithBaseURL("ftp://api.clerk.com/v1"),
		"base: no host":             clerksessions.WithBaseURL("https:///v1"),
		"base: port only":           clerksessions.WithBaseURL("https://:443/v1"),
		"base: opaque":              clerksessions.WithBaseURL("https:api.clerk.com"),
		"base: empty":               clerksessions.WithBaseURL(""),
		"base: unparsable":          clerksessions.WithBaseURL("https://api.clerk.com/%zz"),
		"base: control":             clerksessions.WithBaseURL("https://api.clerk.com/v1\n"),
		"base: user":                clerksessions.WithBaseURL("https://canary@api.clerk.com/v1"),
		"base: query":               clerksessions.WithBaseURL("https://api.clerk.com/v1?canary=1"),
		"base: empty query":         clerksessions.WithBaseURL("https://api.clerk.com/v1?"),
		"base: fragment":            clerksessions.WithBaseURL("https://api.clerk.com/v1#canary"),
		"base: empty fragment":      clerksessions.WithBaseURL("https://api.clerk.com/v1#"),
		"base: dot segments":        clerksessions.WithBaseURL("https://api.clerk.com/a/../v1"),
		"base: escaped dots":        clerksessions.WithBaseURL("https://api.clerk.com/%2e%2e/v1"),
		"base: double slash":        clerksessions.WithBaseURL("https://api.clerk.com//v1"),
		"client: nil":               clerksessions.WithHTTPClient(nil),
		"timeout: zero":             clerksessions.WithTimeout(0),
		"timeout: negative":         clerksessions.WithTimeout(-1),
		"attempts: zero":            clerksessions.WithMaxAttempts(0),
		"logger: nil":               clerksessions.WithLogger(nil),
		"user agent: empty":         clerksessions.WithUserAgent(""),
		"user agent: control":       clerksessions.WithUserAgent("a\r\nX-Evil: 1"),
		"header: no name":           clerksessions.WithHeader("", "x"),
		"header: bad name":          clerksessions.WithHeader("a b", "x"),
		"header: bad value":         clerksessions.WithHeader("X-A", "x\r\nX-B: canary"),
		"header: authorization":     clerksessions.WithHeader("authorization", "Bearer canary"),
		"header: host":              clerksessions.WithHeader("Host", "elsewhere"),
		"header: content-length":    clerksessions.WithHeader("content-length", "1"),
		"header: idempotency key":   clerksessions.WithHeader("idempotency-key", "1"),
		"header: X-idempotency key": clerksessions.WithHeader("X-Idempotency-Key", "1"),
		"header: gzip":              clerksessions.WithHeader("Accept-Encoding", "gzip"),
		"query: no name":            clerksessions.WithQuery("", "x"),
		"origin: empty":             clerksessions.WithOrigin(""),
		"origin: a path":            clerksessions.WithOrigin("https://app.example.com/"),
		"origin: unparsable":        clerksessions.WithOrigin("https://%zz"),
		"origin: no host":           clerksessions.WithOrigin("https://"),
		"origin: no scheme":         clerksessions.WithOrigin("app.example.com"),
		"meta: nil":                 clerksessions.WithMeta(nil),
		"limit: zero":               clerksessions.WithMaxResponseBytes(0),
	}
	srv := serve(t, func(http.ResponseWriter, *http.Request) { assert.Fail(t, "a request was sent") })
	client := newClient(t, srv)
	for name, opt := range bad {
		t.Run(name, func(t *testing.T) {
			_, err := clerksessions.New(testKey, opt)
			require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
			assert.NotContains(t, err.Error(), "canary")

			session, err := client.Get(t.Context(), "sess_1", opt)
			assert.Nil(t, session)
			assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
		})
	}
	_, err := clerksessions.New(testKey, clerksessions.WithMeta(new(clerksessions.Meta)))
	assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument, "one Meta for all calls")
}

func TestBadParametersAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(http.ResponseWriter, *http.Request) { assert.Fail(t, "a request was sent") })
	c := newClient(t, srv)
	ctx := t.Context()
	var none context.Context
	bad := map[string]struct {
		call func() (any, error)
		says string
	}{
		"context":             {func() (any, error) { return c.Get(none, "sess_1") }, "ctx is nil"},
		"limit high":          {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Limit: 501}) }, "limit is 501, but must be at most 500"},
		"limit low":           {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Limit: -1}) }, "limit is -1, but must be at least 1"},
		"offset":              {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Offset: -1}) }, "offset is -1"},
		"status pending":      {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Status: "pending"}) }, `status is "pending", but must be one of abandoned, active`},
		"create without user": {func() (any, error) { return c.Create(ctx, clerksessions.CreateParams{}) }, "user_id is required"},
		"create invalid text": {func() (any, error) { return c.Create(ctx, clerksessions.CreateParams{UserID: "\xff"}) }, "user_id is not valid UTF-8"},
		"list invalid text":   {func() (any, error) { return c.List(ctx, clerksessions.ListParams{ClientID: "\xff"}) }, "client_id is not valid UTF-8"},
		"no session":          {func() (any, error) { return c.Get(ctx, "") }, "session_id is empty"},
		"no template":         {func() (any, error) { return c.CreateTokenFromTemplate(ctx, "sess_1", "", clerksessions.TokenParams{}) }, "template_name is empty"},
		"no token":            {func() (any, error) { return c.Verify(ctx, "sess_1", "") }, "token is required"},
		"refresh, nothing":    {func() (any, error) { return c.Refresh(ctx, "sess_1", clerksessions.RefreshParams{}) }, "expired_token is required"},
		"refresh, no origin": {func() (any, error) {
			return c.RefreshCookies(ctx, "sess_1", clerksessions.RefreshParams{ExpiredToken: "x", RefreshToken: "y"})
		}, "request_origin is required"},
		"lifetime short": {func() (any, error) {
			return c.CreateToken(ctx, "sess_1", clerksessions.TokenParams{ExpiresIn: 29 * time.Second})
		}, "expires_in_seconds is 29, but must be at least 30"},
		"lifetime negative": {func() (any, error) {
			return c.CreateToken(ctx, "sess_1", clerksessions.TokenParams{ExpiresIn: -time.Minute})
		}, "at least 30"},
		"lifetime long": {func() (any, error) {
			return c.CreateToken(ctx, "sess_1", clerksessions.TokenParams{ExpiresIn: 315_360_001 * time.Second})
		}, "at most 315360000"},
		"lifetime longest": {func() (any, error) {
			return c.CreateToken(ctx, "sess_1", clerksessions.TokenParams{ExpiresIn: math.MaxInt64 / time.Second * time.Second})
		}, "at most 315360000"},
		"lifetime in between": {func() (any, error) {
			return c.CreateTokenFromTemplate(ctx, "sess_1", "t", clerksessions.TokenParams{ExpiresIn: 90*time.Second + time.Millisecond})
		}, "whole seconds"},
		"zero client": {func() (any, error) { return new(clerksessions.Client).Get(ctx, "sess_1") }, "not made by New"},
		"nil client":  {func() (any, error) { return (*clerksessions.Client)(nil).Revoke(ctx, "sess_1") }, "not made by New"},
	}
	for name, test := range bad {
		value, err := test.call()
		assert.True(t, isNil(value), name)
		require.ErrorIs(t, err, clerksessions.ErrInvalidArgument, name)
		assert.Contains(t, err.Error(), test.says, name)
	}
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "/v1", "/v1/", "/a/b%2Fc/v1//"} {
		var uri string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			uri = r.RequestURI
			_, _ = io.WriteString(w, aSession)
		}))
		_, err := newClient(t, srv.URL+path).Get(t.Context(), "sess_1")
		srv.Close()
		require.NoError(t, err, path)
		assert.Equal(t, strings.TrimRight(path, "/")+"/sessions/sess_1", uri)
	}
}

func TestNewFromEnv(t *testing.T) {
	var uri, key string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri, key = r.RequestURI, r.Header.Get("Authorization")
		_, _ = io.WriteString(w, aSession)
	}))
	defer srv.Close()

	t.Setenv("CLERK_SECRET_KEY", "")
	t.Setenv("CLERK_API_URL", srv.URL+"/")
	t.Setenv("CLERK_API_VERSION", "")
	_, err := clerksessions.NewFromEnv()
	require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
	assert.Contains(t, err.Error(), "CLERK_SECRET_KEY is not set")

	t.Setenv("CLERK_SECRET_KEY", testKey)
	client, err := clerksessions.NewFromEnv()
	require.NoError(t, err)
	_, err = client.Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, "/v1/sessions/sess_1", uri)
	assert.Equal(t, "Bearer "+testKey, key)

	t.Setenv("CLERK_API_VERSION", "v2")
	client, err = clerksessions.NewFromEnv()
	require.NoError(t, err)
	_, err = client.Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, "/v2/sessions/sess_1", uri)

	client, err = clerksessions.NewFromEnv(clerksessions.WithBaseURL(srv.URL + "/option"))
	require.NoError(t, err)
	_, err = client.Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, "/option/sessions/sess_1", uri, "options override the environment")

	for _, version := range []string{"..", "v1/../x", "v1?x", "a\nb"} {
		t.Setenv("CLERK_API_VERSION", version)
		_, err = clerksessions.NewFromEnv()
		require.ErrorIs(t, err, clerksessions.ErrInvalidArgument, version)
		assert.Contains(t, err.Error(), "CLERK_API_VERSION")
	}
	t.Setenv("CLERK_API_VERSION", "")
	t.Setenv("CLERK_API_URL", "not a url")
	_, err = clerksessions.NewFromEnv()
	require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
	assert.Contains(t, err.Error(), "CLERK_API_URL")

	t.Setenv("CLERK_API_URL", "")
	client, err = clerksessions.NewFromEnv()
	require.NoError(t, err)
	assert.Equal(t, `clerksessions.Client{BaseURL:"https://api.clerk.com/v1"}`, fmt.Sprint(client))
}

func TestOptionsReachTheRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		_, _ = io.WriteString(w, aSession)
	})
	client := newClient(t, srv, clerksessions.WithUserAgent("app/1"), clerksessions.WithHeader("x-app", "one\ttab"), clerksessions.WithQuery("q", "1"))
	_, err := client.Get(t.Context(), "sess_1",
		clerksessions.WithUserAgent("job/2"), clerksessions.WithHeader("X-Job", "two"), clerksessions.WithQuery("r", "a b"),
		clerksessions.WithOrigin("https://app.example.com"), clerksessions.WithHeader("Clerk-API-Version", "2025-04-10"))
	require.NoError(t, err)
	assert.Equal(t, "clerksessions/0.1 app/1 job/2", got.UserAgent())
	assert.Equal(t, []string{"one\ttab"}, got.Header["X-App"])
	assert.Equal(t, []string{"two"}, got.Header["X-Job"])
	assert.Equal(t, "https://app.example.com", got.Header.Get("Origin"))
	assert.Equal(t, []string{"2025-04-10"}, got.Header["Clerk-Api-Version"])
	assert.Equal(t, "q=1&r=a+b", got.URL.RawQuery)

	_, err = client.Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, "clerksessions/0.1 app/1", got.UserAgent(), "options of one call are not kept")
	assert.Empty(t, got.Header.Get("X-Job"))
	assert.Equal(t, "q=1", got.URL.RawQuery)
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTheCallersHTTPClientIsNotChanged(t *testing.T) {
	t.Parallel()
	var op atomic.Value
	transport := transportFunc(func(r *http.Request) (*http.Response, error) {
		found, ok := clerksessions.OperationFromContext(r.Context())
		assert.True(t, ok)
		op.Store(found)
		deadline, ok := r.Context().Deadline()
		assert.True(t, ok)
		assert.LessOrEqual(t, time.Until(deadline), time.Second)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(aSession)), Request: r}, nil
	})
	mine := &http.Client{Transport: transport, Timeout: time.Second}
	before := *mine
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(mine), clerksessions.WithLogger(slog.New(slog.DiscardHandler)))
	_, err := client.Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, before.Timeout, mine.Timeout)
	assert.Nil(t, mine.CheckRedirect)
	assert.Nil(t, mine.Jar)
	assert.Equal(t, clerksessions.Operation{ID: "GetSession", Method: "GET", Path: "/sessions/{session_id}", APIVersion: "2026-05-12", Retry: clerksessions.RetrySafe}, op.Load())

	_, ok := clerksessions.OperationFromContext(context.Background())
	assert.False(t, ok)
}

func TestMetaHoldsTheLastCallOnly(t *testing.T) {
	t.Parallel()
	body := aSession
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, body) })
	client := newClient(t, srv)
	var meta clerksessions.Meta
	_, err := client.Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
	require.NoError(t, err)
	assert.Equal(t, body, string(meta.Body))

	body = `{"object":"token","jwt":"canary"}`
	_, err = client.Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
	require.Error(t, err)
	assert.Equal(t, 200, meta.StatusCode)
	assert.Empty(t, meta.Body, "nothing is kept of a success that cannot be used")

	_, err = client.Get(t.Context(), "", clerksessions.WithMeta(&meta))
	require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
	assert.Equal(t, clerksessions.Meta{}, meta, "nothing was sent")
}

func TestUnknownFieldsAndStatusesAreTolerated(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Replace(aSession, `"active"`, `"hibernating"`, 1))
	})
	session, err := newClient(t, srv).Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Equal(t, clerksessions.SessionStatus("hibernating"), session.Status)
	assert.EqualValues(t, int64(1794786307113), session.CreatedAt, "64 bits on every platform")
}

func TestBothShapesOfAList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body  string
		count int
		total int
		says  string
	}{
		"page":                      {body: `{"data":[` + aSession + `],"total_count":7}`, count: 1, total: 7},
		"bare list":                 {body: " \n[" + aSession + "," + aSession + "]", count: 2, total: 2},
		"empty page":                {body: `{"data":[],"total_count":0}`},
		"empty list":                {body: `[]`},
		"no data":                   {body: `{"total_count":3}`, says: `missing "data"`},
		"another list":              {body: `{"items":[{"a":1},{"a":2}],"total_count":3}`, says: `missing "data"`},
		"null data":                 {body: `{"data":null,"total_count":3}`, says: `missing "data"`},
		"a session without id":      {body: `[` + aSession + `,{"object":"session"}]`, says: `missing "id" in session 1`},
		"a session that is null":    {body: `[null]`, says: `in session 0`},
		"data of another kind":      {body: `{"data":{},"total_count":3}`, says: "invalid SessionPage in response"},
		"a total of another kind":   {body: `{"data":[],"total_count":"3"}`, says: "invalid SessionPage in response"},
		"a time that is a fraction": {body: `[{"object":"session","id":"sess_1","created_at":1.5}]`, says: "invalid SessionPage in response"},
	} {
		srv := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, test.body) })
		page, err := newClient(t, srv).List(t.Context(), clerksessions.ListParams{UserID: "user_1"})
		if test.says != "" {
			require.Error(t, err, name)
			assert.Contains(t, err.Error(), test.says, name)
			assert.Nil(t, page, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Len(t, page.Data, test.count, name)
		assert.Equal(t, test.total, page.TotalCount, name)
	}
}

func TestRefreshRejectsTheOtherFormat(t *testing.T) {
	t.Parallel()
	body := `{"object":"cookies","cookies":["__session=x"]}`
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, body) })
	client := newClient(t, srv)
	token, err := client.Refresh(t.Context(), "sess_1", refresh)
	assert.Nil(t, token)
	assert.ErrorContains(t, err, `missing "object": "token"`)

	body = `{"object":"token","jwt":"x"}`
	cookies, err := client.RefreshCookies(t.Context(), "sess_1", refresh)
	assert.Nil(t, cookies)
	assert.ErrorContains(t, err, `missing "object": "cookies"`)

	body = `{"object":"token","jwt":""}`
	_, err = client.Refresh(t.Context(), "sess_1", refresh)
	assert.ErrorContains(t, err, `missing "jwt"`)
}

func TestResponsesAreLimited(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Clerk-Trace-Id", "t")
		_, _ = io.WriteString(w, aSession)
	})
	client := newClient(t, srv)
	_, err := client.Get(t.Context(), "sess_1", clerksessions.WithMaxResponseBytes(int64(len(aSession))))
	require.NoError(t, err)
	_, err = client.Get(t.Context(), "sess_1", clerksessions.WithMaxResponseBytes(math.MaxInt64))
	require.NoError(t, err)

	_, err = client.Get(t.Context(), "sess_1", clerksessions.WithMaxResponseBytes(int64(len(aSession))-1))
	var apiErr *clerksessions.Error
	require.ErrorAs(t, err, &apiErr)
	assert.Equal(t, 200, apiErr.StatusCode)
	assert.Equal(t, "t", apiErr.TraceID)
	assert.Equal(t, "GetSession", apiErr.Op)
	assert.ErrorContains(t, err, fmt.Sprintf("response exceeds %d bytes", len(aSession)-1))
}
