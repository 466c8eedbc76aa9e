package sessionjwt

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var categories = []error{
	ErrInvalidArgument, ErrNoToken, ErrMalformed, ErrSignature, ErrIssuer, ErrNotSessionToken,
	ErrAuthorizedParty, ErrExpired, ErrNotYetValid, ErrPending, ErrKeysUnavailable,
}

func errorIs(err, target error) bool { return errors.Is(err, target) }

// assertHarmless checks that an error is one short line without any part of the
// token.
func assertHarmless(t assert.TestingT, err error, token string) {
	text := err.Error()
	assert.Less(t, len(text), 500, "bounded")
	assert.NotContains(t, text, "\n")
	assert.NotContains(t, text, "\x1b")
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 20 {
			assert.NotContains(t, text, part[:20])
		}
	}
}

// hostile is text that must not get into an error as it is.
var hostile = strings.Repeat("\x1b[31m\n\u2028é", 60)

func TestErrorsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	local := newVerifier(t)
	_, fetched := remote(t, inMemory)
	raw := func(claims string) string { return sign(clerkKey(), goodHeader(), claims) }
	for _, tc := range []struct {
		v           *Verifier
		token, want string
	}{
		{local, raw(`{"sub":"user_1","sub":"user_2"}`), "duplicate name"},
		{local, raw(`{"fva":[0,"x"]}`), `member "/fva/1" is not of the expected type`},
		{local, raw(`[]`), "claims: not a JSON object"},
		{local, goodToken("iat", absent), "missing claim iat"},
		{local, goodToken("v", 3), "claims of version 3"},
		{local, goodToken("v", 2, "o", "x"), `member "/o"`},
		{local, "a.b", "2 parts, want 3 as in a signed JWT"},
		{local, goodToken("azp", absent), "missing azp, as in tokens without an Origin"},
		{local, goodToken("azp", "https://evil.example"), `azp is "https://evil.example"`},
		{local, goodToken("exp", issued.Unix()), "exp was 10s ago, leeway 5s"},
		{local, goodToken("iat", issued.Unix()+60), "nbf or iat is 50s ahead, leeway 5s"},
		{fetched, signedWith(otherKey(), "ins_new"), `signed with key "ins_new"; ` + issuer + `/.well-known/jwks.json has only "` + keyID + `"`},
		{fetched, signedWith(otherKey(), hostile), `signed with key "\x1b[31m\n`},
		{fetched, signedWith(otherKey(), keyID), `not signed with key "` + keyID + `"`},
	} {
		_, err := tc.v.Verify(t.Context(), tc.token)
		assert.NotContains(t, err.Error(), "With", "names of Go mean nothing to those who only send a token")
		require.ErrorContains(t, err, tc.want)
		assertHarmless(t, err, tc.token)
	}
}
