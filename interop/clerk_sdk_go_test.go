package interop

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/clerk/clerk-sdk-go/v2"
	clerkclient "github.com/clerk/clerk-sdk-go/v2/client"
	clerkhttp "github.com/clerk/clerk-sdk-go/v2/http"
	"github.com/clerk/clerk-sdk-go/v2/jwks"
	"github.com/clerk/clerk-sdk-go/v2/jwt"
	"github.com/clerk/clerk-sdk-go/v2/session"
	"github.com/clerk/clerk-sdk-go/v2/user"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (e *emulator) config() *clerk.ClientConfig {
	return &clerk.ClientConfig{BackendConfig: clerk.BackendConfig{
		Key: clerk.String(e.Env["CLERK_SECRET_KEY"]), URL: clerk.String(e.BaseURL), HTTPClient: http.DefaultClient,
	}}
}

// requireCode requires an error response of Clerk's.
func requireCode(t *testing.T, err error, status int, code string) {
	t.Helper()
	var e *clerk.APIErrorResponse
	require.ErrorAs(t, err, &e)
	assert.Equal(t, status, e.HTTPStatusCode)
	require.NotEmpty(t, e.Errors)
	assert.Equal(t, code, e.Errors[0].Code)
	assert.Len(t, e.TraceID, 32)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	e, ctx := start(t), t.Context()
	sessions := session.NewClient(e.config())
	created, err := sessions.Create(ctx, &session.CreateParams{UserID: "user_anna"})
	require.NoError(t, err)
	assert.Equal(t, "active", created.Status)
	assert.WithinDuration(t, time.Now(), time.UnixMilli(created.CreatedAt), time.Minute)
	got, err := sessions.Get(ctx, created.ID)
	require.NoError(t, err)
	assert.Equal(t, created.ID, got.ID)
	list, err := sessions.List(ctx, &session.ListParams{UserID: clerk.String("user_anna"), Status: clerk.String("active")})
	require.NoError(t, err)
	assert.EqualValues(t, 1, list.TotalCount)
	assert.Equal(t, created.ID, list.Sessions[0].ID)

	token, err := sessions.CreateToken(ctx, &session.CreateTokenParams{ID: created.ID})
	require.NoError(t, err)
	assert.NotEmpty(t, token.JWT)
	//lint:ignore SA1019 deprecated, but an operation of the emulator
	_, err = sessions.Verify(ctx, &session.VerifyParams{ID: created.ID, Token: clerk.String(token.JWT)})
	requireCode(t, err, 410, "operation_deprecated")
	revoked, err := sessions.Revoke(ctx, &session.RevokeParams{ID: created.ID})
	require.NoError(t, err)
	assert.Equal(t, "revoked", revoked.Status)
	_, err = sessions.CreateToken(ctx, &session.CreateTokenParams{ID: created.ID})
	requireCode(t, err, 404, "resource_not_found")
	device, err := clerkclient.NewClient(e.config()).Get(ctx, created.ClientID)
	require.NoError(t, err)
	assert.Equal(t, []string{created.ID}, device.SessionIDs)
}

func TestUsers(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, "--strict"), t.Context()
	users, sessions := user.NewClient(e.config()), session.NewClient(e.config())
	addresses := []string{"anna@example.com"}
	created, err := users.Create(ctx, &user.CreateParams{EmailAddresses: &addresses, FirstName: clerk.String("Anna")})
	require.NoError(t, err)
	assert.Equal(t, "anna@example.com", created.EmailAddresses[0].EmailAddress)
	list, err := users.List(ctx, &user.ListParams{EmailAddresses: addresses})
	require.NoError(t, err)
	assert.EqualValues(t, 1, list.TotalCount)
	assert.Equal(t, created.ID, list.Users[0].ID)
	_, err = users.Create(ctx, &user.CreateParams{EmailAddresses: &addresses})
	requireCode(t, err, 422, "form_identifier_exists")

	signedIn, err := sessions.Create(ctx, &session.CreateParams{UserID: created.ID})
	require.NoError(t, err)
	banned, err := users.Ban(ctx, created.ID)
	require.NoError(t, err)
	assert.True(t, banned.Banned)
	ended, err := sessions.Get(ctx, signedIn.ID)
	require.NoError(t, err)
	assert.Equal(t, "revoked", ended.Status)
	_, err = sessions.Create(ctx, &session.CreateParams{UserID: created.ID})
	requireCode(t, err, 403, "user_banned")
	deleted, err := users.Delete(ctx, created.ID)
	require.NoError(t, err)
	assert.True(t, deleted.Deleted)
	_, err = users.Get(ctx, created.ID)
	requireCode(t, err, 404, "resource_not_found")
	_, err = users.Lock(ctx, created.ID)
	requireCode(t, err, 404, "not_emulated")
}

func TestErrors(t *testing.T) {
	t.Parallel()
	e, ctx := start(t), t.Context()
	sessions := session.NewClient(e.config())
	_, err := sessions.Get(ctx, "sess_none")
	requireCode(t, err, 404, "resource_not_found")
	_, err = sessions.List(ctx, &session.ListParams{})
	requireCode(t, err, 400, "missing_query_parameter")
	e.control("POST", "faults", map[string]any{"operation": "GetSession", "status": 503})
	_, err = sessions.Get(ctx, "sess_none")
	requireCode(t, err, 503, "service_unavailable")
	config := e.config()
	config.Key = clerk.String("sk_test_wrong")
	_, err = session.NewClient(config).Get(ctx, "sess_none")
	requireCode(t, err, 401, "clerk_key_invalid")
}

// jwt.Verify accepts only issuers of Clerk's form.
func TestVerification(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, "--issuer", "https://clerk.example.com"), t.Context()
	created, err := session.NewClient(e.config()).Create(ctx, &session.CreateParams{UserID: "user_anna"})
	require.NoError(t, err)
	mint := func(params map[string]any) string {
		params["session_id"] = created.ID
		return e.control("POST", "tokens", params)["jwt"].(string)
	}
	key, err := clerk.JSONWebKeyFromPEM(e.Env["CLERK_JWT_KEY"])
	require.NoError(t, err)
	for name, params := range map[string]*jwt.VerifyParams{
		"CLERK_JWT_KEY": {JWK: key},
		"JWKS":          {JWKSClient: jwks.NewClient(e.config())},
	} {
		params.Token, params.Leeway = mint(map[string]any{}), 5*time.Second
		claims, err := jwt.Verify(ctx, params)
		require.NoError(t, err, name)
		assert.Equal(t, "user_anna", claims.Subject)
		assert.Equal(t, created.ID, claims.SessionID)
		for _, invalid := range []map[string]any{{"expires_in_seconds": -60}, {"signature": "forged"}, {"claims": map[string]any{"iss": "https://example.com"}}} {
			params.Token = mint(invalid)
			_, err = jwt.Verify(ctx, params)
			require.Error(t, err, "%s %v", name, invalid)
		}
	}
	keys, err := jwks.NewClient(e.config()).Get(ctx, &jwks.GetParams{})
	require.NoError(t, err)
	assert.Len(t, keys.Keys, 1)
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	e, ctx := start(t, "--issuer", "https://clerk.example.com"), t.Context()
	sessions := session.NewClient(e.config())
	created, err := sessions.Create(ctx, &session.CreateParams{UserID: "user_anna"})
	require.NoError(t, err)
	token, err := sessions.CreateToken(ctx, &session.CreateTokenParams{ID: created.ID})
	require.NoError(t, err)
	protect := clerkhttp.RequireHeaderAuthorization(clerkhttp.JWKSClient(jwks.NewClient(e.config())), clerkhttp.Leeway(5*time.Second))
	handler := protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := clerk.SessionClaimsFromContext(r.Context())
		w.Header().Set("X-User", claims.Subject)
	}))
	for authorization, accepted := range map[string]bool{"Bearer " + token.JWT: true, "Bearer " + token.JWT + "x": false, "": false} {
		req := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
		req.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		assert.Equal(t, accepted, w.Code == http.StatusOK, authorization)
		assert.Equal(t, accepted, w.Header().Get("X-User") == "user_anna")
	}
}
