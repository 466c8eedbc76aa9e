package sessionjwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	issuer = "https://clerk.example.com"
	party  = "https://app.example.com"
	keyID  = "ins_2abcdefghijklmnopqrstuvwxyz"
)

// issued is the time at which every test token is issued.
var issued = time.Unix(1_800_000_000, 0)

func fixedClock() time.Time { return issued.Add(10 * time.Second) }

// The keys of the tests: Clerk's, others, and two that are too small.
var (
	clerkKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	thirdKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	smallKey  = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 1024)) })
	almostKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2047)) })
	ecKey     = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type members map[string]any

var absent = &struct{ int }{}

// with returns a copy in which each name has the value that follows it. The value
// absent removes the member.
func (m members) with(pairs ...any) members {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == absent {
			delete(m, pairs[i].(string))
		} else {
			m[pairs[i].(string)] = pairs[i+1]
		}
	}
	return m
}

func (m members) String() string { return string(must(json.Marshal(m, json.Deterministic(true)))) }

// shown returns a member's value for the name of a test.
func shown(value any) string {
	switch value {
	case absent:
		return "missing"
	case hostile:
		return "hostile text"
	}
	return fmt.Sprintf("%.40s", must(json.Marshal(value)))
}

func goodHeader() members {
	return members{"alg": "RS256", "cat": categorySession, "kid": keyID, "typ": "JWT"}
}

// goodClaims returns the claims of a version 2 token as Clerk creates it.
func goodClaims() members {
	now := issued.Unix()
	return members{
		"iss": issuer, "sub": "user_2abc", "sid": "sess_2abc", "azp": party,
		"iat": now, "nbf": now - 10, "exp": now + 60, "sts": "active", "v": 2, "jti": "0123456789abcdef",
		"fva": []int{3, -1}, "pla": "o:pro", "fea": "o:dashboard,u:export,o:teams",
		"o": members{"id": "org_2abc", "slg": "acme", "rol": "admin", "per": "read,manage", "fpm": "3,2"},
	}
}

// encode encodes members, text or bytes as a part of a token.
func encode(v any) string {
	if raw, ok := v.([]byte); ok {
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Append(nil, v))
}

// sign creates a token of a header and claims, each members or text.
func sign(key *rsa.PrivateKey, header, claims any) string {
	signed := encode(header) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	return signed + "." + encode(must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])))
}

// goodToken returns a valid token, with some claims changed.
func goodToken(claims ...any) string {
	return sign(clerkKey(), goodHeader(), goodClaims().with(claims...))
}

// withHeader returns a token that is valid except for its header.
func withHeader(header ...any) string {
	return sign(clerkKey(), goodHeader().with(header...), goodClaims())
}

// signedWith returns a token that is valid except for its key and key id.
func signedWith(key *rsa.PrivateKey, id string) string {
	return sign(key, goodHeader().with("kid", id), goodClaims())
}

// signedAs returns a token that is valid except for its algorithm and kind of key.
func signedAs(alg jose.SignatureAlgorithm, key any) string {
	options := (&jose.SignerOptions{}).WithHeader("kid", keyID)
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options))
	return must(must(signer.Sign([]byte(goodClaims().String()))).CompactSerialize())
}

func jwe() string {
	recipient := jose.Recipient{Algorithm: jose.RSA_OAEP, Key: &clerkKey().PublicKey}
	encrypter := must(jose.NewEncrypter(jose.A256GCM, recipient, nil))
	return must(must(encrypter.Encrypt([]byte(goodClaims().String()))).CompactSerialize())
}

// setLowestBit sets the lowest of the bits that the last base64 letter encodes.
func setLowestBit(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(text) - 1
	return text[:last] + string(alphabet[strings.IndexByte(alphabet, text[last])|1])
}

func pemBlock(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func pemOf(key *rsa.PrivateKey) string {
	return pemBlock("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(&key.PublicKey)))
}

// jwk returns the entry of a key set for the public half of key.
func jwk(id string, key *rsa.PrivateKey) members {
	return members{"kty": "RSA", "kid": id, "use": "sig", "alg": "RS256", "n": encode(key.N.Bytes()), "e": "AQAB"}
}

// keySetOf returns a key set as JSON.
func keySetOf(keys ...members) string { return members{"keys": keys}.String() }

// newVerifier accepts goodToken: a local key, the fixed clock and one party.
func newVerifier(t testing.TB, opts ...Option) *Verifier {
	t.Helper()
	opts = append([]Option{WithClock(fixedClock), WithAuthorizedParties(party)}, opts...)
	v, err := New(must(KeysFromPEM(pemOf(clerkKey()))), issuer, opts...)
	require.NoError(t, err)
	return v
}
