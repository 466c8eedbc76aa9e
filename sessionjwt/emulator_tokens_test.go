package sessionjwt_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// get returns the response of a page that shows the signed-in user.
func get(v *sessionjwt.Verifier, authorization, cookie string) string {
	page := v.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		_, _ = io.WriteString(w, claims.UserID)
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "__session", Value: cookie})
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, " ", strings.TrimSpace(w.Body.String()))
}

func TestMiddlewareWithTokensOfTheAPI(t *testing.T) {
	t.Parallel()
	clerk := newInstance(t)
	v := clerk.verifier(clerk.keys()["issuer"], sessionjwt.WithAuthorizedParties(app))
	token := clerk.token()
	assert.Equal(t, "200 user_anna", get(v, "Bearer "+token, ""))
	assert.Equal(t, "200 user_anna", get(v, "", token))
	assert.Equal(t, `401 {"error":"token_missing"}`, get(v, "", ""))
	assert.Equal(t, `401 {"error":"token_invalid"}`, get(v, "Bearer "+clerk.Mint(clerk.session, sessionstest.MintParams{}), ""))
	clerk.Advance(2 * time.Minute)
	assert.Equal(t, `401 {"error":"token_expired"}`, get(v, "Bearer "+token, ""))
}

func TestForgedTokensOfTheEmulator(t *testing.T) {
	t.Parallel()
	clerk := newInstance(t)
	clerk.AddTemplate(sessionstest.Template{Name: "supabase"})
	pending := clerk.AddSession(clerksessions.Session{UserID: "user_anna", Status: clerksessions.SessionStatusPending}).ID
	type members = map[string]any
	now := clerk.Now().Unix()
	for _, tc := range []struct {
		name    string
		session string
		params  sessionstest.MintParams
		want    error
	}{
		{"as Clerk creates them", clerk.session, sessionstest.MintParams{}, nil},
		{"version 1", clerk.session, sessionstest.MintParams{Version: 1}, nil},
		{"missing cat", clerk.session, sessionstest.MintParams{Header: members{"cat": nil}}, nil},
		{"header oiat", clerk.session, sessionstest.MintParams{Header: members{"oiat": now}}, nil},
		{"template", clerk.session, sessionstest.MintParams{Template: "supabase"}, sessionjwt.ErrNotSessionToken},
		{"template without category", clerk.session, sessionstest.MintParams{Template: "supabase", Header: members{"cat": nil}}, sessionjwt.ErrNotSessionToken},
		{"machine category", clerk.session, sessionstest.MintParams{Header: members{"cat": "cl_B7d4PD333AAA"}}, sessionjwt.ErrNotSessionToken},
		{"machine subject", clerk.session, sessionstest.MintParams{Claims: members{"sub": "mch_1"}}, sessionjwt.ErrNotSessionToken},
		{"OAuth access token", clerk.session, sessionstest.MintParams{Header: members{"typ": "at+jwt"}}, sessionjwt.ErrNotSessionToken},
		{"pending", pending, sessionstest.MintParams{}, sessionjwt.ErrPending},
		{"other azp", clerk.session, sessionstest.MintParams{Origin: app + ".evil.example"}, sessionjwt.ErrAuthorizedParty},
		{"issuer with a suffix", clerk.session, sessionstest.MintParams{Claims: members{"iss": clerk.Issuer + ".evil.example"}}, sessionjwt.ErrIssuer},
		{"missing exp", clerk.session, sessionstest.MintParams{Claims: members{"exp": nil}}, sessionjwt.ErrMalformed},
		{"missing sid", clerk.session, sessionstest.MintParams{Claims: members{"sid": nil}}, sessionjwt.ErrNotSessionToken},
		{"issued in the future", clerk.session, sessionstest.MintParams{Claims: members{"iat": now + 60}}, sessionjwt.ErrNotYetValid},
		{"unknown kid", clerk.session, sessionstest.MintParams{Header: members{"kid": "ins_other"}}, sessionjwt.ErrSignature},
		{"alg none", clerk.session, sessionstest.MintParams{Header: members{"alg": "none"}, Sign: func([]byte) []byte { return nil }}, sessionjwt.ErrSignature},
		{"HS256 with the public key", clerk.session, sessionstest.MintParams{Header: members{"alg": "HS256"}, Sign: func(input []byte) []byte {
			mac := hmac.New(sha256.New, []byte(clerk.PublicKeyPEM()))
			mac.Write(input)
			return mac.Sum(nil)
		}}, sessionjwt.ErrSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.params.Origin == "" {
				tc.params.Origin = app
			}
			v := clerk.verifier(clerk.keys()["issuer"], sessionjwt.WithAuthorizedParties(app))
			claims, err := v.Verify(t.Context(), clerk.Mint(tc.session, tc.params))
			require.ErrorIs(t, err, tc.want)
			assert.Equal(t, tc.want == nil, claims != nil)
		})
	}
}

func TestTokensThatAreNotOfAnActiveSession(t *testing.T) {
	t.Parallel()
	clerk := newInstance(t)
	clerk.AddTemplate(sessionstest.Template{Name: "supabase"})
	none := clerksessions.TokenParams{}
	template, err := clerk.Client().CreateTokenFromTemplate(t.Context(), clerk.session, "supabase", none)
	require.NoError(t, err)
	keys := clerk.keys()["issuer"]
	assert.Equal(t, `401 {"error":"token_invalid"}`, get(clerk.verifier(keys), "Bearer "+template.JWT, ""))

	pending := clerksessions.Session{UserID: "user_anna", Status: clerksessions.SessionStatusPending}
	clerk.session = clerk.AddSession(pending).ID
	assert.Equal(t, `401 {"error":"session_pending"}`, get(clerk.verifier(keys), "Bearer "+clerk.token(), ""))
	claims, err := clerk.verifier(keys, sessionjwt.WithPending()).Verify(t.Context(), clerk.token())
	require.NoError(t, err)
	assert.Equal(t, "pending", claims.Status)
}

func TestOrganizationAndActorOfTheEmulator(t *testing.T) {
	t.Parallel()
	clerk := newInstance(t)
	permissions := []string{"org:billing:manage", "org:billing:read", "org:teams:read"}
	clerk.AddOrganization(sessionstest.Organization{ID: "org_acme", Slug: "acme", Members: []sessionstest.Member{
		{UserID: "user_anna", Role: "org:admin", Permissions: permissions},
	}})
	session := clerk.AddSession(clerksessions.Session{
		UserID: "user_anna", LastActiveOrganizationID: "org_acme",
		Actor: map[string]any{"iss": "https://dashboard.clerk.com", "sid": "sess_support", "sub": "user_support"},
	})
	v := clerk.verifier(clerk.keys()["issuer"])
	for version := 1; version <= 2; version++ {
		claims, err := v.Verify(t.Context(), clerk.Mint(session.ID, sessionstest.MintParams{Version: version}))
		require.NoError(t, err)
		assert.Equal(t, version, claims.Version)
		assert.Equal(t, &sessionjwt.Organization{
			ID: "org_acme", Slug: "acme", Role: "org:admin", Permissions: permissions,
		}, claims.Organization)
		assert.Equal(t, &sessionjwt.Actor{
			UserID: "user_support", SessionID: "sess_support", Issuer: "https://dashboard.clerk.com",
		}, claims.Actor)
	}
}
