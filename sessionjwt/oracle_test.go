package sessionjwt

import (
	"encoding/base64"
	"encoding/json"
	"math"
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

// policy is the effect of a Verifier's options. The zero policy authorizes every party
// and has no leeway.
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
	var broken []rule
	for _, r := range rules {
		if len(broken) > 0 && r.stage > broken[0].stage {
			break
		}
		if r.broken(d) {
			broken = append(broken, r)
		}
	}
	return broken
}

// rules define a valid session token, in the order of their stages.
var rules = []rule{
	{onHeader, "too long", ErrMalformed, func(d decodedToken) bool { return len(d.raw) > maxTokenBytes }},
	{onHeader, "not canonical base64url", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc(d.parts, func(part string) bool {
			raw, _ := base64.RawURLEncoding.DecodeString(part)
			return base64.RawURLEncoding.EncodeToString(raw) != part
		})
	}},
	// Strict JSON is UTF-8 without duplicate names.
	{onHeader, "header not strict JSON", ErrMalformed, func(d decodedToken) bool { return !jsontext.Value(d.text[0]).IsValid() }},
	{onHeader, "form of the header", ErrMalformed, func(d decodedToken) bool {
		return !hasForm(d.header, forms{"alg": isText, "kid": isFilled, "typ": isText, "cat": isText})
	}},
	{onHeader, "header with a key or an extension", ErrMalformed, func(d decodedToken) bool {
		return slices.ContainsFunc([]string{"jwk", "jku", "x5c", "x5u", "crit", "b64", "enc", "zip"},
			func(name string) bool { return has(d.header, name) })
	}},
	{onHeader, "alg", ErrSignature, func(d decodedToken) bool { return d.header["alg"] != "RS256" }},
	{onHeader, "typ", ErrNotSessionToken, func(d decodedToken) bool { return has(d.header, "typ") && d.header["typ"] != "JWT" }},
	{onHeader, "cat", ErrNotSessionToken, func(d decodedToken) bool {
		return has(d.header, "cat") && d.header["cat"] != categorySession && d.header["cat"] != categoryIgnored
	}},

	{onSignature, "signature", ErrSignature, func(d decodedToken) bool { return !acceptedByGolangJWT(d.raw) }},

	{onForm, "claims not strict JSON", ErrMalformed, func(d decodedToken) bool { return !jsontext.Value(d.text[1]).IsValid() }},
	{onForm, "form of the claims", ErrMalformed, func(d decodedToken) bool {
		return !hasForm(d.claims, forms{
			"iss": isString, "sub": isString, "sid": isText, "jti": isText, "azp": isMissingOrFilled, "sts": isMissingOrFilled,
			"exp": isTime, "iat": isTime, "nbf": func(v any) bool { return integer(v) == 0 || isTime(v) },
			"fva": isFVA, "act": isActor,
		})
	}},
	{onForm, "version", ErrMalformed, func(d decodedToken) bool {
		switch v := d.claims["v"]; {
		case !has(d.claims, "v"), v == json.Number("1"):
			return !hasForm(d.claims, forms{"org_id": isText, "org_slug": isText, "org_role": isText, "org_permissions": isListOfText})
		default:
			return v != json.Number("2") || !isVersion2(d.claims)
		}
	}},

	{onIssuer, "issuer", ErrIssuer, func(d decodedToken) bool { return d.claims["iss"] != issuer }},
	{onKind, "no session", ErrNotSessionToken, func(d decodedToken) bool { return !isFilled(d.claims["sid"]) }},
	{onKind, "not a user", ErrNotSessionToken, func(d decodedToken) bool { return !strings.HasPrefix(d.claims["sub"].(string), "user_") }},
	{onParty, "authorized party", ErrAuthorizedParty, func(d decodedToken) bool {
		azp, ok := d.claims["azp"].(string)
		return len(d.parties) > 0 && !slices.Contains(d.parties, azp) && (ok || !d.missingOK)
	}},
	{onTimes, "expired", ErrExpired, func(d decodedToken) bool {
		return integer(d.claims["exp"])+d.leeway <= fixedClock().Unix()
	}},
	{onTimes, "not yet valid", ErrNotYetValid, func(d decodedToken) bool {
		return max(integer(d.claims["iat"]), integer(d.claims["nbf"])) > fixedClock().Unix()+d.leeway
	}},
	{onStatus, "status", ErrPending, func(d decodedToken) bool {
		sts := d.claims["sts"]
		return sts != nil && sts != "active" && !(sts == "pending" && d.pendingOK)
	}},
}

// forms are the predicates of the members of an object. A missing member is nil.
type forms map[string]func(any) bool

func hasForm(m map[string]any, f forms) bool {
	for name, is := range f {
		if !is(m[name]) {
			return false
		}
	}
	return m != nil
}

func has(m map[string]any, name string) bool { _, ok := m[name]; return ok }

func isString(v any) bool          { _, ok := v.(string); return ok }
func isText(v any) bool            { return v == nil || isString(v) }
func isFilled(v any) bool          { return isString(v) && v != "" }
func isMissingOrFilled(v any) bool { return v == nil || isFilled(v) }
func isTime(v any) bool            { n := integer(v); return n > 0 && n <= 253402300799 }

// integer returns a number that is not an integer as math.MinInt64.
func integer(v any) int64 {
	if v == nil {
		return 0
	}
	number, _ := v.(json.Number)
	if n, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return n
	}
	return math.MinInt64
}

func isListOfText(v any) bool {
	list, ok := v.([]any)
	return (v == nil || ok) && !slices.ContainsFunc(list, func(v any) bool { return !isText(v) })
}

func isFVA(v any) bool {
	pair, _ := v.([]any)
	return v == nil || len(pair) == 2 && !slices.ContainsFunc(pair, func(v any) bool {
		return v == nil || integer(v) < -1 || integer(v) > maxMinutes
	})
}

func isActor(v any) bool {
	actor, _ := v.(map[string]any)
	return v == nil || hasForm(actor, forms{"sub": isFilled, "sid": isText, "iss": isText})
}

// isVersion2 reports whether the plan, features and organization of version 2 are
// well-formed and belong together.
func isVersion2(claims map[string]any) bool {
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
	isOrganization := func(v any) bool {
		org, _ := v.(map[string]any)
		per, _ := org["per"].(string)
		fpm, _ := org["fpm"].(string)
		return v == nil || isPermissionMap(features, strings.Split(per, ","), fpm) &&
			hasForm(org, forms{"id": isFilled, "slg": isText, "rol": isText, "per": isText, "fpm": isText})
	}
	return hasForm(claims, forms{"pla": isText, "fea": isText, "o": isOrganization})
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
