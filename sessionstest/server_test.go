package sessionstest_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// Loopback, memory and a handler give the same results.
func TestClientsOverEveryTransport(t *testing.T) {
	t.Parallel()
	clients := map[string]func(t *testing.T) *clerksessions.Client{
		"loopback":  func(t *testing.T) *clerksessions.Client { return sessionstest.NewServer(t).Client() },
		"in memory": func(t *testing.T) *clerksessions.Client { return sessionstest.New().Client() },
		"handler": func(t *testing.T) *clerksessions.Client {
			srv := sessionstest.New(sessionstest.WithSecretKey("sk_test_program"))
			web := httptest.NewServer(srv)
			t.Cleanup(web.Close)
			client, err := clerksessions.New("sk_test_program", clerksessions.WithBaseURL(web.URL+"/v1"))
			require.NoError(t, err)
			return client
		},
	}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, client := t.Context(), client(t)
			session, err := client.Create(ctx, clerksessions.CreateParams{UserID: "user_1"})
			require.NoError(t, err)
			page, err := client.List(ctx, clerksessions.ListParams{UserID: "user_1"})
			require.NoError(t, err)
			assert.Equal(t, []clerksessions.Session{*session}, page.Data)
			got, err := client.Get(ctx, session.ID)
			require.NoError(t, err)
			assert.Equal(t, session, got)
			token, err := client.CreateToken(ctx, session.ID, clerksessions.TokenParams{})
			require.NoError(t, err)
			//lint:ignore SA1019 deprecated, but emulated
			verified, err := client.Verify(ctx, session.ID, token.JWT)
			require.NoError(t, err)
			assert.Equal(t, session, verified)
			revoked, err := client.Revoke(ctx, session.ID)
			require.NoError(t, err)
			assert.Equal(t, clerksessions.SessionStatusRevoked, revoked.Status)
			_, err = client.CreateToken(ctx, session.ID, clerksessions.TokenParams{})
			require.ErrorIs(t, err, clerksessions.ErrNotFound)
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	a, b := sessionstest.New(), sessionstest.New()
	assert.True(t, strings.HasPrefix(a.SecretKey, "sk_test_"))
	assert.NotEqual(t, a.SecretKey, b.SecretKey)
	assert.NotEqual(t, a.Issuer, b.Issuer)
	assert.NotEqual(t, a.KeyID(), b.KeyID())
	assert.Regexp(t, `^https://[a-z0-9]+-00\.clerk\.accounts\.dev$`, a.Issuer)
	assert.Regexp(t, `^ins_\w{27}$`, a.KeyID())
	live := sessionstest.New(sessionstest.WithProduction())
	assert.True(t, strings.HasPrefix(live.SecretKey, "sk_live_"))
	assert.True(t, strings.HasPrefix(live.Issuer, "https://clerk."))
	assert.True(t, strings.HasSuffix(sessionstest.NewServer(t).URL, "/v1"))
}

// The key is checked before the route, and the scheme is case-sensitive.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	const format, key = "authorization_header_format_invalid", "clerk_key_invalid"
	for header, code := range map[string]string{
		"Authorization:":                                   format,
		"Authorization: Bearer":                            format,
		"Authorization: bearer " + h.SecretKey:             format,
		"Authorization: BEARER " + h.SecretKey:             format,
		"Authorization: Basic " + h.SecretKey:              format,
		"Authorization: " + h.SecretKey:                    format,
		"Authorization: Bearer\t" + h.SecretKey:            format,
		"Authorization: Bearer  " + h.SecretKey:            key,
		"Authorization: Bearer " + h.SecretKey + "x":       key,
		"Authorization: Bearer " + h.SecretKey[:10]:        key,
		"Authorization: Bearer " + h.SecretKey + " x":      key,
		"Authorization: Bearer sk_live_" + h.SecretKey[8:]: key,
	} {
		for _, path := range []string{"/v1/sessions?user_id=user_1", "/v1/nothing", "/v1", "/", "/v1/jwks"} {
			a := h.do("GET", path, "", header)
			assert.Equal(t, 401, a.status)
			assert.Equal(t, code, a.code, header)
		}
	}
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	id := h.session().ID
	for _, request := range []string{
		"GET /v1", "GET /v1/", "GET /", "GET /v1/sessions/", "GET /v1/sessions//", "DELETE /v1/sessions/" + id, "PUT /v1/sessions",
		"GET /sessions", "GET /v2/sessions", "GET /V1/sessions", "GET /v1/Sessions", "GET /v1/sessions/" + id + "/",
		"GET /v1/sessions/" + id + "/revoke", "POST /v1/sessions/" + id, "POST /v1/sessions/" + id + "/revoke/", "POST /v1/sessions//revoke",
		"POST /v1/sessions/" + id + "/tokens/", "POST /v1/sessions/" + id + "/tokens/a/b", "GET /.well-known/jwks.json/x",
		"GET /v1/.well-known/jwks.json", "POST /v1/jwks", "GET /v1/usersx", "GET /users", "GET /v1/../v1/sessions", "GET //v1/sessions", "PATCH /v1/sessions",
	} {
		method, path, _ := strings.Cut(request, " ")
		a := h.do(method, path, "")
		assert.Equal(t, 404, a.status, request)
		assert.Equal(t, "resource_not_found", a.code)
	}
	for _, id := range []string{"..", "../users/user_1", "sess_1?x=1", "a/b", "%2e%2e", "\x00", "日本", strings.Repeat("x", 5000)} {
		a := h.do("GET", "/v1/sessions/"+escaped(id), "")
		assert.Equal(t, 404, a.status, id)
		assert.Equal(t, "GetSession", h.Requests()[len(h.Requests())-1].Operation, id)
	}
}

// Clerk's own clients send each of these.
func TestEmptyBodies(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, body := range []string{"", "null", "{}", " {} ", "\n"} {
		for _, header := range []string{"Content-Type: application/json", "Content-Type: application/json; charset=utf-8"} {
			id := h.session().ID
			assert.Equal(t, 200, h.do("POST", "/v1/sessions/"+id+"/tokens", body, header, "Tolerated: yes").status)
			assert.Equal(t, "invalid_session_token", h.do("POST", "/v1/sessions/"+id+"/verify", body, header).code)
			assert.Equal(t, 200, h.do("POST", "/v1/sessions/"+id+"/revoke", body, header).status)
		}
	}
	id := h.session().ID
	assert.Equal(t, 415, h.do("POST", "/v1/sessions/"+id+"/tokens", "{}", "Content-Type:").status)
	assert.Equal(t, 415, h.do("POST", "/v1/sessions/"+id+"/tokens", "{}", "Content-Encoding: gzip").status)
}

func TestRateLimitIsShared(t *testing.T) {
	t.Parallel()
	h := newHarness(t, sessionstest.WithRateLimit(3, 10*time.Second))
	first, second := h.client(), h.client()
	id := h.session().ID
	call := func(client *clerksessions.Client) error {
		_, err := client.Get(t.Context(), id)
		return err
	}
	require.NoError(t, call(first))
	require.NoError(t, call(second))
	assert.Equal(t, 401, h.do("GET", "/v1/sessions/"+id, "", "Authorization:").status, "a request without a key does not count")
	h.Advance(3500 * time.Millisecond)
	require.NoError(t, call(first))
	err := call(second)
	require.ErrorIs(t, err, clerksessions.ErrRateLimited)
	var e *clerksessions.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, 7*time.Second, e.RetryAfter, "6.5 s, rounded up")
	assert.Equal(t, 200, h.do("GET", "/v1/jwks", "").status, "keys are not limited")
	h.Advance(6500 * time.Millisecond)
	require.NoError(t, call(second))
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	for production, statuses := range map[bool][4]int{true: {200, 422, 503, 200}, false: {503, 503, 503, 200}} {
		var opts []sessionstest.Option
		if production {
			opts = append(opts, sessionstest.WithProduction())
		}
		h := newHarness(t, opts...)
		id := h.session().ID
		h.SetMaintenance(true)
		assert.Equal(t, statuses[0], h.do("GET", "/v1/sessions/"+id, "").status)
		assert.Equal(t, statuses[1], h.do("POST", "/v1/sessions/"+id+"/refresh", "{}").status)
		assert.Equal(t, statuses[2], h.do("POST", "/v1/sessions/"+id+"/revoke", "").status)
		h.SetMaintenance(false)
		assert.Equal(t, statuses[3], h.do("POST", "/v1/sessions/"+id+"/revoke", "").status)
	}
}

// Everything in a response follows the stopped clock.
func TestStoppedClock(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.Advance(time.Hour)
	assert.Equal(t, start.Add(time.Hour), h.Now())
	a := h.do("POST", "/v1/sessions", `{"user_id":"user_1"}`)
	assert.Equal(t, start.Add(time.Hour).Format(http.TimeFormat), a.header.Get("Date"))
	assert.EqualValues(t, start.Add(time.Hour).UnixMilli(), a.members(t)["created_at"])
	assert.Equal(t, start.Add(time.Hour), h.Requests()[0].Time)
}

// net/http answers OPTIONS * by itself by default.
func TestServerOptionsNeedAKey(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	u, err := url.Parse(srv.URL)
	require.NoError(t, err)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: "+u.Host+"\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 401, resp.StatusCode)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
}

func TestPathWithVersionTwiceIsPointedOut(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for path, doubled := range map[string]bool{"/v1/v1/sessions": true, "/v1/v1": true, "/v1/v1sessions": false, "/v1/users/v1/v1": false} {
		a := h.do("GET", path, "")
		assert.Equal(t, 404, a.status)
		assert.Equal(t, doubled, strings.Contains(a.body, "begins with /v1 twice"), a.body)
	}
}

// A path that Clerk has but the emulator does not has a code of its own.
func TestNotEmulated(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, request := range []string{
		"PATCH /v1/users/user_1", "GET /v1/organizations", "GET /v1/clients", "POST /v1/testing_tokens", "POST /v1/users/ban", "PUT /v1/users/user_1",
	} {
		method, path, _ := strings.Cut(request, " ")
		a := h.do(method, path, "")
		assert.Equal(t, 404, a.status, request)
		assert.Equal(t, "not_emulated", a.code, request)
		assert.Contains(t, a.body, request)
	}
}

func TestMalformedQueryIsRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, query := range []string{"user_id=user_1&status=%zz", "user_id=user_1;limit=1", "%"} {
		a := h.do("GET", "/v1/sessions?"+query, "")
		assert.Equal(t, 400, a.status, query)
		assert.Equal(t, "malformed_request_parameters", a.code, query)
	}
	assert.Equal(t, "user_1", h.Requests()[0].Query.Get("user_id"), "what can be parsed is recorded")
	assert.Equal(t, 401, h.do("GET", "/v1/sessions?%", "", "Authorization:").status, "the key is checked first")
}

// A truncated body gets an error of Clerk's form.
func TestTruncatedBody(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	req := httptest.NewRequest("POST", "/v1/sessions", iotest.ErrReader(io.ErrUnexpectedEOF))
	req.Header.Set("Authorization", "Bearer "+srv.SecretKey)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, req)
	assert.Equal(t, 400, w.Code)
	assert.Equal(t, "request_body_invalid", srv.Requests()[0].Code)

	req.Body = nil
	w = httptest.NewRecorder()
	srv.ServeHTTP(w, req)
	assert.Equal(t, 422, w.Code)
}
