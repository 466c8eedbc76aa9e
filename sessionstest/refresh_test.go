package sessionstest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

const app = "https://app.example.com"

func TestRefresh(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	client := h.client()
	session := h.session()
	kept := h.AddRefreshToken(sessionstest.RefreshToken{SessionID: session.ID})
	assert.Regexp(t, `^rt_\w{40}$`, kept.Token)
	old, err := client.CreateToken(t.Context(), session.ID, clerksessions.TokenParams{}, clerksessions.WithOrigin(app))
	require.NoError(t, err)
	params := clerksessions.RefreshParams{ExpiredToken: old.JWT, RefreshToken: kept.Token, RequestOrigin: app}

	_, err = client.Refresh(t.Context(), session.ID, params)
	assertCode(t, err, "session_refresh_session_token_ineligible")
	h.Advance(time.Minute)
	fresh, err := client.Refresh(t.Context(), session.ID, params)
	require.NoError(t, err)
	_, claims := h.opened(fresh.JWT)
	assert.Equal(t, app, claims["azp"])
	assert.Equal(t, session.ID, claims["sid"])
	assert.Equal(t, float64(h.Now().Add(time.Minute).Unix()), claims["exp"])
	now, _ := h.Session(session.ID)
	assert.Equal(t, h.Now(), now.LastActiveAt.Time())
	_, err = client.Refresh(t.Context(), session.ID, params)
	assertCode(t, err, "session_refresh_expired_session_token_consumed")

	h.Advance(time.Minute)
	params.ExpiredToken = fresh.JWT
	cookies, err := client.RefreshCookies(t.Context(), session.ID, params, clerksessions.WithQuery("suffixed_cookies", "true"))
	require.NoError(t, err)
	require.Len(t, cookies, 2)
	for i, name := range []string{"^__session$", `^__session_[\w-]{8}$`} {
		cookie, err := http.ParseSetCookie(cookies[i])
		require.NoError(t, err)
		assert.Regexp(t, name, cookie.Name)
		assert.Equal(t, "/", cookie.Path)
		_, claims = h.opened(cookie.Value)
		assert.Equal(t, session.ID, claims["sid"])
	}
}

func assertCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *clerksessions.Error
	require.ErrorAs(t, err, &e)
	assert.Truef(t, e.HasCode(code), "%v: want code %s", err, code)
}

// Each row changes one thing of a request that succeeds.
func TestRefreshRefusals(t *testing.T) {
	t.Parallel()
	type request struct {
		session, other string
		token          sessionstest.MintParams
		params         clerksessions.RefreshParams
		path           string
	}
	tests := []struct {
		code   string
		change func(h *harness, r *request)
	}{
		{"refresh_request_origin_invalid", func(_ *harness, r *request) { r.params.RequestOrigin = "app.example.com" }},
		{"refresh_request_origin_invalid", func(_ *harness, r *request) { r.params.RequestOrigin = "https://%zz" }},
		{"expired_session_token_invalid", func(_ *harness, r *request) { r.params.ExpiredToken = "eyJ.eyJ.x" }},
		{"expired_session_token_invalid", func(_ *harness, r *request) { r.token.Sign = func([]byte) []byte { return []byte("x") } }},
		{"expired_session_token_missing_azp", func(_ *harness, r *request) { r.token.Origin = "" }},
		{"refresh_request_origin_azp_mismatch", func(_ *harness, r *request) { r.params.RequestOrigin = app + ":8443" }},
		{"expired_session_token_missing_sid", func(_ *harness, r *request) { r.token.Claims["sid"] = nil }},
		{"refresh_sid_mismatch", func(_ *harness, r *request) { r.path = r.other }},
		{"session_refresh_expired_session_token_missing_iat", func(_ *harness, r *request) { r.token.Claims["iat"] = nil }},
		{"session_refresh_expired_session_token_too_old", func(_ *harness, r *request) { r.token.Claims["iat"] = start.Add(-8 * 24 * time.Hour).Unix() }},
		{"session_refresh_session_token_ineligible", func(_ *harness, r *request) { r.token.Header = map[string]any{"cat": "cl_B7d4PD222AAA"} }},
		{"session_refresh_session_token_ineligible", func(h *harness, r *request) { r.token.ExpiresIn = 3600 }},
		{"session_refresh_session_token_ineligible", func(_ *harness, r *request) { r.token.Claims["exp"] = nil }},
		{"refresh_token_not_found", func(_ *harness, r *request) { r.params.RefreshToken = "rt_unknown" }},
		{"refresh_token_not_found", func(h *harness, r *request) {
			r.params.RefreshToken = h.AddRefreshToken(sessionstest.RefreshToken{SessionID: r.other}).Token
		}},
		{"session_refresh_session_not_found", func(h *harness, r *request) { r.path = "deleted" }},
		{"session_refresh_inactive_session", func(h *harness, r *request) {
			h.UpdateSession(r.session, func(v *clerksessions.Session) { v.Status = "ended" })
		}},
		{"session_refresh_user_not_found", func(h *harness, _ *request) { h.DeleteUser("user_1") }},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			session, other := h.session(), h.AddSession(clerksessions.Session{UserID: "user_2"})
			r := request{
				session: session.ID, other: other.ID, path: session.ID,
				token: sessionstest.MintParams{Origin: app, Claims: map[string]any{}},
				params: clerksessions.RefreshParams{
					RequestOrigin: app, RefreshToken: h.AddRefreshToken(sessionstest.RefreshToken{SessionID: session.ID}).Token,
				},
			}
			test.change(h, &r)
			if r.params.ExpiredToken == "" {
				r.params.ExpiredToken = h.Mint(session.ID, r.token)
			}
			if r.path == "deleted" {
				r.path = session.ID
				h.DeleteSession(session.ID)
			}
			h.Advance(2 * time.Minute)
			_, err := h.client().Refresh(t.Context(), r.path, r.params)
			require.ErrorIs(t, err, clerksessions.ErrUnauthorized)
			assertCode(t, err, test.code)
		})
	}
}

// An expired token is exchanged once, and only in its canonical encoding.
func TestExpiredTokenIsExchangedOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.session()
	oldest := start.Add(time.Minute - 7*24*time.Hour).Unix()
	token := h.Mint(session.ID, sessionstest.MintParams{Origin: app, Claims: map[string]any{"iat": oldest}})
	kept := h.AddRefreshToken(sessionstest.RefreshToken{SessionID: session.ID}).Token
	h.Advance(time.Minute)
	refresh := func(token string) result {
		return h.do("POST", "/v1/sessions/"+session.ID+"/refresh", quoted(map[string]string{"expired_token": token, "refresh_token": kept, "request_origin": app}))
	}
	for _, other := range otherEncodings(token) {
		assert.Equal(t, "expired_session_token_invalid", refresh(other).code, other)
	}
	assert.Equal(t, 200, refresh(token).status)
	assert.Equal(t, "session_refresh_expired_session_token_consumed", refresh(token).code)
}

// otherEncodings returns texts that a lenient decoder accepts as the same token: the last
// character of a 2048-bit signature holds two bits, and line breaks are skipped.
func otherEncodings(token string) []string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	spare := string(alphabet[strings.IndexByte(alphabet, token[last])|1])
	return []string{token[:last] + spare, token[:last] + "\n" + token[last:], token + "\r\n", strings.Replace(token, ".", "\n.", 1)}
}
