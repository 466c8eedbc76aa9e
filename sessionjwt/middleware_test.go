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
	user := "nobody"
	if claims, ok := ClaimsFromContext(r.Context()); ok {
		user = claims.UserID
	}
	_, _ = io.WriteString(w, user)
})

func request(cookie string, authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Authorization"] = authorization
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
	good, other := goodToken(), goodToken("sub", "user_cookie")
	expired, pending := goodToken("exp", issued.Unix()), goodToken("sts", "pending")
	const missing, invalid = `{"error":"token_missing"}` + "\n", `{"error":"token_invalid"}` + "\n"

	for _, tc := range []struct {
		name    string
		request *http.Request
		user    string
		body    string // with 401, if there is no user
	}{
		{"Bearer", request("", "Bearer "+good), "user_2abc", ""},
		{"BEARER and spaces", request("", "BEARER   "+good+" "), "user_2abc", ""},
		{"cookie", request(good), "user_2abc", ""},
		{"header before cookie", request(other, "Bearer "+good), "user_2abc", ""},
		{"Basic beside a cookie", request(other, "Basic dTpw"), "user_cookie", ""},
		{"Basic and Bearer", request("", "Basic dTpw", "Bearer "+good), "user_2abc", ""},
		{"empty Bearer beside a cookie", request(other, "Bearer "), "user_cookie", ""},
		{"bad Bearer beside a cookie", request(other, "Bearer x"), "", invalid},
		{"nothing", request(""), "", missing},
		{"Basic alone", request("", "Basic "+good), "", missing},
		{"no scheme", request("", good), "", missing},
		{"two tokens", request("", "Bearer "+good+" "+good), "", invalid},
		{"null", request("", "Bearer null"), "", invalid},
		{"expired", request(expired), "", `{"error":"token_expired"}` + "\n"},
		{"pending", request(pending), "", `{"error":"session_pending"}` + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			strict, optional := serve(v.RequireSession(whoami), tc.request), serve(v.OptionalSession(whoami), tc.request)
			assert.Equal(t, 200, optional.Code)
			if tc.user != "" {
				assert.Equal(t, 200, strict.Code)
				assert.Equal(t, tc.user, strict.Body.String())
				assert.Equal(t, tc.user, optional.Body.String())
				return
			}
			assert.Equal(t, "nobody", optional.Body.String())
			assert.Equal(t, 401, strict.Code)
			assert.Equal(t, tc.body, strict.Body.String())
			assert.Equal(t, "application/json", strict.Header().Get("Content-Type"))
			assert.Equal(t, "Bearer", strict.Header().Get("WWW-Authenticate"))
			assert.Equal(t, "no-store", strict.Header().Get("Cache-Control"))
		})
	}
}

func TestMiddlewareRespondsWith503WithoutKeys(t *testing.T) {
	t.Parallel()
	server, v := remote(t, inMemory)
	server.set(down, 0)
	for _, h := range []http.Handler{v.RequireSession(whoami), v.OptionalSession(whoami)} {
		w := serve(h, request(goodToken()))
		assert.Equal(t, 503, w.Code)
		assert.Equal(t, `{"error":"keys_unavailable"}`+"\n", w.Body.String())
		assert.Empty(t, w.Header().Get("WWW-Authenticate"))
	}
	assert.Equal(t, 200, serve(v.OptionalSession(whoami), request("")).Code, "without a token no keys are needed")
}

func TestFailureHandler(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, WithFailureHandler(func(w http.ResponseWriter, r *http.Request, err error) {
		require.ErrorIs(t, err, ErrNoToken)
		http.Redirect(w, r, "/sign-in", http.StatusFound)
	}))
	assert.Equal(t, http.StatusFound, serve(v.RequireSession(whoami), request("")).Code)
}

func TestOptionalSessionHidesClaimsOfAnOuterMiddleware(t *testing.T) {
	t.Parallel()
	outer, inner := newVerifier(t), newVerifier(t, WithClock(func() time.Time { return issued.Add(1 << 40) }))
	w := serve(outer.RequireSession(inner.OptionalSession(whoami)), request(goodToken()))
	assert.Equal(t, "nobody", w.Body.String())
}

// The user is signed in to app.example.com in a browser, which sends the cookie
// with every request to that host.
func TestCrossOriginProtectionStopsRequestsOfSiblingSites(t *testing.T) {
	t.Parallel()
	alone := newVerifier(t).RequireSession(whoami)
	protected := http.NewCrossOriginProtection().Handler(alone)
	for _, tc := range []struct {
		name, method, site, origin string
		status                     int // with the protection; without it 200
	}{
		{"its own page", "POST", "same-origin", party, 200},
		{"page of a sibling subdomain", "POST", "same-site", "https://evil.example.com", 403},
		{"page of a sibling subdomain in an old browser", "POST", "", "https://evil.example.com", 403},
		{"page of another site", "POST", "cross-site", "https://evil.example", 403},
		{"DELETE from a sibling subdomain", "DELETE", "same-site", "https://evil.example.com", 403},
		{"link on a sibling subdomain", "GET", "same-site", "", 200},
		{"client that is not a browser", "POST", "", "", 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(tc.method, party+"/account", nil)
			r.AddCookie(&http.Cookie{Name: "__session", Value: goodToken()})
			r.Header.Set("Sec-Fetch-Site", tc.site)
			r.Header.Set("Origin", tc.origin)
			assert.Equal(t, 200, serve(alone, r).Code)
			assert.Equal(t, tc.status, serve(protected, r).Code)
		})
	}
}
