package sessionjwt

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInvalidURLsAreRejected(t *testing.T) {
	t.Parallel()
	local := must(KeysFromPEM(pemOf(clerkKey())))
	for name, url := range map[string]string{
		"empty": "", "key": "pk_test_abc", "no scheme": "clerk.example.com", "not a URL": "https://%zz", "ftp": "ftp://localhost",
		"no host": "https://:443", "user": "https://u:p@clerk.example.com", "query": issuer + "?a=b", "bare ?": issuer + "?",
		"fragment": issuer + "#a", "bare #": issuer + "#", "final slash": issuer + "/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := New(local, url)
			assert.Nil(t, v)
			require.ErrorIs(t, err, ErrInvalidArgument)
			keys, err := KeysFromIssuer(url)
			assert.Nil(t, keys)
			require.ErrorIs(t, err, ErrInvalidArgument)
			if url != "" && url != issuer+"/" { // the default, and a valid base URL
				keys, err = KeysFromBackendAPI("sk_test_abc", WithBaseURL(url))
				assert.Nil(t, keys)
				require.ErrorIs(t, err, ErrInvalidArgument)
			}
		})
	}
	for _, url := range []string{issuer + "/proxy", issuer + "/proxy/", "http://localhost:8080", "https://[::1]:8443/p"} {
		_, err := New(local, url)
		require.NoError(t, err, url)
	}
}

func TestKeysAreFetchedOverHTTPFromLoopbackAddressesOnly(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]error{
		"http://localhost:8080/v1": nil, "http://127.0.0.1/v1": nil, "http://127.9.9.9:1/v1": nil, "http://[::1]:8080/v1": nil,
		"https://10.0.0.1": nil, "http://10.0.0.1": ErrInvalidArgument, "http://clerk.example.com": ErrInvalidArgument,
		"http://localhost.example": ErrInvalidArgument, "http://[::2]": ErrInvalidArgument,
	} {
		_, err := KeysFromBackendAPI("sk_test_abc", WithBaseURL(base))
		assert.ErrorIs(t, err, want, base)
		_, err = KeysFromIssuer(base)
		assert.ErrorIs(t, err, want, base)
	}
}

func TestInvalidOptionsAreRejected(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]Option{
		"nil option":                    {WithPending(), nil},
		"no parties":                    {WithAuthorizedParties()},
		"empty party":                   {WithAuthorizedParties("")},
		"party not a URL":               {WithAuthorizedParties("https://%zz")},
		"party without host":            {WithAuthorizedParties("https://")},
		"party without scheme":          {WithAuthorizedParties("app.example.com")},
		"party with a slash":            {WithAuthorizedParties(party + "/")},
		"party in capitals":             {WithAuthorizedParties("https://App.example.com")},
		"wildcard":                      {WithAuthorizedParties(party, "*")},
		"missing party without parties": {WithMissingAuthorizedParty()},
		"negative leeway":               {WithLeeway(-1)},
		"nil clock":                     {WithClock(nil)},
		"empty cache":                   {WithCache(0)},
		"nil failure handler":           {WithFailureHandler(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := New(must(KeysFromPEM(pemOf(clerkKey()))), issuer, opts...)
			assert.Nil(t, v)
			require.ErrorIs(t, err, ErrInvalidArgument)
		})
	}
	_, err := New(nil, issuer)
	require.ErrorIs(t, err, ErrInvalidArgument)
	_, err = KeysFromIssuer(issuer, WithBaseURL("https://api.example.com"))
	require.ErrorIs(t, err, ErrInvalidArgument)
	for _, opt := range []KeyOption{nil, WithHTTPClient(nil)} {
		_, err := KeysFromIssuer(issuer, opt)
		require.ErrorIs(t, err, ErrInvalidArgument)
		_, err = KeysFromBackendAPI("sk_test_abc", opt)
		require.ErrorIs(t, err, ErrInvalidArgument)
	}
}

func TestSecretKeysAreASCIIWithoutSpaces(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]error{
		"sk_~": nil, "sk_!": nil, "": ErrInvalidArgument, "pk_test_abc": ErrInvalidArgument, "sk_test_abc\n": ErrInvalidArgument,
		"sk_test abc": ErrInvalidArgument, "sk_test_\x7f": ErrInvalidArgument, "sk_test_é": ErrInvalidArgument,
	} {
		_, err := KeysFromBackendAPI(key)
		assert.ErrorIs(t, err, want, "%q", key)
		if err != nil {
			assert.NotContains(t, err.Error(), "sk_test")
		}
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
