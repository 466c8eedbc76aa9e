package sessionjwt

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
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

// The keys of the tests: Clerk's, another one, and two that are too small.
var (
	clerkKey  = sync.OnceValue(func() *rsa.PrivateKey { return generate(2048) })
	otherKey  = sync.OnceValue(func() *rsa.PrivateKey { return generate(2048) })
	smallKey  = sync.OnceValue(func() *rsa.PrivateKey { return generate(1024) })
	almostKey = sync.OnceValue(func() *rsa.PrivateKey { return generate(2047) })
)

func generate(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

type members map[string]any

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

var absent = &struct{ int }{}

func goodHeader() members {
	return members{"alg": "RS256", "cat": categorySession, "kid": keyID, "typ": "JWT"}
}

// goodClaims are those of a version 2 token as Clerk creates them.
func goodClaims() members {
	now := issued.Unix()
	return members{
		"iss": issuer, "sub": "user_2abc", "sid": "sess_2abc", "azp": party,
		"iat": now, "nbf": now - 10, "exp": now + 60, "sts": "active", "v": 2, "jti": "0123456789abcdef",
		"fva": []int{3, -1}, "pla": "o:pro", "fea": "o:dashboard,u:export,o:teams",
		"o": members{"id": "org_2abc", "slg": "acme", "rol": "admin", "per": "read,manage", "fpm": "3,2"},
	}
}

func encode(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v, json.Deterministic(true))
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// sign creates a token of this header and these claims, which may be members or
// text.
func sign(t testing.TB, key *rsa.PrivateKey, header, claims any) string {
	t.Helper()
	part := func(v any) string {
		if raw, ok := v.(string); ok {
			return base64.RawURLEncoding.EncodeToString([]byte(raw))
		}
		return encode(t, v)
	}
	return signParts(t, key, part(header)+"."+part(claims))
}

func signParts(t testing.TB, key *rsa.PrivateKey, parts string) string {
	t.Helper()
	return parts + "." + base64.RawURLEncoding.EncodeToString(rs256(t, key, parts))
}

func rs256(t testing.TB, key *rsa.PrivateKey, text string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return sig
}

func goodToken(t testing.TB) string {
	t.Helper()
	return sign(t, clerkKey(), goodHeader(), goodClaims())
}

func pemOf(t testing.TB, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// newVerifier accepts goodToken: a local key, the fixed clock and one party.
func newVerifier(t testing.TB, opts ...Option) *Verifier {
	t.Helper()
	keys, err := KeysFromPEM(pemOf(t, clerkKey()))
	require.NoError(t, err)
	opts = append([]Option{WithClock(fixedClock), WithAuthorizedParties(party)}, opts...)
	v, err := New(keys, issuer, opts...)
	require.NoError(t, err)
	return v
}

// jwk is the entry of a key set for the public half of key.
func jwk(t testing.TB, id string, key *rsa.PrivateKey) members {
	t.Helper()
	return fromJOSE(t, jose.JSONWebKey{Key: &key.PublicKey, KeyID: id, Algorithm: "RS256", Use: "sig"})
}
