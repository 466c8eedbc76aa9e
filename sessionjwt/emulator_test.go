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

// instance is an emulated Clerk with one session.
type instance struct {
	*sessionstest.Server
	t       *testing.T
	session string
}

func newInstance(t *testing.T, opts ...sessionstest.Option) *instance {
	t.Helper()
	srv := sessionstest.New(opts...)
	return &instance{srv, t, srv.AddSession(clerksessions.Session{UserID: "user_anna"}).ID}
}

// token creates a token by the API, for a page of app.
func (i *instance) token() string {
	i.t.Helper()
	origin := clerksessions.WithOrigin(app)
	token, err := i.Client().CreateToken(i.t.Context(), i.session, clerksessions.TokenParams{}, origin)
	require.NoError(i.t, err)
	return token.JWT
}

// keys returns the instance's keys from each source.
func (i *instance) keys() map[string]sessionjwt.KeySource {
	i.t.Helper()
	memory := sessionjwt.WithHTTPClient(&http.Client{Transport: i.Transport()})
	local, err := sessionjwt.KeysFromPEM(i.PublicKeyPEM())
	require.NoError(i.t, err)
	published, err := sessionjwt.KeysFromIssuer(i.Issuer, memory)
	require.NoError(i.t, err)
	listed, err := sessionjwt.KeysFromBackendAPI(i.SecretKey, memory)
	require.NoError(i.t, err)
	return map[string]sessionjwt.KeySource{"PEM": local, "issuer": published, "Backend API": listed}
}

func (i *instance) verifier(keys sessionjwt.KeySource, opts ...sessionjwt.Option) *sessionjwt.Verifier {
	i.t.Helper()
	v, err := sessionjwt.New(keys, i.Issuer, append([]sessionjwt.Option{sessionjwt.WithClock(i.Now)}, opts...)...)
	require.NoError(i.t, err)
	return v
}

func TestTokensOfTheAPIVerifyUntilTheyExpire(t *testing.T) {
	t.Parallel()
	clerk := newInstance(t, sessionstest.WithStart(time.Unix(1_800_000_000, 0)))
	token, minted := clerk.token(), clerk.Now()
	var verifiers []*sessionjwt.Verifier
	for name, keys := range clerk.keys() {
		v := clerk.verifier(keys, sessionjwt.WithAuthorizedParties(app))
		claims, err := v.Verify(t.Context(), token)
		require.NoError(t, err, name)
		assert.Equal(t, "user_anna", claims.UserID)
		assert.Equal(t, clerk.session, claims.SessionID)
		assert.Equal(t, app, claims.AuthorizedParty, "the Origin of the request")
		assert.Equal(t, "active", claims.Status)
		assert.Equal(t, minted.Add(time.Minute), claims.ExpiresAt)
		verifiers = append(verifiers, v)
	}
	_, err := clerk.Client().Revoke(t.Context(), clerk.session)
	require.NoError(t, err)
	clerk.Advance(65*time.Second - 1)
	for _, v := range verifiers {
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err, "after its session was revoked")
	}
	clerk.Advance(1)
	for _, v := range verifiers {
		_, err := v.Verify(t.Context(), token)
		require.ErrorIs(t, err, sessionjwt.ErrExpired)
	}
	assert.Len(t, clerk.RequestsOf(sessionstest.OpJWKS), 2, "one for each source except the PEM")
}

func TestTheAPIListsKeysOverTheNetwork(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	clerk := &instance{srv, t, srv.AddSession(clerksessions.Session{UserID: "user_anna"}).ID}
	for secret, want := range map[string]error{clerk.SecretKey: nil, "sk_test_other": sessionjwt.ErrKeysUnavailable} {
		keys, err := sessionjwt.KeysFromBackendAPI(secret, sessionjwt.WithBaseURL(clerk.URL))
		require.NoError(t, err)
		_, err = clerk.verifier(keys).Verify(t.Context(), clerk.token())
		require.ErrorIs(t, err, want)
	}
}

func TestRotatedKeys(t *testing.T) {
	t.Parallel()
	for name, newID := range map[string]func(*instance) string{
		"same key id": func(i *instance) string { return i.KeyID() },
		"new key id":  func(*instance) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clerk := newInstance(t)
				before, verifiers := clerk.token(), map[string]*sessionjwt.Verifier{}
				for name, keys := range clerk.keys() {
					verifiers[name] = clerk.verifier(keys)
					_, err := verifiers[name].Verify(t.Context(), before)
					require.NoError(t, err, name)
				}
				time.Sleep(time.Second) // virtual
				clerk.RotateKey(newID(clerk))
				after := clerk.token()
				_, err := verifiers["PEM"].Verify(t.Context(), after)
				require.ErrorIs(t, err, sessionjwt.ErrSignature, "a PEM must be replaced")
				verifiers["PEM"] = clerk.verifier(clerk.keys()["PEM"])
				for name, v := range verifiers {
					_, err := v.Verify(t.Context(), after)
					require.NoError(t, err, name)
					_, err = v.Verify(t.Context(), before)
					require.ErrorIs(t, err, sessionjwt.ErrSignature, name)
				}
			})
		})
	}
}

func TestTokensOfAnotherInstanceAreRejected(t *testing.T) {
	t.Parallel()
	mine := newInstance(t)
	theirs := newInstance(t, sessionstest.WithIssuer(mine.Issuer)) // differs in its key only
	theirs.RotateKey(mine.KeyID())
	for name, keys := range mine.keys() {
		v := mine.verifier(keys, sessionjwt.WithCache(10))
		other := theirs.verifier(theirs.keys()[name], sessionjwt.WithCache(10))
		for range 2 {
			_, err := v.Verify(t.Context(), mine.token())
			require.NoError(t, err, name)
			_, err = other.Verify(t.Context(), theirs.token())
			require.NoError(t, err, name)
			_, err = v.Verify(t.Context(), theirs.token())
			require.ErrorIs(t, err, sessionjwt.ErrSignature, name)
			_, err = other.Verify(t.Context(), mine.token())
			require.ErrorIs(t, err, sessionjwt.ErrSignature, name)
		}
	}
}

func TestResponseIs503DuringAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clerk := newInstance(t)
		for name, fault := range map[string]sessionstest.Fault{
			"maintenance": {Status: 503},
			"HTML":        {HTML: true, Status: 200},
			"truncated":   {Truncate: true},
			"reset":       {ResetAfter: true},
			"slow":        {Latency: time.Minute},
		} {
			for _, source := range []string{"issuer", "Backend API"} {
				v := clerk.verifier(clerk.keys()[source])
				token := clerk.token()
				clerk.Fail(sessionstest.OpJWKS, 1, fault)
				_, err := v.Verify(t.Context(), token)
				require.ErrorIs(t, err, sessionjwt.ErrKeysUnavailable, name)
				require.NotErrorIs(t, err, sessionjwt.ErrSignature, name)
				assert.Equal(t, `503 {"error":"keys_unavailable"}`, get(v, "Bearer "+token, ""), name)

				time.Sleep(10 * time.Second) // virtual
				assert.Equal(t, "200 user_anna", get(v, "Bearer "+token, ""), name)
			}
		}
	})
}
