package sessionjwt

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIssuerFromPublishableKey(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	for _, host := range []string{
		"clerk.example.com", "happy-cat-1.clerk.accounts.dev", "xn--bcher-kva.example", "clerk.example.co",
		strings.Join([]string{label, label, label, label[:61]}, "."),
	} {
		text := []byte(host + "$")
		for _, key := range []string{
			"pk_test_" + base64.StdEncoding.EncodeToString(text),
			"pk_live_" + base64.StdEncoding.EncodeToString(text),
			"pk_live_" + base64.RawStdEncoding.EncodeToString(text),
		} {
			got, err := IssuerFromPublishableKey(key)
			require.NoError(t, err, host)
			assert.Equal(t, "https://"+host, got)
			_, err = New(pemKey{&clerkKey().PublicKey}, got)
			require.NoError(t, err)
		}
	}
}

func TestIssuerFromPublishableKeyRejectsInvalidKeys(t *testing.T) {
	t.Parallel()
	keyOf := func(text string) string { return "pk_live_" + base64.StdEncoding.EncodeToString([]byte(text)) }
	good := keyOf("clerk.example.com$")
	odd := "pk_live_" + base64.RawStdEncoding.EncodeToString([]byte("clerk.example.co$"))
	label := strings.Repeat("a", 63)
	for name, key := range map[string]string{
		"empty":                  "",
		"prefix only":            "pk_live_",
		"secret key":             "sk_live_" + strings.TrimPrefix(good, "pk_live_"),
		"no prefix":              strings.TrimPrefix(good, "pk_live_"),
		"prefix in capitals":     strings.Replace(good, "pk_live_", "PK_LIVE_", 1),
		"both prefixes":          "pk_test_" + good,
		"unknown environment":    strings.Replace(good, "pk_live_", "pk_prod_", 1),
		"legacy key":             "clerk.example.com",
		"space in front":         " " + good,
		"line break at the end":  good + "\n",
		"line break inside":      good[:12] + "\n" + good[12:],
		"truncated":              good[:len(good)-5],
		"too much padding":       good + "=",
		"unused bits set":        setLowestBit(odd),
		"not base64":             "pk_live_!!!",
		"no dollar sign":         keyOf("clerk.example.com"),
		"dollar sign only":       keyOf("$"),
		"two dollar signs":       keyOf("clerk.example.com$$"),
		"text after the dollar":  keyOf("clerk.example.com$.evil.example"),
		"scheme":                 keyOf("https://clerk.example.com$"),
		"path":                   keyOf("clerk.example.com/evil$"),
		"path of a slash":        keyOf("clerk.example.com/$"),
		"backslash":              keyOf(`clerk.example.com\evil$`),
		"port":                   keyOf("clerk.example.com:8443$"),
		"user":                   keyOf("user@clerk.example.com$"),
		"user and password":      keyOf("u:p@clerk.example.com$"),
		"query":                  keyOf("clerk.example.com?a=b$"),
		"fragment":               keyOf("clerk.example.com#a$"),
		"percent-encoding":       keyOf("clerk%2eexample.com$"),
		"space":                  keyOf("clerk .example.com$"),
		"line break":             keyOf("clerk.example.com\n$"),
		"carriage return":        keyOf("clerk.example.com\r\nX: y$"),
		"zero byte":              keyOf("clerk.example.com\x00$"),
		"escape":                 keyOf("\x1b[31mclerk.example.com$"),
		"not UTF-8":              keyOf("clerk\xff.example.com$"),
		"not ASCII":              keyOf("cl\u0435rk.example.com$"),
		"capitals":               keyOf("Clerk.example.com$"),
		"IPv4 address":           keyOf("169.254.169.254$"),
		"IPv6 address":           keyOf("[::1]$"),
		"one label":              keyOf("localhost$"),
		"dot only":               keyOf(".$"),
		"dot in front":           keyOf(".example.com$"),
		"dot at the end":         keyOf("example.com.$"),
		"empty label":            keyOf("clerk..com$"),
		"hyphen in front":        keyOf("-clerk.example.com$"),
		"hyphen at the end":      keyOf("clerk-.example.com$"),
		"underscore":             keyOf("my_clerk.example.com$"),
		"label of 64 characters": keyOf(label + "a.example.com$"),
		"name of 254 characters": keyOf(strings.Join([]string{label, label, label, label[:62]}, ".") + "$"),
		"megabytes":              keyOf(strings.Repeat("a.", 1<<20) + "com$"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := IssuerFromPublishableKey(key)
			assert.Empty(t, got)
			require.ErrorIs(t, err, ErrInvalidArgument)
			assertHarmless(t, err, strings.ReplaceAll(key, "_", "."))
		})
	}
}

func FuzzIssuerFromPublishableKey(f *testing.F) {
	f.Add("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k")
	f.Add("pk_live_" + base64.StdEncoding.EncodeToString([]byte("u:p@clerk.example.com:1/x\n$")))
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
		require.Contains(t, []string{
			base64.StdEncoding.EncodeToString([]byte(host + "$")), base64.RawStdEncoding.EncodeToString([]byte(host + "$")),
		}, key[len("pk_test_"):])
	})
}
