package sessionjwt

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkVerify compares Verify with its lower bound: the RSA-2048 check of the
// standard library over a digest.
func BenchmarkVerify(b *testing.B) {
	token := goodToken(b)
	end := strings.LastIndexByte(token, '.')
	digest := sha256.Sum256([]byte(token[:end]))
	sig, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	require.NoError(b, err)
	b.Run("rsa.VerifyPKCS1v15", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := rsa.VerifyPKCS1v15(&clerkKey().PublicKey, crypto.SHA256, digest[:], sig); err != nil {
				b.Fatal(err)
			}
		}
	})

	server := &jwksServer{response: respondKeys(b, jwk(b, keyID, clerkKey()))}
	keys, err := KeysFromIssuer(issuer, WithHTTPClient(&http.Client{Transport: server}))
	require.NoError(b, err)
	fetched, err := New(keys, issuer, WithClock(fixedClock), WithAuthorizedParties(party))
	require.NoError(b, err)
	for _, sub := range []struct {
		name  string
		v     *Verifier
		token string
		ok    bool
	}{
		{"PEM", newVerifier(b), token, true},
		{"fetched keys", fetched, token, true},
		{"cached", newVerifier(b, WithCache(16)), token, true},
		{"forged", newVerifier(b), token[:end-1] + "A" + token[end:], false},
	} {
		b.Run(sub.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sub.v.Verify(b.Context(), sub.token); (err == nil) != sub.ok {
					b.Fatal(err)
				}
			}
		})
	}
}
