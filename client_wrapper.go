// Package clerksessions calls the /sessions endpoints of Clerk's Backend API: list,
// create, read, refresh and revoke the sessions of an instance's users, and mint
// tokens for them.
//
// Build a [Client] with [New] or [NewFromEnv], keep it, and call its methods from as
// many goroutines as you like. A parameter left zero means Clerk's default.
//
//	client, err := clerksessions.New(os.Getenv("CLERK_SECRET_KEY"))
//	session, err := client.Get(ctx, "sess_...")
//
// # Listing and revoking
//
// [Client.All] ranges over every session that matches, however the list changes
// meanwhile. [Client.RevokeAll] ends them, say all of a user whose password leaked, no
// faster than Clerk allows. [Client.List] returns one page, of ten sessions unless
// Limit says otherwise. The times of a [Session] are Unix milliseconds, [UnixMilli].
//
// # Tokens
//
// [Client.CreateToken] mints a session token, and [Client.CreateTokenFromTemplate] one
// from a JWT template of the instance. Times inside a token are in seconds. A [Token]
// prints redacted; its field JWT has the value. To verify a token that came with a
// request use the package [github.com/clerksessions/clerksessions/sessionjwt].
//
// # Errors
//
// Every reply that is no success is an [*Error] with status, Clerk's error codes and
// the trace id that Clerk's support asks for, whether or not its body is JSON:
//
//	errors.Is(err, clerksessions.ErrNotFound) // the category, by status
//
//	var refused *clerksessions.Error
//	if errors.As(err, &refused) && refused.HasCode("operation_deprecated") { ... }
//
// A parameter that Clerk would not take is [ErrInvalidArgument], and nothing is sent.
// The network's and the context's errors come wrapped. Nothing this package returns as
// an error, prints or logs holds the secret key or a token.
//
// # Retries
//
// A call is made up to three times ([WithMaxAttempts]) when the network fails, an
// attempt takes over 30 seconds ([WithTimeout]) or Clerk answers 408, 425, 429, 500,
// 502, 503 or 504. Creating and refreshing must not happen twice: they are repeated
// only after a 429, or when nothing was written. In between the client waits as long
// as Retry-After asks, or a random time below 0.5, 1, 2, 4, 8 seconds. If Retry-After
// is over 30 seconds, or over what the context has left, the error comes at once.
// Redirects are never followed.
//
// # Testing
//
// [github.com/clerksessions/clerksessions/sessionstest] is Clerk in memory: it keeps
// state, mints real tokens and fails on request.
//
// # API versions
//
// Each operation is sent with the API version that the contract, openapi.yaml, follows
// (see [Operations]), whatever the instance's own default.
package clerksessions

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

const userAgent = "clerksessions/0.1"

// Client calls the /sessions endpoints of Clerk's Backend API. It is immutable and
// safe for concurrent use. Make one with [New] or [NewFromEnv].
type Client struct{ api lowLevel }

// New returns a client that authenticates with an instance's secret key, sk_test_...
// or sk_live_.... A key that is empty, has a space or a control character, or is a
// publishable key is refused with [ErrInvalidArgument], as is a bad option. Nothing
// is sent.
func New(secretKey string, opts ...Option) (*Client, error) {
	if reason := notAKey(secretKey); reason != "" {
		return nil, fmt.Errorf("clerksessions: %w: the secret key %s", ErrInvalidArgument, reason)
	}
	config := defaults(secretKey)
	if err := config.apply(opts); err != nil {
		return nil, err
	}
	if config.meta != nil {
		return nil, fmt.Errorf("clerksessions: %w: WithMeta is for single calls", ErrInvalidArgument)
	}
	return &Client{api: lowLevel{config: &config}}, nil
}

// NewFromEnv is [New] with the secret key from CLERK_SECRET_KEY. When set,
// CLERK_API_URL is the base URL without its version (default https://api.clerk.com)
// and CLERK_API_VERSION is the version in the path (default v1; not a date). These
// are the names Clerk's own SDKs read. An option goes before the environment, which
// has to be valid all the same.
func NewFromEnv(opts ...Option) (*Client, error) {
	cut := strings.LastIndexByte(defaultBaseURL, '/')
	host := strings.TrimRight(cmp.Or(os.Getenv("CLERK_API_URL"), defaultBaseURL[:cut]), "/")
	version := cmp.Or(os.Getenv("CLERK_API_VERSION"), defaultBaseURL[cut+1:])
	if notASegment(version) != "" || strings.ContainsAny(version, "/?#%") {
		return nil, fmt.Errorf("clerksessions: %w: CLERK_API_VERSION must be one path segment like v1", ErrInvalidArgument)
	}
	secretKey := os.Getenv("CLERK_SECRET_KEY")
	if secretKey == "" {
		return nil, fmt.Errorf("clerksessions: %w: CLERK_SECRET_KEY is not set", ErrInvalidArgument)
	}
	base := func(c *config) error {
		if err := WithBaseURL(host + "/" + version)(c); err != nil {
			return fmt.Errorf("CLERK_API_URL: %w", err)
		}
		return nil
	}
	return New(secretKey, append([]Option{base}, opts...)...)
}

// with returns the low-level client with options for one call.
func (c *Client) with(opts []Option) *lowLevel {
	switch {
	case c == nil || c.api.config == nil:
		return &lowLevel{config: &config{}, err: fmt.Errorf("clerksessions: %w: the Client was not made by New", ErrInvalidArgument)}
	case len(opts) == 0:
		return &c.api
	}
	config := *c.api.config
	err := config.apply(opts)
	return &lowLevel{config: &config, err: err}
}

// List returns one page of the sessions of a user or a client, newest first. Clerk
// refuses the call with [ErrBadRequest] when neither is given. A Limit of zero means
// Clerk's default of 10; the most is 500.
func (c *Client) List(ctx context.Context, params ListParams, opts ...Option) (*SessionPage, error) {
	return c.with(opts).getSessionList(ctx, params, true)
}

// Create creates an active session for a user, for tests: production instances
// refuse it with [ErrBadRequest] and the code request_invalid_for_environment. An
// unknown user is [ErrNotFound]. It is repeated only when Clerk certainly did not act.
func (c *Client) Create(ctx context.Context, params CreateParams, opts ...Option) (*Session, error) {
	return c.with(opts).createSession(ctx, params)
}

// Get returns a session, also one that is no longer active. An unknown one is
// [ErrNotFound].
func (c *Client) Get(ctx context.Context, sessionID string, opts ...Option) (*Session, error) {
	return c.with(opts).getSession(ctx, sessionID)
}

// Refresh exchanges an expired session token for a fresh one. Whatever speaks
// against it is [ErrUnauthorized] with a code of its own: have the user's browser
// go through Clerk's handshake then. It is repeated only when Clerk certainly did
// not act, as a refresh token works once.
func (c *Client) Refresh(ctx context.Context, sessionID string, params RefreshParams, opts ...Option) (*Token, error) {
	return refreshSession[Token](ctx, c.with(opts), sessionID, params, "token")
}

// RefreshCookies is [Client.Refresh] with the answer as Set-Cookie header values, to
// be passed on to the browser. They hold tokens: do not log them.
func (c *Client) RefreshCookies(ctx context.Context, sessionID string, params RefreshParams, opts ...Option) ([]string, error) {
	reply, err := refreshSession[cookies](ctx, c.with(opts), sessionID, params, "cookie")
	if err != nil {
		return nil, err
	}
	return reply.Cookies, nil
}

// Revoke ends a session and returns it with status revoked. Revoking it again is no
// error; an unknown session is [ErrNotFound]. Tokens minted before stay valid until
// they expire, usually within 60 seconds.
func (c *Client) Revoke(ctx context.Context, sessionID string, opts ...Option) (*Session, error) {
	return c.with(opts).revokeSession(ctx, sessionID)
}

// Verify has Clerk check a token of a session and returns the session. A bad token
// is [ErrBadRequest]; [ErrGone] means that the instance no longer offers this.
//
// Deprecated: Clerk withdrew the operation after API version 2025-03-12, which this
// call is therefore sent with. Verify tokens locally with the package sessionjwt.
func (c *Client) Verify(ctx context.Context, sessionID, token string, opts ...Option) (*Session, error) {
	return c.with(opts).verifySession(ctx, sessionID, token)
}

// TokenParams says how a token is minted.
type TokenParams struct {
	// ExpiresIn is the token's lifetime in whole seconds, from 30 seconds to
	// 315,360,000 (ten years). Zero means Clerk's default: 60 seconds for a session
	// token, the template's own lifetime otherwise.
	ExpiresIn time.Duration
}

// CreateToken mints a token of a session, such as browsers hold in the __session
// cookie. It has the claim azp only with [WithOrigin]. A session that is unknown or
// no longer active is [ErrNotFound].
func (c *Client) CreateToken(ctx context.Context, sessionID string, params TokenParams, opts ...Option) (*Token, error) {
	api, seconds := c.withLifetime(params, opts)
	return api.createSessionToken(ctx, sessionID, seconds)
}

// CreateTokenFromTemplate mints a token from one of the instance's JWT templates. It
// has no claim sid, so it is no session token. An unknown session or template is
// [ErrNotFound].
func (c *Client) CreateTokenFromTemplate(ctx context.Context, sessionID, template string, params TokenParams, opts ...Option) (*Token, error) {
	api, seconds := c.withLifetime(params, opts)
	return api.createSessionTokenFromTemplate(ctx, sessionID, template, seconds)
}

func (c *Client) withLifetime(params TokenParams, opts []Option) (*lowLevel, int64) {
	api := c.with(opts)
	if params.ExpiresIn%time.Second != 0 && api.err == nil {
		api = &lowLevel{config: api.config, err: fmt.Errorf("clerksessions: %w: ExpiresIn is %s, but must be whole seconds", ErrInvalidArgument, params.ExpiresIn)}
	}
	return api, int64(params.ExpiresIn / time.Second)
}

func notAKey(key string) string {
	switch {
	case key == "":
		return "is empty"
	case strings.HasPrefix(key, "pk_"):
		return "is a publishable key; take the secret key, which begins with sk_"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "has a space, a line break or another character that no key has"
	}
	return ""
}
