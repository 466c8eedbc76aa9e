package clerksessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// escapedKey is the key with escapes of JSON.
const escapedKey = `\u0073k_test_c\u0061nary_5f3759df`

// An echoed key is redacted with escapes and without, and whether or not the body is
// JSON.
func TestEchoedSecretsAreRedacted(t *testing.T) {
	t.Parallel()
	quoting := `{"errors":[{"code":"` + escapedKey + `","message":"` + escapedKey + `","long_message":"x ` + escapedKey + `","meta":{"` + escapedKey + `":["` + escapedKey + `"]}}],"clerk_trace_id":"` + escapedKey + `"}`
	for name, body := range map[string]string{
		"JSON":             quoting,
		"JSON and more":    quoting + " <!-- edge -->",
		"a name twice":     `{"x":1,"x":2,` + quoting[1:],
		"invalid UTF-8":    "{\"x\":\"\xff\"," + quoting[1:],
		"truncated":        quoting[:len(quoting)-1],
		"longer than kept": strings.TrimSuffix(quoting, "}") + `,"x":"` + strings.Repeat("y", 70<<10) + `"}`,
		"invalid escapes":  `{"x":"\q\u00"}` + quoting,
		"other escapes":    strings.ReplaceAll(quoting, "_", `\u005f`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var meta clerksessions.Meta
			_, err := responding(t, 500, http.Header{"X-Clerk-Trace-Id": {testKey}}, body).Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			encoded, jsonErr := json.Marshal([]any{apiErr, meta})
			require.NoError(t, jsonErr)
			var read any
			if wholeErr := json.Unmarshal(apiErr.Body, &read); json.Valid([]byte(body)) && len(body) < 64<<10 {
				assert.NoError(t, wholeErr, "what was JSON still is")
			}
			noSecrets(t, err, apiErr, apiErr.Errors, apiErr.TraceID, string(apiErr.Body), string(encoded), meta, read)
		})
	}
}

func TestTheTraceIDIsRedacted(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404} {
		var meta clerksessions.Meta
		_, err := responding(t, status, http.Header{"X-Clerk-Trace-Id": {testKey}}, "<html>").Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
		var apiErr *clerksessions.Error
		require.ErrorAs(t, err, &apiErr)
		assert.Equal(t, "[redacted]", apiErr.TraceID)
		assert.Equal(t, "[redacted]", meta.TraceID)
	}
}

// Redacting makes a body shorter, which must not reveal a secret that was truncated
// where reading ended.
func TestASecretTruncatedByTheLimitIsRedacted(t *testing.T) {
	t.Parallel()
	for _, key := range []string{testKey, escapedKey} {
		for cut := range 2 * len(key) {
			const kept, most = 64 << 10, 6 * len(testKey)
			body := strings.Repeat(testKey, 100)
			body += strings.Repeat("x", kept+most-len(body)-cut) + key + "the end"
			_, err := responding(t, 500, http.Header{}, body).Get(t.Context(), "sess_1")
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			assert.NotContains(t, string(apiErr.Body), "k_t", "%d bytes of the key were read", cut)
			assert.Greater(t, len(apiErr.Body), kept-100*len(testKey)-most)
		}
	}
}

// A server may echo one cookie of many, or a bearer token without its scheme.
func TestSecretsInForwardedHeadersAreRedacted(t *testing.T) {
	t.Parallel()
	const cookie, token = "canary-of-a-cookie", "canary.of.a/bearer"
	for _, body := range []string{
		clerkError("bad cookie " + cookie + `, token ` + token + `, quoted "canary"-cookie`),
		`{"errors":[{"code":"\u0022canary\u0022-cookie","message":"canary.of.a\/bearer"}]}`,
	} {
		client := responding(t, 401, http.Header{"Content-Type": {"application/json"}}, body)
		checkForwarded(t, client, cookie, token)
	}
}

func checkForwarded(t *testing.T, client *clerksessions.Client, cookie, token string) {
	t.Helper()
	_, err := client.Refresh(t.Context(), "sess_1", clerksessions.RefreshParams{
		ExpiredToken: "expired.canary.token", RefreshToken: "rt_canary_1", RequestOrigin: "https://app.example.com",
		RequestHeaders: map[string][]string{
			"cookie":        {"a=b; __session=" + cookie + `; quoted="canary"-cookie`},
			"Authorization": {"Bearer " + token},
			"Content-Type":  {"application/json"},
			"User-Agent":    {"Mozilla/5.0 (X11)"},
		},
	})
	var apiErr *clerksessions.Error
	require.ErrorAs(t, err, &apiErr)
	noSecrets(t, err, apiErr, apiErr.Errors, string(apiErr.Body))
	assert.Equal(t, "application/json", apiErr.Header.Get("Content-Type"), "a public header is not a secret")
}

// Clerk has no keys like this one, but New accepts it.
func TestAKeyThatJSONEscapesIsRedacted(t *testing.T) {
	t.Parallel()
	const key = `sk_test_ab"canary\x`
	for _, quoted := range []string{`sk_test_ab\"canary\\x`, `sk_test_ab\u0022canary\u005cx`, key} {
		client, err := clerksessions.New(key, clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 401, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"errors":[{"code":"` + quoted + `","message":"\u0022hi\u0022"}]}`)), Request: req}, nil
		})}))
		require.NoError(t, err)
		_, err = client.Get(t.Context(), "sess_1")
		require.ErrorIs(t, err, clerksessions.ErrUnauthorized)
		noSecrets(t, err)
		if quoted != key {
			assert.ErrorContains(t, err, `"hi"`, "it is still JSON")
		}
	}
}

// A body that is truncated within the key does not show the beginning of it.
func TestASecretInATruncatedBodyIsRedacted(t *testing.T) {
	t.Parallel()
	for cut := 1; cut < len(testKey)-8; cut++ {
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithMaxAttempts(1), clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader("bad key "+testKey[:len(testKey)-cut]), readerFunc(func([]byte) (int, error) { return 0, errReset }))
			return &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(body), Request: req}, nil
		})}))
		_, err := client.Get(t.Context(), "sess_1")
		var apiErr *clerksessions.Error
		require.ErrorAs(t, err, &apiErr)
		assert.Equal(t, "bad key ", string(apiErr.Body))
	}
}

// The position of a decode error may contain a token.
func TestDecodeErrorsAreRedacted(t *testing.T) {
	t.Parallel()
	token := strings.Repeat(`canary/~"\`, 60)
	name, err := json.Marshal(token)
	require.NoError(t, err)
	for _, test := range []struct{ body, says string }{
		{`{"latest_activity":{` + string(name) + `:{"a":1,"a":2}}}`, "invalid Session in response: duplicate name at byte"},
		{`{` + string(name) + `:1,` + string(name) + `:2}`, "duplicate name at byte"},
		{`{"object":"session","id":1}`, "cannot decode number into string at byte 25, in id"},
		{`{"object":"session","latest_activity":{"city":[]}}`, "in latest_activity.city"},
		{`{"object":"session",`, "invalid JSON at byte 20"},
		{`"` + testKey, "invalid JSON at byte"},
	} {
		_, err := responding(t, 200, http.Header{}, test.body).Verify(t.Context(), "sess_1", token)
		assert.ErrorContains(t, err, test.says)
		noSecrets(t, err)
	}
}

func TestAContextThatEndsWhileAnErrorIsRead(t *testing.T) {
	t.Parallel()
	gone := errors.New("the caller left")
	ctx, cancel := context.WithCancelCause(t.Context())
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) {
			cancel(gone)
			return 0, req.Context().Err()
		}))
		return &http.Response{StatusCode: 503, Header: http.Header{"X-Clerk-Trace-Id": {"t"}}, Body: io.NopCloser(body), Request: req}, nil
	})}))
	_, err := client.Get(ctx, "sess_1")
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, gone)
	assert.ErrorIs(t, err, clerksessions.ErrUnavailable)
	var apiErr *clerksessions.Error
	require.ErrorAs(t, err, &apiErr)
	assert.Equal(t, "half", string(apiErr.Body))
	assert.Equal(t, "t", apiErr.TraceID)
}

func TestAContextThatEndsAfterAnErrorWasRead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(clerkError("resource_not_found")), readerFunc(func([]byte) (int, error) {
			cancel()
			return 0, io.EOF
		}))
		return &http.Response{StatusCode: 404, Header: http.Header{}, Body: io.NopCloser(body), Request: req}, nil
	})}))
	_, err := client.Get(ctx, "sess_1")
	assert.ErrorIs(t, err, clerksessions.ErrNotFound)
	assert.NotErrorIs(t, err, context.Canceled)
}

func TestA304IsNotReportedAsARedirect(t *testing.T) {
	t.Parallel()
	_, err := responding(t, 304, http.Header{}, "").Get(t.Context(), "sess_1")
	assert.ErrorContains(t, err, "304 Not Modified: response is not Clerk's JSON")
}

func TestTheTransportsHeaderIsNotChanged(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Quoted": {testKey}}
	_, err := responding(t, 404, header, "").Get(t.Context(), "sess_1")
	var apiErr *clerksessions.Error
	require.ErrorAs(t, err, &apiErr)
	assert.Equal(t, "[redacted]", apiErr.Header.Get("X-Quoted"))
	assert.Equal(t, testKey, header.Get("X-Quoted"))
}

// A transport may return an error that wraps one of another call.
func TestAnErrorOfAnotherCallIsNotThisCalls(t *testing.T) {
	t.Parallel()
	other := &clerksessions.Error{Op: "GetSession", StatusCode: 404, TraceID: "other"}
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithMaxAttempts(1), clerksessions.WithHTTPClient(&http.Client{
		Transport: transportFunc(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("credentials: %w", other) }),
	}))
	var meta clerksessions.Meta
	_, err := client.Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
	require.ErrorIs(t, err, other)
	assert.Equal(t, clerksessions.Meta{Attempts: 1}, meta, "no response came")
}

// The name of a member may be a token that was just minted.
func TestDecodeErrorsNameOnlyMembersOfTheContract(t *testing.T) {
	t.Parallel()
	const minted = "eyJ.canary.signature"
	for _, body := range []string{
		`{"jwt":{"` + minted + `":{"a":1,"a":2}}}`,
		`{"` + minted + `":{"a":1,"a":2}}`,
		`{"object":"token","` + minted + `":1,"` + minted + `":2}`,
	} {
		_, err := responding(t, 200, http.Header{"X-Token": {minted}}, body).CreateToken(t.Context(), "sess_1", clerksessions.TokenParams{})
		var apiErr *clerksessions.Error
		require.ErrorAs(t, err, &apiErr)
		noSecrets(t, err, *apiErr, apiErr.Header)
	}
}
