package sessionjwt

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The values that members of a token may have. The first is that of a valid token.
var (
	headerChoices = map[string][]any{
		"alg":  {"RS256", "RS512", absent},
		"kid":  {keyID, "", 7},
		"typ":  {"JWT", absent, nil, "at+jwt"},
		"cat":  {categorySession, absent, nil, categoryIgnored, categoryTemplate},
		"crit": {absent, []string{"exp"}},
	}
	claimChoices = map[string][]any{
		"iss": {issuer, issuer + "/", absent, ""},
		"sub": {"user_2abc", "mch_2abc", absent},
		"sid": {"sess_2abc", absent, []int{}},
		"azp": {party, absent, "https://evil.example", ""},
		"sts": {"active", absent, "pending", "frozen", ""},
		"v":   {2, 3, "2", nil},
		"fva": {[]int{0, -1}, absent, []int{1}, []int{-2, 0}},
		"act": {absent, members{"sub": "user_2admin"}, members{}},
	}
)

// draw changes a few members.
func draw(t *rapid.T, good members, choices map[string][]any) members {
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		value := choices[name][0]
		if rapid.IntRange(0, 14).Draw(t, name+" is special") == 0 {
			value = rapid.SampledFrom(choices[name]).Draw(t, name)
		}
		good = good.with(name, value)
	}
	return good
}

// TestVerifyAgainstAModel verifies tokens of which any number of members are flawed, and
// compares the outcome with the rules for a valid token.
func TestVerifyAgainstAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := policy{leeway: rapid.Int64Range(0, 20).Draw(rt, "leeway"), pendingOK: rapid.Bool().Draw(rt, "pending is accepted")}
		p.parties = rapid.SampledFrom([][]string{{party}, nil, {"http://localhost:3000", party}}).Draw(rt, "parties")
		p.missingOK = len(p.parties) > 0 && rapid.Bool().Draw(rt, "azp may be missing")
		opts := p.options()
		if size := rapid.IntRange(0, 2).Draw(rt, "size of the cache"); size > 0 {
			opts = append(opts, WithCache(size))
		}
		v, err := New(must(KeysFromPEM(pemOf(clerkKey()))), issuer, opts...)
		require.NoError(rt, err)

		now, seconds := fixedClock().Unix(), rapid.SampledFrom([]int64{-1000, -1000, -1, 0, 1})
		claims := draw(rt, goodClaims(), claimChoices).with(
			"exp", now-p.leeway-seconds.Draw(rt, "seconds past exp and leeway"),
			"iat", now+p.leeway+seconds.Draw(rt, "seconds of iat beyond the leeway"),
			"nbf", now+p.leeway+seconds.Draw(rt, "seconds of nbf beyond the leeway"))
		key := clerkKey()
		if rapid.IntRange(0, 9).Draw(rt, "other key") == 0 {
			key = otherKey()
		}
		token := sign(key, draw(rt, goodHeader(), headerChoices), claims)
		for range 2 { // the second time from the cache, if there is one
			got, err := v.Verify(t.Context(), token)
			checkAgainstRules(rt, p, token, got, err)
			if err == nil {
				require.Equal(rt, "user_2abc", got.UserID)
				require.Equal(rt, claims["exp"], got.ExpiresAt.Unix())
				require.Equal(rt, claims["nbf"], got.NotBefore.Unix())
				require.Equal(rt, claims["act"] != nil, got.Actor != nil)
			}
		}
	})
}
