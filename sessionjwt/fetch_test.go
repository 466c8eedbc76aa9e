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
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeysAreFetchedOverEveryNetwork(t *testing.T) {
	t.Parallel()
	for network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			server, v := remoteOver(t, network)
			for range 3 {
				_, err := v.Verify(t.Context(), goodToken(t))
				require.NoError(t, err)
			}
			assert.Equal(t, 1, server.count())
			if network != "in memory" {
				assert.Equal(t, network == "HTTP/2", server.last.ProtoMajor == 2)
				assert.Equal(t, network == "HTTP/1.1", server.last.TLS == nil)
			}
			server.set(respondKeys(t, jwk(t, keyID, clerkKey()), jwk(t, "ins_new", otherKey())), 0)
			_, err := v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
			require.NoError(t, err, "after a rotation")
			assert.Equal(t, 2, server.count())
		})
	}
}

func TestInvalidResponsesLeaveKeysUnavailable(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(members{"keys": []members{jwk(t, keyID, clerkKey())}})
	require.NoError(t, err)
	many := make([]members, maxSetKeys+1)
	for i := range many {
		many[i] = jwk(t, fmt.Sprint("ins_", i), clerkKey())
	}
	for _, tc := range []struct {
		name     string
		response http.HandlerFunc
	}{
		{"401", respondText(401, `{"errors":[{"code":"clerk_key_invalid"}]}`)},
		{"500 with a valid set", respondText(500, string(good))},
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
		{"redirect to itself", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }},
		{"HTML", respondText(200, "<html>")},
		{"empty", respondText(200, "")},
		{"null", respondText(200, "null")},
		{"array", respondText(200, "[]")},
		{"missing keys", respondText(200, "{}")},
		{"no keys", respondText(200, `{"keys":[]}`)},
		{"keys not an array", respondText(200, `{"keys":{}}`)},
		{"keys not objects", respondText(200, `{"keys":[1,null,"x"]}`)},
		{"duplicate keys", respondText(200, `{"keys":[],`+string(good[1:]))},
		{"truncated JSON", respondText(200, string(good[:len(good)-1]))},
		{"only unusable keys", respondKeys(t, jwk(t, keyID, clerkKey()).with("use", "enc"))},
		{"only keys with an even exponent", respondKeys(t, jwk(t, keyID, clerkKey()).with("e", "Ag"))},
		{"too many keys", respondKeys(t, many...)},
		{"connection closed", down},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(good)
			panic(http.ErrAbortHandler)
		}},
		{"too large", respondText(200, string(good)+strings.Repeat(" ", maxSetBytes))},
	} {
		for network := range networks {
			t.Run(tc.name+" "+network, func(t *testing.T) {
				t.Parallel()
				server, v := remoteOver(t, network)
				server.set(tc.response, 0)
				claims, err := v.Verify(t.Context(), goodToken(t))
				assert.Nil(t, claims)
				require.ErrorIs(t, err, ErrKeysUnavailable)
				require.NotErrorIs(t, err, ErrSignature)
				assertHarmless(t, err, goodToken(t))
				assert.Equal(t, 1, server.count())
			})
		}
	}
}

func TestCompressedResponsesAreLimited(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(members{"keys": []members{jwk(t, keyID, clerkKey())}})
	require.NoError(t, err)
	for network := range networks {
		if network == "in memory" { // has no net/http, which decompresses
			continue
		}
		for padding, want := range map[int]error{
			0: nil, maxSetBytes - len(good): nil, maxSetBytes: ErrKeysUnavailable, 64 << 20: ErrKeysUnavailable,
		} {
			t.Run(fmt.Sprint(network, " ", padding), func(t *testing.T) {
				t.Parallel()
				server, v := remoteOver(t, network)
				server.set(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Encoding", "gzip")
					zip := gzip.NewWriter(w)
					_, _ = zip.Write(good)
					for sent := 0; sent < padding; sent += 1 << 10 {
						if _, err := zip.Write(bytes.Repeat([]byte(" "), min(1<<10, padding-sent))); err != nil {
							return
						}
					}
					_ = zip.Close()
				}, 0)
				_, err := v.Verify(t.Context(), goodToken(t))
				require.ErrorIs(t, err, want)
			})
		}
	}
}

func TestVerifyReturnsWhenItsContextIsCanceled(t *testing.T) {
	t.Parallel()
	for network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			server, v := remoteOver(t, network)
			hanging, released := make(chan struct{}), make(chan struct{})
			server.set(func(w http.ResponseWriter, r *http.Request) {
				close(hanging)
				<-released
			}, 0)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-hanging
				cancel()
			}()
			_, err := v.Verify(ctx, goodToken(t))
			require.ErrorIs(t, err, ErrKeysUnavailable)
			require.ErrorIs(t, err, context.Canceled)
			close(released)
		})
	}
}

const canary = "sk_test_canary7canary7canary7"

// withSecret returns a Verifier whose keys come from baseURL with the canary,
// and the KeySource.
func withSecret(t *testing.T, baseURL string, client *http.Client) (*Verifier, KeySource) {
	t.Helper()
	keys, err := KeysFromBackendAPI(canary, WithBaseURL(baseURL), WithHTTPClient(client))
	require.NoError(t, err)
	v, err := New(keys, issuer, WithClock(fixedClock))
	require.NoError(t, err)
	return v, keys
}

func TestSecretKeyIsNotSentToRedirects(t *testing.T) {
	t.Parallel()
	var elsewhere []*http.Request
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r)
	}))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "Bearer "+canary, r.Header.Get("Authorization"))
			assert.Equal(t, "/under/v1/jwks", r.URL.Path)
			http.Redirect(w, r, thief.URL+"/?"+canary, status)
		}))
		follows := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		v, keys := withSecret(t, server.URL+"/under/v1", follows)
		_, err := v.Verify(t.Context(), goodToken(t))
		server.Close()
		require.ErrorIs(t, err, ErrKeysUnavailable)
		assertNotPrinted(t, "canary7", err, keys, v, *v, &keys)
	}
	assert.Empty(t, elsewhere)
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
		v, keys := withSecret(t, statusLine.URL, &http.Client{Transport: transport})
		_, err := v.Verify(t.Context(), goodToken(t))
		require.ErrorIs(t, err, ErrKeysUnavailable, name)
		assert.Contains(t, err.Error(), "[redacted]", name)
		assertNotPrinted(t, "canary7", err, keys, v, *v, &keys)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// assertNotPrinted checks that no way of formatting the values shows the secret.
func assertNotPrinted(t *testing.T, secret string, values ...any) {
	t.Helper()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range values {
			assert.NotContains(t, fmt.Sprintf(format, value), secret)
		}
	}
}

func TestErrorsWithoutTheSecretKeepTheirCause(t *testing.T) {
	t.Parallel()
	v, _ := withSecret(t, "https://api.example.com", &http.Client{
		Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }),
	})
	_, err := v.Verify(t.Context(), goodToken(t))
	require.ErrorIs(t, err, ErrKeysUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestTheContextOfAFetchEndsWithIt(t *testing.T) {
	t.Parallel()
	var fetching context.Context
	source, err := KeysFromIssuer(issuer, WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		fetching = r.Context()
		return nil, errors.New("connection refused")
	})}))
	require.NoError(t, err)
	_, err = source.key(t.Context(), keyID, nil)
	require.ErrorIs(t, err, ErrKeysUnavailable)
	assert.ErrorIs(t, fetching.Err(), context.Canceled)
}
