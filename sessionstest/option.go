package sessionstest

import (
	"fmt"
	"time"
)

// Option configures the instance that a [Server] emulates.
type Option func(*config)

type config struct {
	secretKey      string
	issuer         string
	start          time.Time
	production     bool
	strict         bool
	verifyGone     bool
	latestActivity bool
	control        bool
	tokenVersion   int
	rateLimit      int
	rateWindow     time.Duration
	observer       func(Request)
	optionErr      string // an invalid option
}

// environment returns the part of a key that names the environment.
func (c *config) environment() string {
	if c.production {
		return "live"
	}
	return "test"
}

// WithStart stops the clock at t. Only [Server.Advance] moves it, and nothing in a
// response depends on the wall clock. Default: the clock is [time.Now], which is
// virtual inside a testing/synctest bubble.
func WithStart(t time.Time) Option { return func(c *config) { c.start = t } }

// WithSecretKey sets the secret key, which clerksessions.New must accept. Default: a
// random key that begins with sk_test_, or sk_live_ in production.
func WithSecretKey(key string) Option { return func(c *config) { c.secretKey = key } }

// WithIssuer sets the iss claim of tokens. Default: see [Server].
func WithIssuer(issuer string) Option { return func(c *config) { c.issuer = issuer } }

// WithProduction emulates a production instance: CreateSession returns 400
// request_invalid_for_environment, and reads and refreshes still work during maintenance. Add
// sessions with [Server.AddSession]. Default: a development instance.
func WithProduction() Option { return func(c *config) { c.production = true } }

// WithStrictUsers limits users and organizations to those that were added. Default:
// every well-formed user_ id is a user, and every well-formed org_ id an organization
// with every user as a member.
func WithStrictUsers() Option { return func(c *config) { c.strict = true } }

// WithVerifyGone makes VerifySession return 410 operation_deprecated for any API
// version, as newer instances do. Default: 410 only for versions after 2025-03-12.
func WithVerifyGone() Option { return func(c *config) { c.verifyGone = true } }

// WithLatestActivity includes latest_activity in every response with a session. Default:
// only lists include it, as has been reported of Clerk.
func WithLatestActivity() Option { return func(c *config) { c.latestActivity = true } }

// WithControl serves the control API below /_emulator/, through which tests in other
// languages change state, move the clock and inject faults. It requires the secret key,
// and refuses requests from other origins and for hosts other than loopback.
// [Server.Transport] does not serve it. Default: off.
func WithControl() Option { return func(c *config) { c.control = true } }

// WithTokenVersion sets the version of the session tokens' claims, 1 or 2. Default: 2.
func WithTokenVersion(version int) Option {
	return func(c *config) {
		c.tokenVersion = version
		if version != 1 && version != 2 {
			c.optionErr = fmt.Sprintf("WithTokenVersion: version is %d, but must be 1 or 2", version)
		}
	}
}

// WithRateLimit returns 429 too_many_requests for requests beyond n within a window,
// with Retry-After in whole seconds until the next window. All clients and operations
// share the limit; requests for keys do not count. A window begins with the first
// request after the previous window has ended. Clerk's own limits are 1000 requests in
// 10 seconds in production and 100 in development. Default: no limit.
func WithRateLimit(n int, window time.Duration) Option {
	return func(c *config) {
		c.rateLimit, c.rateWindow = n, window
		if n <= 0 || window <= 0 {
			c.optionErr = fmt.Sprintf(
				"WithRateLimit: limit is %d in %s, but both must be positive; omit the option for no limit", n, window)
		}
	}
}

// WithObserver calls observe with each request once its response is known, redacted
// as in [Server.Requests]. observe is called concurrently and delays the response.
// Default: none.
func WithObserver(observe func(Request)) Option { return func(c *config) { c.observer = observe } }
