package sessionstest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// keyring is the instance's one signing key. It is generated when it is first needed,
// which takes about a tenth of a second: a test without tokens does not pay for it,
// and no two Servers share a key.
type keyring struct {
	mu  sync.Mutex
	kid string
	key *rsa.PrivateKey
}

// current returns the key that signs, and its id.
func (k *keyring) current() (string, *rsa.PrivateKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key == nil {
		k.key = newKey()
	}
	return k.kid, k.key
}

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("sessionstest: no random numbers: " + err.Error())
	}
	return key
}

// KeyID returns the kid of the tokens signed now: the instance's id at first.
func (s *Server) KeyID() string {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.kid
}

// RotateKey signs with a new key from now on, under the given kid: [Server.KeyID]
// keeps the id, as Clerk has been seen to do, and "" takes a new one. The former key is
// no longer served, so tokens signed with it verify no more.
func (s *Server) RotateKey(kid string) {
	if kid == "" {
		kid = newID("ins_")
	}
	key := newKey()
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.kid, s.keys.key = kid, key
}

// PublicKeyPEM returns the public half of the key in use, in the form of the
// Dashboard's "JWKS Public Key", which programs keep in CLERK_JWT_KEY.
func (s *Server) PublicKeyPEM() string {
	_, key := s.keys.current()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic("sessionstest: " + err.Error()) // an RSA key always has this form
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// jwk is a key on the wire.
type jwk struct {
	Use string `json:"use"`
	Kty string `json:"kty"`
	Kid string `json:"kid"`
	Alg string `json:"alg"`
	N   string `json:"n"`
	E   string `json:"e"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

// jwks answers both addresses of the keys.
func (s *Server) jwks(*call) (any, *apiError) {
	kid, key := s.keys.current()
	return jwkSet{Keys: []jwk{{
		Use: "sig", Kty: "RSA", Kid: kid, Alg: "RS256",
		N: base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}}, nil
}

// tokenHeader is the header of a token as far as the Server reads it.
type tokenHeader struct {
	Alg string `json:"alg"`
	Cat string `json:"cat"`
	Kid string `json:"kid"`
}

// tokenClaims are the claims the Server reads.
type tokenClaims struct {
	Azp string   `json:"azp"`
	Exp *float64 `json:"exp"`
	Iat *float64 `json:"iat"`
	Iss string   `json:"iss"`
	Nbf float64  `json:"nbf"`
	Sid string   `json:"sid"`
	Sub string   `json:"sub"`
}

// strict refuses spare bits; only line breaks it skips, which open refuses.
var strict = base64.RawURLEncoding.Strict()

// open checks the signature and issuer of a token, not its times. A token has one
// spelling: what a lenient decoder would take as well is refused.
func (s *Server) open(token string) (header tokenHeader, claims tokenClaims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") || decodePart(parts[0], &header) != nil || header.Alg != "RS256" {
		return header, claims, false
	}
	kid, key := s.keys.current()
	signature, err := strict.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || header.Kid != kid || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return header, claims, false
	}
	err = decodePart(parts[1], &claims)
	return header, claims, err == nil && claims.Iss == s.config.issuer
}

func decodePart(part string, v any) error {
	raw, err := strict.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// sign makes a token of a header and claims, signed by the key or by a function that
// is given what is to be signed.
func sign(header, claims map[string]any, signer func([]byte) []byte) (string, error) {
	encode := func(v any) (string, error) {
		raw, err := json.Marshal(v, json.Deterministic(true))
		return base64.RawURLEncoding.EncodeToString(raw), err
	}
	h, err := encode(header)
	if err != nil {
		return "", err
	}
	c, err := encode(claims)
	if err != nil {
		return "", err
	}
	return h + "." + c + "." + base64.RawURLEncoding.EncodeToString(signer([]byte(h+"."+c))), nil
}

func rs256(key *rsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			panic("sessionstest: " + err.Error()) // a 2048-bit key signs any digest
		}
		return signature
	}
}
