package sessionjwt_test

import (
	"net/http"
	"testing"
	"testing/synctest"
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

func TestRotatedKeysOfTheAPI(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clerk := sessionstest.New()
		session := clerk.AddSession(clerksessions.Session{UserID: "user_anna"}).ID
		sources := keysOf(t, clerk)
		for _, newID := range []string{clerk.KeyID(), ""} {
			before := clerk.Mint(session, sessionstest.MintParams{})
			clerk.RotateKey(newID)
			time.Sleep(time.Minute) // virtual
			after := clerk.Mint(session, sessionstest.MintParams{})
			for name, keys := range sources {
				v := verifierOf(t, clerk, keys)
				_, err := v.Verify(t.Context(), after)
				if name == "PEM" {
					require.ErrorIs(t, err, sessionjwt.ErrSignature, "a PEM must be replaced")
					continue
				}
				require.NoError(t, err, name)
				_, err = v.Verify(t.Context(), before)
				require.ErrorIs(t, err, sessionjwt.ErrSignature, name)
			}
		}
	})
}

func TestTokensThatAreNotOfAnActiveSession(t *testing.T) {
	t.Parallel()
	clerk := sessionstest.New()
	clerk.AddTemplate(sessionstest.Template{Name: "supabase"})
	session := clerk.AddSession(clerksessions.Session{UserID: "user_anna"}).ID
	pending := clerk.AddSession(clerksessions.Session{UserID: "user_anna", Status: clerksessions.SessionStatusPending}).ID
	v := verifierOf(t, clerk, keysOf(t, clerk)["issuer"])
	for token, want := range map[string]error{
		clerk.Mint(session, sessionstest.MintParams{Template: "supabase"}): sessionjwt.ErrNotSessionToken,
		clerk.Mint(pending, sessionstest.MintParams{}):                     sessionjwt.ErrPending,
	} {
		_, err := v.Verify(t.Context(), token)
		require.ErrorIs(t, err, want)
	}
}

func TestOrganizationAndActorOfTheEmulator(t *testing.T) {
	t.Parallel()
	clerk := sessionstest.New()
	permissions := []string{"org:billing:manage", "org:billing:read", "org:teams:read"}
	clerk.AddOrganization(sessionstest.Organization{ID: "org_acme", Slug: "acme", Members: []sessionstest.Member{
		{UserID: "user_anna", Role: "org:admin", Permissions: permissions},
	}})
	session := clerk.AddSession(clerksessions.Session{
		UserID: "user_anna", LastActiveOrganizationID: "org_acme",
		Actor: map[string]any{"iss": "https://dashboard.clerk.com", "sid": "sess_support", "sub": "user_support"},
	})
	v := verifierOf(t, clerk, keysOf(t, clerk)["issuer"])
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
