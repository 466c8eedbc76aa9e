package sessionjwt

import (
	"encoding/base64"
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
	withClaims := goodToken
	withOrg := func(pairs ...any) string { return goodToken("o", goodClaims()["o"].(members).with(pairs...)) }
	rawHeader := func(header string) string { return sign(clerkKey(), header, goodClaims()) }
	rawClaims := func(claims string) string { return sign(clerkKey(), goodHeader(), claims) }
	changed := func(old, new string) string { return rawClaims(strings.Replace(goodClaims().String(), old, new, 1)) }
	now := fixedClock().Unix()
	embedded := jwk(keyID, otherKey())

	return []forgedToken{
		{"empty", "", ErrMalformed},
		{"one part", head, ErrMalformed},
		{"two parts", head + "." + payload, ErrMalformed},
		{"four parts", good + ".AAAA", ErrMalformed},
		{"dot at the end", good + ".", ErrMalformed},
		{"JWE", jwe(), ErrMalformed},
		{"JSON serialization", `{"payload":"` + payload + `","protected":"` + head + `","signature":"` + sig + `"}`, ErrMalformed},
		{"huge", withClaims("custom", strings.Repeat("x", maxTokenBytes)), ErrMalformed},
		{"huge number of dots", strings.Repeat(".", 1<<20), ErrMalformed},
		{"invalid base64 in the header", "!" + head[1:] + "." + rest, ErrMalformed},
		{"invalid base64 in the claims", head + ".!" + rest[1:], ErrMalformed},
		{"invalid base64 in the signature", head + "." + payload + ".!" + sig[1:], ErrMalformed},
		{"standard alphabet", head + "." + payload + "." + strings.NewReplacer("-", "+", "_", "/").Replace(sig), ErrMalformed},
		{"padded base64", good + "==", ErrMalformed},
		{"unused bits of the signature set", setLowestBit(good), ErrMalformed},
		{"line break at the end", good + "\n", ErrMalformed},
		{"line break at the start", "\n" + good, ErrMalformed},
		{"line break inside", head + "\n." + rest, ErrMalformed},
		{"space in front", " " + good, ErrMalformed},
		{"Bearer in front", "Bearer " + good, ErrMalformed},

		{"header is an array", rawHeader(`[]`), ErrMalformed},
		{"header is null", rawHeader(`null`), ErrMalformed},
		{"header not JSON", rawHeader(`{"alg":"RS256"`), ErrMalformed},
		{"header with more after it", rawHeader(`{"alg":"RS256","kid":"k"}{}`), ErrMalformed},
		{"header not UTF-8", rawHeader("{\"alg\":\"RS256\",\"kid\":\"\xff\"}"), ErrMalformed},
		{"duplicate header name", rawHeader(`{"alg":"none","kid":"k","alg":"RS256"}`), ErrMalformed},
		{"alg in capitals", rawHeader(`{"ALG":"RS256","kid":"k"}`), ErrSignature},
		{"alg none without signature", encode(goodHeader().with("alg", "none")) + "." + payload + ".", ErrSignature},
		{"alg None", withHeader("alg", "None"), ErrSignature},
		{"alg none with a signature", withHeader("alg", "none"), ErrSignature},
		{"alg missing", withHeader("alg", absent), ErrSignature},
		{"alg of another case", withHeader("alg", "rs256"), ErrSignature},
		{"alg not a string", withHeader("alg", 256), ErrMalformed},
		{"alg RS512", withHeader("alg", "RS512"), ErrSignature},
		{"alg PS256", withHeader("alg", "PS256"), ErrSignature},
		{"RS512 by Clerk's key", signedAs(jose.RS512, clerkKey()), ErrSignature},
		{"PS256 by Clerk's key", signedAs(jose.PS256, clerkKey()), ErrSignature},
		{"alg ES256", signedAs(jose.ES256, ecKey()), ErrSignature},
		{"HS256 with the public key as the secret", hs256(goodHeader().with("alg", "HS256")), ErrSignature},
		{"alg RS256 with an HMAC", hs256(goodHeader()), ErrSignature},
		{"kid missing", withHeader("kid", absent), ErrMalformed},
		{"kid empty", withHeader("kid", ""), ErrMalformed},
		{"kid not a string", withHeader("kid", []string{keyID}), ErrMalformed},
		{"typ of an access token", withHeader("typ", "at+jwt"), ErrNotSessionToken},
		{"typ in lower case", withHeader("typ", "jwt"), ErrNotSessionToken},
		{"template token", withHeader("cat", categoryTemplate), ErrNotSessionToken},
		{"machine token", withHeader("cat", categoryMachine), ErrNotSessionToken},
		{"unknown category", withHeader("cat", "cl_B7d4PD444AAA"), ErrNotSessionToken},
		{"category of another case", withHeader("cat", strings.ToLower(categorySession)), ErrNotSessionToken},
		{"empty category", withHeader("cat", ""), ErrNotSessionToken},
		{"crit", withHeader("crit", []string{"exp"}), ErrMalformed},
		{"crit null", withHeader("crit", nil), ErrMalformed},
		{"b64 false", withHeader("b64", false), ErrMalformed},
		{"zip", withHeader("zip", "DEF"), ErrMalformed},
		{"enc", withHeader("enc", "A256GCM"), ErrMalformed},
		{"embedded jwk, signed with it", sign(otherKey(), goodHeader().with("jwk", embedded), goodClaims()), ErrMalformed},
		{"embedded jwk, signed by Clerk", withHeader("jwk", embedded), ErrMalformed},
		{"jku", withHeader("jku", "https://evil.example/jwks.json"), ErrMalformed},
		{"x5u", withHeader("x5u", "https://evil.example/cert.pem"), ErrMalformed},
		{"x5c", withHeader("x5c", []string{"MIIB"}), ErrMalformed},
		{"x5c empty", withHeader("x5c", []string{}), ErrMalformed},

		{"other key", signedWith(otherKey(), keyID), ErrSignature},
		{"no signature", head + "." + payload + ".", ErrSignature},
		{"short signature", head + "." + payload + "." + sig[:340], ErrSignature},
		{"zero signature", head + "." + payload + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256)), ErrSignature},
		{"signature of another token", head + "." + payload + withClaims("sub", "user_2eve")[strings.LastIndexByte(withClaims("sub", "user_2eve"), '.'):], ErrSignature},
		{"claims of another token", head + "." + encode(goodClaims().with("sub", "user_2eve")) + "." + sig, ErrSignature},
		{"header of another token", encode(goodHeader().with("cat", absent)) + "." + payload + "." + sig, ErrSignature},
		{"bad signature on a bad issuer", sign(otherKey(), goodHeader(), goodClaims().with("iss", "https://evil.example")), ErrSignature},
		{"bad signature on claims not JSON", sign(otherKey(), goodHeader(), "junk"), ErrSignature},

		{"claims not JSON", rawClaims("junk"), ErrMalformed},
		{"claims are null", rawClaims("null"), ErrMalformed},
		{"claims are an array", rawClaims("[]"), ErrMalformed},
		{"claims with more after them", rawClaims(goodClaims().String() + "{}"), ErrMalformed},
		{"claims deeply nested", rawClaims(strings.Repeat(`{"a":`, 1000)), ErrMalformed},
		{"duplicate claim", changed("{", `{"sub":"user_2eve",`), ErrMalformed},
		{"duplicate custom claim", changed("{", `{"x":1,"x":1,`), ErrMalformed},

		{"exp missing", withClaims("exp", absent), ErrMalformed},
		{"exp null", withClaims("exp", nil), ErrMalformed},
		{"exp a string", withClaims("exp", "1800000060"), ErrMalformed},
		{"exp a fraction", withClaims("exp", 1800000060.5), ErrMalformed},
		{"exp zero", withClaims("exp", 0), ErrMalformed},
		{"exp negative", withClaims("exp", -1), ErrMalformed},
		{"exp in milliseconds", withClaims("exp", (now+60)*1000), ErrMalformed},
		{"exp beyond 64 bits", changed(`"exp":`, `"exp":99999999999`), ErrMalformed},
		{"exp in capitals", withClaims("exp", absent, "EXP", now+60), ErrMalformed},
		{"exp in the past", withClaims("exp", now-5), ErrExpired},
		{"iat missing", withClaims("iat", absent), ErrMalformed},
		{"iat a string", withClaims("iat", "1800000000"), ErrMalformed},
		{"iat in the future", withClaims("iat", now+6), ErrNotYetValid},
		{"nbf a string", withClaims("nbf", "1800000000"), ErrMalformed},
		{"nbf in the future", withClaims("nbf", now+6), ErrNotYetValid},
		{"sub missing", withClaims("sub", absent), ErrMalformed},
		{"sub a number", withClaims("sub", 1), ErrMalformed},
		{"sub empty", withClaims("sub", ""), ErrNotSessionToken},
		{"sub a machine", withClaims("sub", "mch_2abc"), ErrNotSessionToken},
		{"sid missing", withClaims("sid", absent), ErrNotSessionToken},
		{"sid empty", withClaims("sid", ""), ErrNotSessionToken},
		{"sid a number", withClaims("sid", 1), ErrMalformed},
		{"template token without cat", sign(clerkKey(), goodHeader().with("cat", absent), goodClaims().with("sid", absent, "v", absent)), ErrNotSessionToken},
		{"machine token without cat", sign(clerkKey(), goodHeader().with("cat", absent), goodClaims().with("sub", "mch_2abc")), ErrNotSessionToken},
		{"machine token with the ignored category", sign(clerkKey(), goodHeader().with("cat", categoryIgnored), goodClaims().with("sub", "mch_2abc")), ErrNotSessionToken},

		{"iss missing", withClaims("iss", absent), ErrMalformed},
		{"iss an array", withClaims("iss", []string{issuer}), ErrMalformed},
		{"iss empty", withClaims("iss", ""), ErrIssuer},
		{"iss with a suffix", withClaims("iss", issuer+".evil.example"), ErrIssuer},
		{"iss with a prefix", withClaims("iss", "https://evil-clerk.example.com"), ErrIssuer},
		{"iss a parent", withClaims("iss", "https://example.com"), ErrIssuer},
		{"iss in capitals", withClaims("iss", "https://Clerk.example.com"), ErrIssuer},
		{"iss with a slash", withClaims("iss", issuer+"/"), ErrIssuer},
		{"iss of another scheme", withClaims("iss", "http://clerk.example.com"), ErrIssuer},
		{"iss with a port", withClaims("iss", issuer+":443"), ErrIssuer},
		{"iss of another Clerk instance", withClaims("iss", "https://happy-cat-1.clerk.accounts.dev"), ErrIssuer},
		{"iss with a Cyrillic letter", withClaims("iss", "https://cl\u0435rk.example.com"), ErrIssuer},

		{"azp missing", withClaims("azp", absent), ErrAuthorizedParty},
		{"azp null", withClaims("azp", nil), ErrAuthorizedParty},
		{"azp empty", withClaims("azp", ""), ErrMalformed},
		{"azp an array", withClaims("azp", []string{party}), ErrMalformed},
		{"azp with a suffix", withClaims("azp", party+".evil.example"), ErrAuthorizedParty},
		{"azp with a prefix", withClaims("azp", "https://evil-app.example.com"), ErrAuthorizedParty},
		{"azp in capitals", withClaims("azp", "https://APP.example.com"), ErrAuthorizedParty},
		{"azp with a slash", withClaims("azp", party+"/"), ErrAuthorizedParty},
		{"azp of another scheme", withClaims("azp", "http://app.example.com"), ErrAuthorizedParty},
		{"azp with a port", withClaims("azp", party+":8443"), ErrAuthorizedParty},

		{"pending", withClaims("sts", "pending"), ErrPending},
		{"unknown status", withClaims("sts", "frozen"), ErrPending},
		{"status empty", withClaims("sts", ""), ErrMalformed},
		{"status a number", withClaims("sts", 1), ErrMalformed},
		{"fva of one", withClaims("fva", []int{1}), ErrMalformed},
		{"fva of three", withClaims("fva", []int{1, 1, 1}), ErrMalformed},
		{"fva empty", withClaims("fva", []int{}), ErrMalformed},
		{"fva below -1", withClaims("fva", []int{0, -2}), ErrMalformed},
		{"fva that overflows", withClaims("fva", []int64{0, 1 << 50}), ErrMalformed},
		{"fva of strings", withClaims("fva", []string{"0", "0"}), ErrMalformed},
		{"act without sub", withClaims("act", members{"iss": "x"}), ErrMalformed},
		{"act a string", withClaims("act", "user_2abc"), ErrMalformed},

		{"version 3", withClaims("v", 3), ErrMalformed},
		{"version 0", withClaims("v", 0), ErrMalformed},
		{"version a string", withClaims("v", "2"), ErrMalformed},
		{"o a string", withClaims("o", "org_2abc"), ErrMalformed},
		{"pla a number", withClaims("pla", 1), ErrMalformed},
		{"o without id", withOrg("id", absent), ErrMalformed},
		{"duplicate name in o", changed(`"o":{`, `"o":{"rol":"x",`), ErrMalformed},
		{"per with a gap", withOrg("per", "read,,manage"), ErrMalformed},
		{"fpm without per", withOrg("per", absent), ErrMalformed},
		{"per of spaces", withOrg("per", "read, "), ErrMalformed},
		{"fpm not a number", withOrg("fpm", "3,x"), ErrMalformed},
		{"fpm negative", withOrg("fpm", "3,-1"), ErrMalformed},
		{"fpm with a sign", withOrg("fpm", "+3,2"), ErrMalformed},
		{"fpm with a gap", withOrg("fpm", "3,"), ErrMalformed},
		{"fpm an array", withOrg("fpm", []int{3, 2}), ErrMalformed},
		{"fpm longer than fea", withOrg("fpm", "3,2,1"), ErrMalformed},
		{"fpm longer than fea, after a zero", withOrg("fpm", "3,2,0,1"), ErrMalformed},
		{"fpm beyond per", withOrg("fpm", "4,2"), ErrMalformed},
		{"fpm beyond any integer", withOrg("fpm", strings.Repeat("9", 4000)), ErrMalformed},
		{"fpm without fea", withClaims("fea", absent), ErrMalformed},
		{"fea without scope", withClaims("fea", "dashboard", "o", absent), ErrMalformed},
		{"fea of unknown scope", withClaims("fea", "x:dashboard", "o", absent), ErrMalformed},
		{"fea without name", withClaims("fea", "o:", "o", absent), ErrMalformed},
		{"org_permissions a string", withClaims("v", absent, "org_id", "org_2abc", "org_permissions", "x"), ErrMalformed},
	}
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
