package sessionjwt

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var categories = []error{
	ErrInvalidArgument, ErrNoToken, ErrMalformed, ErrSignature, ErrIssuer, ErrNotSessionToken,
	ErrAuthorizedParty, ErrExpired, ErrNotYetValid, ErrPending, ErrKeysUnavailable,
}

func errorIs(err, target error) bool { return errors.Is(err, target) }

// assertHarmless checks that an error is one short line without any part of the
// token.
func assertHarmless(t *testing.T, err error, token string) {
	t.Helper()
	text := err.Error()
	assert.Less(t, len(text), 500, "bounded")
	assert.NotContains(t, text, "\n")
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 20 {
			assert.NotContains(t, text, part[:20])
		}
	}
}

func TestErrorsQuoteAndTruncateUntrustedText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x1b[31m\n\u2028é", 60)
	v := newVerifier(t)
	for _, token := range []string{
		sign(t, clerkKey(), goodHeader().with("alg", long), goodClaims()),
		sign(t, clerkKey(), goodHeader().with("cat", long), goodClaims()),
		sign(t, clerkKey(), goodHeader().with("typ", long), goodClaims()),
		sign(t, clerkKey(), goodHeader().with("kid", members{long: 1}), goodClaims()),
		sign(t, otherKey(), goodHeader().with("kid", long), goodClaims()),
		sign(t, clerkKey(), goodHeader(), goodClaims().with("iss", long)),
		sign(t, clerkKey(), goodHeader(), goodClaims().with("sub", long)),
		sign(t, clerkKey(), goodHeader(), goodClaims().with("azp", long)),
		sign(t, clerkKey(), goodHeader(), goodClaims().with("sts", long)),
		sign(t, clerkKey(), goodHeader(), goodClaims().with("o", members{"id": members{long: 1}})),
	} {
		_, err := v.Verify(t.Context(), token)
		if assert.Error(t, err) {
			assertHarmless(t, err, token)
			assert.NotContains(t, err.Error(), "\x1b")
			assert.NotContains(t, err.Error(), "bytes long", "the token itself was short enough")
		}
	}
}

func TestErrorsLocateInvalidJSON(t *testing.T) {
	t.Parallel()
	v := newVerifier(t)
	for claims, want := range map[string]string{
		`{"sub":"user_1","sub":"user_2"}`: "duplicate name",
		`{"fva":[0,"x"]}`:                 `member "/fva/1" is not of the expected type`,
		`[]`:                              "claims: not a JSON object",
		`{"sub":`:                         "claims: not a JSON object",
	} {
		_, err := v.Verify(t.Context(), sign(t, clerkKey(), goodHeader(), claims))
		assert.ErrorContains(t, err, want)
	}
}
