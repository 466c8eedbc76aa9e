package sessionjwt

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// publishable is a key that contains text.
func publishable(text string) string {
	return "pk_live_" + base64.StdEncoding.EncodeToString([]byte(text))
}

func TestIssuerFromPublishableKey(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	longest := strings.Join([]string{label, label, label, label[:61]}, ".")
	for _, host := range []string{
		"clerk.example.com", "happy-cat-1.clerk.accounts.dev", "xn--bcher-kva.example", "clerk.example.co", longest,
	} {
		key := publishable(host + "$")
		for _, key := range []string{key, strings.TrimRight(key, "="), strings.Replace(key, "live", "test", 1)} {
			got, err := IssuerFromPublishableKey(key)
			require.NoError(t, err, host)
			assert.Equal(t, "https://"+host, got)
			require.NoError(t, checkIssuer(got))
		}
	}
}

func TestIssuerFromPublishableKeyRejectsInvalidKeys(t *testing.T) {
	t.Parallel()
	good := publishable("clerk.example.com$")
	odd := strings.TrimRight(publishable("clerk.example.co$"), "=")
	label := strings.Repeat("a", 63)
	keys := map[string]string{
		"empty":                 "",
		"prefix only":           "pk_live_",
		"secret key":            strings.Replace(good, "pk_", "sk_", 1),
		"no prefix":             strings.TrimPrefix(good, "pk_live_"),
		"prefix in capitals":    strings.Replace(good, "pk_live_", "PK_LIVE_", 1),
		"both prefixes":         "pk_test_" + good,
		"unknown environment":   strings.Replace(good, "pk_live_", "pk_prod_", 1),
		"host name":             "clerk.example.com",
		"space in front":        " " + good,
		"line break at the end": good + "\n",
		"line break inside":     good[:12] + "\n" + good[12:],
		"truncated":             good[:len(good)-5],
		"too much padding":      good + "=",
		"unused bits set":       setLowestBit(odd),
		"not base64":            "pk_live_!!!",
		"no dollar sign":        publishable("clerk.example.com"),
		"megabytes":             publishable(strings.Repeat("a.", 1<<20) + "com$"),
	}
	for _, host := range []string{
		"", "clerk.example.com$", "clerk.example.com$.evil.example", "https://clerk.example.com", "clerk.example.com/evil",
		"clerk.example.com/", `clerk.example.com\evil`, "clerk.example.com:8443", "user@clerk.example.com",
		"u:p@clerk.example.com", "clerk.example.com?a=b", "clerk.example.com#a", "clerk%2eexample.com", "clerk .example.com",
		"clerk.example.com\n", "clerk.example.com\r\nX: y", "clerk.example.com\x00", "\x1b[31mclerk.example.com",
		"clerk\xff.example.com", "cl\u0435rk.example.com", "Clerk.example.com", "169.254.169.254", "[::1]", "localhost", ".",
		".example.com", "example.com.", "clerk..com", "-clerk.example.com", "clerk-.example.com", "my_clerk.example.com",
		label + "a.example.com", strings.Join([]string{label, label, label, label[:62]}, "."),
	} {
		keys["of "+host] = publishable(host + "$")
	}
	for name, key := range keys {
		got, err := IssuerFromPublishableKey(key)
		assert.Empty(t, got, name)
		require.ErrorIs(t, err, ErrInvalidArgument, name)
		assertHarmless(t, err, strings.ReplaceAll(key, "_", "."))
	}
}

func FuzzIssuerFromPublishableKey(f *testing.F) {
	f.Add("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k")
	f.Add(publishable("u:p@clerk.example.com:1/x\n$"))
	f.Fuzz(func(t *testing.T, key string) {
		got, err := IssuerFromPublishableKey(key)
		if err != nil {
			require.Empty(t, got)
			require.ErrorIs(t, err, ErrInvalidArgument)
			return
		}
		require.NoError(t, checkIssuer(got))
		host := strings.TrimPrefix(got, "https://")
		require.Empty(t, strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-."))
		encoded := strings.TrimPrefix(publishable(host+"$"), "pk_live_")
		require.Contains(t, []string{encoded, strings.TrimRight(encoded, "=")}, key[len("pk_test_"):])
	})
}
