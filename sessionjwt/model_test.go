package sessionjwt

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The stages of Verify: the first that fails determines the error.
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

// A flaw is what is wrong with a token, if anything is: fails is nil if the member is
// as it should be.
type flaw struct {
	stage int
	fails error
}

// A choice is one value of a member of a token, and what follows from it.
type choice struct {
	name  string
	value any
	flaw
}

// members of the header and claims with the values that a token may have there. The
// first is that of a valid token.
var (
	headerChoices = map[string][]choice{
		"alg": {{"RS256", "RS256", flaw{}}, {"RS512", "RS512", flaw{onHeader, ErrSignature}}, {"missing", absent, flaw{onHeader, ErrSignature}}},
		"kid": {{"known", keyID, flaw{}}, {"empty", "", flaw{onHeader, ErrMalformed}}, {"a number", 7, flaw{onHeader, ErrMalformed}}},
		"typ": {{"JWT", "JWT", flaw{}}, {"missing", absent, flaw{}}, {"at+jwt", "at+jwt", flaw{onHeader, ErrNotSessionToken}}},
		"cat": {
			{"session", categorySession, flaw{}}, {"missing", absent, flaw{}}, {"ignored", categoryIgnored, flaw{}},
			{"template", categoryTemplate, flaw{onHeader, ErrNotSessionToken}},
		},
		"crit": {{"missing", absent, flaw{}}, {"a list", []string{"exp"}, flaw{onHeader, ErrMalformed}}},
	}
	claimChoices = map[string][]choice{
		"iss": {
			{"the issuer", issuer, flaw{}}, {"longer", issuer + "/", flaw{onIssuer, ErrIssuer}},
			{"missing", absent, flaw{onForm, ErrMalformed}}, {"empty", "", flaw{onIssuer, ErrIssuer}},
		},
		"sub": {{"a user", "user_2abc", flaw{}}, {"a machine", "mch_2abc", flaw{onKind, ErrNotSessionToken}}, {"missing", absent, flaw{onForm, ErrMalformed}}},
		"sid": {{"a session", "sess_2abc", flaw{}}, {"missing", absent, flaw{onKind, ErrNotSessionToken}}, {"a list", []int{}, flaw{onForm, ErrMalformed}}},
		"v":   {{"2", 2, flaw{}}, {"3", 3, flaw{onForm, ErrMalformed}}, {"text", "2", flaw{onForm, ErrMalformed}}},
		"fva": {{"ages", []int{0, -1}, flaw{}}, {"missing", absent, flaw{}}, {"one age", []int{1}, flaw{onForm, ErrMalformed}}, {"too low", []int{-2, 0}, flaw{onForm, ErrMalformed}}},
		"act": {{"missing", absent, flaw{}}, {"a user", members{"sub": "user_2admin"}, flaw{}}, {"nobody", members{}, flaw{onForm, ErrMalformed}}},
	}
)

// token is a token drawn at random, and what Verify has to say to it.
type token struct {
	*rapid.T
	opts  []Option
	flaws []flaw
}

func (m *token) found(f flaw) {
	if f.fails != nil {
		m.flaws = append(m.flaws, f)
	}
}

// members draws each member, most of them as they should be.
func (m *token) members(good members, choices map[string][]choice) members {
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		chosen := choices[name][0]
		if rapid.IntRange(0, 14).Draw(m.T, name+" is special") == 0 {
			chosen = rapid.SampledFrom(choices[name]).Draw(m.T, name)
		}
		good = good.with(name, chosen.value)
		m.found(chosen.flaw)
	}
	return good
}

// party draws azp and which parties are authorized.
func (m *token) party(claims members) members {
	parties := rapid.SampledFrom([][]string{{party}, nil, {"http://localhost:3000", party}}).Draw(m.T, "parties")
	missingOK := len(parties) > 0 && rapid.Bool().Draw(m.T, "azp may be missing")
	azp := rapid.SampledFrom([]any{party, party, party, absent, "https://evil.example", ""}).Draw(m.T, "azp")
	if len(parties) > 0 {
		m.opts = append(m.opts, WithAuthorizedParties(parties...))
	}
	if missingOK {
		m.opts = append(m.opts, WithMissingAuthorizedParty())
	}
	switch {
	case azp == "":
		m.found(flaw{onForm, ErrMalformed})
	case len(parties) > 0 && azp != party && !(azp == absent && missingOK):
		m.found(flaw{onParty, ErrAuthorizedParty})
	}
	return claims.with("azp", azp)
}

// times draws the times, often right at the leeway.
func (m *token) times(claims members) members {
	leeway := rapid.IntRange(0, 20).Draw(m.T, "leeway")
	if leeway != 5 {
		m.opts = append(m.opts, WithLeeway(time.Duration(leeway)*time.Second))
	}
	now := int(fixedClock().Unix())
	around := rapid.SampledFrom([]int{-1000, -1000, -1, 0, 1})
	late := around.Draw(m.T, "seconds past exp and leeway")
	if late >= 0 {
		m.found(flaw{onTimes, ErrExpired})
	}
	claims = claims.with("exp", now-leeway-late)
	for _, name := range []string{"iat", "nbf"} {
		early := around.Draw(m.T, "seconds of "+name+" beyond the leeway")
		if early > 0 {
			m.found(flaw{onTimes, ErrNotYetValid})
		}
		claims = claims.with(name, now+leeway+early)
	}
	return claims
}

// status draws the status and whether a pending session is accepted.
func (m *token) status(claims members) members {
	pendingOK := rapid.Bool().Draw(m.T, "pending is accepted")
	if pendingOK {
		m.opts = append(m.opts, WithPending())
	}
	sts := rapid.SampledFrom([]any{"active", "active", "active", absent, "pending", "frozen", ""}).Draw(m.T, "sts")
	switch {
	case sts == "":
		m.found(flaw{onForm, ErrMalformed})
	case sts == "frozen", sts == "pending" && !pendingOK:
		m.found(flaw{onStatus, ErrPending})
	}
	return claims.with("sts", sts)
}

// allowed returns the categories of the first stage that fails.
func (m *token) allowed() (categories []error) {
	first := onStatus
	for _, f := range m.flaws {
		first = min(first, f.stage)
	}
	for _, f := range m.flaws {
		if f.stage == first {
			categories = append(categories, f.fails)
		}
	}
	return categories
}

// TestVerifyAgainstAModel verifies tokens of which any number of members are flawed, and
// compares the outcome with a list of what a valid token is.
func TestVerifyAgainstAModel(t *testing.T) {
	t.Parallel()
	keys, err := KeysFromPEM(pemOf(t, clerkKey()))
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		m := &token{T: rt, opts: []Option{WithClock(fixedClock)}}
		header := m.members(goodHeader(), headerChoices)
		claims := m.status(m.times(m.party(m.members(goodClaims(), claimChoices))))
		key := clerkKey()
		if rapid.IntRange(0, 9).Draw(rt, "other key") == 0 {
			key = otherKey()
			m.found(flaw{onSignature, ErrSignature})
		}
		if size := rapid.IntRange(0, 2).Draw(rt, "size of the cache"); size > 0 {
			m.opts = append(m.opts, WithCache(size))
		}
		v, err := New(keys, issuer, m.opts...)
		require.NoError(rt, err)

		text := sign(t, key, header, claims)
		for range 2 { // the second time from the cache, if there is one
			got, err := v.Verify(t.Context(), text)
			if len(m.flaws) > 0 {
				require.Nil(rt, got)
				require.True(rt, slices.ContainsFunc(m.allowed(), func(category error) bool { return errorIs(err, category) }),
					"%v, want one of %v", err, m.allowed())
				continue
			}
			require.NoError(rt, err)
			require.Equal(rt, "user_2abc", got.UserID)
			require.EqualValues(rt, claims["exp"], got.ExpiresAt.Unix())
			require.EqualValues(rt, claims["nbf"], got.NotBefore.Unix())
			require.Equal(rt, claims["act"] != nil, got.Actor != nil)
		}
	})
}
