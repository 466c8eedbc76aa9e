package sessionjwt

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// defaultLeeway is the default of Clerk's backend package for JavaScript.
const defaultLeeway = 5 * time.Second

// Option configures a Verifier.
type Option func(*Verifier) error

// set returns an Option that sets a field. New checks the value.
func set(f func(*Verifier)) Option {
	return func(v *Verifier) error {
		f(v)
		return nil
	}
}

// apply applies options to a configuration.
func apply[T any, O ~func(*T) error](target *T, opts []O) error {
	for i, opt := range opts {
		if opt == nil {
			return fail(ErrInvalidArgument, "option %d of %d is nil", i+1, len(opts))
		}
		if err := opt(target); err != nil {
			return err
		}
	}
	return nil
}

// WithAuthorizedParties makes Verify accept only tokens whose "azp" claim is one of
// these origins, byte for byte: scheme, host and port in lower case, without path
// or final slash, such as "https://app.example.com" or "http://localhost:3000". At
// least one party is required; several such options are merged. By default "azp"
// is not checked. With this option a token without "azp" is rejected; see
// WithMissingAuthorizedParty.
//
// "azp" names the page a token was created for, not the page that sends the
// request. The check rejects tokens of other apps of the same instance. It does
// not stop a request that a page of another subdomain sends with the user's own
// cookie; [http.CrossOriginProtection] does. See "Cookies" in the package
// documentation.
func WithAuthorizedParties(parties ...string) Option {
	return func(v *Verifier) error {
		if len(parties) == 0 {
			return fail(ErrInvalidArgument, "WithAuthorizedParties: no party; omit the option to accept any")
		}
		for _, party := range parties {
			u, err := url.Parse(party)
			if err != nil || u.Scheme == "" || u.Host == "" || party != strings.ToLower(u.Scheme+"://"+u.Host) {
				return fail(ErrInvalidArgument,
					"authorized party %s: want an origin like https://app.example.com", quoted(party))
			}
			v.parties = append(v.parties, party)
		}
		return nil
	}
}

// WithMissingAuthorizedParty makes Verify also accept tokens without "azp". It
// requires WithAuthorizedParties. Tokens created through the Backend API have no
// "azp" unless the request that created them had an Origin header. A token with
// another or an empty "azp" is still rejected.
func WithMissingAuthorizedParty() Option {
	return set(func(v *Verifier) { v.missingPartyOK = true })
}

// WithPending makes Verify accept sessions whose status is "pending": users who have
// signed in but still have tasks to finish, such as choosing an organization. Check
// Claims.Status before you let them do anything else. By default they count as
// signed out, and Verify returns ErrPending.
func WithPending() Option {
	return set(func(v *Verifier) { v.pendingOK = true })
}

// WithLeeway sets the allowed difference between this machine's clock and Clerk's
// when "exp", "nbf" and "iat" are checked. Defaults to 5 s. Zero allows no
// difference; a negative leeway is an error.
func WithLeeway(d time.Duration) Option {
	return set(func(v *Verifier) { v.leeway = d })
}

// WithClock sets the clock that Verify checks the token's times against. Defaults to
// time.Now. It must be safe for concurrent use. The age of fetched keys is measured
// in real time regardless.
func WithClock(now func() time.Time) Option {
	return set(func(v *Verifier) { v.now = now })
}

// WithCache makes the Verifier cache up to n verified tokens, so that a repeated
// token costs a hash instead of a signature check. n must be at least 1. An entry
// takes a few kilobytes. By default there is no cache. See "Caching" in the package
// documentation.
func WithCache(n int) Option {
	return set(func(v *Verifier) { v.cache = &cache{entries: map[[sha256.Size]byte]*verified{}, max: n} })
}

// WithFailureHandler sets the handler of requests that the middleware rejects. It
// must write the whole response. The error passed to it belongs to one of the
// categories of this package.
func WithFailureHandler(h func(http.ResponseWriter, *http.Request, error)) Option {
	return set(func(v *Verifier) { v.onFailure = h })
}
