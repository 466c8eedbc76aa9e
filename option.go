package clerksessions

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// Option configures calls: every call of a client when passed to [New] or
// [NewFromEnv], one call when passed to a method. Per-call options override the
// client's; headers and query parameters are merged.
//
// An option that a call would ignore is an error, [ErrInvalidArgument], and nothing is
// sent: [WithConcurrency] and [WithExcept] are for [New], [Client.RevokeAll] and
// [Client.RevokeEach]; [WithMeta] is for all other methods.
type Option func(*config) error

// config holds the settings of calls. It is copied before an option changes it.
type config struct {
	rest.Client
	logger      *slog.Logger
	meta        *Meta
	concurrency int
	except      []string // the ids of WithExcept
	forRevoking string   // the name of a per-call option that only RevokeAll and RevokeEach use
	tried       int      // attempts made by earlier calls for the same session
}

const bearer = "Bearer "

func defaults(secretKey string) config {
	base, _ := url.Parse(defaultBaseURL)
	base.RawPath = base.Path
	authorization := bearer + secretKey
	return config{
		Client: rest.Client{
			Base:             base,
			Authorization:    func() string { return authorization },
			Transport:        http.DefaultTransport,
			UserAgent:        userAgent,
			Timeout:          30 * time.Second,
			MaxAttempts:      3,
			MaxRetryAfter:    30 * time.Second,
			MaxResponseBytes: 16 << 20,
			KeepHeaders:      []string{"Cf-Cache-Status", "Cf-Ray", "Clerk-Api-Version", "X-Clerk-Trace-Id"},
		},
		concurrency: 8,
	}
}

func (c *config) apply(opts []Option) error {
	for _, opt := range opts {
		if opt == nil {
			return fmt.Errorf("clerksessions: %w: an option is nil", ErrInvalidArgument)
		}
		if err := opt(c); err != nil {
			return fmt.Errorf("clerksessions: %w: %w", ErrInvalidArgument, err)
		}
	}
	return nil
}

// WithBaseURL sets the base URL, for a proxy or an emulator. It includes the version,
// unlike CLERK_API_URL; see [NewFromEnv]. A trailing slash is ignored; a user, query or
// fragment is an error. The secret key is sent to this host: use http only
// on the same machine or a trusted network. Default: https://api.clerk.com/v1.
func WithBaseURL(baseURL string) Option {
	return func(c *config) error {
		u, err := url.Parse(baseURL)
		switch {
		case err != nil:
			return fmt.Errorf("the base URL cannot be parsed; it must begin with https:// or http://")
		case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
			return fmt.Errorf("the base URL must begin with https:// or http:// and a host")
		case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(baseURL, "#"):
			return fmt.Errorf("the base URL must not have a user, query or fragment")
		}
		path := strings.TrimRight(u.EscapedPath(), "/")
		for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
			if reason := segmentProblem(segment); path != "" && reason != "" {
				return fmt.Errorf("the path of the base URL has a segment that %s", reason)
			}
		}
		c.Base = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/"), RawPath: path}
		return nil
	}
}

// WithHTTPClient sets the HTTP client. Its Transport is used, and its Timeout if that is
// shorter than the timeout already set. The client is not changed. Its CheckRedirect and
// Jar are ignored: redirects are always refused. Default: [http.DefaultTransport].
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return fmt.Errorf("the http.Client is nil")
		}
		c.Transport = cmp.Or(client.Transport, http.DefaultTransport)
		if client.Timeout > 0 {
			c.Timeout = min(c.Timeout, client.Timeout)
		}
		return nil
	}
}

// WithTimeout limits the time of one attempt, from connecting to the last byte of the
// response. Default: 30 seconds. To limit a call with all its retries, use its context.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("the timeout is %s, but must be more than zero", d)
		}
		c.Timeout = d
		return nil
	}
}

// WithMaxAttempts sets the maximum number of attempts of a call. Default: 3; 1 disables
// retries. The package documentation says what is retried. [Client.RevokeAll] and
// [Client.RevokeEach] retry a revocation after a 429 regardless of the number.
//
// One resend by net/http is not counted: over HTTP/1.1 it sends a GET again when a
// keep-alive connection turns out to be closed. It resends no other request, and none
// over HTTP/2, unless a custom [http.RoundTripper] ignores the cancellation of the
// request's context.
func WithMaxAttempts(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("the number of attempts is %d, but must be at least 1", n)
		}
		c.MaxAttempts = n
		return nil
	}
}

// WithLogger sets a logger. Each attempt is logged at level Debug and each retry at
// level Warn, with operation, attempt, duration or wait, status and trace id, and the
// reason if a response is missing or incomplete. Ids, URLs, headers and bodies are not
// logged. The default is not to log.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return fmt.Errorf("the logger is nil")
		}
		c.logger = logger
		return nil
	}
}

// WithUserAgent appends a product, such as "billing/2.1", to the User-Agent header.
func WithUserAgent(product string) Option {
	return func(c *config) error {
		if !validHeaderValue(product) || product == "" {
			return fmt.Errorf("the user agent is empty or has a control character")
		}
		c.UserAgent += " " + product
		return nil
	}
}

// WithHeader sets a request header and overrides one that this package sets. It rejects
// Authorization, which always carries the secret key; Host and the headers of the
// connection; Idempotency-Key, which makes net/http retry by itself; and
// Accept-Encoding, since net/http handles gzip transparently.
func WithHeader(name, value string) Option {
	return func(c *config) error {
		name := http.CanonicalHeaderKey(name)
		switch {
		case !validHeaderName(name):
			return fmt.Errorf("%s is not a valid header name", rest.Quote(name))
		case !validHeaderValue(value):
			return fmt.Errorf("the value of header %s has a control character", name)
		case slices.Contains(refusedHeaders, name):
			return fmt.Errorf("the header %s cannot be set", name)
		}
		c.Header = maps.Collect(maps.All(c.Header)) // a copy, never nil
		c.Header.Set(name, value)
		return nil
	}
}

// refusedHeaders are the headers that WithHeader refuses.
var refusedHeaders = []string{
	"Accept-Encoding", "Authorization", "Connection", "Content-Length", "Host", "Idempotency-Key",
	"Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Idempotency-Key",
}

// WithQuery sets a query parameter and overrides one that this package sets.
func WithQuery(name, value string) Option {
	return func(c *config) error {
		if name == "" {
			return fmt.Errorf("the name of the query parameter is empty")
		}
		c.Query = maps.Collect(maps.All(c.Query)) // a copy, never nil
		c.Query.Set(name, value)
		return nil
	}
}

// WithOrigin sets the Origin header, for example https://app.example.com. A token
// minted with it has this origin as its azp claim. A token without azp cannot be
// refreshed and is rejected by verifiers that require azp.
func WithOrigin(origin string) Option {
	return func(c *config) error {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("the origin must be scheme and host only, like https://app.example.com")
		}
		return WithHeader("Origin", origin)(c)
	}
}

// WithMeta stores the response metadata of one call in meta, whether or not the call
// succeeds. With [Client.All], meta describes the last page read. [New],
// [Client.RevokeAll] and [Client.RevokeEach] reject it, because concurrent calls would
// overwrite each other's metadata.
func WithMeta(meta *Meta) Option {
	return func(c *config) error {
		if meta == nil {
			return fmt.Errorf("the Meta is nil")
		}
		c.meta = meta
		return nil
	}
}

// WithMaxResponseBytes limits the size of a response; a larger one is an [*Error].
// Default: 16 MiB, more than ten times the size of a page of 500 sessions.
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("the response limit is %d bytes, but must be at least 1", n)
		}
		c.MaxResponseBytes = min(n, math.MaxInt64-1)
		return nil
	}
}

func validHeaderName(name string) bool {
	return name != "" &&
		strings.Trim(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func validHeaderValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
