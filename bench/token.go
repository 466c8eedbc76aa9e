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
	"fmt"
	"time"

	"github.com/clerk/clerk-sdk-go/v2"
	"github.com/clerk/clerk-sdk-go/v2/jwt"

	"github.com/clerksessions/clerksessions/sessionjwt"
)

// TokenWork lists what is measured of verifying a session token with a key at hand:
// a token seen for the first time, and one seen before where a client remembers.
var TokenWork = []string{"Token", "TokenAgain"}

const (
	issuer = "https://clerk.example.com"
	keyID  = "ins_2abcdefghijklmnopqrstuvwxyz"
)

// Verifiers returns who verifies a token, by client. The floor is the one thing
// nobody can do without, the standard library's check of an RSA-2048 signature over
// a digest already computed.
func Verifiers() (map[string]Calls, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	header := fmt.Sprintf(`{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"%s","typ":"JWT"}`, keyID)
	claims := fmt.Sprintf(`{"azp":"%s","exp":%d,"fva":[3,-1],"iat":%d,"iss":"%s","jti":"0123456789abcdef","nbf":%d,"o":{"id":"org_2abc","per":"read,manage","rol":"admin","slg":"acme"},"pla":"o:pro","sid":"%s","sts":"active","sub":"%s","v":2}`,
		Origin, now+3600, now, issuer, now-10, SessionID, UserID)
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		return nil, err
	}
	token := signed + "." + base64.RawURLEncoding.EncodeToString(signature)

	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	keys, err := sessionjwt.KeysFromPEM(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		return nil, err
	}
	verifyOurs := func(opts ...sessionjwt.Option) (func(context.Context) (Result, error), error) {
		v, err := sessionjwt.New(keys, issuer, append(opts, sessionjwt.WithAuthorizedParties(Origin))...)
		return func(ctx context.Context) (Result, error) {
			claims, err := v.Verify(ctx, token)
			if err != nil {
				return Result{}, err
			}
			return Result{ID: claims.SessionID}, nil
		}, err
	}
	first, err := verifyOurs()
	if err != nil {
		return nil, err
	}
	again, err := verifyOurs(sessionjwt.WithCache(16))
	if err != nil {
		return nil, err
	}

	jwk := &clerk.JSONWebKey{Key: &key.PublicKey, KeyID: keyID, Algorithm: "RS256", Use: "sig"}
	sdk := func(ctx context.Context) (Result, error) {
		claims, err := jwt.Verify(ctx, &jwt.VerifyParams{Token: token, JWK: jwk, AuthorizedPartyHandler: func(party string) bool { return party == Origin }})
		if err != nil {
			return Result{}, err
		}
		return Result{ID: claims.SessionID}, nil
	}
	bare := func(context.Context) (Result, error) {
		return Result{}, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature)
	}
	return map[string]Calls{
		"ours":         {"Token": first, "TokenAgain": again},
		"clerk-sdk-go": {"Token": sdk, "TokenAgain": sdk},
		"floor":        {"Token": bare},
	}, nil
}
