package sessionjwt

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPEMForms(t *testing.T) {
	t.Parallel()
	whole := pemOf(clerkKey())
	pkcs1 := pemBlock("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&clerkKey().PublicKey))
	bare := func(text string) string {
		return strings.Join(strings.Split(text, "\n")[1:strings.Count(text, "\n")-1], "\n")
	}
	for name, text := range map[string]string{
		"as downloaded":               whole,
		"PKCS #1":                     pkcs1,
		"no BEGIN and END":            bare(whole),
		"PKCS #1, no BEGIN and END":   bare(pkcs1),
		"literal \\n":                 strings.ReplaceAll(whole, "\n", `\n`),
		"literal \\r\\n":              strings.ReplaceAll(whole, "\n", `\r\n`),
		"Windows line ends":           strings.ReplaceAll(whole, "\n", "\r\n"),
		"spaces for line ends":        strings.ReplaceAll(whole, "\n", " "),
		"all on one line":             strings.ReplaceAll(whole, "\n", ""),
		"indented, with space around": "\n\n  " + strings.ReplaceAll(whole, "\n", "\n\t ") + "\n",
		"no END":                      strings.Replace(whole, "-----END PUBLIC KEY-----", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := KeysFromPEM(text)
			require.NoError(t, err)
			assert.Equal(t, pemKey{&clerkKey().PublicKey}, keys)
		})
	}
}

func TestPEMRejections(t *testing.T) {
	t.Parallel()
	private := x509.MarshalPKCS1PrivateKey(clerkKey())
	for name, text := range map[string]string{
		"empty":                          "",
		"literal \\n only":               `\n`,
		"markers only":                   "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"not base64":                     "sk_test_!!!",
		"base64 of another text":         "aGVsbG8gd29ybGQ=",
		"truncated":                      pemOf(clerkKey())[:200],
		"private key":                    pemBlock("RSA PRIVATE KEY", private),
		"private key labelled as public": pemBlock("PUBLIC KEY", private),
		"elliptic curve":                 pemBlock("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&ecKey().PublicKey))),
		"1024 bits":                      pemOf(smallKey()),
		"2047 bits":                      pemOf(almostKey()),
		"two keys":                       pemOf(clerkKey()) + pemOf(otherKey()),
		"a key and a private block":      pemOf(clerkKey()) + pemBlock("PRIVATE KEY", private),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys, err := KeysFromPEM(text)
			assert.Nil(t, keys)
			require.ErrorIs(t, err, ErrInvalidArgument)
			assertHarmless(t, err, strings.Join(strings.Fields(text), "."))
		})
	}
}
