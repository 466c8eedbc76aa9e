package sessionjwt

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyFittingKeysOfASetAreUsed(t *testing.T) {
	t.Parallel()
	good := jwk(t, keyID, clerkKey())
	symmetric, err := jose.JSONWebKey{Key: []byte("secret"), KeyID: keyID, Algorithm: "HS256"}.MarshalJSON()
	require.NoError(t, err)
	var oct members
	require.NoError(t, json.Unmarshal(symmetric, &oct))
	for _, tc := range []struct {
		name string
		key  members
		ok   bool
	}{
		{"as Clerk's are", good, true},
		{"use absent", good.with("use", absent), true},
		{"alg absent", good.with("alg", absent), true},
		{"unknown member", good.with("note", 1), true},
		{"for encryption", good.with("use", "enc"), false},
		{"use of another case", good.with("use", "SIG"), false},
		{"for RS512", good.with("alg", "RS512"), false},
		{"for RSA-OAEP", good.with("alg", "RSA-OAEP"), false},
		{"without id", good.with("kid", absent), false},
		{"id of another case", good.with("kid", strings.ToUpper(keyID)), false},
		{"of 1024 bits", jwk(t, keyID, smallKey()), false},
		{"symmetric", oct, false},
		{"of unknown type", good.with("kty", "XYZ"), false},
		{"modulus missing", good.with("n", absent), false},
		{"modulus no base64", good.with("n", "!"), false},
		{"exponent missing", good.with("e", absent), false},
		{"exponent zero", good.with("e", "AA"), false},
		{"exponent even", good.with("e", "Ag"), false},
		{"exponent huge", good.with("e", strings.Repeat("_", 100)), false},
		{"id no string", good.with("kid", 1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server, v := remote(t)
			// Between two good keys, which must be served whatever is beside them.
			server.set(answerKeys(t, jwk(t, "ins_before", otherKey()), tc.key, jwk(t, "ins_after", otherKey())), 0)
			for _, id := range []string{"ins_before", "ins_after"} {
				_, err := v.Verify(t.Context(), signedWith(t, otherKey(), id))
				require.NoError(t, err)
			}
			key := clerkKey()
			if tc.name == "of 1024 bits" {
				key = smallKey()
			}
			_, err := v.Verify(t.Context(), signedWith(t, key, keyID))
			if tc.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrSignature)
			}
		})
	}
}

func TestAnswersThatAreNoKeySetLeaveKeysUnavailable(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(members{"keys": []members{jwk(t, keyID, clerkKey())}})
	require.NoError(t, err)
	many := make([]members, maxSetKeys+1)
	for i := range many {
		many[i] = jwk(t, fmt.Sprint("ins_", i), clerkKey())
	}
	for _, tc := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
	}{
		{"401", answerText(401, `{"errors":[{"code":"clerk_key_invalid"}]}`)},
		{"500 with good keys", answerText(500, string(good))},
		{"204", answerText(204, "")},
		{"HTML", answerText(200, "<html>")},
		{"empty", answerText(200, "")},
		{"null", answerText(200, "null")},
		{"an array", answerText(200, "[]")},
		{"no keys member", answerText(200, "{}")},
		{"no keys", answerText(200, `{"keys":[]}`)},
		{"keys no array", answerText(200, `{"keys":{}}`)},
		{"keys of no object", answerText(200, `{"keys":[1,null,"x"]}`)},
		{"keys named twice", answerText(200, `{"keys":[],`+string(good[1:]))},
		{"cut short", answerText(200, string(good[:len(good)-1]))},
		{"only unusable keys", answerKeys(t, jwk(t, keyID, clerkKey()).with("use", "enc"))},
		{"too many keys", answerKeys(t, many...)},
		{"broken off", func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(string(good)))))}, nil
		}},
		{"too large", answerText(200, string(good)+strings.Repeat(" ", maxSetBytes))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server, v := remote(t)
			server.set(tc.answer, 0)
			claims, err := v.Verify(t.Context(), goodToken(t))
			assert.Nil(t, claims)
			require.ErrorIs(t, err, ErrKeysUnavailable)
			assertHarmless(t, err, goodToken(t))
		})
	}
}

// The secret goes to the key server alone, and into nothing that is printed.
func TestTheSecretKeyGoesNowhereElse(t *testing.T) {
	t.Parallel()
	const canary = "sk_test_canary7canary7canary7"
	var elsewhere []*http.Request
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere = append(elsewhere, r) }))
	defer thief.Close()

	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "Bearer "+canary, r.Header.Get("Authorization"))
			assert.Equal(t, "/under/v1/jwks", r.URL.Path)
			http.Redirect(w, r, thief.URL+"/?"+canary, status)
		}))
		follows := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		keys, err := KeysFromBackendAPI(canary, WithBaseURL(server.URL+"/under/v1"), WithHTTPClient(follows))
		require.NoError(t, err)
		v, err := New(keys, issuer, WithClock(fixedClock))
		require.NoError(t, err)
		_, err = v.Verify(t.Context(), goodToken(t))
		server.Close()
		require.ErrorIs(t, err, ErrKeysUnavailable)
		assertNotPrinted(t, "canary7", err, keys, v, *v, &keys)
	}
	assert.Empty(t, elsewhere)

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
		"transport": &keyServer{answer: func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %v: %w", r.Header, io.ErrUnexpectedEOF)
		}},
		"body": &keyServer{answer: func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(iotest.ErrReader(fmt.Errorf("cut short: %v", r.Header)))}, nil
		}},
	} {
		keys, err := KeysFromBackendAPI(canary, WithBaseURL(statusLine.URL), WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		v, err := New(keys, issuer, WithClock(fixedClock))
		require.NoError(t, err)
		_, err = v.Verify(t.Context(), goodToken(t))
		require.ErrorIs(t, err, ErrKeysUnavailable, name)
		assert.Contains(t, err.Error(), "[redacted]", name)
		assertNotPrinted(t, "canary7", err, keys, v, *v, &keys)
	}
}

// assertNotPrinted checks that no way of printing the values shows the secret.
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
	server := &keyServer{answer: func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }}
	keys, err := KeysFromBackendAPI("sk_test_abc", WithHTTPClient(&http.Client{Transport: server}))
	require.NoError(t, err)
	v, err := New(keys, issuer)
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), goodToken(t))
	require.ErrorIs(t, err, ErrKeysUnavailable)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
