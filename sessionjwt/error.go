package sessionjwt

import (
	"errors"
	"fmt"
)

// The categories of failure. Every error of this package is one of them,
// found with [errors.Is], and its text goes on to say what was expected, what
// came, and often what to do. No error text holds a token, a signature, a
// secret key or key material, and what it quotes from a token is cut to 64
// characters.
var (
	// ErrInvalidArgument says that a Verifier or a KeySource was configured in
	// a way that cannot work. It comes from constructors only, before anything
	// is sent.
	ErrInvalidArgument = errors.New("sessionjwt: invalid argument")

	// ErrNoToken says that a request carried no session token. It comes from
	// the middleware only.
	ErrNoToken = errors.New("sessionjwt: no session token in the request")

	// ErrMalformed says that the text is no JWT, or that its header or claims
	// are not of the form Clerk gives them: a required claim missing, a claim
	// of another type, a member named twice, a header that carries a key.
	ErrMalformed = errors.New("sessionjwt: malformed token")

	// ErrSignature says that no key of this instance made the signature: the
	// algorithm is not RS256, the key id is unknown, or the check failed. It is also
	// the answer to a token of a key that was rotated in under the same id while the
	// key server is down: it cannot be told from a forged one.
	ErrSignature = errors.New("sessionjwt: signature not valid")

	// ErrIssuer says that the token is properly signed but its "iss" is not,
	// byte for byte, the issuer given to New.
	ErrIssuer = errors.New("sessionjwt: wrong issuer")

	// ErrNotSessionToken says that the token is of another kind: made from a
	// JWT template, for a machine, or without session or user.
	ErrNotSessionToken = errors.New("sessionjwt: not a session token")

	// ErrAuthorizedParty says that "azp" is not one of the authorized parties,
	// or is absent where WithMissingAuthorizedParty was not given.
	ErrAuthorizedParty = errors.New("sessionjwt: wrong authorized party")

	// ErrExpired says that "exp" has passed, leeway included. Everything but
	// the session's status was right with the token.
	ErrExpired = errors.New("sessionjwt: token expired")

	// ErrNotYetValid says that "nbf" or "iat" lies in the future, leeway
	// included: one of the two clocks is wrong.
	ErrNotYetValid = errors.New("sessionjwt: token not yet valid")

	// ErrPending says that the token is valid but its session is not active:
	// the user still has tasks to finish and counts as signed out.
	ErrPending = errors.New("sessionjwt: session not active")

	// ErrKeysUnavailable says that the keys could not be had, so that nothing
	// is known about the token. Answer it with a 503, never a 401.
	ErrKeysUnavailable = errors.New("sessionjwt: verification keys unavailable")
)

// fail joins a category and what is known about this one case.
func fail(category error, format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{category}, args...)...)
}

// quoted makes text of unknown origin fit for an error: on one line, escaped,
// and no longer than 64 characters.
func quoted(s string) string { return fmt.Sprintf("%.64q", s) }
