package sessionjwt

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Verifier verifies session tokens of one Clerk instance. It is immutable and
// safe for concurrent use. Create one with New and reuse it, since it caches
// keys.
type Verifier struct {
	keys           KeySource
	issuer         string
	parties        []string // empty: azp is not checked
	missingPartyOK bool
	pendingOK      bool
	leeway         time.Duration
	now            func() time.Time
	cache          *cache // nil: disabled
	onFailure      func(http.ResponseWriter, *http.Request, error)
}

// New returns a Verifier of tokens that were signed with one of keys and whose
// "iss" is issuer: the instance's Frontend API URL, which is
// "https://clerk.<your domain>" in production, "https://<name>.clerk.accounts.dev"
// in development, or the URL of your proxy in front of it.
// [IssuerFromPublishableKey] returns it. New sends nothing. The error is always
// ErrInvalidArgument.
func New(keys KeySource, issuer string, opts ...Option) (*Verifier, error) {
	if keys == nil {
		return nil, fail(ErrInvalidArgument, "nil KeySource: use KeysFromPEM, KeysFromIssuer or KeysFromBackendAPI")
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
		return nil, fail(ErrInvalidArgument, "WithMissingAuthorizedParty requires WithAuthorizedParties")
	}
	return v, nil
}

// checkIssuer rejects a URL that cannot be the issuer of a token. A path may end
// in a slash, since a proxy's URL may.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		u.Path == "/" || strings.ContainsAny(issuer, "?#") {
		return fail(ErrInvalidArgument, "issuer %s: want a URL like https://clerk.example.com", quoted(issuer))
	}
	return nil
}

// Verify returns the claims of a session token of this instance that is signed
// by Clerk, was created for an authorized party and is valid now. Any other token
// is an error of one of the categories of this package, with nil Claims. Verify
// uses the network only to fetch keys, and ctx limits only the wait for them.
//
// The first check that fails determines the error: form and header, signature,
// form of the claims, issuer, kind of token, authorized party, times, status.
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

// verified is the result of a successful verification.
type verified struct {
	keyID  string
	key    *rsa.PublicKey
	claims *Claims
}

func (v *Verifier) verify(ctx context.Context, token string) (*verified, error) {
	t, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	key, err := v.findKey(ctx, t.keyID, t.signedBy)
	if err != nil {
		return nil, err
	}
	claims, err := parseClaims(t.claims)
	if err != nil {
		return nil, err
	}
	if err := v.check(claims); err != nil {
		return nil, err
	}
	return &verified{keyID: t.keyID, key: key, claims: claims}, nil
}

// findKey returns the key with the given id that fits. Clerk can rotate a key
// and keep its id, so a key that does not fit is a reason to fetch the current
// one. If that fails, the error is ErrKeysUnavailable, since the token may have
// been signed with a key that is not known yet.
func (v *Verifier) findKey(ctx context.Context, id string, fits func(*rsa.PublicKey) bool) (*rsa.PublicKey, error) {
	key, err := v.keys.key(ctx, id, nil)
	if err != nil || fits(key) {
		return key, err
	}
	key, err = v.keys.key(ctx, id, key)
	if errors.Is(err, ErrKeysUnavailable) {
		return nil, err
	}
	if err == nil && fits(key) {
		return key, nil
	}
	return nil, fail(ErrSignature, "not made with key %s, or the token was altered", quoted(id))
}

// check returns an error if claims with a valid signature are not acceptable.
func (v *Verifier) check(c *Claims) error {
	if c.Issuer != v.issuer {
		return fail(ErrIssuer, "iss is %s, want %s", quoted(c.Issuer), quoted(v.issuer))
	}
	if c.SessionID == "" {
		return fail(ErrNotSessionToken, "missing session (sid), as in tokens made from a JWT template")
	}
	if !strings.HasPrefix(c.UserID, "user_") {
		return fail(ErrNotSessionToken, "subject (sub) is %s, want a user_ id", quoted(c.UserID))
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
		return fail(ErrAuthorizedParty, "azp is %s, not an authorized party", quoted(azp))
	case !v.missingPartyOK:
		return fail(
			ErrAuthorizedParty,
			"missing azp, as when created without an Origin: see WithMissingAuthorizedParty",
		)
	}
	return nil
}

func (v *Verifier) checkTimes(c *Claims) error {
	now := v.now()
	if late := now.Sub(c.ExpiresAt); late >= v.leeway {
		return fail(ErrExpired, "exp was %v ago, leeway %v", late, v.leeway)
	}
	for _, start := range []time.Time{c.NotBefore, c.IssuedAt} {
		if early := start.Sub(now); early > v.leeway {
			return fail(
				ErrNotYetValid,
				"nbf or iat is %v ahead, leeway %v: is this machine's clock right?",
				early,
				v.leeway,
			)
		}
	}
	return nil
}
