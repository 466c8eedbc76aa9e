package sessionjwt

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// policy is what the options of a Verifier say. The zero policy authorizes every
// party and allows no difference of clocks.
type policy struct {
	parties   []string
	missingOK bool
	pendingOK bool
	leeway    int64 // in seconds
}

// usual is the policy of newVerifier.
var usual = policy{parties: []string{party}, leeway: 5}

func (p policy) options() []Option {
	opts := []Option{WithClock(fixedClock), WithLeeway(time.Duration(p.leeway) * time.Second)}
	if len(p.parties) > 0 {
		opts = append(opts, WithAuthorizedParties(p.parties...))
	}
	if p.missingOK {
		opts = append(opts, WithMissingAuthorizedParty())
	}
	if p.pendingOK {
		opts = append(opts, WithPending())
	}
	return opts
}

// checkAgainstOracles compares the outcome of Verify with go-jose, golang-jwt
// and the rules below: Verify accepts nothing that both libraries reject, and
// rejects what both accept only for a reason in the list, whose category the
// error has.
func checkAgainstOracles(t *testing.T, token string, claims *Claims, err error) {
	t.Helper()
	byJOSE, byGolangJWT := acceptedByJOSE(token), acceptedByGolangJWT(token)
	if err == nil {
		require.True(t, byJOSE || byGolangJWT, "rejected by both libraries")
	}
	if byJOSE && byGolangJWT {
		checkAgainstRules(t, usual, token, claims, err)
	} else {
		checkOutcome(t, token, claims, err)
	}
}

// checkAgainstRules compares the outcome of Verify with the rules.
func checkAgainstRules(t require.TestingT, p policy, token string, claims *Claims, err error) {
	checkOutcome(t, token, claims, err)
	broken := brokenRules(p, token)
	if err == nil {
		require.Empty(t, broken)
		return
	}
	require.NotEmpty(t, broken, "%v", err)
	fits := func(r rule) bool { return errorIs(err, r.want) }
	require.True(t, slices.ContainsFunc(broken, fits), "%v, but %v", err, broken)
}

// checkOutcome checks that Verify returned either claims or an error of one
// category that shows nothing of the token.
func checkOutcome(t require.TestingT, token string, claims *Claims, err error) {
	require.NotEqual(t, claims == nil, err == nil, "exactly one of claims and error")
	if err == nil {
		return
	}
	isCategory := func(category error) bool { return errorIs(err, category) }
	require.Len(t, slices.DeleteFunc(slices.Clone(categories), func(c error) bool { return !isCategory(c) }), 1, "%v", err)
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

// A rule is a reason to reject a token. Verify gives a reason of the first stage
// that has one.
type rule struct {
	stage  int
	name   string
	want   error
	broken func(decodedToken) bool
}

func (r rule) String() string { return r.name }

const (
	onHeader = iota
	onSignature
	onForm
	onIssuer
	onKind
	onParty
	onTimes
	onStatus
)

// decodedToken is a token as the standard library decodes it.
type decodedToken struct {
	policy
	raw    string
	parts  []string
	text   [2][]byte
	header map[string]any
	claims map[string]any
}

// brokenRules returns the rules of the first stage that a token breaks.
func brokenRules(p policy, token string) []rule {
	d := decodedToken{policy: p, raw: token, parts: strings.Split(token, ".")}
	for i, target := range []*map[string]any{&d.header, &d.claims} {
		d.text[i], _ = base64.RawURLEncoding.DecodeString(d.parts[i])
		decoder := json.NewDecoder(strings.NewReader(string(d.text[i])))
		decoder.UseNumber()
		_ = decoder.Decode(target)
	}
	broken := slices.DeleteFunc(slices.Clone(rules), func(r rule) bool { return !r.broken(d) })
	return slices.DeleteFunc(broken, func(r rule) bool { return r.stage > broken[0].stage })
}

// rules say what a valid session token is, in the order of their stages.
var rules = []rule{
	{onHeader, "too long", ErrMalformed, func(d decodedToken) bool { return len(d.raw) > maxTokenBytes }},
	{onHeader, "not canonical base64url", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc(d.parts, func(part string) bool {
			raw, _ := base64.RawURLEncoding.DecodeString(part)
			return base64.RawURLEncoding.EncodeToString(raw) != part
		})
	}},
	// Strict JSON is UTF-8 without duplicate names.
	{onHeader, "header not a strict JSON object", ErrMalformed, func(d decodedToken) bool {
		return d.header == nil || !jsontext.Value(d.text[0]).IsValid()
	}},
	{onHeader, "header with a key or an extension", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc([]string{"jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip"},
			func(name string) bool { return has(d.header, name) })
	}},
	{onHeader, "header member not a string", ErrMalformed, func(d decodedToken) bool {
		return !areText(d.header, "alg", "kid", "typ", "cat")
	}},
	{onHeader, "alg", ErrSignature, func(d decodedToken) bool { return d.header["alg"] != "RS256" }},
	{onHeader, "missing kid", ErrMalformed, func(d decodedToken) bool { return d.header["kid"] == nil || d.header["kid"] == "" }},
	{onHeader, "typ", ErrNotSessionToken, func(d decodedToken) bool { return has(d.header, "typ") && d.header["typ"] != "JWT" }},
	{onHeader, "cat", ErrNotSessionToken, func(d decodedToken) bool {
		return has(d.header, "cat") && d.header["cat"] != categorySession && d.header["cat"] != categoryIgnored
	}},

	{onSignature, "signature", ErrSignature, func(d decodedToken) bool { return !acceptedByGolangJWT(d.raw) }},

	{onForm, "claims not a strict JSON object", ErrMalformed, func(d decodedToken) bool {
		return d.claims == nil || !jsontext.Value(d.text[1]).IsValid()
	}},
	{onForm, "missing claim", ErrMalformed, func(d decodedToken) bool {
		return d.claims["exp"] == nil || d.claims["iat"] == nil || d.claims["iss"] == nil || d.claims["sub"] == nil
	}},
	{onForm, "claim not a string", ErrMalformed, func(d decodedToken) bool {
		return !areText(d.claims, "iss", "sub", "sid", "azp", "sts", "jti")
	}},
	{onForm, "not a time", ErrMalformed, func(d decodedToken) bool {
		return !isTime(d.claims["exp"]) || !isTime(d.claims["iat"]) || !isZero(d.claims["nbf"]) && !isTime(d.claims["nbf"])
	}},
	{onForm, "empty azp or sts", ErrMalformed, func(d decodedToken) bool {
		return d.claims["azp"] == "" || d.claims["sts"] == ""
	}},
	{onForm, "fva", ErrMalformed, func(d decodedToken) bool { return d.claims["fva"] != nil && !isFVA(d.claims["fva"]) }},
	{onForm, "act", ErrMalformed, func(d decodedToken) bool { return d.claims["act"] != nil && !isActor(d.claims["act"]) }},
	{onForm, "version", ErrMalformed, func(d decodedToken) bool { return version(d) != 1 && version(d) != 2 }},
	{onForm, "organization", ErrMalformed, func(d decodedToken) bool {
		return version(d) == 1 && !isOrgV1(d.claims) || version(d) == 2 && !isOrgV2(d.claims)
	}},

	{onIssuer, "issuer", ErrIssuer, func(d decodedToken) bool { return d.claims["iss"] != issuer }},
	{onKind, "no session", ErrNotSessionToken, func(d decodedToken) bool {
		return d.claims["sid"] == nil || d.claims["sid"] == ""
	}},
	{onKind, "not a user", ErrNotSessionToken, func(d decodedToken) bool {
		sub, _ := d.claims["sub"].(string)
		return !strings.HasPrefix(sub, "user_")
	}},
	{onParty, "authorized party", ErrAuthorizedParty, func(d decodedToken) bool {
		azp, ok := d.claims["azp"].(string)
		return len(d.parties) > 0 && !slices.Contains(d.parties, azp) && (ok || !d.missingOK)
	}},
	{onTimes, "expired", ErrExpired, func(d decodedToken) bool {
		exp, _ := integer(d.claims["exp"])
		return exp+d.leeway <= fixedClock().Unix()
	}},
	{onTimes, "not yet valid", ErrNotYetValid, func(d decodedToken) bool {
		iat, _ := integer(d.claims["iat"])
		nbf, _ := integer(d.claims["nbf"])
		return max(iat, nbf) > fixedClock().Unix()+d.leeway
	}},
	{onStatus, "status", ErrPending, func(d decodedToken) bool {
		sts := d.claims["sts"]
		return sts != nil && sts != "active" && !(sts == "pending" && d.pendingOK)
	}},
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

func isTime(v any) bool {
	n, ok := integer(v)
	return ok && n > 0 && n <= 253402300799
}

// isZero reports whether v is missing, null or 0.
func isZero(v any) bool {
	n, ok := integer(v)
	return v == nil || ok && n == 0
}

// version is 1 if missing and 0 if not a number.
func version(d decodedToken) int64 {
	if !has(d.claims, "v") {
		return 1
	}
	n, _ := integer(d.claims["v"])
	return n
}

func isFVA(v any) bool {
	pair, ok := v.([]any)
	return ok && len(pair) == 2 && !slices.ContainsFunc(pair, func(v any) bool {
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
	per, _ := org["per"].(string)
	fpm, _ := org["fpm"].(string)
	return areText(org, "id", "slg", "rol", "per", "fpm") && org["id"] != nil && org["id"] != "" &&
		isPermissionMap(features, strings.Split(per, ","), fpm)
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
