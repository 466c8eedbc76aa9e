package sessionjwt

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
)

// KeysFromPEM returns the key in text, the "JWKS Public Key" of the Clerk
// Dashboard, usually kept in CLERK_JWT_KEY. It never uses the network. A PEM has no
// key id, so the token's key id is ignored. Replace the text when the instance's
// key is rotated.
//
// The text may have any form that environment files produce: without the BEGIN and
// END lines, and with spaces, literal \n or nothing in place of line breaks. It must
// contain a PKIX or PKCS #1 public key; the label is ignored. The error is
// ErrInvalidArgument for anything else, and for an RSA key of fewer than 2048 or
// more than 8192 bits.
func KeysFromPEM(text string) (KeySource, error) {
	body := pemBody(text)
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
	if err := checkKey(key); err != nil {
		return nil, fail(ErrInvalidArgument, "PEM key: %w", err)
	}
	return pemKey{key}, nil
}

// pemBody returns text without white space, literal \n and \r, and the BEGIN
// and END lines.
func pemBody(text string) string {
	var body strings.Builder
	for part := range strings.SplitSeq(text, "-----") {
		if !strings.HasPrefix(part, "BEGIN ") && !strings.HasPrefix(part, "END ") {
			body.WriteString(part)
		}
	}
	text = strings.NewReplacer(`\n`, "", `\r`, "").Replace(body.String())
	return strings.Join(strings.Fields(text), "")
}

func parsePublicKey(der []byte) (*rsa.PublicKey, error) {
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fail(ErrInvalidArgument, "PEM key is neither a PKIX nor a PKCS #1 public key")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fail(ErrInvalidArgument, "PEM key is a %T, want RSA", parsed)
	}
	return key, nil
}

// pemKey is a KeySource of one key, which has every id.
type pemKey struct{ public *rsa.PublicKey }

func (k pemKey) key(_ context.Context, id string, token signed) (*rsa.PublicKey, error) {
	if !token.signedBy(k.public) {
		return nil, fail(ErrSignature, "not signed with the PEM key (the token's key id is %s), or altered", quoted(id))
	}
	return k.public, nil
}
