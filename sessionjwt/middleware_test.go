package sessionjwt

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// whoami responds with the user of the request, or "nobody".
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if claims, ok := ClaimsFromContext(r.Context()); ok {
		_, _ = io.WriteString(w, claims.UserID)
		return
	}
	_, _ = io.WriteString(w, "nobody")
})

func request(authorization []string, cookie string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__session", Value: cookie})
	}
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	v := newVerifier(t)
	good := goodToken()
	cookieUser := goodToken("sub", "user_cookie")
	expired := goodToken("exp", issued.Unix())
	pending := goodToken("sts", "pending")
	const missing, invalid = `{"error":"token_missing"}` + "\n", `{"error":"token_invalid"}` + "\n"

	for _, tc := range []struct {
		name     string
		header   []string
		cookie   string
		strict   int // status
		body     string
		optional string // body, with 200
	}{
		{"Bearer", []string{"Bearer " + good}, "", 200, "user_2abc", "user_2abc"},
		{"bearer", []string{"bearer " + good}, "", 200, "user_2abc", "user_2abc"},
		{"BEARER and spaces", []string{"BEARER   " + good + " "}, "", 200, "user_2abc", "user_2abc"},
		{"cookie", nil, good, 200, "user_2abc", "user_2abc"},
		{"header before cookie", []string{"Bearer " + good}, cookieUser, 200, "user_2abc", "user_2abc"},
		{"Basic beside a cookie", []string{"Basic dTpw"}, cookieUser, 200, "user_cookie", "user_cookie"},
		{"Basic and Bearer", []string{"Basic dTpw", "Bearer " + good}, "", 200, "user_2abc", "user_2abc"},
		{"empty Bearer beside a cookie", []string{"Bearer "}, cookieUser, 200, "user_cookie", "user_cookie"},
		{"bad Bearer beside a cookie", []string{"Bearer x"}, cookieUser, 401, invalid, "nobody"},
		{"nothing", nil, "", 401, missing, "nobody"},
		{"Basic alone", []string{"Basic " + good}, "", 401, missing, "nobody"},
		{"no scheme", []string{good}, "", 401, missing, "nobody"},
		{"no space after the scheme", []string{"Bearer" + good}, "", 401, missing, "nobody"},
		{"scheme alone", []string{"Bearer"}, "", 401, missing, "nobody"},
		{"two tokens", []string{"Bearer " + good + " " + good}, "", 401, invalid, "nobody"},
		{"null", []string{"Bearer null"}, "", 401, invalid, "nobody"},
		{"expired", nil, expired, 401, `{"error":"token_expired"}` + "\n", "nobody"},
		{"pending", nil, pending, 401, `{"error":"session_pending"}` + "\n", "nobody"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := serve(v.RequireSession(whoami), request(tc.header, tc.cookie))
			assert.Equal(t, tc.strict, w.Code)
			assert.Equal(t, tc.body, w.Body.String())
			if tc.strict != 200 {
				assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
				assert.Equal(t, "Bearer", w.Header().Get("WWW-Authenticate"))
				assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			}
			w = serve(v.OptionalSession(whoami), request(tc.header, tc.cookie))
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, tc.optional, w.Body.String())
		})
	}
}

func TestMiddlewareRespondsWith503WithoutKeys(t *testing.T) {
	t.Parallel()
	server, v := remote(t)
	server.set(down, 0)
	for _, h := range []http.Handler{v.RequireSession(whoami), v.OptionalSession(whoami)} {
		w := serve(h, request([]string{"Bearer " + goodToken()}, ""))
		assert.Equal(t, 503, w.Code)
		assert.Equal(t, `{"error":"keys_unavailable"}`+"\n", w.Body.String())
		assert.Empty(t, w.Header().Get("WWW-Authenticate"))
	}
	w := serve(v.OptionalSession(whoami), request(nil, ""))
	assert.Equal(t, 200, w.Code, "without a token no keys are needed")
}

func TestFailureHandler(t *testing.T) {
	t.Parallel()
	var got error
	v := newVerifier(t, WithFailureHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		got = err
		http.Redirect(w, r, "/sign-in", http.StatusFound)
	}))
	w := serve(v.RequireSession(whoami), request(nil, ""))
	assert.Equal(t, http.StatusFound, w.Code)
	require.ErrorIs(t, got, ErrNoToken)
	w = serve(v.RequireSession(whoami), request([]string{"Bearer x"}, ""))
	assert.Equal(t, http.StatusFound, w.Code)
	require.ErrorIs(t, got, ErrMalformed)
}

func TestOptionalSessionHidesClaimsOfAnOuterMiddleware(t *testing.T) {
	t.Parallel()
	outer, inner := newVerifier(t), newVerifier(t, WithClock(func() time.Time { return issued.Add(1 << 40) }))
	w := serve(outer.RequireSession(inner.OptionalSession(whoami)), request(nil, goodToken()))
	assert.Equal(t, "nobody", w.Body.String())
}

func TestContextWithoutClaims(t *testing.T) {
	t.Parallel()
	claims, ok := ClaimsFromContext(t.Context())
	assert.Nil(t, claims)
	assert.False(t, ok)
	want := &Claims{UserID: "user_2abc"}
	claims, ok = ClaimsFromContext(ContextWithClaims(t.Context(), want))
	assert.Same(t, want, claims)
	assert.True(t, ok)
}

// The user is signed in to app.example.com in a browser, which sends the cookie
// with every request to that host.
func TestCrossOriginProtectionStopsRequestsOfSiblingSites(t *testing.T) {
	t.Parallel()
	alone := newVerifier(t, WithAuthorizedParties(party)).RequireSession(whoami)
	protected := http.NewCrossOriginProtection().Handler(alone)
	for _, tc := range []struct {
		name, method, site, origin string
		alone, protected           int // status
	}{
		{"its own page", "POST", "same-origin", party, 200, 200},
		{"page of a sibling subdomain", "POST", "same-site", "https://evil.example.com", 200, 403},
		{"page of a sibling subdomain in an old browser", "POST", "", "https://evil.example.com", 200, 403},
		{"page of another site", "POST", "cross-site", "https://evil.example", 200, 403},
		{"DELETE from a sibling subdomain", "DELETE", "same-site", "https://evil.example.com", 200, 403},
		{"link on a sibling subdomain", "GET", "same-site", "", 200, 200},
		{"client that is not a browser", "POST", "", "", 200, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(tc.method, party+"/account", nil)
			r.AddCookie(&http.Cookie{Name: "__session", Value: goodToken()})
			if tc.site != "" {
				r.Header.Set("Sec-Fetch-Site", tc.site)
			}
			if tc.origin != "" {
				r.Header.Set("Origin", tc.origin)
			}
			assert.Equal(t, tc.alone, serve(alone, r).Code)
			assert.Equal(t, tc.protected, serve(protected, r).Code)
		})
	}
}
