package sessionjwt

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// defaultLeeway is how far two clocks may differ. Clerk's own backend package
// for JavaScript allows the same five seconds.
const defaultLeeway = 5 * time.Second

// Option changes a default of New.
type Option func(*Verifier) error

// WithAuthorizedParties makes Verify accept only tokens whose "azp" claim is,
// byte for byte, one of these origins, such as "https://app.example.com" or
// "http://localhost:3000": scheme, host and port, lower case, no path and no
// final slash. It is recommended wherever tokens arrive in cookies, since
// another site on a sibling domain can make a browser send them. At least one
// party is required, and those of several such options add up; without the
// option "azp" is not looked at.
//
// A token without "azp" is refused; see WithMissingAuthorizedParty.
func WithAuthorizedParties(parties ...string) Option {
	return func(v *Verifier) error {
		if len(parties) == 0 {
			return fail(ErrInvalidArgument, "WithAuthorizedParties got no party: name at least one origin, or leave the option out to accept any")
		}
		for _, party := range parties {
			u, err := url.Parse(party)
			if err != nil || u.Scheme == "" || u.Host == "" || party != strings.ToLower(u.Scheme+"://"+u.Host) {
				return fail(ErrInvalidArgument, "authorized party %s is not an origin: write it as a browser sends it, like https://app.example.com", quoted(party))
			}
			v.parties = append(v.parties, party)
		}
		return nil
	}
}

// WithMissingAuthorizedParty makes Verify accept tokens that have no "azp" at
// all beside those of WithAuthorizedParties, which it requires. Tokens minted
// through the Backend API have none unless the request that made them had an
// Origin header, as public samples of such tokens show. A token with a
// foreign or empty "azp" is still refused.
func WithMissingAuthorizedParty() Option {
	return func(v *Verifier) error {
		v.missingPartyOK = true
		return nil
	}
}

// WithPending makes Verify accept sessions whose status is "pending": users
// who have signed in but still have tasks to finish, such as choosing an
// organization. Look at Claims.Status before letting them further than that.
// By default they count as signed out and Verify returns ErrPending.
func WithPending() Option {
	return func(v *Verifier) error {
		v.pendingOK = true
		return nil
	}
}

// WithLeeway sets how far this machine's clock may differ from Clerk's when
// "exp", "nbf" and "iat" are compared. The default is 5 s; 0 allows nothing;
// a negative leeway is an error.
func WithLeeway(d time.Duration) Option {
	return func(v *Verifier) error {
		if d < 0 {
			return fail(ErrInvalidArgument, "leeway %v is negative: use 0 for none", d)
		}
		v.leeway = d
		return nil
	}
}

// WithClock sets what Verify takes for the current time; the default is
// time.Now. The clock must be safe for concurrent use. The age of remote keys
// is not measured with it, since they grow old in real time.
func WithClock(now func() time.Time) Option {
	return func(v *Verifier) error {
		if now == nil {
			return fail(ErrInvalidArgument, "WithClock got nil: give a function that tells the time")
		}
		v.now = now
		return nil
	}
}

// WithCache makes the Verifier remember up to n verified tokens, so that one
// seen again costs a hash instead of a signature check. It is off by default;
// see the package documentation for what it trades. n must be at least 1. An
// entry takes a few kilobytes.
func WithCache(n int) Option {
	return func(v *Verifier) error {
		if n < 1 {
			return fail(ErrInvalidArgument, "cache of %d tokens: give at least 1, or leave WithCache out", n)
		}
		v.cache = newCache(n)
		return nil
	}
}

// WithFailureHandler replaces the answer the middleware gives when it does not
// let a request through. The handler gets the reason, to be told apart with
// [errors.Is], and must write the whole response.
func WithFailureHandler(h func(http.ResponseWriter, *http.Request, error)) Option {
	return func(v *Verifier) error {
		if h == nil {
			return fail(ErrInvalidArgument, "WithFailureHandler got nil: give a function that answers the request")
		}
		v.onFailure = h
		return nil
	}
}
