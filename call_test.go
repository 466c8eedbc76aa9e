package clerksessions_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// Strings that would reach another endpoint if put into a path unescaped.
var (
	refusedIDs = []string{
		"", ".", "..", "../users/user_1", "..%2fusers", "%2e%2e", "%2E%2e/x", "%252e%252e", "%25252e%25252e%25252f", "x/../y", `..\users`, `x\..\y`, "%5c..", "%2e",
		"%zz/%2e%2e/", "%%32%65", "/./", "a\nb", "a\r\nHost: evil", "\x00", "\x7f", "\u0085", "\xff", "\xc0\xae\xc0\xae", strings.Repeat("x", 513), "%" + strings.Repeat("25", 200) + "2e",
	}
	escapedIDs = []string{
		"sess_1", "...", "a/b", "a%2Fb", "%", "a%4", "%zz", "sess_1?x=1", "sess_1#x", "sess_1;x", "sess_1/revoke", "/sess_1", "//evil.example", "http://evil.example/",
		"{template_name}", "{session_id}", "a b", "a+b", "a&b=c", "a:b@c", "ü€😀", "e\u0301", "\u2028", "\u202e", strings.Repeat("x", 512), strings.Repeat(".", 400),
	}
)

// checkSegment requires that id, as both path parameters, either reaches the intended
// path or is refused and nothing is sent.
func checkSegment(t *testing.T, id string) (sent bool) {
	t.Helper()
	var got *http.Request
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	defer srv.Close()
	client := newClient(t, srv.URL+"/v1")
	_, err := client.CreateTokenFromTemplate(t.Context(), id, id, clerksessions.TokenParams{})
	if errors.Is(err, clerksessions.ErrInvalidArgument) {
		assert.Nil(t, got, "%q: nothing is sent", id)
		return false
	}
	require.NotNil(t, got, "%q: %v", id, err)
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

func TestBadParametersAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	c := sendsNothing(t)
	ctx := t.Context()
	var none context.Context
	lifetime := func(d time.Duration) func() (any, error) {
		return func() (any, error) {
			return c.CreateTokenFromTemplate(ctx, "sess_1", "t", clerksessions.TokenParams{ExpiresIn: d})
		}
	}
	bad := map[string]struct {
		call func() (any, error)
		says string
	}{
		"nil context":                {func() (any, error) { return c.Get(none, "sess_1") }, "ctx is nil"},
		"limit too high":             {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Limit: 501}) }, "limit is 501, but must be at most 500"},
		"limit too low":              {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Limit: -1}) }, "limit is -1, but must be at least 1"},
		"negative offset":            {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Offset: -1}) }, "offset is -1"},
		"key as a status":            {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Status: testKey}) }, `status is "[redacted]", but`},
		"status pending":             {func() (any, error) { return c.List(ctx, clerksessions.ListParams{Status: "pending"}) }, `status is "pending", but must be one of abandoned, active`},
		"create without user":        {func() (any, error) { return c.Create(ctx, clerksessions.CreateParams{}) }, "user_id is required"},
		"create, invalid UTF-8":      {func() (any, error) { return c.Create(ctx, clerksessions.CreateParams{UserID: "\xff"}) }, "user_id is not valid UTF-8"},
		"list, invalid UTF-8":        {func() (any, error) { return c.List(ctx, clerksessions.ListParams{ClientID: "\xff"}) }, "client_id is not valid UTF-8"},
		"id too long":                {func() (any, error) { return c.Get(ctx, strings.Repeat("x", 513)) }, "session_id is 513 bytes long, but must be at most 512"},
		"empty session id":           {func() (any, error) { return c.Get(ctx, "") }, "session_id is empty"},
		"empty template":             {func() (any, error) { return c.CreateTokenFromTemplate(ctx, "sess_1", "", clerksessions.TokenParams{}) }, "template_name is empty"},
		"empty token":                {func() (any, error) { return c.Verify(ctx, "sess_1", "") }, "token is required"},
		"refresh without parameters": {func() (any, error) { return c.Refresh(ctx, "sess_1", clerksessions.RefreshParams{}) }, "expired_token is required"},
		"refresh without origin": {func() (any, error) {
			return c.RefreshCookies(ctx, "sess_1", clerksessions.RefreshParams{ExpiredToken: "x", RefreshToken: "y"})
		}, "request_origin is required"},
		"lifetime too short":         {lifetime(29 * time.Second), "expires_in_seconds is 29, but must be at least 30"},
		"negative lifetime":          {lifetime(-time.Minute), "at least 30"},
		"lifetime too long":          {lifetime(315_360_001 * time.Second), "at most 315360000"},
		"longest duration":           {lifetime(math.MaxInt64 / time.Second * time.Second), "at most 315360000"},
		"lifetime with milliseconds": {lifetime(90*time.Second + time.Millisecond), "whole seconds"},
		"zero client":                {func() (any, error) { return new(clerksessions.Client).Get(ctx, "sess_1") }, "not made by New"},
		"zero client and bad lifetime": {func() (any, error) {
			return new(clerksessions.Client).CreateToken(ctx, "sess_1", clerksessions.TokenParams{ExpiresIn: 1})
		}, "not made by New"},
		"nil client": {func() (any, error) { return (*clerksessions.Client)(nil).Revoke(ctx, "sess_1") }, "not made by New"},
	}
	for name, test := range bad {
		t.Run(name, func(t *testing.T) {
			value, err := test.call()
			assert.True(t, isNil(value))
			require.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
			assert.ErrorContains(t, err, test.says)
		})
	}
}
