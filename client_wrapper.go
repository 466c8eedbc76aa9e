package clerksessions

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions/internal/clerkenv"
)

const userAgent = "clerksessions/0.1"

// Client is a client for the /sessions endpoints of Clerk's Backend API. It is immutable
// and safe for concurrent use. Create one with [New] or [NewFromEnv].
type Client struct{ api lowLevel }

// New returns a client that authenticates with an instance's secret key, sk_test_... or
// sk_live_.... It sends nothing. The error is [ErrInvalidArgument] if the key is empty,
// is a publishable key or has a character other than visible ASCII, or if an option is
// invalid.
func New(secretKey string, opts ...Option) (*Client, error) {
	if reason := keyProblem(secretKey); reason != "" {
		return nil, fmt.Errorf("clerksessions: %w: the secret key %s", ErrInvalidArgument, reason)
	}
	config := defaults(secretKey)
	if err := config.apply(opts); err != nil {
		return nil, err
	}
	if config.meta != nil {
		return nil, fmt.Errorf("clerksessions: %w: WithMeta is for single calls", ErrInvalidArgument)
	}
	config.forRevoking = ""
	return &Client{api: lowLevel{config: &config}}, nil
}

// NewFromEnv is [New] with the secret key from CLERK_SECRET_KEY. If set, CLERK_API_URL
// is the base URL without the version (default https://api.clerk.com) and
// CLERK_API_VERSION is the version in the path (default v1; not a date). Clerk's own
// SDKs read the same variables. Options override the environment, which must still be
// valid.
func NewFromEnv(opts ...Option) (*Client, error) {
	baseURL, err := clerkenv.BaseURL()
	if err != nil {
		return nil, fmt.Errorf("clerksessions: %w: %w", ErrInvalidArgument, err)
	}
	secretKey := os.Getenv("CLERK_SECRET_KEY")
	if secretKey == "" {
		return nil, fmt.Errorf("clerksessions: %w: CLERK_SECRET_KEY is not set", ErrInvalidArgument)
	}
	base := func(c *config) error {
		if err := WithBaseURL(baseURL)(c); err != nil {
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
		err := fmt.Errorf("clerksessions: %w: the Client was not made by New", ErrInvalidArgument)
		return &lowLevel{config: &config{}, err: err}
	case len(opts) == 0:
		return &c.api
	}
	config := *c.api.config
	err := config.apply(opts)
	return &lowLevel{config: &config, err: err}
}

// List returns one page of the sessions of a user or a client, newest first. The error
// is [ErrBadRequest] if neither is given. A Limit of zero means Clerk's default of 10;
// the maximum is 500.
func (c *Client) List(ctx context.Context, params ListParams, opts ...Option) (*SessionPage, error) {
	return c.with(opts).getSessionList(ctx, params, true)
}

// Create creates an active session for a user. It is for tests: on a production
// instance the error is [ErrBadRequest] with the code request_invalid_for_environment.
// The error is [ErrNotFound] if the user does not exist. Create is retried only if the
// request was not processed.
func (c *Client) Create(ctx context.Context, params CreateParams, opts ...Option) (*Session, error) {
	return c.with(opts).createSession(ctx, params)
}

// Get returns a session, regardless of its status. The error is [ErrNotFound] if it does
// not exist.
func (c *Client) Get(ctx context.Context, sessionID string, opts ...Option) (*Session, error) {
	return c.with(opts).getSession(ctx, sessionID)
}

// Refresh exchanges an expired session token for a fresh one. If Clerk refuses, the error
// is [ErrUnauthorized] with a specific code: send the browser through Clerk's handshake.
// Refresh is retried only if the request was not processed, since Clerk accepts an
// expired token only once.
func (c *Client) Refresh(ctx context.Context, sessionID string, params RefreshParams, opts ...Option) (*Token, error) {
	return refreshSession[Token](ctx, c.with(opts), sessionID, params, "token")
}

// RefreshCookies is like [Client.Refresh] but returns Set-Cookie header values to pass
// on to the browser. They hold tokens: do not log them.
func (c *Client) RefreshCookies(
	ctx context.Context,
	sessionID string,
	params RefreshParams,
	opts ...Option,
) ([]string, error) {
	response, err := refreshSession[cookies](ctx, c.with(opts), sessionID, params, "cookie")
	if err != nil {
		return nil, err
	}
	return response.Cookies, nil
}

// Revoke ends a session and returns it with status revoked. Revoking it again is not an
// error. The error is [ErrNotFound] if the session does not exist. Tokens minted before
// stay valid until they expire, usually within 60 seconds.
func (c *Client) Revoke(ctx context.Context, sessionID string, opts ...Option) (*Session, error) {
	return c.with(opts).revokeSession(ctx, sessionID)
}

// Verify asks Clerk to verify a token of a session and returns the session. The error is
// [ErrBadRequest] if the token is not valid, and [ErrGone] if the instance no longer
// offers the operation.
//
// Deprecated: Clerk withdrew the operation after API version 2025-03-12, which this
// call uses. Verify tokens locally with the package sessionjwt.
func (c *Client) Verify(ctx context.Context, sessionID, token string, opts ...Option) (*Session, error) {
	return c.with(opts).verifySession(ctx, sessionID, verifySession{Token: token})
}

// TokenParams are the parameters of a token to mint.
type TokenParams struct {
	// ExpiresIn is the token's lifetime in whole seconds, from 30 to 315,360,000 (ten
	// years). Zero means Clerk's default: 60 seconds for a session token, the
	// template's lifetime for a template token.
	ExpiresIn time.Duration
}

// CreateToken mints a session token, like those that browsers hold in the __session
// cookie. The token has the claim azp only with [WithOrigin]. The error is [ErrNotFound]
// if the session does not exist or is not active.
func (c *Client) CreateToken(
	ctx context.Context,
	sessionID string,
	params TokenParams,
	opts ...Option,
) (*Token, error) {
	api, seconds := c.withLifetime(params, opts)
	return api.createSessionToken(ctx, sessionID, createToken{ExpiresInSeconds: seconds})
}

// CreateTokenFromTemplate mints a token from one of the instance's JWT templates. The
// token has no claim sid, so it is not a session token. The error is [ErrNotFound] if the
// session or the template does not exist.
func (c *Client) CreateTokenFromTemplate(
	ctx context.Context,
	sessionID, template string,
	params TokenParams,
	opts ...Option,
) (*Token, error) {
	api, seconds := c.withLifetime(params, opts)
	return api.createSessionTokenFromTemplate(ctx, sessionID, template, createToken{ExpiresInSeconds: seconds})
}

// withLifetime is like with, and also returns params.ExpiresIn in seconds.
func (c *Client) withLifetime(params TokenParams, opts []Option) (*lowLevel, int64) {
	api := c.with(opts)
	if params.ExpiresIn%time.Second != 0 && api.err == nil {
		const format = "clerksessions: %w: ExpiresIn is %s, but must be whole seconds"
		api = &lowLevel{config: api.config, err: fmt.Errorf(format, ErrInvalidArgument, params.ExpiresIn)}
	}
	return api, int64(params.ExpiresIn / time.Second)
}

// keyProblem returns why key cannot be a secret key, or "".
func keyProblem(key string) string {
	switch {
	case key == "":
		return "is empty"
	case strings.HasPrefix(key, "pk_"):
		return "is a publishable key; use the key that begins with sk_"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "has a space, a control character or a character outside ASCII"
	}
	return ""
}
