package sessionjwt

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// FuzzVerify verifies any text.
func FuzzVerify(f *testing.F) {
	f.Add(goodToken())
	for _, forged := range forgedTokens() {
		if len(forged.token) < 2*maxTokenBytes {
			f.Add(forged.token)
		}
	}
	v := newVerifier(f)
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := v.Verify(t.Context(), token)
		checkAgainstOracles(t, token, claims, err)
	})
}

// FuzzSigned verifies any header and claims with a valid signature.
func FuzzSigned(f *testing.F) {
	for _, forged := range forgedTokens() {
		if parts := strings.Split(forged.token, "."); len(parts) == 3 {
			header, _ := base64.RawURLEncoding.DecodeString(parts[0])
			claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
			f.Add(string(header), string(claims))
		}
	}
	for _, claims := range []members{
		goodClaims().with("v", absent, "org_id", "org_2abc", "org_permissions", []string{"a"}),
		goodClaims().with("fea", "ou:a", "o", members{"id": "x", "per": "a,b", "fpm": "3"}),
		goodClaims().with("act", members{"sub": "user_2admin"}),
		goodClaims().with("nbf", 0),
	} {
		f.Add(goodHeader().String(), claims.String())
	}
	v := newVerifier(f)
	f.Fuzz(func(t *testing.T, header, claims string) {
		token := sign(clerkKey(), header, claims)
		c, err := v.Verify(t.Context(), token)
		checkAgainstOracles(t, token, c, err)
		if err != nil {
			return
		}
		require.Equal(t, claims, string(c.payload))
		require.Equal(t, c, c.clone())
		var all map[string]any
		require.NoError(t, c.Decode(&all))
		if c.Organization != nil {
			require.Less(t, len(c.Organization.Permissions), 4*len(claims), "bounded by the token")
		}
	})
}

// FuzzKeySet compares the keys of a set with those that go-jose finds in it and
// that verify RS256.
func FuzzKeySet(f *testing.F) {
	jose.MaxRSAModulusBits = maxKeyBits // by default it has fewer
	for _, entry := range setEntries() {
		f.Add(keySetOf(jwk("ins_1", otherKey()), entry.members))
	}
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), maxKeyBits), big.NewInt(1))
	f.Add(keySetOf(jwk(keyID, clerkKey()).with("n", encode(largest.Bytes()))))
	f.Add(`{"keys":[null,1,{}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		keys, err := parseKeySet([]byte(body))
		require.NotEqual(t, keys == nil, err == nil, "exactly one of keys and error")
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if json.Unmarshal([]byte(body), &set) != nil {
			require.Error(t, err)
			return
		}
		var want []namedKey
		for _, raw := range set.Keys {
			if key := usableByJOSE(raw); key != nil {
				want = append(want, *key)
			}
		}
		if err == nil || jsontext.Value(body).IsValid() && len(set.Keys) <= maxSetKeys { // UTF-8, no duplicate names
			require.Equal(t, want, keys)
		}
	})
}

// usableByJOSE returns the key of a set's entry, if go-jose can decode it and
// it is an RSA key that verifies RS256. Certificates, which this package
// ignores, are removed first.
func usableByJOSE(raw []byte) *namedKey {
	var entry map[string]json.RawMessage
	if json.Unmarshal(raw, &entry) != nil {
		return nil
	}
	for _, certificate := range []string{"x5c", "x5u", "x5t", "x5t#S256"} {
		delete(entry, certificate)
	}
	raw, err := json.Marshal(entry)
	var k jose.JSONWebKey
	if err != nil || k.UnmarshalJSON(raw) != nil || k.KeyID == "" ||
		k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != "RS256" {
		return nil
	}
	public, ok := k.Key.(*rsa.PublicKey)
	if !ok || checkKey(public) != nil {
		return nil
	}
	return &namedKey{k.KeyID, public}
}
