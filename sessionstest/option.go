package sessionstest

import (
	"fmt"
	"time"
)

// Option changes what kind of instance a [Server] is.
type Option func(*config)

type config struct {
	secretKey    string
	issuer       string
	start        time.Time
	production   bool
	strict       bool
	verifyGone   bool
	tokenVersion int
	rateLimit    int
	rateWindow   time.Duration
	observer     func(Request)
	wrong        string // what cannot be about an option
}

func defaults() config { return config{tokenVersion: 2} }

// WithStart stops the clock at t: from there only [Server.Advance] moves it, and
// nothing the Server says depends on the wall clock. By default its clock is
// [time.Now], which is virtual inside a testing/synctest bubble.
func WithStart(t time.Time) Option { return func(c *config) { c.start = t } }

// WithSecretKey sets the secret key. Default: a random one that begins with sk_test_,
// or sk_live_ in production. It must be one that clerksessions.New takes.
func WithSecretKey(key string) Option { return func(c *config) { c.secretKey = key } }

// WithIssuer sets the claim iss of tokens. Default: see [Server].
func WithIssuer(issuer string) Option { return func(c *config) { c.issuer = issuer } }

// WithProduction makes it a production instance: creating a session answers 400
// request_invalid_for_environment, and maintenance leaves reading and refreshing
// alone. Add sessions with [Server.AddSession] instead. Default: development.
func WithProduction() Option { return func(c *config) { c.production = true } }

// WithStrictUsers makes users and organizations exist only once they were added.
// Default: every well-formed user_ id is a user, and every well-formed org_ id an
// organization with every user as a member.
func WithStrictUsers() Option { return func(c *config) { c.strict = true } }

// WithVerifyGone makes VerifySession answer 410 operation_deprecated whatever the API
// version, as newer instances do. Default: 410 only for versions after 2025-03-12.
func WithVerifyGone() Option { return func(c *config) { c.verifyGone = true } }

// WithTokenVersion sets the version of the session tokens' claims, 1 or 2. Default: 2.
func WithTokenVersion(version int) Option {
	return func(c *config) {
		c.tokenVersion = version
		if version != 1 && version != 2 {
			c.wrong = fmt.Sprintf("WithTokenVersion: the version is %d, but must be 1 or 2", version)
		}
	}
}

// WithRateLimit answers 429 too_many_requests to the requests beyond n within a
// window, with Retry-After in whole seconds until the next window. All clients of the
// Server count together, as do all operations; asking for keys does not. A window
// begins with the first request after the last one ended. Clerk's own limits are 1000
// in 10 seconds in production and 100 in development. Default: no limit.
func WithRateLimit(n int, window time.Duration) Option {
	return func(c *config) {
		c.rateLimit, c.rateWindow = n, window
		if n <= 0 || window <= 0 {
			c.wrong = fmt.Sprintf("WithRateLimit: the limit is %d in %s, but both must be above zero; for no limit leave the option out", n, window)
		}
	}
}

// WithObserver calls observe with each request once it is answered, redacted like
// those of [Server.Requests]. It is called from many goroutines at once and delays
// the reply while it runs. Default: none.
func WithObserver(observe func(Request)) Option { return func(c *config) { c.observer = observe } }
