package sessionjwt

import (
	"context"
	"crypto/rsa"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Verifier checks session tokens of one Clerk instance. It is immutable and
// safe for concurrent use; build one with New and keep it, since it holds on
// to keys.
type Verifier struct {
	keys           KeySource
	issuer         string
	parties        []string // empty: azp is not looked at
	missingPartyOK bool
	pendingOK      bool
	leeway         time.Duration
	now            func() time.Time
	cache          *cache // nil: off
	onFailure      func(http.ResponseWriter, *http.Request, error)
}

// New returns a Verifier of tokens that were signed with one of keys and whose
// "iss" is issuer: the instance's Frontend API URL, which is
// "https://clerk.<your domain>" in production, "https://<name>.clerk.accounts.dev"
// in development, or the URL of your proxy in front of it. It sends nothing.
// The error is always ErrInvalidArgument.
func New(keys KeySource, issuer string, opts ...Option) (*Verifier, error) {
	if keys == nil {
		return nil, fail(ErrInvalidArgument, "no keys: get some from KeysFromPEM, KeysFromIssuer or KeysFromBackendAPI")
	}
	if err := checkIssuer(issuer); err != nil {
		return nil, err
	}
	v := &Verifier{keys: keys, issuer: issuer, leeway: defaultLeeway, now: time.Now, onFailure: writeFailure}
	for i, opt := range opts {
		if opt == nil {
			return nil, fail(ErrInvalidArgument, "option %d of %d is nil", i+1, len(opts))
		}
		if err := opt(v); err != nil {
			return nil, err
		}
	}
	if v.missingPartyOK && len(v.parties) == 0 {
		return nil, fail(ErrInvalidArgument, "WithMissingAuthorizedParty needs WithAuthorizedParties: without it azp is not looked at")
	}
	return v, nil
}

// checkIssuer refuses what no token can have as its issuer. A path may end in a
// slash, since how the URL of a proxy is written is its owner's choice.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		u.Path == "/" || strings.ContainsAny(issuer, "?#") {
		return fail(ErrInvalidArgument, "issuer %s is not the URL of a Frontend API: write it as in the tokens, like https://clerk.example.com", quoted(issuer))
	}
	return nil
}

// Verify returns what the token says, after it has proved to be a session
// token of this instance, signed by Clerk, made for an authorized party and
// valid now. It needs no network but to fetch keys it does not hold, and ctx
// ends only the wait for those. All else is an error of one of the categories
// of this package, with nil Claims.
//
// The checks are made in this order and the first to fail decides: form and
// header, signature, form of the claims, issuer, kind of token, authorized
// party, times, status.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	if v.cache != nil {
		return v.verifyCached(ctx, token)
	}
	e, err := v.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	return e.claims, nil
}

// verified is a token that passed, and the key that let it.
type verified struct {
	keyID  string
	key    *rsa.PublicKey
	claims *Claims
}

func (v *Verifier) verify(ctx context.Context, token string) (*verified, error) {
	jws, keyID, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	key, payload, err := v.open(ctx, jws, keyID)
	if err != nil {
		return nil, err
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := v.check(claims); err != nil {
		return nil, err
	}
	return &verified{keyID: keyID, key: key, claims: claims}, nil
}

// open returns the key that made the signature and what it signed. Clerk can
// rotate a key and keep its id, so a bad signature is reason to look for a
// newer key.
func (v *Verifier) open(ctx context.Context, jws *jose.JSONWebSignature, keyID string) (*rsa.PublicKey, []byte, error) {
	key, err := v.keys.key(ctx, keyID, nil)
	if err != nil {
		return nil, nil, err
	}
	if payload, err := jws.Verify(key); err == nil {
		return key, payload, nil
	}
	if newer, err := v.keys.key(ctx, keyID, key); err == nil {
		if payload, err := jws.Verify(newer); err == nil {
			return newer, payload, nil
		}
	}
	return nil, nil, fail(ErrSignature, "not made with key %s, or the token was altered", quoted(keyID))
}

// check says whether claims that are known to be Clerk's are acceptable here.
func (v *Verifier) check(c *Claims) error {
	if c.Issuer != v.issuer {
		return fail(ErrIssuer, "iss is %s, want %s", quoted(c.Issuer), quoted(v.issuer))
	}
	if c.SessionID == "" {
		return fail(ErrNotSessionToken, "it has no session (sid), like tokens made from a JWT template")
	}
	if !strings.HasPrefix(c.UserID, "user_") {
		return fail(ErrNotSessionToken, "its subject (sub) is %s, want a user_ id", quoted(c.UserID))
	}
	if err := v.checkParty(c.AuthorizedParty); err != nil {
		return err
	}
	if err := v.checkTimes(c); err != nil {
		return err
	}
	if c.Status != "" && c.Status != "active" && !(v.pendingOK && c.Status == "pending") {
		return fail(ErrPending, "status (sts) is %s: the user has not finished signing in", quoted(c.Status))
	}
	return nil
}

func (v *Verifier) checkParty(azp string) error {
	switch {
	case len(v.parties) == 0 || slices.Contains(v.parties, azp):
		return nil
	case azp != "":
		return fail(ErrAuthorizedParty, "azp is %s, which is not among the %d authorized parties", quoted(azp), len(v.parties))
	case !v.missingPartyOK:
		return fail(ErrAuthorizedParty, "the token has no azp, as when minted without an Origin: see WithMissingAuthorizedParty")
	}
	return nil
}

func (v *Verifier) checkTimes(c *Claims) error {
	now := v.now()
	if late := now.Sub(c.ExpiresAt); late >= v.leeway {
		return fail(ErrExpired, "exp was %v ago, leeway %v: get a new token", late, v.leeway)
	}
	for _, start := range []time.Time{c.NotBefore, c.IssuedAt} {
		if early := start.Sub(now); early > v.leeway {
			return fail(ErrNotYetValid, "nbf or iat is %v ahead, leeway %v: compare this machine's clock with Clerk's", early, v.leeway)
		}
	}
	return nil
}
