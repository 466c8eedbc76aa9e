package sessionstest_test

import (
	"encoding/base64"
	"io"
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
	handler := sessionstest.New(sessionstest.WithSecretKey("sk_test_program"))
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	for name, client := range map[string]*clerksessions.Client{
		"loopback":  sessionstest.NewServer(t).Client(),
		"in memory": sessionstest.New().Client(),
		"handler":   handler.Client(clerksessions.WithBaseURL(web.URL+"/v1"), clerksessions.WithHTTPClient(http.DefaultClient)),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			session, err := client.Create(ctx, clerksessions.CreateParams{UserID: "user_1"})
			require.NoError(t, err)
			page, err := client.List(ctx, clerksessions.ListParams{UserID: "user_1"})
			require.NoError(t, err)
			assert.Equal(t, []clerksessions.Session{*session}, page.Data)
			token, err := client.CreateToken(ctx, session.ID, clerksessions.TokenParams{})
			require.NoError(t, err)
			//lint:ignore SA1019 deprecated, but emulated
			verified, err := client.Verify(ctx, session.ID, token.JWT)
			require.NoError(t, err)
			assert.Equal(t, session, verified)
			revoked, err := client.Revoke(ctx, session.ID)
			require.NoError(t, err)
			assert.Equal(t, clerksessions.SessionStatusRevoked, revoked.Status)
			got, err := client.Get(ctx, session.ID)
			require.NoError(t, err)
			assert.Equal(t, revoked, got)
			_, err = client.CreateToken(ctx, session.ID, clerksessions.TokenParams{})
			require.ErrorIs(t, err, clerksessions.ErrNotFound)
		})
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	a, b := sessionstest.New(), sessionstest.New()
	assert.Regexp(t, `^sk_test_\w{40}$`, a.SecretKey)
	assert.NotEqual(t, a.SecretKey, b.SecretKey)
	assert.NotEqual(t, a.Issuer, b.Issuer)
	assert.NotEqual(t, a.KeyID(), b.KeyID())
	assert.Regexp(t, `^https://[a-z0-9]+-00\.clerk\.accounts\.dev$`, a.Issuer)
	assert.Regexp(t, `^ins_\w{27}$`, a.KeyID())
	live := sessionstest.New(sessionstest.WithProduction())
	assert.True(t, strings.HasPrefix(live.SecretKey, "sk_live_"))
	assert.True(t, strings.HasPrefix(live.Issuer, "https://clerk."))
	assert.True(t, strings.HasSuffix(sessionstest.NewServer(t).URL, "/v1"))
	assert.True(t, strings.HasPrefix(live.PublishableKey, "pk_live_"))
	for issuer, host := range map[string]string{"https://clerk.example.com": "clerk.example.com", "clerk.example.com": "clerk.example.com", "://": "://"} {
		key := sessionstest.New(sessionstest.WithIssuer(issuer)).PublishableKey
		assert.Equal(t, "pk_test_"+base64.StdEncoding.EncodeToString([]byte(host+"$")), key)
	}
}

// The key is checked before the route, and the scheme is case-sensitive.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	key := h.SecretKey
	for code, values := range map[string][]string{
		"authorization_header_format_invalid": {
			"", " Bearer", " bearer " + key, " BEARER " + key, " Basic " + key, " " + key, " Bearer\t" + key,
		},
		"clerk_key_invalid": {
			" Bearer  " + key, " Bearer " + key + "x", " Bearer " + key[:10], " Bearer " + key + " x", " Bearer sk_live_" + key[8:],
		},
	} {
		for _, value := range values {
			for _, path := range []string{"/v1/sessions?user_id=user_1", "/v1/nothing", "/v1", "/", "/v1/jwks"} {
				h.do("GET", path, "", "Authorization:"+value).is(t, 401, code)
			}
		}
	}
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, request := range []string{
		"GET /v1", "GET /v1/", "GET /", "GET /v1/sessions/", "GET /v1/sessions//", "DELETE /v1/sessions/x", "PUT /v1/sessions",
		"GET /sessions", "GET /v2/sessions", "GET /V1/sessions", "GET /v1/Sessions", "GET /v1/sessions/x/", "GET //v1/sessions",
		"GET /v1/sessions/x/revoke", "POST /v1/sessions/x", "POST /v1/sessions/x/revoke/", "POST /v1/sessions//revoke",
		"POST /v1/sessions/x/tokens/", "POST /v1/sessions/x/tokens/a/b", "GET /.well-known/jwks.json/x", "GET /v1/usersx",
		"GET /v1/.well-known/jwks.json", "POST /v1/jwks", "GET /users", "GET /v1/../v1/sessions", "PATCH /v1/sessions",
	} {
		method, path, _ := strings.Cut(request, " ")
		h.do(method, path, "").is(t, 404, "resource_not_found")
		assert.Empty(t, h.Requests()[len(h.Requests())-1].Operation, request)
	}
	head := send(t, h.Transport(), h.Server, "HEAD", "/sessions")
	assert.Equal(t, 404, head.status)
	assert.Empty(t, head.body)
	for _, id := range []string{"..", "../users/user_1", "sess_1?x=1", "a/b", "%2e%2e", "\x00", "日本", strings.Repeat("x", 5000)} {
		h.do("GET", "/v1/sessions/"+url.PathEscape(id), "").is(t, 404, "resource_not_found")
		assert.Equal(t, "GetSession", h.Requests()[len(h.Requests())-1].Operation, id)
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
		a.is(t, 404, "not_emulated")
		assert.Contains(t, a.body, request)
	}
}

func TestPathWithVersionTwiceIsPointedOut(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for path, doubled := range map[string]bool{"/v1/v1/sessions": true, "/v1/v1": true, "/v1/v1sessions": false, "/v1/users/v1/v1": false} {
		assert.Equal(t, doubled, strings.Contains(h.do("GET", path, "").body, "begins with /v1 twice"), path)
	}
}

func TestTextsOfErrors(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	long := strings.Repeat("x", 100)
	assert.Contains(t, h.do("GET", "/v1/sessions/"+long, "").body, `There is no session \"`+long+`\".`)
	assert.Contains(t, h.do("GET", "/v1/sessions/"+long+"y", "").body, `There is no session \"`+long+`...\".`)
	path := "/v1/sessions/" + h.session().ID + "/tokens"
	assert.Contains(t, h.do("POST", path, `{"expires_in_seconds":1e9}`).body, "must be at most 315360000.")
	assert.Contains(t, h.do("POST", path, `{"expires_in_seconds":1}`).body, "must be at least 30.")
}

func TestMalformedQueryIsRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, query := range []string{"user_id=user_1&status=%zz", "user_id=user_1;limit=1", "%"} {
		h.do("GET", "/v1/sessions?"+query, "").is(t, 400, "malformed_request_parameters")
	}
	assert.Equal(t, "user_1", h.Requests()[0].Query.Get("user_id"), "what can be parsed is recorded")
	assert.Equal(t, 401, h.do("GET", "/v1/sessions?%", "", "Authorization:").status, "the key is checked first")
}

// Clerk's own clients send each of these.
func TestEmptyBodies(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	path := "/v1/sessions/" + h.session().ID
	for _, body := range []string{"", "null", "{}", " {} ", "\n"} {
		for _, header := range []string{"Content-Type: application/json", "Content-Type: application/json; charset=utf-8"} {
			h.do("POST", path+"/tokens", body, header, "Tolerated: yes").is(t, 200, "")
			h.do("POST", path+"/verify", body, header).is(t, 400, "invalid_session_token")
			h.do("POST", "/v1/sessions/"+h.session().ID+"/revoke", body, header).is(t, 200, "")
		}
	}
	h.do("POST", path+"/tokens", "{}", "Content-Type:").is(t, 415, "unsupported_content_type")
	h.do("POST", path+"/tokens", "{}", "Content-Encoding: gzip").is(t, 415, "unsupported_content_type")
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
	h.Advance(6 * time.Second)
	require.ErrorAs(t, call(second), &e)
	assert.Equal(t, time.Second, e.RetryAfter, "0.5 s, rounded up")
	h.Advance(500 * time.Millisecond)
	require.NoError(t, call(second))
}

func TestMaintenance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts                  []sessionstest.Option
		read, refresh, revoke int
	}{
		"development": {nil, 503, 503, 503},
		"production":  {[]sessionstest.Option{sessionstest.WithProduction()}, 200, 422, 503},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, test.opts...)
			path := "/v1/sessions/" + h.session().ID
			h.SetMaintenance(true)
			assert.Equal(t, test.read, h.do("GET", path, "").status)
			assert.Equal(t, test.refresh, h.do("POST", path+"/refresh", "{}").status)
			h.do("POST", path+"/revoke", "").is(t, test.revoke, "maintenance_mode")
			h.SetMaintenance(false)
			h.do("POST", path+"/revoke", "").is(t, 200, "")
		})
	}
}

// Everything in a response follows the stopped clock.
func TestStoppedClock(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.Advance(0)
	h.Advance(time.Hour)
	assert.Equal(t, start.Add(time.Hour), h.Now())
	a := h.do("POST", "/v1/sessions", `{"user_id":"user_1"}`)
	assert.Equal(t, start.Add(time.Hour).Format(http.TimeFormat), a.header.Get("Date"))
	assert.EqualValues(t, start.Add(time.Hour).UnixMilli(), a.members(t)["created_at"])
	assert.Equal(t, start.Add(time.Hour), h.Requests()[0].Time)
}

// An incomplete body, like one of the maximum size, gets an error of Clerk's form.
func TestUnusualBodies(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	for name, test := range map[string]struct {
		body io.Reader
		code string
	}{
		"truncated":    {iotest.ErrReader(io.ErrUnexpectedEOF), "request_body_invalid"},
		"none":         {nil, "form_param_missing"},
		"maximum size": {strings.NewReader(strings.Repeat(" ", 1<<20)), "form_param_missing"},
		"oversized":    {strings.NewReader(strings.Repeat(" ", 1<<20+1)), "request_body_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest("POST", "/v1/sessions", test.body)
			if test.body == nil {
				req.Body = nil
			}
			req.Header.Set("Authorization", "Bearer "+srv.SecretKey)
			srv.ClearRequests()
			srv.ServeHTTP(httptest.NewRecorder(), req)
			assert.Equal(t, test.code, srv.Requests()[0].Code)
		})
	}
}
