package sessionjwt

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// minKeyBits is the size of Clerk's own keys and the minimum for RS256 (RFC
	// 7518, section 3.3). maxKeyBits is crypto/tls's limit; larger keys make each
	// verification expensive.
	minKeyBits = 2048
	maxKeyBits = 8192

	maxSetKeys = 64
)

// keySet is a response of a key server. It is immutable.
type keySet struct {
	keys    []namedKey
	fetched time.Time // when the request was sent
}

type namedKey struct {
	id     string
	public *rsa.PublicKey
}

// find returns the key with the given id that signed the token, or nil. known
// reports whether any key has that id.
func (s *keySet) find(id string, token signed) (key *rsa.PublicKey, known bool) {
	for _, k := range s.keys {
		if k.id != id {
			continue
		}
		if known = true; token.signedBy(k.public) {
			return k.public, true
		}
	}
	return nil, known
}

// ids lists at most four of the key ids, for error messages.
func (s *keySet) ids() string {
	var ids []string
	for _, k := range s.keys[:min(4, len(s.keys))] {
		ids = append(ids, quoted(k.id))
	}
	return strings.Join(ids, ", ")
}

// parseKeySet returns the usable keys of a JWK set (RFC 7517), at least one, and
// skips the others.
func parseKeySet(body []byte) ([]namedKey, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := decode(body, &set); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	if len(set.Keys) > maxSetKeys {
		return nil, fmt.Errorf("key set: %d keys, maximum %d", len(set.Keys), maxSetKeys)
	}
	var keys []namedKey
	for _, raw := range set.Keys {
		var k jsonWebKey
		if decode(raw, &k) != nil {
			continue
		}
		if public := k.rsa(); public != nil {
			keys = append(keys, namedKey{k.ID, public})
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("key set: no usable RSA signing key")
	}
	return slices.Clip(keys), nil
}

// jsonWebKey is an entry of a JWK set.
type jsonWebKey struct {
	Type      string         `json:"kty"`
	ID        string         `json:"kid"`
	Use       string         `json:"use"`
	Algorithm string         `json:"alg"`
	N         string         `json:"n"`
	E         string         `json:"e"`
	D         jsontext.Value `json:"d"` // a private key, which nobody should publish
}

// rsa returns the public key, or nil if it is not one that verifies RS256.
func (k *jsonWebKey) rsa() *rsa.PublicKey {
	if k.Type != "RSA" || k.ID == "" || k.D != nil ||
		k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != "RS256" {
		return nil
	}
	n, nErr := base64.RawURLEncoding.DecodeString(k.N)
	e, eErr := base64.RawURLEncoding.DecodeString(k.E)
	exponent := new(big.Int).SetBytes(e)
	if nErr != nil || eErr != nil || !exponent.IsInt64() || exponent.Int64() > math.MaxInt32 {
		return nil
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	if checkKey(public) != nil {
		return nil
	}
	return public
}

// checkKey returns an error if the key is too small, too large, or rejected by
// crypto/rsa regardless of the signature, such as one with an even modulus.
func checkKey(key *rsa.PublicKey) error {
	if bits := key.N.BitLen(); bits < minKeyBits || bits > maxKeyBits {
		return fmt.Errorf("%d bits, want %d to %d", bits, minKeyBits, maxKeyBits)
	}
	var digest [32]byte
	err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], make([]byte, key.Size()))
	if errors.Is(err, rsa.ErrVerification) {
		return nil
	}
	return err
}
