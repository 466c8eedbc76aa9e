package sessionjwt

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzVerify feeds raw tokens to a Verifier and holds it to its promises: it
// does not panic, returns claims or an error of one category, and accepts
// nothing whose text as sent the standard library does not find signed.
func FuzzVerify(f *testing.F) {
	good := goodToken(f)
	head, rest, _ := strings.Cut(good, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for _, token := range []string{
		good, "", ".", "..", "...", head, head + ".", head + "..", head + "." + payload, head + "." + payload + ".",
		good + ".", good + "\n", good + "=", jwe(f), es256(f), hs256(f, goodHeader()),
		sign(f, otherKey(), goodHeader(), goodClaims()),
		sign(f, clerkKey(), goodHeader().with("cat", categoryMachine), goodClaims()),
		sign(f, clerkKey(), goodHeader().with("crit", []string{"b64"}, "b64", false), goodClaims()),
		sign(f, clerkKey(), goodHeader().with("jwk", jwk(f, keyID, otherKey())), goodClaims()),
		sign(f, clerkKey(), goodHeader(), goodClaims().with("exp", 1)),
		sign(f, clerkKey(), goodHeader(), goodClaims().with("v", absent, "org_id", "org_2abc")),
		sign(f, clerkKey(), goodHeader(), `{"sub":1,"sub":2}`),
	} {
		f.Add(token)
	}
	v := newVerifier(f)
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := v.Verify(t.Context(), token)
		checkOutcome(t, token, claims, err)
		if err == nil {
			end := strings.LastIndexByte(token, '.')
			sig, err := base64.RawURLEncoding.DecodeString(token[end+1:])
			require.NoError(t, err)
			digest := sha256.Sum256([]byte(token[:end]))
			require.NoError(t, rsa.VerifyPKCS1v15(&clerkKey().PublicKey, crypto.SHA256, digest[:], sig))
			_, payload, _ := strings.Cut(token[:end], ".")
			require.Equal(t, payload, base64.RawURLEncoding.EncodeToString([]byte(claims.payload)))
		}
	})
}

// FuzzHeader feeds raw headers to everything before the signature check, where
// two JSON readers meet: a third one must agree with what they let through.
func FuzzHeader(f *testing.F) {
	for _, header := range []string{
		`{"alg":"RS256","cat":"` + categorySession + `","kid":"` + keyID + `","typ":"JWT"}`,
		`{"alg":"RS256","kid":"k","\u0061lg":"none"}`, `{"alg":"RS256","kid":"k","oiat":1e999}`, `{"alg":"RS256","kid":"\ud800"}`,
		`{"alg":"RS256","kid":"k","crit":null}`, `{"alg":"RS256","kid":"k","jwk":{"kty":"oct","k":""}}`, `{"Alg":"RS256","KID":"k"}`, `null`,
	} {
		f.Add([]byte(header))
	}
	f.Fuzz(func(t *testing.T, header []byte) {
		token := base64.RawURLEncoding.EncodeToString(header) + ".e30.AAAA"
		_, id, err := parseToken(token)
		if err != nil {
			checkOutcome(t, token, nil, err)
			return
		}
		var all map[string]any
		require.NoError(t, json.Unmarshal(header, &all))
		require.Equal(t, "RS256", all["alg"])
		require.Equal(t, id, all["kid"])
		require.Contains(t, []any{nil, "JWT"}, all["typ"])
		require.Contains(t, []any{nil, categorySession, categoryIgnored}, all["cat"])
		for _, refused := range []string{"jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip"} {
			require.NotContains(t, all, refused)
		}
	})
}

// FuzzClaims feeds raw claims to everything that follows the signature check,
// which mutated tokens do not reach.
func FuzzClaims(f *testing.F) {
	f.Add([]byte(rawClaims(f)))
	f.Add([]byte(`{"iss":"` + issuer + `","sub":"user_1","sid":"sess_1","iat":1800000000,"exp":1800000060,"org_id":"org_1","org_permissions":["a"]}`))
	f.Add([]byte(`{"iss":"","sub":"","iat":1,"exp":1,"v":2,"fea":"ou:a","o":{"id":"x","per":"a,b","fpm":"3"},"fva":[-1,-1],"act":{"sub":"x"}}`))
	v := newVerifier(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		claims, err := parseClaims(bytes.Clone(payload))
		if err != nil {
			checkOutcome(t, "", claims, err)
			return
		}
		if err := v.check(claims); err != nil {
			checkOutcome(t, "", nil, err)
		}
		require.Equal(t, claims, claims.clone())
		var all map[string]any
		require.NoError(t, claims.Decode(&all))
		claims.FactorAges.First()
		claims.FactorAges.Second()
		if claims.Organization != nil {
			require.Less(t, len(claims.Organization.Permissions), 4*len(payload), "bounded by the input")
		}
	})
}

func checkOutcome(t *testing.T, token string, claims *Claims, err error) {
	t.Helper()
	require.NotEqual(t, claims == nil, err == nil, "exactly one of claims and error")
	if err == nil {
		return
	}
	n := 0
	for _, category := range categories {
		if errorIs(err, category) {
			n++
		}
	}
	require.Equal(t, 1, n, "categories of %v", err)
	assertHarmless(t, err, token)
}
