package sessionjwt

import (
	"context"
	"crypto/rsa"
)

// minKeyBits is the size of Clerk's own keys and the least that RS256 allows
// (RFC 7518, section 3.3).
const minKeyBits = 2048

// KeySource gives a Verifier the public keys of one Clerk instance. Get one
// from KeysFromPEM, KeysFromIssuer or KeysFromBackendAPI. It is safe for
// concurrent use and may be shared by several Verifiers of the same instance,
// which then share its cache.
type KeySource interface {
	// key returns the key with the given id other than rejected, which is nil
	// or a key that was returned before and did not fit. The error is
	// ErrSignature when there is none and ErrKeysUnavailable when that cannot
	// be known.
	key(ctx context.Context, id string, rejected *rsa.PublicKey) (*rsa.PublicKey, error)
}
