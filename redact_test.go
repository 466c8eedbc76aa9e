package clerksessions_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// A server may echo one cookie of many, or a bearer token without its scheme.
func TestForwardedHeadersAreRedacted(t *testing.T) {
	t.Parallel()
	params := refresh
	params.RequestHeaders = map[string][]string{
		"cookie":        {`a=b; __session=canary-of-a-cookie;__client=canary-of-a-client; quoted="canary"-cookie`},
		"Authorization": {"Bearer canary.of.a/bearer"},
		"X-Pin":         {"1234 5678"},
		"Content-Type":  {"application/json"},
	}
	for name, test := range map[string]struct{ body, want string }{
		"plain": {
			`bad canary-of-a-cookie, canary-of-a-client, canary.of.a/bearer, "canary"-cookie, pin 1234 5678, application/json, https://app.example.com`,
			"bad [redacted], [redacted], [redacted], [redacted], pin [redacted], application/json, https://app.example.com",
		},
		"with escapes": {
			`{"errors":[{"code":"\u0022canary\u0022-cookie","message":"canary.of.a\/bearer"}]}`,
			`{"errors":[{"code":"[redacted]","message":"[redacted]"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := responding(t, 401, nil, test.body).Refresh(t.Context(), "sess_1", params)
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			assert.Equal(t, test.want, string(apiErr.Body))
			noSecrets(t, err, apiErr.Errors)
		})
	}
}

// The position of a decode error may contain a token: one that was sent, or one that
// was just minted.
func TestDecodeErrorsAreRedacted(t *testing.T) {
	t.Parallel()
	token := strings.Repeat(`canary/~"\`, 60)
	quoted, err := json.Marshal(token)
	require.NoError(t, err)
	name := string(quoted)
	for _, test := range []struct{ name, body, says string }{
		{"duplicate name within a member", `{"latest_activity":{` + name + `:{"a":1,"a":2}}}`, "invalid Session in response: duplicate name at byte"},
		{"duplicate name", `{` + name + `:1,` + name + `:2}`, "duplicate name at byte"},
		{"duplicate name within an unknown member", `{"eyJ.canary.signature":{"a":1,"a":2}}`, "duplicate name at byte 31"},
		{"other type", `{"object":"session","id":1}`, "cannot decode number into string at byte 25, in id"},
		{"other type within a member", `{"object":"session","latest_activity":{"city":[]}}`, "in latest_activity.city"},
		{"truncated", `{"object":"session",`, "invalid JSON at byte 20"},
		{"truncated within the key", `"` + testKey, "invalid JSON at byte"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := responding(t, 200, http.Header{"X-Token": {token}}, test.body).Verify(t.Context(), "sess_1", token)
			assert.ErrorContains(t, err, test.says)
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			noSecrets(t, err, *apiErr, apiErr.Header)
		})
	}
}
