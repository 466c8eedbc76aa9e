package sessionjwt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPEMForms(t *testing.T) {
	t.Parallel()
	whole := pemOf(t, clerkKey())
	markers := strings.NewReplacer("-----BEGIN PUBLIC KEY-----", "", "-----END PUBLIC KEY-----", "")
	bare := strings.TrimSpace(markers.Replace(whole))
	der := x509.MarshalPKCS1PublicKey(&clerkKey().PublicKey)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: der}))
	for name, text := range map[string]string{
		"as downloaded":               whole,
		"PKCS #1":                     pkcs1,
		"no BEGIN and END":            bare,
		"no BEGIN and END, one line":  strings.ReplaceAll(bare, "\n", ""),
		"PKCS #1, no BEGIN and END":   strings.NewReplacer("-----BEGIN RSA PUBLIC KEY-----", "", "-----END RSA PUBLIC KEY-----", "").Replace(pkcs1),
		"literal \\n":                 strings.ReplaceAll(whole, "\n", `\n`),
		"literal \\r\\n":              strings.ReplaceAll(whole, "\n", `\r\n`),
		"literal \\n, no BEGIN":       strings.ReplaceAll(bare, "\n", `\n`),
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
			v, err := New(keys, issuer, WithClock(fixedClock))
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), goodToken(t))
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), signedWith(t, otherKey(), keyID))
			require.ErrorIs(t, err, ErrSignature)
		})
	}
}

func TestPEMRejections(t *testing.T) {
	t.Parallel()
	block := func(label string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
	}
	elliptic256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ec, err := x509.MarshalPKIXPublicKey(&elliptic256.PublicKey)
	require.NoError(t, err)
	private := x509.MarshalPKCS1PrivateKey(clerkKey())
	for name, text := range map[string]string{
		"empty":                          "",
		"space":                          " \n\t",
		"literal \\n only":               `\n`,
		"markers only":                   "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		"not base64":                     "sk_test_!!!",
		"base64 of another text":         "aGVsbG8gd29ybGQ=",
		"truncated":                      pemOf(t, clerkKey())[:200],
		"private key":                    block("RSA PRIVATE KEY", private),
		"private key labelled as public": block("PUBLIC KEY", private),
		"certificate":                    block("CERTIFICATE", []byte{1}),
		"elliptic curve":                 block("PUBLIC KEY", ec),
		"1024 bits":                      pemOf(t, smallKey()),
		"2047 bits":                      pemOf(t, almostKey()),
		"two keys":                       pemOf(t, clerkKey()) + pemOf(t, otherKey()),
		"a key and a private block":      pemOf(t, clerkKey()) + block("PRIVATE KEY", private),
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

func TestPEMNeverUsesTheNetwork(t *testing.T) { // not parallel: it replaces the default transport
	server := &jwksServer{response: down}
	before := http.DefaultTransport
	http.DefaultTransport = server
	defer func() { http.DefaultTransport = before }()
	v := newVerifier(t)
	for _, token := range []string{goodToken(t), signedWith(t, otherKey(), "ins_x"), "junk"} {
		_, _ = v.Verify(t.Context(), token)
	}
	assert.Zero(t, server.count())
}
