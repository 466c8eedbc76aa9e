package clerksessions_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// FuzzResponse responds with any bytes to every operation: exactly one of value and error is
// set, and nothing printed holds a canary.
func FuzzResponse(f *testing.F) {
	f.Add(200, "X-Clerk-Trace-Id", "t", aSession)
	f.Add(200, "Content-Type", "text/html", `{"data":[`+aSession+`],"total_count":1}`)
	f.Add(200, "", "", `{"object":"token","jwt":"x"}`)
	f.Add(200, "", "", `{"object":"cookies","cookies":["a"]}`)
	f.Add(429, "Retry-After", "1e400", clerkError("x"))
	f.Add(302, "Location", "https://\x7f/", "")
	f.Add(500, "CF-Ray", "\n", "<html>"+testKey)
	f.Add(404, "", "", `{"errors":[{"code":"a","meta":{"x":[1,{"y":"`+testKey+`"}]}}],"clerk_trace_id":"`+testKey+`"}`)
	f.Add(404, "", "", `{"errors":[{"code":"`+escapedKey+`"}]} <!-- edge -->`)
	f.Add(404, "", "", `{"errors":[{"code":"`+escapedKey)
	f.Add(0, "", "", "")
	f.Fuzz(func(t *testing.T, status int, name, value, body string) {
		client := responding(t, status, http.Header{http.CanonicalHeaderKey(name): {value, testKey}}, body)
		for _, r := range rows {
			value, err := r.call(t.Context(), client)
			require.Equal(t, err == nil, !isNil(value), r.title())
			if err == nil {
				require.True(t, status >= 200 && status <= 299)
				continue
			}
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			require.Equal(t, status, apiErr.StatusCode)
			require.LessOrEqual(t, len(err.Error()), 4096)
			require.NotContains(t, err.Error(), "\n")
			for _, value := range []any{err, *apiErr, apiErr.Errors, string(apiErr.Body)} {
				require.NotContains(t, printed(value), testKey)
			}
		}
	})
}

// FuzzListPage responds with any bytes to the listing of All.
func FuzzListPage(f *testing.F) {
	f.Add(`[]`)
	f.Add(`[` + aSession + `]`)
	f.Add(`{"data":[` + aSession + `,` + aSession + `],"total_count":-5}`)
	f.Add(`{"data":[` + aSession + `],"total_count":9223372036854775807}`)
	f.Add(`{"data":[],"total_count":100}`)
	f.Fuzz(func(t *testing.T, body string) {
		client := responding(t, 200, http.Header{}, body)
		seen := make(map[string]bool)
		failed := false
		for session, err := range client.All(t.Context(), clerksessions.ListParams{UserID: "user_1", Limit: 2}) {
			require.False(t, failed, "an error ends the sequence")
			require.Equal(t, err == nil, session != nil)
			if failed = err != nil; !failed {
				require.NotEmpty(t, session.ID)
				require.False(t, seen[session.ID], "each session once")
				seen[session.ID] = true
			}
		}
	})
}

// FuzzBaseURL tries any text as base URL: requests go to its host below its path, or the
// option is refused.
func FuzzBaseURL(f *testing.F) {
	for _, u := range []string{"https://api.clerk.com/v1", "http://127.0.0.1:8787/v1/", "https://[::1]/a%2Fb/", "https://h/../x", "https://h?q", "https://u@h/", "//h", "https://h/%2e%2e", "https://h/a;b", "https://h:x/"} {
		f.Add(u, "sess_1")
	}
	f.Fuzz(func(t *testing.T, base, id string) {
		var got *http.Request
		client, err := clerksessions.New(testKey, clerksessions.WithBaseURL(base), clerksessions.WithMaxAttempts(1),
			withTransport(func(req *http.Request) (*http.Response, error) {
				got = req
				return nil, errReset
			}))
		if err != nil {
			require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
			require.Nil(t, client)
			return
		}
		if _, err = client.Get(t.Context(), id); errors.Is(err, clerksessions.ErrInvalidArgument) {
			require.Nil(t, got)
			return
		}
		parsed, err := url.Parse(base)
		require.NoError(t, err)
		require.Equal(t, parsed.Scheme, got.URL.Scheme)
		require.Equal(t, parsed.Host, got.URL.Host)
		require.Equal(t, parsed.Host, got.Host)
		require.True(t, strings.HasPrefix(got.URL.RequestURI(), strings.TrimRight(parsed.EscapedPath(), "/")+"/sessions/"))
		require.Empty(t, got.URL.RawQuery)
		require.Nil(t, got.URL.User)
		path := got.URL.RequestURI()
		require.Contains(t, path, "/sessions/")
		require.NotContains(t, path[strings.LastIndex(path, "/sessions/")+len("/sessions/"):], "/")
		for segment := range strings.SplitSeq(path, "/") {
			require.NotContains(t, []string{".", ".."}, segment)
		}
	})
}
