package clerksessions

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParameter puts any text into each place of a request: a server reads the same
// text there and nothing else, or the text is refused.
func FuzzParameter(f *testing.F) {
	for _, v := range []string{"a", "a b&c=d", "..", "%2e%2e/x", "a\r\nX-Injected: b", "\x00", "\xff", "a;b=c", `"`, "é,|", "p=1"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, style := range []string{"", "label", "matrix"} {
			c := testCall()
			if c.path("p", text(v).styled(style, false)); c.err == nil {
				require.NotContains(t, c.segments[0], "/")
				plain, err := url.PathUnescape(c.segments[0])
				require.NoError(t, err)
				require.True(t, strings.HasSuffix(plain, v))
				require.NotContains(t, []string{".", "..", ""}, plain)
			}
		}
		plain, same := testCall(), testCall()
		plain.query("p", text(v))
		same.query("p", text(v).styled("form", true))
		require.Equal(t, same.fragments, plain.fragments, "written by the module runtime")
		plain.path("p", text(v))
		same.path("p", text(v).styled("simple", false))
		require.Equal(t, same.segments, plain.segments, "written by the module runtime")
		for name, value := range map[string]value{"one": text(v), "list": list([]string{v, "z"}, text),
			"spaces": list([]string{v, "z"}, text).styled("spaceDelimited", false), "reserved": text(v).allowReserved()} {
			c := testCall()
			if c.query("p", value); c.err == nil && len(c.fragments) > 0 {
				values, err := url.ParseQuery(c.fragments[0].Value)
				require.NoError(t, err)
				require.Len(t, values, 1, name)
				require.True(t, strings.HasPrefix(values.Get("p"), v), name)
			}
			for _, fragment := range c.fragments {
				require.NotContains(t, fragment.Value, " ")
				require.NotContains(t, fragment.Value, "\n")
			}
		}
		c := testCall()
		if c.header("X-P", text(v)); len(c.headers) > 0 {
			require.Equal(t, v, c.headers[0].Value)
			require.NotContains(t, v, "\n")
		}
		c = testCall()
		if c.cookie("p", text(v)); len(c.headers) > 0 {
			cookies, err := http.ParseCookie(c.headers[0].Value)
			require.NoError(t, err)
			require.Len(t, cookies, 1)
			require.Equal(t, v, cookies[0].Value)
		}
	})
}
