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

func TestTokensOfTheAPIVerifyUntilTheyExpire(t *testing.T) {
	t.Parallel()
	clerk := sessionstest.NewServer(t, sessionstest.WithStart(time.Unix(1_800_000_000, 0)))
	session := clerk.AddSession(clerksessions.Session{UserID: "user_anna"}).ID
	token, err := clerk.Client().CreateToken(t.Context(), session, clerksessions.TokenParams{}, clerksessions.WithOrigin("https://app.example.com"))
	require.NoError(t, err)

	sources := make([]sessionjwt.KeySource, 3)
	sources[0], err = sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
	require.NoError(t, err)
	sources[1], err = sessionjwt.KeysFromIssuer(clerk.Issuer, sessionjwt.WithHTTPClient(&http.Client{Transport: clerk.Transport()}))
	require.NoError(t, err)
	sources[2], err = sessionjwt.KeysFromBackendAPI(clerk.SecretKey, sessionjwt.WithBaseURL(clerk.URL))
	require.NoError(t, err)
	denied, err := sessionjwt.KeysFromBackendAPI("sk_test_other", sessionjwt.WithBaseURL(clerk.URL))
	require.NoError(t, err)
	verify := func(keys sessionjwt.KeySource) (*sessionjwt.Claims, error) {
		v, err := sessionjwt.New(keys, clerk.Issuer, sessionjwt.WithClock(clerk.Now), sessionjwt.WithAuthorizedParties("https://app.example.com"))
		require.NoError(t, err)
		return v.Verify(t.Context(), token.JWT)
	}

	for _, keys := range sources {
		claims, err := verify(keys)
		require.NoError(t, err)
		assert.Equal(t, "user_anna", claims.UserID)
		assert.Equal(t, "https://app.example.com", claims.AuthorizedParty, "the Origin of the request")
		assert.Equal(t, clerk.Now().Add(time.Minute), claims.ExpiresAt)
	}
	_, err = verify(denied)
	require.ErrorIs(t, err, sessionjwt.ErrKeysUnavailable, "another secret key")

	_, err = clerk.Client().Revoke(t.Context(), session)
	require.NoError(t, err)
	clerk.Advance(65*time.Second - 1)
	for _, keys := range sources {
		_, err := verify(keys)
		require.NoError(t, err, "after its session was revoked")
	}
	clerk.Advance(1)
	for _, keys := range sources {
		_, err := verify(keys)
		require.ErrorIs(t, err, sessionjwt.ErrExpired)
	}
	assert.Len(t, clerk.RequestsOf(sessionstest.OpJWKS), 3, "one for each source except the PEM")
}
