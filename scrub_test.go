package clerksessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// escapedKey is the key as JSON may also write it.
const escapedKey = `\u0073k_test_c\u0061nary_5f3759df`

// What a server quotes of the key is found however it is written, and whether or not
// what stands around it is JSON.
func TestSecretsInDisguise(t *testing.T) {
	t.Parallel()
	quoting := `{"errors":[{"code":"` + escapedKey + `","message":"` + escapedKey + `","long_message":"x ` + escapedKey + `","meta":{"` + escapedKey + `":["` + escapedKey + `"]}}],"clerk_trace_id":"` + escapedKey + `"}`
	for name, body := range map[string]string{
		"JSON":             quoting,
		"JSON and more":    quoting + " <!-- edge -->",
		"a name twice":     `{"x":1,"x":2,` + quoting[1:],
		"invalid UTF-8":    "{\"x\":\"\xff\"," + quoting[1:],
		"cut off":          quoting[:len(quoting)-1],
		"longer than kept": strings.TrimSuffix(quoting, "}") + `,"x":"` + strings.Repeat("y", 70<<10) + `"}`,
		"other escapes":    strings.ReplaceAll(quoting, "_", `\u005f`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var meta clerksessions.Meta
			_, err := answering(t, 500, http.Header{"X-Clerk-Trace-Id": {testKey}}, body).Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
			var answer *clerksessions.Error
			require.ErrorAs(t, err, &answer)
			encoded, jsonErr := json.Marshal([]any{answer, meta})
			require.NoError(t, jsonErr)
			var read any
			if wholeErr := json.Unmarshal(answer.Body, &read); json.Valid([]byte(body)) && len(body) < 64<<10 {
				assert.NoError(t, wholeErr, "what was JSON still is")
			}
			noSecrets(t, err, answer, answer.Errors, answer.TraceID, string(answer.Body), string(encoded), meta, read)
		})
	}
}

func TestTheTraceIDOfTheHeaderIsScrubbed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404} {
		var meta clerksessions.Meta
		_, err := answering(t, status, http.Header{"X-Clerk-Trace-Id": {testKey}}, "<html>").Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
		var answer *clerksessions.Error
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, "[redacted]", answer.TraceID)
		assert.Equal(t, "[redacted]", meta.TraceID)
	}
}

// Taking secrets out makes the text shorter, which must not bring one into view that
// was cut through where reading ended.
func TestNoPartOfASecretIsLeftAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, key := range []string{testKey, escapedKey} {
		for cut := range 2 * len(key) {
			const kept, most = 64 << 10, 6 * len(testKey)
			body := strings.Repeat(testKey, 100)
			body += strings.Repeat("x", kept+most-len(body)-cut) + key + "the end"
			_, err := answering(t, 500, http.Header{}, body).Get(t.Context(), "sess_1")
			var answer *clerksessions.Error
			require.ErrorAs(t, err, &answer)
			assert.NotContains(t, string(answer.Body), "k_t", "%d bytes of the key were read", cut)
			assert.Greater(t, len(answer.Body), kept-100*len(testKey)-most)
		}
	}
}

// A server may quote one cookie of many, or a bearer's token without its scheme.
func TestSecretsWithinForwardedHeaders(t *testing.T) {
	t.Parallel()
	const cookie, token = "canary-of-a-cookie", "canary.of.a.bearer"
	client := answering(t, 401, http.Header{"Content-Type": {"application/json"}}, clerkError("bad cookie "+cookie+`, token `+token+`, quoted "canary"-cookie`))
	_, err := client.Refresh(t.Context(), "sess_1", clerksessions.RefreshParams{
		ExpiredToken: "expired.canary.token", RefreshToken: "rt_canary_1", RequestOrigin: "https://app.example.com",
		RequestHeaders: map[string][]string{
			"cookie":        {"a=b; __session=" + cookie + `; quoted="canary"-cookie`},
			"Authorization": {"Bearer " + token},
			"Content-Type":  {"application/json"},
			"User-Agent":    {"Mozilla/5.0 (X11)"},
		},
	})
	var answer *clerksessions.Error
	require.ErrorAs(t, err, &answer)
	noSecrets(t, err, answer, answer.Errors, string(answer.Body))
	assert.Equal(t, "application/json", answer.Header.Get("Content-Type"), "what browsers always send is no secret")
}

// The place where a reply does not fit may be named by a token.
func TestAMisfitQuotesNoToken(t *testing.T) {
	t.Parallel()
	token := strings.Repeat(`canary/~"\`, 60)
	name, err := json.Marshal(token)
	require.NoError(t, err)
	for _, test := range []struct{ body, says string }{
		{`{"latest_activity":{` + string(name) + `:{"a":1,"a":2}}}`, "the reply is no valid Session: a name comes twice at byte"},
		{`{` + string(name) + `:1,` + string(name) + `:2}`, "a name comes twice at byte"},
		{`{"object":"session","id":1}`, "a number that cannot be a string at byte 25, in id"},
		{`{"object":"session","latest_activity":{"city":[]}}`, "in latest_activity.city"},
		{`{"object":"session",`, "no JSON at byte 20"},
		{`"` + testKey, "no JSON at byte"},
	} {
		_, err := answering(t, 200, http.Header{}, test.body).Verify(t.Context(), "sess_1", token)
		assert.ErrorContains(t, err, test.says)
		noSecrets(t, err)
	}
}

func TestAContextThatEndsWhileAnErrorIsReadIsTold(t *testing.T) {
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
	var answer *clerksessions.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, "half", string(answer.Body))
	assert.Equal(t, "t", answer.TraceID)
}

// What the transport returns is left as it is.
func TestTheTransportsReplyIsNotRewritten(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Quoted": {testKey}}
	_, err := answering(t, 404, header, "").Get(t.Context(), "sess_1")
	var answer *clerksessions.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, "[redacted]", answer.Header.Get("X-Quoted"))
	assert.Equal(t, testKey, header.Get("X-Quoted"))
}
