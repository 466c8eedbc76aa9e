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

func TestKeySetSkipsUnusableKeys(t *testing.T) {
	t.Parallel()
	good := jwk(keyID, clerkKey())
	even := new(big.Int).Sub(clerkKey().N, big.NewInt(1))
	huge := new(big.Int).Add(new(big.Int).Lsh(clerkKey().N, maxKeyBits-2047), big.NewInt(1))
	modulus := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	for _, tc := range []struct {
		name string
		key  members
		ok   bool
	}{
		{"as Clerk's are", good, true},
		{"missing use", good.with("use", absent), true},
		{"missing alg", good.with("alg", absent), true},
		{"unknown member", good.with("note", 1), true},
		{"padded modulus", good.with("n", good["n"].(string)+"=="), false},
		{"for encryption", good.with("use", "enc"), false},
		{"use in capitals", good.with("use", "SIG"), false},
		{"for RS512", good.with("alg", "RS512"), false},
		{"for RSA-OAEP", good.with("alg", "RSA-OAEP"), false},
		{"missing id", good.with("kid", absent), false},
		{"id not a string", good.with("kid", 1), false},
		{"1024 bits", jwk(keyID, smallKey()), false},
		{"2047 bits", jwk(keyID, almostKey()), false},
		{"more than 8192 bits", good.with("n", modulus(huge)), false},
		{"symmetric", fromJOSE(jose.JSONWebKey{Key: []byte("secret"), KeyID: keyID, Algorithm: "HS256"}), false},
		{"private", fromJOSE(jose.JSONWebKey{Key: clerkKey(), KeyID: keyID, Algorithm: "RS256", Use: "sig"}), false},
		{"unknown type", good.with("kty", "XYZ"), false},
		{"missing type", good.with("kty", absent), false},
		{"missing modulus", good.with("n", absent), false},
		{"even modulus", good.with("n", modulus(even)), false},
		{"modulus not base64", good.with("n", "!"), false},
		{"missing exponent", good.with("e", absent), false},
		{"exponent 0", good.with("e", "AA"), false},
		{"exponent 1", good.with("e", "AQ"), false},
		{"even exponent", good.with("e", "Ag"), false},
		{"exponent of 32 bits", good.with("e", "gAAAAQ"), false},
		{"exponent of 600 bits", good.with("e", strings.Repeat("_", 100)), false},
		{"exponent not base64", good.with("e", "AQAB!"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			keys, err := parseKeySet([]byte(keySetOf(tc.key)))
			if tc.ok {
				require.NoError(t, err)
				assert.Equal(t, []namedKey{{keyID, &clerkKey().PublicKey}}, keys)
				return
			}
			require.ErrorContains(t, err, "no usable RSA signing key")
			keys, err = parseKeySet([]byte(keySetOf(jwk("ins_1", otherKey()), tc.key, jwk("ins_2", clerkKey()))))
			require.NoError(t, err)
			want := []namedKey{{"ins_1", &otherKey().PublicKey}, {"ins_2", &clerkKey().PublicKey}}
			assert.Equal(t, want, keys, "its neighbors are used")
		})
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
