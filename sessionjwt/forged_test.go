package sessionjwt

import (
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type forgedToken struct {
	name  string
	token string
	want  error
}

// forgedTokens differ from a valid one in one respect each.
func forgedTokens() []forgedToken {
	good := goodToken()
	head, rest, _ := strings.Cut(good, ".")
	payload, sig, _ := strings.Cut(rest, ".")
	evil := strings.Split(goodToken("sub", "user_2eve"), ".")
	rawHeader := func(header string) string { return sign(clerkKey(), header, goodClaims()) }
	rawClaims := func(claims string) string { return sign(clerkKey(), goodHeader(), claims) }
	changed := func(old, new string) string { return rawClaims(strings.Replace(goodClaims().String(), old, new, 1)) }
	withoutCat := func(claims ...any) string {
		return sign(clerkKey(), goodHeader().with("cat", absent), goodClaims().with(claims...))
	}

	return append(append(forgedHeaders(), forgedClaims()...), []forgedToken{
		{"empty", "", ErrMalformed},
		{"four parts", good + ".AAAA", ErrMalformed},
		{"JWE", jwe(), ErrMalformed},
		{"JSON serialization", `{"payload":"` + payload + `","protected":"` + head + `","signature":"` + sig + `"}`, ErrMalformed},
		{"huge", goodToken("custom", strings.Repeat("x", maxTokenBytes)), ErrMalformed},
		{"huge number of dots", strings.Repeat(".", 1<<20), ErrMalformed},
		{"invalid base64 in the header", "!" + head[1:] + "." + rest, ErrMalformed},
		{"invalid base64 in the claims", head + ".!" + rest[1:], ErrMalformed},
		{"invalid base64 in the signature", head + "." + payload + ".!" + sig[1:], ErrMalformed},
		{"standard alphabet", head + "." + payload + "." + strings.NewReplacer("-", "+", "_", "/").Replace(sig), ErrMalformed},
		{"padded base64", good + "==", ErrMalformed},
		{"unused bits of the signature set", setLowestBit(good), ErrMalformed},
		{"line break at the end", good + "\n", ErrMalformed},
		{"carriage return inside", head + "\r." + rest, ErrMalformed},
		{"space in front", " " + good, ErrMalformed},
		{"Bearer in front", "Bearer " + good, ErrMalformed},

		{"header is an array", rawHeader(`[]`), ErrMalformed},
		{"header not JSON", rawHeader(`{"alg":"RS256"`), ErrMalformed},
		{"header with more after it", rawHeader(`{"alg":"RS256","kid":"k"}{}`), ErrMalformed},
		{"header not UTF-8", rawHeader("{\"alg\":\"RS256\",\"kid\":\"\xff\"}"), ErrMalformed},
		{"duplicate header name", rawHeader(`{"alg":"none","kid":"k","alg":"RS256"}`), ErrMalformed},
		{"duplicate header name, escaped", rawHeader(`{"alg":"RS256","kid":"k","\u0061lg":"none"}`), ErrMalformed},
		{"header number beyond a float64", rawHeader(`{"alg":"RS256","kid":"k","oiat":1e999}`), ErrMalformed},
		{"header with half a surrogate pair", rawHeader(`{"alg":"RS256","kid":"\ud800"}`), ErrMalformed},
		{"alg in capitals", rawHeader(`{"ALG":"RS256","kid":"k"}`), ErrSignature},

		{"alg none without signature", encode(goodHeader().with("alg", "none")) + "." + payload + ".", ErrSignature},
		{"RS512 by Clerk's key", signedAs(jose.RS512, clerkKey()), ErrSignature},
		{"PS256 by Clerk's key", signedAs(jose.PS256, clerkKey()), ErrSignature},
		{"ES256", signedAs(jose.ES256, ecKey()), ErrSignature},
		{"HS256 with the public key as the secret", signedAs(jose.HS256, []byte(pemOf(clerkKey()))), ErrSignature},
		{"embedded jwk, signed with it", sign(otherKey(), goodHeader().with("jwk", jwk(keyID, otherKey())), goodClaims()), ErrMalformed},
		{"other key", signedWith(otherKey(), keyID), ErrSignature},
		{"no signature", head + "." + payload + ".", ErrSignature},
		{"short signature", head + "." + payload + "." + sig[:340], ErrSignature},
		{"zero signature", head + "." + payload + "." + encode(make([]byte, 256)), ErrSignature},
		{"signature of another token", head + "." + payload + "." + evil[2], ErrSignature},
		{"claims of another token", head + "." + evil[1] + "." + sig, ErrSignature},
		{"header of another token", encode(goodHeader().with("cat", absent)) + "." + payload + "." + sig, ErrSignature},
		{"bad signature on a bad issuer", sign(otherKey(), goodHeader(), goodClaims().with("iss", "https://evil.example")), ErrSignature},
		{"bad signature on claims not JSON", sign(otherKey(), goodHeader(), "junk"), ErrSignature},

		{"claims not JSON", rawClaims("junk"), ErrMalformed},
		{"claims are an array", rawClaims("[]"), ErrMalformed},
		{"claims with more after them", rawClaims(goodClaims().String() + "{}"), ErrMalformed},
		{"claims deeply nested", rawClaims(strings.Repeat(`{"a":`, 1000)), ErrMalformed},
		{"duplicate claim", changed("{", `{"sub":"user_2eve",`), ErrMalformed},
		{"duplicate custom claim", changed("{", `{"x":1,"x":1,`), ErrMalformed},
		{"duplicate name in o", changed(`"o":{`, `"o":{"rol":"x",`), ErrMalformed},
		{"exp beyond 64 bits", changed(`"exp":`, `"exp":99999999999`), ErrMalformed},
		{"exp in capitals", changed(`"exp"`, `"EXP"`), ErrMalformed},
		{"template token without cat", withoutCat("sid", absent, "v", absent), ErrNotSessionToken},
		{"machine token without cat", withoutCat("sub", "mch_2abc"), ErrNotSessionToken},
		{"fea without scope", goodToken("fea", "dashboard", "o", absent), ErrMalformed},
		{"fea of unknown scope", goodToken("fea", "x:dashboard", "o", absent), ErrMalformed},
		{"fea without name", goodToken("fea", "o:", "o", absent), ErrMalformed},
		{"version 1 with an organization and one age", goodToken("v", absent, "org_id", "org_2abc", "fva", []int{1}), ErrMalformed},
		{"org_permissions a string", goodToken("v", absent, "org_id", "org_2abc", "org_permissions", "x"), ErrMalformed},
	}...)
}

// A forgery is a list of values for which one member makes a token invalid.
type forgery struct {
	member string
	want   error
	values []any
}

func forge(what string, forgeries []forgery, token func(name string, value any) string) (forged []forgedToken) {
	for _, f := range forgeries {
		for _, value := range f.values {
			forged = append(forged, forgedToken{what + " " + f.member + " " + shown(value), token(f.member, value), f.want})
		}
	}
	return forged
}

func forgedHeaders() []forgedToken {
	return forge("header", []forgery{
		{"alg", ErrSignature, []any{absent, nil, "", "none", "None", "rs256", "RS512", "PS256", hostile}},
		{"alg", ErrMalformed, []any{256}},
		{"kid", ErrMalformed, []any{absent, "", members{hostile: 1}}},
		{"typ", ErrNotSessionToken, []any{nil, "", "jwt", "at+jwt", hostile}},
		{"cat", ErrNotSessionToken, []any{
			nil, "", categoryTemplate, categoryMachine, "cl_B7d4PD444AAA", strings.ToLower(categorySession), hostile,
		}},
		{"crit", ErrMalformed, []any{nil, []string{"exp"}}},
		{"b64", ErrMalformed, []any{false}},
		{"zip", ErrMalformed, []any{"DEF"}},
		{"enc", ErrMalformed, []any{"A256GCM"}},
		{"jwk", ErrMalformed, []any{members{}}},
		{"jku", ErrMalformed, []any{"https://evil.example/jwks.json"}},
		{"x5u", ErrMalformed, []any{"https://evil.example/cert.pem"}},
		{"x5c", ErrMalformed, []any{[]string{"MIIB"}, []string{}}},
	}, func(name string, value any) string { return withHeader(name, value) })
}

func forgedClaims() []forgedToken {
	now := fixedClock().Unix()
	claims := forge("claim", []forgery{
		{"exp", ErrMalformed, []any{absent, nil, "1800000060", 1800000060.5, 0, -1, (now + 60) * 1000}},
		{"exp", ErrExpired, []any{now - 5}},
		{"iat", ErrMalformed, []any{absent, "1800000000", -1}},
		{"iat", ErrNotYetValid, []any{now + 6}},
		{"nbf", ErrMalformed, []any{"1800000000", -1}},
		{"nbf", ErrNotYetValid, []any{now + 6}},
		{"sub", ErrMalformed, []any{absent, 1}},
		{"sub", ErrNotSessionToken, []any{"", "mch_2abc", hostile}},
		{"sid", ErrMalformed, []any{1}},
		{"sid", ErrNotSessionToken, []any{absent, ""}},
		{"iss", ErrMalformed, []any{absent, []string{issuer}}},
		{"iss", ErrIssuer, []any{
			"", hostile, issuer + ".evil.example", "https://evil-clerk.example.com", "https://example.com", "https://Clerk.example.com",
			issuer + "/", "http://clerk.example.com", issuer + ":443", "https://happy-cat-1.clerk.accounts.dev",
			"https://cl\u0435rk.example.com", // with a Cyrillic letter
		}},
		{"azp", ErrMalformed, []any{"", []string{party}}},
		{"azp", ErrAuthorizedParty, []any{
			absent, nil, hostile, party + ".evil.example", "https://evil-app.example.com", "https://APP.example.com", party + "/",
			"http://app.example.com", party + ":8443",
		}},
		{"sts", ErrMalformed, []any{"", 1}},
		{"sts", ErrPending, []any{"pending", "frozen", hostile}},
		{"fva", ErrMalformed, []any{
			[]int{}, []int{1}, []int{1, 1, 1}, []int{0, -2}, []int{maxMinutes + 1, 0}, []int64{0, 1 << 50}, []string{"0", "0"}, []any{nil, 0},
		}},
		{"act", ErrMalformed, []any{members{"iss": "x"}, "user_2abc"}},
		{"v", ErrMalformed, []any{0, 3, "2", nil}},
		{"pla", ErrMalformed, []any{1}},
		{"fea", ErrMalformed, []any{absent}}, // fpm then grants permissions of no feature
		{"o", ErrMalformed, []any{"org_2abc"}},
	}, func(name string, value any) string { return goodToken(name, value) })
	org := forge("organization", []forgery{
		{"id", ErrMalformed, []any{absent, "", members{hostile: 1}}},
		{"per", ErrMalformed, []any{absent, "read,,manage", "read, "}},
		{"fpm", ErrMalformed, []any{
			"3,x", "3,-1", "+3,2", "3,", []int{3, 2}, "3,2,1", "3,2,0,1", "4,2", strings.Repeat("9", 4000),
		}},
	}, func(name string, value any) string {
		return goodToken("o", goodClaims()["o"].(members).with(name, value))
	})
	return append(claims, org...)
}

func TestVerifyRejectsForgedTokens(t *testing.T) {
	t.Parallel()
	v := newVerifier(t)
	claims, err := v.Verify(t.Context(), goodToken())
	require.NoError(t, err, "the token that all others are made from")
	checkAgainstOracles(t, goodToken(), claims, err)
	for _, tc := range forgedTokens() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			claims, err := v.Verify(t.Context(), tc.token)
			assert.Nil(t, claims)
			require.ErrorIs(t, err, tc.want)
			checkAgainstOracles(t, tc.token, claims, err)
		})
	}
}
