package sessionjwt

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// checkAgainstOracles compares the outcome of Verify with go-jose, golang-jwt
// and the rules below: Verify accepts nothing that both libraries reject, and
// rejects what both accept only for a reason in the list, whose category the
// error has.
func checkAgainstOracles(t *testing.T, token string, claims *Claims, err error) {
	t.Helper()
	checkOutcome(t, token, claims, err)
	accepted := acceptedByJOSE(token)
	both := accepted && acceptedByGolangJWT(token)
	if err == nil {
		require.True(t, accepted || acceptedByGolangJWT(token), "rejected by both libraries")
	}
	if !both {
		return
	}
	reasons := reasonsToReject(token)
	if err == nil {
		require.Empty(t, reasons)
		return
	}
	require.NotEmpty(t, reasons, "accepted by both libraries: %v", err)
	fits := func(r rule) bool { return errorIs(err, r.want) }
	require.True(t, slices.ContainsFunc(reasons, fits), "%v, but %v", err, reasons)
}

// checkOutcome checks that Verify returned either claims or an error of one
// category that shows nothing of the token.
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

func acceptedByJOSE(token string) bool {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return false
	}
	_, err = jws.Verify(&clerkKey().PublicKey)
	return err == nil
}

func acceptedByGolangJWT(token string) bool {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	_, err := parser.Parse(token, func(*jwt.Token) (any, error) { return &clerkKey().PublicKey, nil })
	return err == nil
}

// A rule is a reason to reject a token that is properly signed.
type rule struct {
	name   string
	want   error
	broken func(decodedToken) bool
}

func (r rule) String() string { return r.name }

// decodedToken is a token as the standard library decodes it.
type decodedToken struct {
	raw    string
	parts  []string
	text   [2][]byte
	header map[string]any
	claims map[string]any
}

func reasonsToReject(token string) []rule {
	d := decodedToken{raw: token, parts: strings.Split(token, ".")}
	for i, target := range []*map[string]any{&d.header, &d.claims} {
		d.text[i], _ = base64.RawURLEncoding.DecodeString(d.parts[i])
		decoder := json.NewDecoder(strings.NewReader(string(d.text[i])))
		decoder.UseNumber()
		_ = decoder.Decode(target)
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return !r.broken(d) })
}

// rules say what a valid session token is, beyond its signature.
var rules = []rule{
	{"too long", ErrMalformed, func(d decodedToken) bool { return len(d.raw) > maxTokenBytes }},
	{"not canonical base64url", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc(d.parts, func(part string) bool {
			raw, _ := base64.RawURLEncoding.DecodeString(part)
			return base64.RawURLEncoding.EncodeToString(raw) != part
		})
	}},
	{"not strict JSON", ErrMalformed, func(d decodedToken) bool { // UTF-8, no duplicate names
		return !jsontext.Value(d.text[0]).IsValid() || !jsontext.Value(d.text[1]).IsValid()
	}},
	{"not an object", ErrMalformed, func(d decodedToken) bool { return d.header == nil || d.claims == nil }},

	{"header with a key or an extension", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc([]string{"jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip"},
			func(name string) bool { return has(d.header, name) })
	}},
	{"header member not a string", ErrMalformed, func(d decodedToken) bool {
		return !areText(d.header, "kid", "typ", "cat")
	}},
	{"missing kid", ErrMalformed, func(d decodedToken) bool { return d.header["kid"] == nil || d.header["kid"] == "" }},
	{"typ", ErrNotSessionToken, func(d decodedToken) bool { return d.header["typ"] != nil && d.header["typ"] != "JWT" }},
	{"cat", ErrNotSessionToken, func(d decodedToken) bool {
		return d.header["cat"] != nil && d.header["cat"] != categorySession && d.header["cat"] != categoryIgnored
	}},

	{"missing claim", ErrMalformed, func(d decodedToken) bool {
		return d.claims["exp"] == nil || d.claims["iat"] == nil || d.claims["iss"] == nil || d.claims["sub"] == nil
	}},
	{"claim not a string", ErrMalformed, func(d decodedToken) bool {
		return !areText(d.claims, "iss", "sub", "sid", "azp", "sts", "jti")
	}},
	{"not a time", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc([]string{"exp", "iat", "nbf"}, func(name string) bool {
			n, ok := integer(d.claims[name])
			return d.claims[name] != nil && (!ok || n <= 0 || n > maxSeconds)
		})
	}},
	{"empty azp or sts", ErrMalformed, func(d decodedToken) bool {
		return d.claims["azp"] == "" || d.claims["sts"] == ""
	}},
	{"fva", ErrMalformed, func(d decodedToken) bool { return d.claims["fva"] != nil && !isFVA(d.claims["fva"]) }},
	{"act", ErrMalformed, func(d decodedToken) bool { return d.claims["act"] != nil && !isActor(d.claims["act"]) }},
	{"version", ErrMalformed, func(d decodedToken) bool { return version(d) == 0 }},
	{"organization", ErrMalformed, func(d decodedToken) bool {
		return version(d) == 1 && !isOrgV1(d.claims) || version(d) == 2 && !isOrgV2(d.claims)
	}},

	{"issuer", ErrIssuer, func(d decodedToken) bool { return d.claims["iss"] != issuer }},
	{"no session", ErrNotSessionToken, func(d decodedToken) bool {
		return d.claims["sid"] == nil || d.claims["sid"] == ""
	}},
	{"not a user", ErrNotSessionToken, func(d decodedToken) bool {
		sub, _ := d.claims["sub"].(string)
		return !strings.HasPrefix(sub, "user_")
	}},
	{"authorized party", ErrAuthorizedParty, func(d decodedToken) bool { return d.claims["azp"] != party }},
	{"expired", ErrExpired, func(d decodedToken) bool {
		exp, _ := integer(d.claims["exp"])
		return exp+5 <= fixedClock().Unix()
	}},
	{"not yet valid", ErrNotYetValid, func(d decodedToken) bool {
		iat, _ := integer(d.claims["iat"])
		nbf, _ := integer(d.claims["nbf"])
		return max(iat, nbf) > fixedClock().Unix()+5
	}},
	{"status", ErrPending, func(d decodedToken) bool { return d.claims["sts"] != nil && d.claims["sts"] != "active" }},
}

func has(m map[string]any, name string) bool { _, ok := m[name]; return ok }

// isText reports whether v is a string, missing or null.
func isText(v any) bool { _, ok := v.(string); return ok || v == nil }

func areText(m map[string]any, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !isText(m[name]) })
}

func integer(v any) (int64, bool) {
	number, ok := v.(json.Number)
	n, err := strconv.ParseInt(string(number), 10, 64)
	return n, ok && err == nil
}

// version is 1, 2, or 0 for any other.
func version(d decodedToken) int64 {
	n, ok := integer(d.claims["v"])
	switch {
	case d.claims["v"] == nil:
		return 1
	case !ok || n != 1 && n != 2:
		return 0
	}
	return n
}

func isFVA(v any) bool {
	pair, ok := v.([]any)
	if !ok || len(pair) != 2 {
		return false
	}
	return !slices.ContainsFunc(pair, func(v any) bool {
		n, ok := integer(v)
		return !ok && v != nil || n < -1 || n > maxMinutes
	})
}

func isActor(v any) bool {
	actor, ok := v.(map[string]any)
	return ok && areText(actor, "sub", "sid", "iss") && actor["sub"] != nil && actor["sub"] != ""
}

func isOrgV1(claims map[string]any) bool {
	list, ok := claims["org_permissions"].([]any)
	return areText(claims, "org_id", "org_slug", "org_role") &&
		(ok || claims["org_permissions"] == nil) && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) })
}

func isOrgV2(claims map[string]any) bool {
	if !areText(claims, "pla", "fea") {
		return false
	}
	features := 0 // of the organization
	if fea, _ := claims["fea"].(string); fea != "" {
		for entry := range strings.SplitSeq(fea, ",") {
			scope, name, _ := strings.Cut(strings.TrimSpace(entry), ":")
			if name == "" || !slices.Contains([]string{"o", "u", "ou", "uo"}, scope) {
				return false
			}
			if scope != "u" {
				features++
			}
		}
	}
	org, ok := claims["o"].(map[string]any)
	if !ok {
		return claims["o"] == nil
	}
	if !areText(org, "id", "slg", "rol", "per", "fpm") {
		return false
	}
	per, _ := org["per"].(string)
	fpm, _ := org["fpm"].(string)
	return org["id"] != nil && org["id"] != "" && isPermissionMap(features, strings.Split(per, ","), fpm)
}

func isPermissionMap(features int, names []string, fpm string) bool {
	if fpm == "" {
		return true
	}
	for i, text := range strings.Split(fpm, ",") {
		text = strings.TrimSpace(text)
		if text == "" || strings.Trim(text, "0123456789") != "" {
			return false
		}
		mask, _ := new(big.Int).SetString(text, 10)
		for bit := range mask.BitLen() {
			if mask.Bit(bit) == 1 && (i >= features || bit >= len(names) || strings.TrimSpace(names[bit]) == "") {
				return false
			}
		}
	}
	return true
}
