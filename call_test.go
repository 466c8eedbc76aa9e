package clerksessions_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// Strings that reach another endpoint if put into a path unescaped.
var (
	refusedIDs = []string{
		"", ".", "..", "../users/user_1", "..%2fusers", "%2e%2e", "%2E%2e/x", "%252e%252e", "%25252e%25252e%25252f", "x/../y", `..\users`, `x\..\y`, "%5c..", "%2e",
		"%zz/%2e%2e/", "%%32%65", "/./", "a\nb", "a\r\nHost: evil", "\x00", "\x7f", "\u0085", "\xff", "\xc0\xae\xc0\xae", strings.Repeat("x", 513), "%" + strings.Repeat("25", 200) + "2e",
	}
	escapedIDs = []string{
		"sess_1", "...", "a/b", "a%2Fb", "%", "%zz", "sess_1?x=1", "sess_1#x", "sess_1;x", "sess_1/revoke", "/sess_1", "//evil.example", "http://evil.example/",
		"{template_name}", "{session_id}", "a b", "a+b", "a&b=c", "a:b@c", "ü€😀", "e\u0301", "\u2028", "\u202e", strings.Repeat("x", 512), strings.Repeat(".", 400),
	}
)

// checkSegment requires that id, as both path parameters, either reaches the intended
// path or is refused and nothing is sent.
func checkSegment(t *testing.T, id string) (sent bool) {
	t.Helper()
	var got *http.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		_, _ = io.WriteString(w, `{"object":"token","jwt":"x"}`)
	}))
	defer srv.Close()
	client := newClient(t, srv.URL+"/v1")
	_, err := client.CreateTokenFromTemplate(t.Context(), id, id, clerksessions.TokenParams{})
	if err != nil {
		require.ErrorIs(t, err, clerksessions.ErrInvalidArgument, "%q", id)
		assert.Nil(t, got, "%q: nothing is sent", id)
		return false
	}
	require.NotNil(t, got)
	require.Equal(t, srv.Listener.Addr().String(), got.Host)
	require.Empty(t, got.URL.RawQuery, "%q", id)
	segments := strings.Split(got.RequestURI, "/")
	require.Len(t, segments, 6, "%q became %s", id, got.RequestURI)
	assert.Equal(t, []string{"", "v1", "sessions"}, segments[:3])
	assert.Equal(t, "tokens", segments[4])
	for _, segment := range []string{segments[3], segments[5]} {
		plain, err := url.PathUnescape(segment)
		require.NoError(t, err)
		assert.Equal(t, id, plain)
		for range 10 {
			assert.NotContains(t, []string{".", ".."}, plain)
			if plain, err = url.PathUnescape(plain); err != nil {
				break
			}
		}
	}
	return true
}

func TestIDsCannotEscape(t *testing.T) {
	t.Parallel()
	for _, id := range refusedIDs {
		assert.False(t, checkSegment(t, id), "%q is refused", id)
	}
	for _, id := range escapedIDs {
		assert.True(t, checkSegment(t, id), "%q is sent as one segment", id)
	}
}

func FuzzPathSegment(f *testing.F) {
	for _, id := range append(refusedIDs, escapedIDs...) {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) { checkSegment(t, id) })
}
