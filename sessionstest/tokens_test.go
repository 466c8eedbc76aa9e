package sessionstest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// opened verifies a token with go-jose and the keys that the Server serves.
func (h *harness) opened(token string) (head map[string]any, claims map[string]any) {
	h.t.Helper()
	var keys jose.JSONWebKeySet
	require.NoError(h.t, json.Unmarshal([]byte(h.do("GET", "/v1/jwks", "").body), &keys))
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(h.t, err)
	require.NoError(h.t, parsed.Claims(keys, &claims))
	for name, value := range parsed.Headers[0].ExtraHeaders {
		if head == nil {
			head = map[string]any{}
		}
		head[string(name)] = value
	}
	head["kid"] = parsed.Headers[0].KeyID
	return head, claims
}

func TestSessionTokenVersion2(t *testing.T) {
	t.Parallel()
	h := newHarness(t, sessionstest.WithTokenVersion(2))
	h.AddOrganization(sessionstest.Organization{ID: "org_1", Slug: "acme", Members: []sessionstest.Member{{
		UserID: "user_1", Role: "org:admin",
		Permissions: []string{"org:dashboard:read", "org:dashboard:manage", "org:teams:read"},
	}}})
	session := h.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1", Actor: map[string]any{"sub": "user_admin"}})
	h.Advance(3 * time.Minute)
	token, err := h.client().CreateToken(t.Context(), session.ID, clerksessions.TokenParams{}, clerksessions.WithOrigin("https://app.example.com"))
	require.NoError(t, err)

	head, claims := h.opened(token.JWT)
	assert.Equal(t, map[string]any{"cat": "cl_B7d4PD111AAA", "typ": "JWT", "kid": h.KeyID()}, head)
	assert.True(t, strings.HasPrefix(h.KeyID(), "ins_"))
	assert.Regexp(t, "^[0-9a-f]{20}$", claims["jti"])
	delete(claims, "jti")
	iat := float64(start.Add(3 * time.Minute).Unix())
	assert.Equal(t, map[string]any{
		"iss": h.Issuer, "sub": "user_1", "sid": session.ID, "azp": "https://app.example.com",
		"iat": iat, "exp": iat + 60, "nbf": iat - 10, "v": 2., "sts": "active", "fva": []any{3., -1.},
		"act": map[string]any{"sub": "user_admin"}, "fea": "o:dashboard,o:teams",
		"o": map[string]any{"id": "org_1", "slg": "acme", "rol": "admin", "per": "manage,read", "fpm": "3,2"},
	}, claims)

	plain, err := h.client().CreateToken(t.Context(), h.session().ID, clerksessions.TokenParams{ExpiresIn: 10 * time.Minute})
	require.NoError(t, err)
	_, claims = h.opened(plain.JWT)
	assert.Equal(t, []string{"exp", "fva", "iat", "iss", "jti", "nbf", "sid", "sts", "sub", "v"}, slices.Sorted(maps.Keys(claims)))
	assert.Equal(t, iat+600, claims["exp"])

	pending := h.AddSession(clerksessions.Session{UserID: "user_1", Status: "pending"})
	_, claims = h.opened(h.Mint(pending.ID, sessionstest.MintParams{}))
	assert.Equal(t, "pending", claims["sts"])
}

// A permission is one bit in the number of its feature.
func TestPermissionsInTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		permissions        []string
		features, per, fpm any
	}{
		"none":                 {nil, nil, nil, nil},
		"one":                  {[]string{"org:teams:read"}, "o:teams", "read", "1"},
		"one name, 2 features": {[]string{"org:b:read", "org:a:read"}, "o:a,o:b", "read", "1,1"},
		"given twice":          {[]string{"org:a:x", "org:a:x", "org:a:y"}, "o:a", "x,y", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{{UserID: "user_1", Permissions: test.permissions}}})
			session := h.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})
			_, claims := h.opened(h.Mint(session.ID, sessionstest.MintParams{}))
			o := map[string]any{"id": "org_1", "slg": "org-1", "rol": "member"}
			if test.per != nil {
				o["per"], o["fpm"] = test.per, test.fpm
			}
			assert.Equal(t, o, claims["o"])
			assert.Equal(t, test.features, claims["fea"])
		})
	}
}

func TestSessionTokenVersion1(t *testing.T) {
	t.Parallel()
	h := newHarness(t, sessionstest.WithTokenVersion(1))
	h.AddOrganization(sessionstest.Organization{ID: "org_1", Slug: "acme", Members: []sessionstest.Member{{
		UserID: "user_1", Role: "org:admin", Permissions: []string{"org:teams:read"},
	}}})
	session := h.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})
	_, claims := h.opened(h.Mint(session.ID, sessionstest.MintParams{}))
	delete(claims, "jti")
	iat := float64(start.Unix())
	assert.Equal(t, map[string]any{
		"iss": h.Issuer, "sub": "user_1", "sid": session.ID, "iat": iat, "exp": iat + 60, "nbf": iat - 10,
		"org_id": "org_1", "org_slug": "acme", "org_role": "org:admin", "org_permissions": []any{"org:teams:read"},
	}, claims)
	_, claims = h.opened(h.Mint(session.ID, sessionstest.MintParams{Version: 2}))
	assert.EqualValues(t, 2, claims["v"])
}

func TestTemplateToken(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.session()
	h.AddTemplate(sessionstest.Template{Name: "plain"})
	h.AddTemplate(sessionstest.Template{Name: "my app", Lifetime: 300, AllowedClockSkew: 20, Claims: map[string]any{"aud": "api", "nested": map[string]any{"a": 1.}}})
	iat := float64(start.Unix())
	mint := func(name string, params clerksessions.TokenParams, opts ...clerksessions.Option) map[string]any {
		token, err := h.client().CreateTokenFromTemplate(t.Context(), session.ID, name, params, opts...)
		require.NoError(t, err)
		head, claims := h.opened(token.JWT)
		assert.Equal(t, "cl_B7d4PD222AAA", head["cat"])
		assert.NotEmpty(t, claims["jti"])
		delete(claims, "jti")
		return claims
	}
	assert.Equal(t, map[string]any{"iss": h.Issuer, "sub": "user_1", "iat": iat, "exp": iat + 60, "nbf": iat - 5}, mint("plain", clerksessions.TokenParams{}))
	assert.Equal(t, map[string]any{"iss": h.Issuer, "sub": "user_1", "iat": iat, "exp": iat + 300, "nbf": iat - 20,
		"azp": "https://app.example.com", "aud": "api", "nested": map[string]any{"a": 1.}},
		mint("my app", clerksessions.TokenParams{}, clerksessions.WithOrigin("https://app.example.com")))
	assert.Equal(t, iat+30, mint("my app", clerksessions.TokenParams{ExpiresIn: 30 * time.Second})["exp"])
}

func TestKeysAreServedAndRotate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.session()
	served := h.do("GET", "/v1/jwks", "").body
	assert.Regexp(t, `"n":"[\w-]{342}"`, served, "2048 bits")
	assert.Equal(t, served, h.do("GET", "/.well-known/jwks.json", "", "Authorization:").body)
	assert.Equal(t, 401, h.do("GET", "/v1/jwks", "", "Authorization:").status)

	verify := func(token string) int {
		return h.do("POST", "/v1/sessions/"+session.ID+"/verify", quoted(map[string]string{"token": token})).status
	}
	before, kid, pem := h.Mint(session.ID, sessionstest.MintParams{}), h.KeyID(), h.PublicKeyPEM()
	assert.Equal(t, 200, verify(before))
	h.RotateKey(h.KeyID())
	assert.Equal(t, kid, h.KeyID())
	assert.NotEqual(t, pem, h.PublicKeyPEM())
	assert.NotEqual(t, served, h.do("GET", "/v1/jwks", "").body)
	assert.Equal(t, 400, verify(before))
	assert.Equal(t, 200, verify(h.Mint(session.ID, sessionstest.MintParams{})))
	h.RotateKey("")
	assert.NotEqual(t, kid, h.KeyID())
	assert.Equal(t, 200, verify(h.Mint(session.ID, sessionstest.MintParams{})))
}

func TestVerifyRejectsForgedTokens(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.session()
	h.AddTemplate(sessionstest.Template{Name: "plain"})
	now := start.Unix()
	other := newHarness(t, sessionstest.WithIssuer(h.Issuer))
	other.AddSession(session)
	tokens := slices.Concat([]string{
		"", "x", "..", "a.b.c", "e30.e30.", strings.Repeat(".", 1000), "\x00", other.Mint(session.ID, sessionstest.MintParams{}),
		h.Mint(session.ID, sessionstest.MintParams{}) + ".e30",
	}, otherEncodings(h.Mint(session.ID, sessionstest.MintParams{})))
	for _, params := range []sessionstest.MintParams{
		{Header: map[string]any{"alg": "none"}, Sign: func([]byte) []byte { return nil }},
		{Header: map[string]any{"alg": "HS256"}, Sign: func(input []byte) []byte {
			m := hmac.New(sha256.New, []byte(h.PublicKeyPEM()))
			m.Write(input)
			return m.Sum(nil)
		}},
		{Header: map[string]any{"alg": "RS512"}},
		{Header: map[string]any{"kid": "ins_other"}},
		{Header: map[string]any{"kid": nil}},
		{Header: map[string]any{"cat": "cl_B7d4PD333AAA"}},
		{Template: "plain"},
		{Claims: map[string]any{"iss": h.Issuer + ".example"}},
		{Claims: map[string]any{"exp": nil}},
		{Claims: map[string]any{"exp": now}},
		{Claims: map[string]any{"exp": "never"}},
		{Claims: map[string]any{"nbf": now + 1}},
		{Sign: func([]byte) []byte { return []byte("signature") }},
	} {
		tokens = append(tokens, h.Mint(session.ID, params))
	}
	verify := func(token string) result {
		return h.do("POST", "/v1/sessions/"+session.ID+"/verify", quoted(map[string]string{"token": token}))
	}
	for _, token := range tokens {
		verify(token).is(t, 400, "invalid_session_token")
	}
	verify(h.Mint(session.ID, sessionstest.MintParams{Claims: map[string]any{"exp": now + 1, "nbf": now}})).is(t, 200, "")
}

// Package sessionjwt accepts the emulator's tokens and rejects invalid ones.
func TestSessionjwtVerifies(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	session := h.session()
	memory := sessionjwt.WithHTTPClient(&http.Client{Transport: h.Transport()})
	issued, err := sessionjwt.KeysFromIssuer(h.Issuer, memory)
	require.NoError(t, err)
	pem, err := sessionjwt.KeysFromPEM(h.PublicKeyPEM())
	require.NoError(t, err)
	for name, keys := range map[string]sessionjwt.KeySource{"issuer": issued, "PEM": pem} {
		verifier, err := sessionjwt.New(keys, h.Issuer, sessionjwt.WithClock(h.Now))
		require.NoError(t, err)
		claims, err := verifier.Verify(t.Context(), h.Mint(session.ID, sessionstest.MintParams{}))
		require.NoError(t, err, name)
		assert.Equal(t, session.ID, claims.SessionID)
		assert.Equal(t, "user_1", claims.UserID)
		_, err = verifier.Verify(t.Context(), h.Mint(session.ID, sessionstest.MintParams{Claims: map[string]any{"exp": start.Unix() - 60}}))
		require.ErrorIs(t, err, sessionjwt.ErrExpired)
		_, err = verifier.Verify(t.Context(), h.Mint(session.ID, sessionstest.MintParams{Claims: map[string]any{"sid": nil}}))
		require.Error(t, err)
	}
}
