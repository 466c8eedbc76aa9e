package sessionjwt

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"regexp"
	"strings"
)

// pemMarker matches the lines around a PEM block, wherever line breaks may
// have been lost.
var pemMarker = regexp.MustCompile(`-----(?:BEGIN|END) [A-Z0-9 ]+-----`)

// KeysFromPEM returns the one key in text, the "JWKS Public Key" of the Clerk
// Dashboard that is usually kept in CLERK_JWT_KEY. It never touches the
// network. Since PEM has no place for a key id, that of the token is not
// compared; after a rotation of the instance's key the text must be replaced.
//
// All the forms that environment files bring about are taken: with or without
// the BEGIN and END lines, with line breaks, literal \n or spaces in their
// place, or on one line; inside, a PKIX or PKCS #1 public key, whatever the
// lines around it call it. The error is ErrInvalidArgument for anything else,
// and for an RSA key of less than 2048 bits.
func KeysFromPEM(text string) (KeySource, error) {
	body := strings.NewReplacer(`\n`, "", `\r`, "").Replace(pemMarker.ReplaceAllString(text, ""))
	body = strings.Join(strings.Fields(body), "")
	if body == "" {
		return nil, fail(ErrInvalidArgument, "PEM key is empty: is CLERK_JWT_KEY set?")
	}
	der, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, fail(ErrInvalidArgument, "PEM key is not base64: %w", err)
	}
	key, err := parsePublicKey(der)
	if err != nil {
		return nil, err
	}
	return pemKey{key}, nil
}

func parsePublicKey(der []byte) (*rsa.PublicKey, error) {
	key, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		parsed, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			return nil, fail(ErrInvalidArgument, "PEM key is neither a PKIX nor a PKCS #1 public key: want what the Clerk Dashboard calls JWKS Public Key")
		}
		var ok bool
		if key, ok = parsed.(*rsa.PublicKey); !ok {
			return nil, fail(ErrInvalidArgument, "PEM key is a %T, Clerk signs with RSA", parsed)
		}
	}
	if bits := key.N.BitLen(); bits < minKeyBits {
		return nil, fail(ErrInvalidArgument, "PEM key has %d bits, want at least %d", bits, minKeyBits)
	}
	return key, nil
}

// pemKey is a KeySource of one key that goes by every id.
type pemKey struct{ public *rsa.PublicKey }

func (k pemKey) key(_ context.Context, id string, rejected *rsa.PublicKey) (*rsa.PublicKey, error) {
	if rejected != nil {
		return nil, fail(ErrSignature, "there is one key only, for whatever id (%s)", quoted(id))
	}
	return k.public, nil
}
