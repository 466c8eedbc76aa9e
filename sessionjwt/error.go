package sessionjwt

import (
	"errors"
	"fmt"
)

// Categories of errors. Every error of this package belongs to one, found with
// [errors.Is], and its text adds the details. No text contains a token, a signature,
// a secret key or key material. A value quoted from a token is truncated to 64
// characters.
var (
	// ErrInvalidArgument means that an argument of a constructor or of
	// IssuerFromPublishableKey is not valid. Nothing was sent.
	ErrInvalidArgument = errors.New("sessionjwt: invalid argument")

	// ErrNoToken means that a request has no session token. Only the middleware
	// returns it.
	ErrNoToken = errors.New("sessionjwt: no session token in the request")

	// ErrMalformed means that the text is not a JWT, or that its header or claims do
	// not have the form Clerk gives them: a required claim is missing, a claim has
	// another type, a name is duplicated, or the header carries a key.
	ErrMalformed = errors.New("sessionjwt: malformed token")

	// ErrSignature means that no key of this instance made the signature: the
	// algorithm is not RS256, the key id is unknown, or the check failed.
	ErrSignature = errors.New("sessionjwt: invalid signature")

	// ErrIssuer means that the token is properly signed but its "iss" does not equal
	// the issuer given to New.
	ErrIssuer = errors.New("sessionjwt: wrong issuer")

	// ErrNotSessionToken means that the token is of another kind: made from a JWT
	// template, for a machine, or without a session or user.
	ErrNotSessionToken = errors.New("sessionjwt: not a session token")

	// ErrAuthorizedParty means that "azp" is not one of the authorized parties, or
	// that it is missing and WithMissingAuthorizedParty is not used.
	ErrAuthorizedParty = errors.New("sessionjwt: wrong authorized party")

	// ErrExpired means that "exp" has passed by the leeway or more. All checks before
	// it succeeded; the session's status was not checked.
	ErrExpired = errors.New("sessionjwt: token expired")

	// ErrNotYetValid means that "nbf" or "iat" is ahead by more than the leeway: one
	// of the two clocks is wrong.
	ErrNotYetValid = errors.New("sessionjwt: token not yet valid")

	// ErrPending means that the token is valid but its session is not active: the
	// user has not finished signing in and counts as signed out.
	ErrPending = errors.New("sessionjwt: session not active")

	// ErrKeysUnavailable means that the keys could not be fetched, so the token was
	// neither accepted nor rejected. Respond with 503, not 401.
	ErrKeysUnavailable = errors.New("sessionjwt: verification keys unavailable")
)

// fail returns an error of the given category with a formatted detail.
func fail(category error, format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{category}, args...)...)
}

// quoted returns an untrusted string quoted and truncated for an error message.
func quoted(s string) string { return fmt.Sprintf("%.64q", s) }
