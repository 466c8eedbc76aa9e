package sessionjwt

import (
	"context"
	"crypto/rsa"
)

// KeySource provides the public keys of one Clerk instance to a Verifier.
// KeysFromPEM, KeysFromIssuer and KeysFromBackendAPI return one. It is safe for
// concurrent use. Several Verifiers of the same instance may share it, and its
// cache with it.
type KeySource interface {
	// key returns the key with the given id other than rejected, which is nil
	// or a key returned before that did not fit. The error is ErrSignature if
	// there is none and ErrKeysUnavailable if that is not known.
	key(ctx context.Context, id string, rejected *rsa.PublicKey) (*rsa.PublicKey, error)
}
