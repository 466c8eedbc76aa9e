//go:build ogen

package bench

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

type respond func(*http.Request) (*http.Response, error)

func (f respond) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// README.md lists these.
func TestWhatOgenCannotDecode(t *testing.T) {
	t.Parallel()
	session, failure := string(oneSession.body), string(notFound.body)
	for _, tc := range []struct {
		name       string
		status     int
		media      string
		body       string
		ogen, ours bool // whether they decode it
	}{
		{"session", 200, "application/json", session, true, true},
		{"new member", 200, "application/json", strings.Replace(session, "{", `{"new":1,`, 1), false, true},
		{"new status", 200, "application/json", strings.Replace(session, `"active"`, `"frozen"`, 1), false, true},
		{"duplicate name", 200, "application/json", strings.Replace(session, "{", `{"id":"sess_1",`, 1), true, false},
		{"missing user_id", 200, "application/json", strings.Replace(session, `"user_id"`, `"other"`, 1), false, true},
		{"error", 404, "application/json", failure, true, true},
		{"error without long_message", 404, "application/json", `{"errors":[{"message":"x","code":"y"}]}`, false, true},
		{"HTML", 502, "text/html", "<html>", false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			transport := respond(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: tc.status, Header: http.Header{"Content-Type": {tc.media}},
					Body: io.NopCloser(strings.NewReader(tc.body)), Request: r}, nil
			})
			calls, err := ogen("https://api.clerk.com/v1", transport)
			require.NoError(t, err)
			work := "Get"
			if tc.status == http.StatusNotFound {
				work = "NotFound"
			}
			_, err = calls[work](t.Context())
			assert.Equal(t, tc.ogen, err == nil, "ogen: %v", err)

			client, err := clerksessions.New(SecretKey,
				clerksessions.WithHTTPClient(&http.Client{Transport: transport}), clerksessions.WithMaxAttempts(1))
			require.NoError(t, err)
			_, err = client.Get(t.Context(), SessionID)
			var failed *clerksessions.Error
			decoded := err == nil || errors.As(err, &failed) && failed.StatusCode == tc.status && tc.status != http.StatusOK
			assert.Equal(t, tc.ours, decoded, "ours: %v", err)
		})
	}
}
