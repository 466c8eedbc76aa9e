package sessionjwt

import (
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type setEntry struct {
	name string
	members
	usable bool
}

func setEntries() []setEntry {
	good := jwk(keyID, clerkKey())
	even := encode(new(big.Int).Sub(clerkKey().N, big.NewInt(1)).Bytes())
	huge := encode(new(big.Int).Add(new(big.Int).Lsh(clerkKey().N, maxKeyBits-2047), big.NewInt(1)).Bytes())
	entries := []setEntry{
		{"as Clerk's are", good, true},
		{"missing use", good.with("use", absent), true},
		{"missing alg", good.with("alg", absent), true},
		{"unknown member", good.with("note", 1), true},
		{"certificate", good.with("x5c", []string{"AQ"}), true},
		{"zeros in front of the exponent", good.with("e", "AAAAAAEAAQ"), true},
		{"1024 bits", jwk(keyID, smallKey()), false},
		{"2047 bits", jwk(keyID, almostKey()), false},
		{"symmetric", members{"kty": "oct", "kid": keyID, "alg": "HS256", "k": "AQ"}, false},
		{"private", good.with("d", "AQ"), false},
	}
	for member, values := range map[string][]any{
		"use": {"enc", "SIG"},
		"alg": {"RS512", "RSA-OAEP"},
		"kid": {absent, "", 1},
		"kty": {absent, "XYZ", "EC"},
		"n":   {absent, good["n"].(string) + "==", encode(append(clerkKey().N.Bytes(), 255, 255)) + "!", even, huge},
		"e":   {absent, "AQAB!", "AA", "AQ", "Ag", "gAAAAQ", "AQAAAAAAAAEAAQ"}, // 0, 1, 2, 32 bits, 64 bits too many
	} {
		for _, value := range values {
			entries = append(entries, setEntry{member + " " + shown(value), good.with(member, value), false})
		}
	}
	return entries
}

func TestKeySetSkipsUnusableKeys(t *testing.T) {
	t.Parallel()
	for _, entry := range setEntries() {
		t.Run(entry.name, func(t *testing.T) {
			t.Parallel()
			keys, err := parseKeySet([]byte(keySetOf(entry.members)))
			want := []namedKey{{keyID, &clerkKey().PublicKey}}
			if !entry.usable {
				require.ErrorContains(t, err, "no usable RSA signing key")
				want = []namedKey{{"ins_1", &otherKey().PublicKey}, {"ins_2", &clerkKey().PublicKey}} // its neighbors
				keys, err = parseKeySet([]byte(keySetOf(jwk("ins_1", otherKey()), entry.members, jwk("ins_2", clerkKey()))))
			}
			require.NoError(t, err)
			assert.Equal(t, want, keys)
		})
	}
}

func TestKeyBounds(t *testing.T) {
	t.Parallel()
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 8192), big.NewInt(1))
	require.NoError(t, checkKey(&rsa.PublicKey{N: largest, E: 3}))
	require.ErrorContains(t, checkKey(&rsa.PublicKey{N: largest.Add(largest, big.NewInt(2)), E: 3}), "8193 bits")
}
