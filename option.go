package clerksessions

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Option changes how calls are made: all calls of a client when given to [New] or
// [NewFromEnv], one call when given to a method. An option for one call goes before
// the client's; headers and query parameters add up.
type Option func(*config) error

// config is what options change. It is copied before each change.
type config struct {
	authorization    func() string // the header; a function, so that no printer can reach the key
	base             *url.URL      // without trailing slash; RawPath always set
	transport        http.RoundTripper
	timeout          time.Duration
	maxAttempts      int
	maxRetryAfter    time.Duration
	logger           *slog.Logger
	userAgent        string
	header           http.Header
	extraQuery       url.Values
	meta             *Meta
	maxResponseBytes int64
	concurrency      int
	tried            int // attempts made before this call, which is one of a row
}

const bearer = "Bearer "

func defaults(secretKey string) config {
	base, _ := url.Parse(defaultBaseURL)
	base.RawPath = base.Path
	authorization := bearer + secretKey
	return config{
		base:             base,
		authorization:    func() string { return authorization },
		transport:        http.DefaultTransport,
		timeout:          30 * time.Second,
		maxAttempts:      3,
		maxRetryAfter:    maxRetryAfter,
		userAgent:        userAgent,
		maxResponseBytes: 16 << 20,
		concurrency:      8,
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

// WithBaseURL sends requests below another URL than https://api.clerk.com/v1: a
// proxy, or an emulator. It names scheme, host and path up to and including the
// version, has no user, query or fragment, and may end in a slash. The secret key
// goes to that host: use http only towards the same machine or a trusted network.
func WithBaseURL(baseURL string) Option {
	return func(c *config) error {
		u, err := url.Parse(baseURL)
		switch {
		case err != nil:
			return fmt.Errorf("the base URL cannot be parsed; it should look like %s", defaultBaseURL)
		case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
			return fmt.Errorf("the base URL must begin with https:// or http:// and a host, like %s", defaultBaseURL)
		case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(baseURL, "#"):
			return fmt.Errorf("the base URL must have no user, query or fragment; it should look like %s", defaultBaseURL)
		}
		path := strings.TrimRight(u.EscapedPath(), "/")
		for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
			if reason := notASegment(segment); path != "" && reason != "" {
				return fmt.Errorf("the path of the base URL has a segment that %s", reason)
			}
		}
		c.base = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/"), RawPath: path}
		return nil
	}
}

// WithHTTPClient sends requests through another client. Its Transport is used, and
// its Timeout if that is shorter than the limit of an attempt so far. The client is
// not changed; redirects are refused whatever it says, and its cookie jar is not used.
// Default: [http.DefaultTransport].
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return fmt.Errorf("the http.Client is nil")
		}
		c.transport = client.Transport
		if c.transport == nil {
			c.transport = http.DefaultTransport
		}
		if client.Timeout > 0 {
			c.timeout = min(c.timeout, client.Timeout)
		}
		return nil
	}
}

// WithTimeout limits one attempt, from connecting to the last byte of the reply.
// Default: 30 seconds. Limit a call as a whole, retries included, by its context.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("the timeout is %s, but must be more than zero", d)
		}
		c.timeout = d
		return nil
	}
}

// WithMaxAttempts limits how often a request is sent. Default: 3; 1 turns retries
// off, but for the one that net/http makes by itself when a connection kept from an
// earlier call turns out to be closed: of a GET, or when nothing was written. See the
// package's section on retries for what is repeated. [Client.RevokeAll] waits and goes
// on after a 429 to a revocation whatever the number.
func WithMaxAttempts(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("the number of attempts is %d, but must be at least 1", n)
		}
		c.maxAttempts = n
		return nil
	}
}

// WithLogger logs each attempt at level Debug and each coming retry at level Warn,
// with operation, status, attempt, duration or wait, and trace id; never an id, a
// URL, a header or a body. Default: no log.
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
		c.userAgent += " " + product
		return nil
	}
}

// WithHeader sets a header of the request, in place of one this package would set.
// Authorization is the exception: it always carries the secret key, so it is
// refused, as are the headers that belong to the connection, those that net/http
// takes for leave to send a request again (Idempotency-Key), and Accept-Encoding:
// net/http asks for gzip, and unpacks it, by itself.
func WithHeader(name, value string) Option {
	return func(c *config) error {
		name := http.CanonicalHeaderKey(name)
		switch {
		case !validHeaderName(name):
			return fmt.Errorf("%s is not the name of a header", quote(name))
		case !validHeaderValue(value):
			return fmt.Errorf("the value of header %s has a control character", name)
		case slices.Contains(ownHeaders, name):
			return fmt.Errorf("the header %s cannot be set", name)
		}
		c.header = c.header.Clone()
		if c.header == nil {
			c.header = make(http.Header)
		}
		c.header.Set(name, value)
		return nil
	}
}

var ownHeaders = []string{"Accept-Encoding", "Authorization", "Connection", "Content-Length", "Host", "Idempotency-Key", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Idempotency-Key"}

// WithQuery sets a parameter of the query that the contract does not know, in place
// of one it knows under that name.
func WithQuery(name, value string) Option {
	return func(c *config) error {
		if name == "" {
			return fmt.Errorf("the name of the query parameter is empty")
		}
		query := maps.Clone(c.extraQuery)
		if query == nil {
			query = make(url.Values)
		}
		query.Set(name, value)
		c.extraQuery = query
		return nil
	}
}

// WithOrigin sends an Origin header, such as https://app.example.com. A token
// minted with it has this origin as its claim azp; without it, the token has none,
// cannot be refreshed, and is turned away by verifiers that ask for azp.
func WithOrigin(origin string) Option {
	return func(c *config) error {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("the origin must be scheme and host only, like https://app.example.com")
		}
		return WithHeader("Origin", origin)(c)
	}
}

// WithMeta fills meta with what the reply of one call said besides its value, be
// the call a success or not. It is for one call only: [New] refuses it, because
// calls at the same time would overwrite each other's.
func WithMeta(meta *Meta) Option {
	return func(c *config) error {
		if meta == nil {
			return fmt.Errorf("the Meta is nil")
		}
		c.meta = meta
		return nil
	}
}

// WithMaxResponseBytes limits the size of a reply; a longer one is an [*Error].
// Default: 16 MiB, room for more than ten pages of 500 sessions.
func WithMaxResponseBytes(n int64) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("the limit for replies is %d bytes, but must be at least 1", n)
		}
		c.maxResponseBytes = min(n, math.MaxInt64-1)
		return nil
	}
}

func validHeaderName(name string) bool {
	return name != "" && strings.Trim(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func validHeaderValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
