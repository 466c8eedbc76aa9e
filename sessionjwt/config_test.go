package sessionjwt

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewRejectsInvalidArguments(t *testing.T) {
	t.Parallel()
	keys, err := KeysFromPEM(pemOf(t, clerkKey()))
	require.NoError(t, err)
	for name, build := range map[string]func() (*Verifier, error){
		"no keys":                       func() (*Verifier, error) { return New(nil, issuer) },
		"no issuer":                     func() (*Verifier, error) { return New(keys, "") },
		"issuer not a URL":              func() (*Verifier, error) { return New(keys, "https://%zz") },
		"party not a URL":               func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties("https://%zz")) },
		"party without host":            func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties("https://")) },
		"issuer without scheme":         func() (*Verifier, error) { return New(keys, "clerk.example.com") },
		"issuer of ftp":                 func() (*Verifier, error) { return New(keys, "ftp://clerk.example.com") },
		"issuer with a slash":           func() (*Verifier, error) { return New(keys, issuer+"/") },
		"issuer with a query":           func() (*Verifier, error) { return New(keys, issuer+"?a=b") },
		"issuer with bare ?":            func() (*Verifier, error) { return New(keys, issuer+"?") },
		"issuer with fragment":          func() (*Verifier, error) { return New(keys, issuer+"#a") },
		"issuer with bare #":            func() (*Verifier, error) { return New(keys, issuer+"#") },
		"issuer without host":           func() (*Verifier, error) { return New(keys, "https://:443") },
		"issuer with a user":            func() (*Verifier, error) { return New(keys, "https://u:p@clerk.example.com") },
		"issuer is a key":               func() (*Verifier, error) { return New(keys, "pk_test_abc") },
		"no parties":                    func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties()) },
		"empty list of parties":         func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties([]string{}...)) },
		"empty party":                   func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties("")) },
		"party with a slash":            func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties(party+"/")) },
		"party without scheme":          func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties("app.example.com")) },
		"party in capitals":             func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties("https://App.example.com")) },
		"wildcard party":                func() (*Verifier, error) { return New(keys, issuer, WithAuthorizedParties(party, "*")) },
		"missing party without parties": func() (*Verifier, error) { return New(keys, issuer, WithMissingAuthorizedParty()) },
		"negative leeway":               func() (*Verifier, error) { return New(keys, issuer, WithLeeway(-time.Second)) },
		"nil clock":                     func() (*Verifier, error) { return New(keys, issuer, WithClock(nil)) },
		"empty cache":                   func() (*Verifier, error) { return New(keys, issuer, WithCache(0)) },
		"nil option":                    func() (*Verifier, error) { return New(keys, issuer, WithPending(), nil) },
		"nil failure handler":           func() (*Verifier, error) { return New(keys, issuer, WithFailureHandler(nil)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := build()
			assert.Nil(t, v)
			require.ErrorIs(t, err, ErrInvalidArgument)
		})
	}
}

func TestIssuerIsComparedByteForByte(t *testing.T) {
	t.Parallel()
	keys, err := KeysFromPEM(pemOf(t, clerkKey()))
	require.NoError(t, err)
	for _, iss := range []string{
		"https://app.example.com/__clerk", "https://app.example.com/__clerk/", "http://localhost:8080", "https://[::1]:8443/p",
	} {
		v, err := New(keys, iss, WithClock(fixedClock))
		require.NoError(t, err, iss)
		_, err = v.Verify(t.Context(), sign(t, clerkKey(), goodHeader(), goodClaims().with("iss", iss)))
		require.NoError(t, err)
		_, err = v.Verify(t.Context(), sign(t, clerkKey(), goodHeader(), goodClaims().with("iss", iss+"/")))
		require.ErrorIs(t, err, ErrIssuer)
	}
}

func TestAuthorizedPartiesOfOtherSchemes(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{
		"http://localhost:3000", "chrome-extension://abcdefgh", "capacitor://localhost", "https://[::1]:8443",
	} {
		token := sign(t, clerkKey(), goodHeader(), goodClaims().with("azp", origin))
		_, err := newVerifier(t, WithAuthorizedParties(origin)).Verify(t.Context(), token)
		assert.NoError(t, err, origin)
	}
}

func TestRemoteKeysRejectInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func() (KeySource, error){
		"no issuer":              func() (KeySource, error) { return KeysFromIssuer("") },
		"issuer without scheme":  func() (KeySource, error) { return KeysFromIssuer("clerk.example.com") },
		"issuer over plain http": func() (KeySource, error) { return KeysFromIssuer("http://clerk.example.com") },
		"issuer with a query":    func() (KeySource, error) { return KeysFromIssuer(issuer + "?x") },
		"issuer with bare ?":     func() (KeySource, error) { return KeysFromIssuer(issuer + "?") },
		"issuer without host":    func() (KeySource, error) { return KeysFromIssuer("https://:443") },
		"issuer and a base URL":  func() (KeySource, error) { return KeysFromIssuer(issuer, WithBaseURL("https://x.example")) },
		"issuer, nil client":     func() (KeySource, error) { return KeysFromIssuer(issuer, WithHTTPClient(nil)) },
		"issuer, nil option":     func() (KeySource, error) { return KeysFromIssuer(issuer, nil) },
		"secret, nil client":     func() (KeySource, error) { return KeysFromBackendAPI("sk_test_abc", WithHTTPClient(nil)) },
		"no secret":              func() (KeySource, error) { return KeysFromBackendAPI("") },
		"publishable key":        func() (KeySource, error) { return KeysFromBackendAPI("pk_test_abc") },
		"secret with line break": func() (KeySource, error) { return KeysFromBackendAPI("sk_test_abc\n") },
		"secret with a space":    func() (KeySource, error) { return KeysFromBackendAPI("sk_test abc") },
		"secret not ASCII":       func() (KeySource, error) { return KeysFromBackendAPI("sk_test_é") },
		"secret over plain http": func() (KeySource, error) {
			return KeysFromBackendAPI("sk_test_abc", WithBaseURL("http://api.example.com"))
		},
		"host that starts with localhost": func() (KeySource, error) {
			return KeysFromBackendAPI("sk_test_abc", WithBaseURL("http://localhost.evil.example"))
		},
		"base URL with a user": func() (KeySource, error) {
			return KeysFromBackendAPI("sk_test_abc", WithBaseURL("https://u:p@api.example.com"))
		},
		"base URL with bare #": func() (KeySource, error) {
			return KeysFromBackendAPI("sk_test_abc", WithBaseURL("https://api.example.com#"))
		},
		"base URL with bare ?": func() (KeySource, error) {
			return KeysFromBackendAPI("sk_test_abc", WithBaseURL("https://api.example.com/v1?"))
		},
		"base URL without host": func() (KeySource, error) { return KeysFromBackendAPI("sk_test_abc", WithBaseURL("https://:443/v1")) },
		"base URL not a URL":    func() (KeySource, error) { return KeysFromBackendAPI("sk_test_abc", WithBaseURL("::")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := build()
			assert.Nil(t, keys)
			require.ErrorIs(t, err, ErrInvalidArgument)
			assert.NotContains(t, err.Error(), "sk_test")
		})
	}
}

func TestPlainHTTPIsForLoopbackAddresses(t *testing.T) {
	t.Parallel()
	for _, base := range []string{
		"http://localhost:8080/v1", "http://127.0.0.1/v1", "http://127.9.9.9:1/v1", "http://[::1]:8080/v1",
	} {
		_, err := KeysFromBackendAPI("sk_test_abc", WithBaseURL(base))
		assert.NoError(t, err, base)
	}
	for _, base := range []string{
		"http://10.0.0.1/v1", "http://localhost.example/v1", "http://[::2]/v1", "ftp://localhost/v1",
	} {
		_, err := KeysFromBackendAPI("sk_test_abc", WithBaseURL(base))
		assert.ErrorIs(t, err, ErrInvalidArgument, base)
	}
}

func TestCallersClientIsNotChanged(t *testing.T) {
	t.Parallel()
	client := &http.Client{Timeout: time.Second}
	_, err := KeysFromIssuer(issuer, WithHTTPClient(client))
	require.NoError(t, err)
	assert.Equal(t, &http.Client{Timeout: time.Second}, client)
	assert.Nil(t, http.DefaultClient.CheckRedirect)
}

func TestSecretKeysAreASCIIWithoutSpaces(t *testing.T) {
	t.Parallel()
	for key, valid := range map[string]bool{"sk_~": true, "sk_!": true, "sk_\x7f": false, "sk_ ": false} {
		_, err := KeysFromBackendAPI(key)
		assert.Equal(t, valid, err == nil, "%q", key)
	}
}
