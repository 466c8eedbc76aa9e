package sessionstest

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/go-json-experiment/json"
)

// keyring holds the instance's only signing key. It is generated when it is first
// needed, since that takes about a tenth of a second. No two Servers share a key.
type keyring struct {
	kid string
	key *rsa.PrivateKey
}

// current returns the key that signs.
func (k *keyring) current() *rsa.PrivateKey {
	if k.key == nil {
		k.key = newKey()
	}
	return k.key
}

func newKey() *rsa.PrivateKey {
	key, _ := rsa.GenerateKey(rand.Reader, 2048) // an error is impossible for 2048 bits
	return key
}

// KeyID returns the id of the signing key, the kid of tokens. Initially it is the
// instance's id.
func (s *Server) KeyID() (kid string) {
	s.with(func(in *instance) { kid = in.keys.kid })
	return kid
}

// RotateKey replaces the signing key. The new key has the given id, or a random one if kid
// is empty. To keep the id, as Clerk sometimes does, pass the result of [Server.KeyID].
// The old key is no longer served, so its tokens no longer verify.
func (s *Server) RotateKey(kid string) {
	key := newKey()
	s.with(func(in *instance) { in.keys = keyring{kid: cmp.Or(kid, newID("ins_")), key: key} })
}

// PublicKeyPEM returns the public key in the form of the Dashboard's "JWKS Public Key",
// which programs keep in CLERK_JWT_KEY.
func (s *Server) PublicKeyPEM() string {
	var key *rsa.PrivateKey
	s.with(func(in *instance) { key = in.keys.current() })
	der, _ := x509.MarshalPKIXPublicKey(&key.PublicKey) // an error is impossible for an RSA key
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// getJWKS returns the key set, for both paths.
func (in *instance) getJWKS(*call) (any, *apiError) {
	key := in.keys.current()
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": in.keys.kid,
		"n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes()),
	}}}, nil
}

// tokenHeader holds the members of a token's header that the Server reads.
type tokenHeader struct {
	Alg string `json:"alg"`
	Cat string `json:"cat"`
	Kid string `json:"kid"`
}

// tokenClaims are the claims that the Server reads.
type tokenClaims struct {
	Azp string   `json:"azp"`
	Exp *float64 `json:"exp"`
	Iat *float64 `json:"iat"`
	Iss string   `json:"iss"`
	Nbf float64  `json:"nbf"`
	Sid string   `json:"sid"`
}

// strict rejects encodings whose unused bits are set. It skips line breaks, so verifyToken
// rejects those.
var strict = base64.RawURLEncoding.Strict()

// verifyToken decodes a token. ok reports whether its signature and issuer are valid and its
// encoding is canonical. The times are not checked.
func (in *instance) verifyToken(token string) (header tokenHeader, claims tokenClaims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") ||
		decodePart(parts[0], &header) != nil || header.Alg != "RS256" {
		return header, claims, false
	}
	key := &in.keys.current().PublicKey
	signature, err := strict.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || header.Kid != in.keys.kid || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return header, claims, false
	}
	err = decodePart(parts[1], &claims)
	return header, claims, err == nil && claims.Iss == in.config.issuer
}

func decodePart(part string, v any) error {
	raw, err := strict.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// sign returns the token of a header and claims. The signer returns the signature of
// its input.
func sign(header, claims map[string]any, signer func([]byte) []byte) (string, error) {
	var parts []string
	for _, v := range []any{header, claims} {
		raw, err := json.Marshal(v, json.Deterministic(true))
		if err != nil {
			return "", err
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	input := strings.Join(parts, ".")
	return input + "." + base64.RawURLEncoding.EncodeToString(signer([]byte(input))), nil
}

func rs256(key *rsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			panic("sessionstest: " + err.Error()) // impossible for a 2048-bit key
		}
		return signature
	}
}
