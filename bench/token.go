package bench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/clerk/clerk-sdk-go/v2"
	"github.com/clerk/clerk-sdk-go/v2/jwt"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/clerksessions/clerksessions/sessionjwt"
)

// TokenWork lists the verifications that are measured, with a local key: of a new token,
// and of the same token by a client that caches.
var TokenWork = []string{"Token", "TokenAgain"}

// TokenClients lists the clients that verify tokens.
var TokenClients = []string{"ours", "golang-jwt", "go-jose", "jwx", "clerk-sdk-go", "floor"}

const (
	issuer = "https://clerk.example.com"
	keyID  = "ins_2abcdefghijklmnopqrstuvwxyz"
	leeway = 5 * time.Second
)

type call = func(context.Context) (Result, error)

// sample is a token and its key.
type sample struct {
	key       *rsa.PublicKey
	token     string
	digest    [sha256.Size]byte
	signature []byte
}

func newSample() (*sample, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	header := fmt.Sprintf(`{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"%s","typ":"JWT"}`, keyID)
	claims := fmt.Sprintf(`{"azp":"%s","exp":%d,"fva":[3,-1],"iat":%d,"iss":"%s","jti":"0123456789abcdef","nbf":%d,`+
		`"o":{"id":"org_2abc","per":"read,manage","rol":"admin","slg":"acme"},"pla":"o:pro","sid":"%s","sts":"active","sub":"%s","v":2}`,
		Origin, now+3600, now, issuer, now-10, SessionID, UserID)
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	s := &sample{key: &key.PublicKey, digest: sha256.Sum256([]byte(signed))}
	if s.signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, s.digest[:]); err != nil {
		return nil, err
	}
	s.token = signed + "." + encode(s.signature)
	return s, nil
}

// Verifiers returns the calls of the TokenClients. All but the floor check the
// signature, "iss", "azp" and the times, with a leeway of 5 s, and return "sid". The
// floor is the standard library's check of an RSA-2048 signature over a digest.
func Verifiers() (map[string]Calls, error) {
	s, err := newSample()
	if err != nil {
		return nil, err
	}
	first, err := s.ours()
	if err != nil {
		return nil, err
	}
	again, err := s.ours(sessionjwt.WithCache(16))
	if err != nil {
		return nil, err
	}
	floor := func(context.Context) (Result, error) {
		return Result{}, rsa.VerifyPKCS1v15(s.key, crypto.SHA256, s.digest[:], s.signature)
	}
	return map[string]Calls{
		"ours":         {"Token": first, "TokenAgain": again},
		"golang-jwt":   {"Token": s.golangJWT()},
		"go-jose":      {"Token": s.goJOSE},
		"jwx":          {"Token": s.jwx},
		"clerk-sdk-go": {"Token": s.sdk()},
		"floor":        {"Token": floor},
	}, nil
}

func (s *sample) ours(opts ...sessionjwt.Option) (call, error) {
	der, err := x509.MarshalPKIXPublicKey(s.key)
	if err != nil {
		return nil, err
	}
	keys, err := sessionjwt.KeysFromPEM(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		return nil, err
	}
	v, err := sessionjwt.New(keys, issuer, append(opts, sessionjwt.WithAuthorizedParties(Origin))...)
	return func(ctx context.Context) (Result, error) {
		claims, err := v.Verify(ctx, s.token)
		if err != nil {
			return Result{}, err
		}
		return Result{ID: claims.SessionID}, nil
	}, err
}

// result checks the claims that the libraries leave to their caller.
func result(azp, sid string, err error) (Result, error) {
	if err == nil && (azp != Origin || sid == "") {
		err = errors.New("not a session token of this origin")
	}
	return Result{ID: sid}, err
}

func (s *sample) golangJWT() call {
	type sessionClaims struct {
		golangjwt.RegisteredClaims
		AuthorizedParty string `json:"azp"`
		SessionID       string `json:"sid"`
	}
	parser := golangjwt.NewParser(golangjwt.WithValidMethods([]string{"RS256"}), golangjwt.WithIssuer(issuer),
		golangjwt.WithExpirationRequired(), golangjwt.WithIssuedAt(), golangjwt.WithLeeway(leeway))
	key := func(*golangjwt.Token) (any, error) { return s.key, nil }
	return func(context.Context) (Result, error) {
		var claims sessionClaims
		_, err := parser.ParseWithClaims(s.token, &claims, key)
		return result(claims.AuthorizedParty, claims.SessionID, err)
	}
}

func (s *sample) goJOSE(context.Context) (Result, error) {
	var custom struct {
		AuthorizedParty string `json:"azp"`
		SessionID       string `json:"sid"`
	}
	var claims josejwt.Claims
	parsed, err := josejwt.ParseSigned(s.token, []jose.SignatureAlgorithm{jose.RS256})
	if err == nil {
		err = parsed.Claims(s.key, &claims, &custom)
	}
	if err == nil {
		err = claims.ValidateWithLeeway(josejwt.Expected{Issuer: issuer, Time: time.Now()}, leeway)
	}
	return result(custom.AuthorizedParty, custom.SessionID, err)
}

func (s *sample) jwx(context.Context) (Result, error) {
	parsed, err := jwxjwt.ParseString(s.token, jwxjwt.WithKey(jwa.RS256(), s.key), jwxjwt.WithIssuer(issuer),
		jwxjwt.WithRequiredClaim("exp"), jwxjwt.WithAcceptableSkew(leeway))
	if err != nil {
		return Result{}, err
	}
	var azp, sid string
	err = errors.Join(parsed.Get("azp", &azp), parsed.Get("sid", &sid))
	return result(azp, sid, err)
}

func (s *sample) sdk() call {
	jwk := &clerk.JSONWebKey{Key: s.key, KeyID: keyID, Algorithm: "RS256", Use: "sig"}
	return func(ctx context.Context) (Result, error) {
		claims, err := jwt.Verify(ctx, &jwt.VerifyParams{
			Token: s.token, JWK: jwk, Leeway: leeway,
			AuthorizedPartyHandler: func(party string) bool { return party == Origin },
		})
		if err != nil {
			return Result{}, err
		}
		return Result{ID: claims.SessionID}, nil
	}
}
