package sessionjwt

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeysAreFetchedFromTheirURL(t *testing.T) {
	t.Parallel()
	const elsewhere = "http://127.0.0.1:8080/clerk/v1/"
	for _, tc := range []struct{ base, secret, url string }{
		{issuer, "", issuer + "/.well-known/jwks.json"},
		{issuer + "/proxy/", "", issuer + "/proxy/.well-known/jwks.json"},
		{"", "sk_test_abc", "https://api.clerk.com/v1/jwks"},
		{elsewhere, "sk_test_abc", elsewhere + "jwks"},
	} {
		server := &jwksServer{response: respondKeys(jwk(keyID, clerkKey()))}
		client := WithHTTPClient(&http.Client{Transport: server})
		keys, err := KeysFromBackendAPI("sk_test_abc", client, WithBaseURL(tc.base))
		authorization := "Bearer sk_test_abc"
		if tc.secret == "" {
			keys, err = KeysFromIssuer(tc.base, client)
			authorization = ""
		}
		require.NoError(t, err)
		v, err := New(keys, issuer, WithClock(fixedClock))
		require.NoError(t, err)
		assert.Zero(t, server.count(), "nothing is sent before Verify")
		_, err = v.Verify(t.Context(), goodToken())
		require.NoError(t, err)
		assert.Equal(t, "GET "+tc.url, server.last.Method+" "+server.last.URL.String())
		assert.Equal(t, authorization, server.last.Header.Get("Authorization"))
	}
}

func TestResponsesOverEveryNetwork(t *testing.T) {
	t.Parallel()
	good := keySetOf(jwk(keyID, clerkKey()))
	keys := func(n int) http.HandlerFunc {
		return respondKeys(slices.Repeat([]members{jwk(keyID, clerkKey())}, n)...)
	}
	compressed := func(size int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			_, _ = io.WriteString(zip, good)
			for rest := size - len(good); rest > 0; rest -= 1 << 10 {
				_, _ = zip.Write(bytes.Repeat([]byte(" "), min(1<<10, rest)))
			}
			_ = zip.Close()
		}
	}
	redirect := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, status) }
	}
	for name, tc := range map[string]struct {
		response http.HandlerFunc
		want     error
	}{
		"301":                         {redirect(301), ErrKeysUnavailable},
		"302":                         {redirect(302), ErrKeysUnavailable},
		"303":                         {redirect(303), ErrKeysUnavailable},
		"307":                         {redirect(307), ErrKeysUnavailable},
		"308":                         {redirect(308), ErrKeysUnavailable},
		"64 keys":                     {keys(64), nil},
		"256 KiB":                     {respondText(200, good+strings.Repeat(" ", 256<<10-len(good))), nil},
		"401":                         {respondText(401, `{"errors":[{"code":"clerk_key_invalid"}]}`), ErrKeysUnavailable},
		"500 with a valid set":        {respondText(500, good), ErrKeysUnavailable},
		"empty":                       {respondText(200, ""), ErrKeysUnavailable},
		"missing keys":                {respondText(200, "{}"), ErrKeysUnavailable},
		"no keys":                     {respondText(200, `{"keys":[]}`), ErrKeysUnavailable},
		"keys not an array":           {respondText(200, `{"keys":{}}`), ErrKeysUnavailable},
		"keys not objects":            {respondText(200, `{"keys":[1,null,"x"]}`), ErrKeysUnavailable},
		"duplicate name":              {respondText(200, `{"keys":[],`+good[1:]), ErrKeysUnavailable},
		"truncated JSON":              {respondText(200, good[:len(good)-1]), ErrKeysUnavailable},
		"only unusable keys":          {respondKeys(jwk(keyID, clerkKey()).with("use", "enc")), ErrKeysUnavailable},
		"only a key of 2047 bits":     {respondKeys(jwk(keyID, almostKey())), ErrKeysUnavailable},
		"only a key of even exponent": {respondKeys(jwk(keyID, clerkKey()).with("e", "Ag")), ErrKeysUnavailable},
		"65 keys":                     {keys(65), ErrKeysUnavailable},
		"256 KiB and a byte":          {respondText(200, good+strings.Repeat(" ", 256<<10-len(good)+1)), ErrKeysUnavailable},
		"connection closed":           {down, ErrKeysUnavailable},
		"gzip":                        {compressed(0), nil},
		"gzip of 256 KiB":             {compressed(256 << 10), nil},
		"gzip of 256 KiB and a byte":  {compressed(256<<10 + 1), ErrKeysUnavailable},
		"gzip of 64 MiB":              {compressed(64 << 20), ErrKeysUnavailable},
		"truncated after a whole set": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, good)
			panic(http.ErrAbortHandler)
		}, ErrKeysUnavailable},
	} {
		for network := range networks {
			if network == inMemory && strings.HasPrefix(name, "gzip") { // which net/http decompresses
				continue
			}
			t.Run(name+" "+network, func(t *testing.T) {
				t.Parallel()
				server, v := remote(t, network)
				server.set(tc.response, 0)
				claims, err := v.Verify(t.Context(), goodToken())
				require.ErrorIs(t, err, tc.want)
				assert.Equal(t, err == nil, claims != nil)
				assert.Equal(t, 1, server.count())
				if err != nil {
					require.NotErrorIs(t, err, ErrSignature)
					assertHarmless(t, err, goodToken())
				}
				if network != inMemory {
					assert.Equal(t, network == "HTTP/2", server.last.ProtoMajor == 2)
					assert.Equal(t, network == "HTTP/1.1", server.last.TLS == nil)
				}
			})
		}
	}
}

const canary = "sk_test_canary7canary7canary7"

// verifyWithSecret verifies a token with keys from baseURL, which get the canary. It
// checks that no way of formatting the error, the keys or the Verifier shows it.
func verifyWithSecret(t *testing.T, baseURL string, client *http.Client) error {
	t.Helper()
	keys, err := KeysFromBackendAPI(canary, WithBaseURL(baseURL), WithHTTPClient(client))
	require.NoError(t, err)
	v, err := New(keys, issuer, WithClock(fixedClock))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), goodToken())
	require.Error(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range []any{err, keys, v, *v, &keys} {
			assert.NotContains(t, fmt.Sprintf(format, value), "canary7")
		}
	}
	return err
}

func TestSecretKeyIsRedactedFromErrors(t *testing.T) {
	t.Parallel()
	statusLine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			defer conn.Close()
			_, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", secret)
		}
	}))
	defer statusLine.Close()
	for name, transport := range map[string]http.RoundTripper{
		"status line": http.DefaultTransport,
		"transport": roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %v: %w", r.Header, io.ErrUnexpectedEOF)
		}),
		"body": roundTripper(func(r *http.Request) (*http.Response, error) {
			body := iotest.ErrReader(fmt.Errorf("truncated: %v", r.Header))
			return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
		}),
	} {
		err := verifyWithSecret(t, statusLine.URL, &http.Client{Transport: transport})
		require.ErrorIs(t, err, ErrKeysUnavailable)
		assert.Contains(t, err.Error(), "[redacted]", name)
	}
	err := verifyWithSecret(t, statusLine.URL, &http.Client{
		Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }),
	})
	require.ErrorIs(t, err, ErrKeysUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded, "an error without the secret keeps its cause")

	server := &jwksServer{response: respondKeys(jwk(canary, clerkKey()))}
	err = verifyWithSecret(t, issuer, &http.Client{Transport: server})
	require.ErrorIs(t, err, ErrSignature)
	assert.ErrorContains(t, err, `has only "[redacted]"`, "key id")
}

type closeRecorder struct {
	io.Reader
	closed bool
}

func (c *closeRecorder) Close() error { c.closed = true; return nil }

func TestFetchReleasesItsResources(t *testing.T) {
	t.Parallel()
	body := &closeRecorder{Reader: iotest.ErrReader(errors.New("connection reset"))}
	var fetching context.Context
	err := verifyWithSecret(t, issuer, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		fetching = r.Context()
		return &http.Response{StatusCode: 200, Body: body}, nil
	})})
	require.ErrorIs(t, err, ErrKeysUnavailable)
	assert.ErrorContains(t, err, "GET "+issuer+"/jwks: connection reset")
	assert.True(t, body.closed)
	assert.ErrorIs(t, fetching.Err(), context.Canceled)
}
