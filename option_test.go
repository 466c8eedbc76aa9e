package clerksessions_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

func TestNewRefusesBadKeys(t *testing.T) {
	t.Parallel()
	client, err := clerksessions.New("!sk_test_~")
	require.NoError(t, err, "the first and the last printable character of ASCII")
	assert.Equal(t, `clerksessions.Client{BaseURL:"https://api.clerk.com/v1"}`, fmt.Sprint(client))
	for _, key := range []string{"", "pk_test_canary", "sk_test_canary\n", " sk_test_canary", "sk_test_\tcanary",
		"sk_test_canary\x00", "sk_test_canary\x7f", "sk_test_canary\xff", "sk_test–canary"} {
		client, err := clerksessions.New(key)
		assert.Nil(t, client, "%q", key)
		require.ErrorIs(t, err, clerksessions.ErrInvalidArgument, "%q", key)
		assert.NotContains(t, err.Error(), "canary")
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	bad := map[string]clerksessions.Option{
		"nil":                             nil,
		"base URL: no scheme":             clerksessions.WithBaseURL("api.clerk.com/v1"),
		"base URL: other scheme":          clerksessions.WithBaseURL("ftp://api.clerk.com/v1"),
		"base URL: no host":               clerksessions.WithBaseURL("https:///v1"),
		"base URL: no host but a port":    clerksessions.WithBaseURL("https://:443/v1"),
		"base URL: no slashes":            clerksessions.WithBaseURL("https:api.clerk.com"),
		"base URL: empty":                 clerksessions.WithBaseURL(""),
		"base URL: unparsable":            clerksessions.WithBaseURL("https://api.clerk.com/%zz"),
		"base URL: line break":            clerksessions.WithBaseURL("https://api.clerk.com/v1\n"),
		"base URL: user":                  clerksessions.WithBaseURL("https://canary@api.clerk.com/v1"),
		"base URL: query":                 clerksessions.WithBaseURL("https://api.clerk.com/v1?canary=1"),
		"base URL: empty query":           clerksessions.WithBaseURL("https://api.clerk.com/v1?"),
		"base URL: fragment":              clerksessions.WithBaseURL("https://api.clerk.com/v1#canary"),
		"base URL: empty fragment":        clerksessions.WithBaseURL("https://api.clerk.com/v1#"),
		"base URL: dot segments":          clerksessions.WithBaseURL("https://api.clerk.com/a/../v1"),
		"base URL: escaped dots":          clerksessions.WithBaseURL("https://api.clerk.com/%2e%2e/v1"),
		"base URL: double slash":          clerksessions.WithBaseURL("https://api.clerk.com//v1"),
		"client: nil":                     clerksessions.WithHTTPClient(nil),
		"timeout: zero":                   clerksessions.WithTimeout(0),
		"timeout: negative":               clerksessions.WithTimeout(-1),
		"attempts: zero":                  clerksessions.WithMaxAttempts(0),
		"logger: nil":                     clerksessions.WithLogger(nil),
		"user agent: empty":               clerksessions.WithUserAgent(""),
		"user agent: line break":          clerksessions.WithUserAgent("a\r\nX-Evil: 1"),
		"header: no name":                 clerksessions.WithHeader("", "x"),
		"header: space in the name":       clerksessions.WithHeader("a b", "x"),
		"header: line break in the value": clerksessions.WithHeader("X-A", "x\r\nX-B: canary"),
		"header: unit separator":          clerksessions.WithHeader("X-A", "\x1f"),
		"header: DEL":                     clerksessions.WithHeader("X-A", "\x7f"),
		"header: authorization":           clerksessions.WithHeader("authorization", "Bearer canary"),
		"header: host":                    clerksessions.WithHeader("Host", "elsewhere"),
		"header: content-length":          clerksessions.WithHeader("content-length", "1"),
		"header: idempotency-key":         clerksessions.WithHeader("idempotency-key", "1"),
		"header: x-idempotency-key":       clerksessions.WithHeader("X-Idempotency-Key", "1"),
		"header: accept-encoding":         clerksessions.WithHeader("Accept-Encoding", "gzip"),
		"query: no name":                  clerksessions.WithQuery("", "x"),
		"origin: empty":                   clerksessions.WithOrigin(""),
		"origin: a path":                  clerksessions.WithOrigin("https://app.example.com/"),
		"origin: unparsable":              clerksessions.WithOrigin("https://%zz"),
		"origin: no host":                 clerksessions.WithOrigin("https://"),
		"origin: no scheme":               clerksessions.WithOrigin("app.example.com"),
		"meta: nil":                       clerksessions.WithMeta(nil),
		"response limit: zero":            clerksessions.WithMaxResponseBytes(0),
	}
	client := sendsNothing(t)
	for name, opt := range bad {
		t.Run(name, func(t *testing.T) {
			_, err := clerksessions.New(testKey, opt)
			require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
			assert.NotContains(t, err.Error(), "canary")

			session, err := client.Get(t.Context(), "sess_1", opt)
			assert.Nil(t, session)
			assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
		})
	}
}

// sendsNothing returns a client that fails the test if it sends a request.
func sendsNothing(t *testing.T) *clerksessions.Client {
	return newClient(t, "https://clerk.invalid/v1", withTransport(func(*http.Request) (*http.Response, error) {
		assert.Fail(t, "a request was sent")
		return nil, errReset
	}))
}

func TestBaseURLs(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "/v1", "/v1/", "/a/b%2Fc/v1//"} {
		var uri string
		client := newClient(t, "https://clerk.invalid"+path, withTransport(func(req *http.Request) (*http.Response, error) {
			uri = req.URL.RequestURI()
			return nil, errReset
		}), clerksessions.WithMaxAttempts(1))
		_, err := client.Get(t.Context(), "sess_1")
		require.ErrorIs(t, err, errReset, path)
		assert.Equal(t, strings.TrimRight(path, "/")+"/sessions/sess_1", uri)
	}
}

func TestNewFromEnv(t *testing.T) {
	const invalid = "clerksessions: invalid argument: "
	for _, test := range []struct {
		name, key, url, version string
		option                  string // WithBaseURL, unless empty
		base, err               string // the outcome
	}{
		{name: "defaults", key: testKey, base: "https://api.clerk.com/v1"},
		{name: "all set", key: testKey, url: "http://127.0.0.1:8787/", version: "v2", base: "http://127.0.0.1:8787/v2"},
		{name: "an option overrides", key: testKey, url: "http://127.0.0.1:8787", option: "https://proxy.example/v3", base: "https://proxy.example/v3"},
		{name: "no key", err: invalid + "CLERK_SECRET_KEY is not set"},
		{name: "invalid URL", key: testKey, url: "not a url", err: invalid + "CLERK_API_URL: the base URL must begin with"},
		{name: "invalid URL, overridden", key: testKey, url: "not a url", option: "https://proxy.example/v3", err: invalid + "CLERK_API_URL: "},
		{name: "no scheme", key: testKey, url: "127.0.0.1:8787", err: invalid + "CLERK_API_URL: the base URL "},
		{name: "not http", key: testKey, url: "ftp://clerk.example", err: invalid + "CLERK_API_URL: the base URL must begin with"},
		{name: "user", key: testKey, url: "http://u:p@clerk.example", err: invalid + "CLERK_API_URL: the base URL must not have a user"},
		{name: "query", key: testKey, url: "http://clerk.example?k=", err: invalid + "CLERK_API_URL: the base URL "},
		{name: "invalid version", key: testKey, version: "..", err: invalid + "CLERK_API_VERSION must be"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CLERK_SECRET_KEY", test.key)
			t.Setenv("CLERK_API_URL", test.url)
			t.Setenv("CLERK_API_VERSION", test.version)
			var key string
			opts := []clerksessions.Option{withTransport(func(req *http.Request) (*http.Response, error) {
				key = req.Header.Get("Authorization")
				return nil, errReset
			}), clerksessions.WithMaxAttempts(1)}
			if test.option != "" {
				opts = append(opts, clerksessions.WithBaseURL(test.option))
			}
			client, err := clerksessions.NewFromEnv(opts...)
			if test.err != "" {
				require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
				assert.ErrorContains(t, err, test.err)
				assert.True(t, test.url == "" || !strings.Contains(err.Error(), "v1"), "CLERK_API_URL has no version: %v", err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprintf("clerksessions.Client{BaseURL:%q}", test.base), fmt.Sprint(client))
			_, err = client.Get(t.Context(), "sess_1")
			require.ErrorIs(t, err, errReset)
			assert.Equal(t, "Bearer "+testKey, key)
		})
	}
}

func TestOptionsReachTheRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithMaxAttempts(1),
		clerksessions.WithUserAgent("app/1"), clerksessions.WithHeader("x-app", "one\ttab, one space"), clerksessions.WithQuery("q", "1"),
		withTransport(func(req *http.Request) (*http.Response, error) {
			got = req
			return nil, errReset
		}))
	_, err := client.Get(t.Context(), "sess_1",
		clerksessions.WithUserAgent("job/2"), clerksessions.WithHeader("X-Job", "two"), clerksessions.WithQuery("r", "a b"),
		clerksessions.WithOrigin("https://app.example.com"), clerksessions.WithHeader("Clerk-API-Version", "2025-04-10"))
	require.ErrorIs(t, err, errReset)
	assert.Equal(t, "clerksessions/0.1 app/1 job/2", got.UserAgent())
	assert.Equal(t, []string{"one\ttab, one space"}, got.Header["X-App"])
	assert.Equal(t, []string{"two"}, got.Header["X-Job"])
	assert.Equal(t, "https://app.example.com", got.Header.Get("Origin"))
	assert.Equal(t, []string{"2025-04-10"}, got.Header["Clerk-Api-Version"])
	assert.Equal(t, "q=1&r=a+b", got.URL.RawQuery)

	_, err = client.Get(t.Context(), "sess_1")
	require.ErrorIs(t, err, errReset)
	assert.Equal(t, "clerksessions/0.1 app/1", got.UserAgent(), "options of one call are not kept")
	assert.Empty(t, got.Header.Get("X-Job"))
	assert.Equal(t, "q=1", got.URL.RawQuery)
}

// Neither a success nor a failure changes the caller's values.
func TestTheCallersValuesAreNotChanged(t *testing.T) {
	t.Parallel()
	mine := &http.Client{Timeout: 1, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})}
	params := fmt.Sprint(refresh.RequestHeaders, refresh.RequestOrigin)
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(mine), clerksessions.WithMaxAttempts(1))
	_, err := client.Refresh(t.Context(), "sess_1", refresh)
	require.ErrorContains(t, err, "no complete response within 1ns", "its Timeout is the shorter one")
	assert.EqualValues(t, 1, mine.Timeout)
	assert.Nil(t, mine.CheckRedirect)
	assert.Nil(t, mine.Jar)
	assert.Equal(t, params, fmt.Sprint(refresh.RequestHeaders, refresh.RequestOrigin))
}

func TestAContextWithoutAnOperation(t *testing.T) {
	t.Parallel()
	_, ok := clerksessions.OperationFromContext(t.Context())
	assert.False(t, ok)
	_, ok = clerksessions.AttemptFromContext(t.Context())
	assert.False(t, ok)
}
