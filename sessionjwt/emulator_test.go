package sessionjwt_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

const app = "https://app.example.com"

// keysOf returns the keys of an emulated instance from each source.
func keysOf(t *testing.T, clerk *sessionstest.Server) map[string]sessionjwt.KeySource {
	t.Helper()
	memory := sessionjwt.WithHTTPClient(&http.Client{Transport: clerk.Transport()})
	local, err := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
	require.NoError(t, err)
	published, err := sessionjwt.KeysFromIssuer(clerk.Issuer, memory)
	require.NoError(t, err)
	listed, err := sessionjwt.KeysFromBackendAPI(clerk.SecretKey, memory)
	require.NoError(t, err)
	return map[string]sessionjwt.KeySource{"PEM": local, "issuer": published, "Backend API": listed}
}

func verifierOf(t *testing.T, clerk *sessionstest.Server, keys sessionjwt.KeySource, opts ...sessionjwt.Option) *sessionjwt.Verifier {
	t.Helper()
	v, err := sessionjwt.New(keys, clerk.Issuer, append(opts, sessionjwt.WithClock(clerk.Now))...)
	require.NoError(t, err)
	return v
}

func TestTokensOfTheAPIVerifyUntilTheyExpire(t *testing.T) {
	t.Parallel()
	clerk := sessionstest.New(sessionstest.WithStart(time.Unix(1_800_000_000, 0)))
	session := clerk.AddSession(clerksessions.Session{UserID: "user_anna"}).ID
	token, err := clerk.Client().CreateToken(t.Context(), session, clerksessions.TokenParams{}, clerksessions.WithOrigin(app))
	require.NoError(t, err)
	minted := clerk.Now()
	var verifiers []*sessionjwt.Verifier
	for name, keys := range keysOf(t, clerk) {
		v := verifierOf(t, clerk, keys, sessionjwt.WithAuthorizedParties(app))
		claims, err := v.Verify(t.Context(), token.JWT)
		require.NoError(t, err, name)
		assert.Equal(t, "user_anna", claims.UserID)
		assert.Equal(t, session, claims.SessionID)
		assert.Equal(t, app, claims.AuthorizedParty, "the Origin of the request")
		assert.Equal(t, "active", claims.Status)
		assert.Equal(t, minted.Add(time.Minute), claims.ExpiresAt)
		verifiers = append(verifiers, v)
	}
	_, err = clerk.Client().Revoke(t.Context(), session)
	require.NoError(t, err)
	clerk.Advance(65*time.Second - 1)
	for _, v := range verifiers {
		_, err := v.Verify(t.Context(), token.JWT)
		require.NoError(t, err, "after its session was revoked")
	}
	clerk.Advance(1)
	for _, v := range verifiers {
		_, err := v.Verify(t.Context(), token.JWT)
		require.ErrorIs(t, err, sessionjwt.ErrExpired)
	}
	assert.Len(t, clerk.RequestsOf(sessionstest.OpJWKS), 2, "one for each source except the PEM")
}

func TestTheAPIListsKeysOverTheNetwork(t *testing.T) {
	t.Parallel()
	clerk := sessionstest.NewServer(t)
	session := clerk.AddSession(clerksessions.Session{UserID: "user_anna"}).ID
	for secret, want := range map[string]error{clerk.SecretKey: nil, "sk_test_other": sessionjwt.ErrKeysUnavailable} {
		keys, err := sessionjwt.KeysFromBackendAPI(secret, sessionjwt.WithBaseURL(clerk.URL))
		require.NoError(t, err)
		_, err = verifierOf(t, clerk, keys).Verify(t.Context(), clerk.Mint(session, sessionstest.MintParams{}))
		require.ErrorIs(t, err, want)
	}
}
