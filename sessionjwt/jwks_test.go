package sessionjwt

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setEntries returns usable and unusable entries of a key set.
func setEntries() (usable, unusable map[string]members) {
	good := jwk(keyID, clerkKey())
	usable = map[string]members{
		"as Clerk's are": good, "missing use": good.with("use", absent), "missing alg": good.with("alg", absent),
		"unknown member": good.with("note", 1), "certificate": good.with("x5c", []string{"AQ"}),
		"zeros in front of the exponent": good.with("e", "AAAAAAEAAQ"),
	}
	modulus := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	even := modulus(new(big.Int).Sub(clerkKey().N, big.NewInt(1)))
	huge := modulus(new(big.Int).Add(new(big.Int).Lsh(clerkKey().N, maxKeyBits-2047), big.NewInt(1)))
	unusable = map[string]members{
		"1024 bits": jwk(keyID, smallKey()),
		"2047 bits": jwk(keyID, almostKey()),
		"symmetric": fromJOSE(jose.JSONWebKey{Key: []byte("secret"), KeyID: keyID, Algorithm: "HS256"}),
		"private":   fromJOSE(jose.JSONWebKey{Key: clerkKey(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}),
	}
	for member, values := range map[string][]any{
		"use": {"enc", "SIG"},
		"alg": {"RS512", "RSA-OAEP"},
		"kid": {absent, "", 1},
		"kty": {absent, "XYZ", "EC"},
		"n":   {absent, "!", good["n"].(string) + "==", even, huge},
		"e":   {absent, "AQAB!", "AA", "AQ", "Ag", "gAAAAQ", strings.Repeat("_", 100)}, // 0, 1, 2, 32 bits, 600 bits
	} {
		for _, value := range values {
			unusable[member+" "+shown(value)] = good.with(member, value)
		}
	}
	return usable, unusable
}

func TestKeySetSkipsUnusableKeys(t *testing.T) {
	t.Parallel()
	usable, unusable := setEntries()
	for name, entry := range usable {
		keys, err := parseKeySet([]byte(keySetOf(entry)))
		require.NoError(t, err, name)
		assert.Equal(t, []namedKey{{keyID, &clerkKey().PublicKey}}, keys, name)
	}
	for name, entry := range unusable {
		_, err := parseKeySet([]byte(keySetOf(entry)))
		require.ErrorContains(t, err, "no usable RSA signing key", name)
		keys, err := parseKeySet([]byte(keySetOf(jwk("ins_1", otherKey()), entry, jwk("ins_2", clerkKey()))))
		require.NoError(t, err, name)
		want := []namedKey{{"ins_1", &otherKey().PublicKey}, {"ins_2", &clerkKey().PublicKey}}
		assert.Equal(t, want, keys, "neighbors of %s", name)
	}
}

func TestKeyBounds(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkKey(&clerkKey().PublicKey), "2048 bits")
	require.ErrorContains(t, checkKey(&almostKey().PublicKey), "2047 bits")
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), maxKeyBits), big.NewInt(1))
	require.NoError(t, checkKey(&rsa.PublicKey{N: largest, E: 3}))
	require.ErrorContains(t, checkKey(&rsa.PublicKey{N: largest.Add(largest, big.NewInt(2)), E: 3}), "8193 bits")
}
