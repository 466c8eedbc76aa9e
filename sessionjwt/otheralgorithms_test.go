package sessionjwt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

func rawClaims(t testing.TB) string {
	raw, err := base64.RawURLEncoding.DecodeString(encode(t, goodClaims()))
	require.NoError(t, err)
	return string(raw)
}

func hs256(t testing.TB, header members) string {
	signed := encode(t, header) + "." + encode(t, goodClaims())
	mac := hmac.New(sha256.New, []byte(pemOf(t, clerkKey())))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func es256(t testing.TB) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return signedAs(t, jose.ES256, key)
}

// signedAs is a token with a valid signature of any algorithm.
func signedAs(t testing.TB, alg jose.SignatureAlgorithm, key any) string {
	options := (&jose.SignerOptions{}).WithHeader("kid", keyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	require.NoError(t, err)
	signed, err := signer.Sign([]byte(rawClaims(t)))
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token
}

func jwe(t testing.TB) string {
	recipient := jose.Recipient{Algorithm: jose.RSA_OAEP, Key: &clerkKey().PublicKey}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, nil)
	require.NoError(t, err)
	encrypted, err := encrypter.Encrypt([]byte(rawClaims(t)))
	require.NoError(t, err)
	token, err := encrypted.CompactSerialize()
	require.NoError(t, err)
	return token
}

// nextLetter sets the lowest bit of the six that the base64url letter c encodes.
func nextLetter(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)|1]
}
