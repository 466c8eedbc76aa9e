package sessionjwt

import (
	"context"
	"crypto/rsa"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Verifier verifies session tokens of one Clerk instance. It is immutable and safe
// for concurrent use.
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

// New returns a Verifier for tokens that are signed with one of keys and whose "iss"
// is issuer. The issuer is the instance's Frontend API URL: "https://clerk.<your
// domain>" in production, "https://<name>.clerk.accounts.dev" in development, or the
// URL of your proxy in front of it. [IssuerFromPublishableKey] derives it from the
// publishable key. New sends nothing. Every error it returns is ErrInvalidArgument.
func New(keys KeySource, issuer string, opts ...Option) (*Verifier, error) {
	if keys == nil {
		return nil, fail(ErrInvalidArgument, "nil KeySource: use KeysFromPEM, KeysFromIssuer or KeysFromBackendAPI")
	}
	if err := checkIssuer(issuer); err != nil {
		return nil, err
	}
	v := &Verifier{keys: keys, issuer: issuer, leeway: defaultLeeway, now: time.Now, onFailure: writeFailure}
	if err := apply(v, opts); err != nil {
		return nil, err
	}
	switch {
	case v.missingPartyOK && len(v.parties) == 0:
		return nil, fail(ErrInvalidArgument, "WithMissingAuthorizedParty requires WithAuthorizedParties")
	case v.leeway < 0:
		return nil, fail(ErrInvalidArgument, "negative leeway %v", v.leeway)
	case v.now == nil:
		return nil, fail(ErrInvalidArgument, "WithClock: nil clock")
	case v.cache != nil && v.cache.max < 1:
		return nil, fail(ErrInvalidArgument, "cache of %d tokens, want at least 1", v.cache.max)
	case v.onFailure == nil:
		return nil, fail(ErrInvalidArgument, "WithFailureHandler: nil handler")
	}
	return v, nil
}

// checkIssuer rejects a URL that cannot be the issuer of a token. The path of a
// proxy's URL may end in a slash.
func checkIssuer(issuer string) error {
	u, err := parseURL(issuer)
	if err == nil && u.Path == "/" {
		err = fail(ErrInvalidArgument, "issuer %s: remove the final slash", quoted(issuer))
	}
	return err
}

// Verify returns the claims of token if it is a session token of this instance that
// was signed by Clerk, was created for an authorized party and is valid now.
// Otherwise it returns an error of one of the categories of this package. Verify
// uses the network only to fetch keys, and ctx limits only the wait for them.
//
// The first check that fails determines the error: form and header, signature, form
// of the claims, issuer, kind of token, authorized party, times, status.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	if len(token) > maxTokenBytes {
		return nil, fail(ErrMalformed, "%d bytes long, maximum %d", len(token), maxTokenBytes)
	}
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

// signedBy reports whether key is the one that verified the token.
func (e *verified) signedBy(key *rsa.PublicKey) bool { return key.Equal(e.key) }

func (v *Verifier) verify(ctx context.Context, token string) (*verified, error) {
	t, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	key, err := v.keys.key(ctx, t.keyID, t)
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
	case len(v.parties) == 0, slices.Contains(v.parties, azp), azp == "" && v.missingPartyOK:
		return nil
	case azp == "":
		return fail(ErrAuthorizedParty, "missing azp, as in tokens without an Origin")
	}
	return fail(ErrAuthorizedParty, "azp is %s, not an authorized party", quoted(azp))
}

func (v *Verifier) checkTimes(c *Claims) error {
	now := v.now()
	if late := now.Sub(c.ExpiresAt); late >= v.leeway {
		return fail(ErrExpired, "exp was %v ago, leeway %v", late, v.leeway)
	}
	for _, start := range []time.Time{c.NotBefore, c.IssuedAt} {
		if early := start.Sub(now); early > v.leeway {
			return fail(ErrNotYetValid, "nbf or iat is %v ahead, leeway %v: is the clock right?", early, v.leeway)
		}
	}
	return nil
}
