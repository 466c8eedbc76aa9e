package sessionjwt

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// defaultBaseURL is the server of Clerk's OpenAPI document.
const defaultBaseURL = "https://api.clerk.com/v1"

// KeyOption changes a default of KeysFromIssuer or KeysFromBackendAPI.
type KeyOption func(*keyConfig) error

type keyConfig struct {
	client  *http.Client
	baseURL string
}

// WithHTTPClient sets the client that keys are fetched with; the default is
// http.DefaultClient. It is copied, and the copy follows no redirects. A fetch
// is given up after 5 s even if the client would wait longer.
func WithHTTPClient(client *http.Client) KeyOption {
	return func(c *keyConfig) error {
		if client == nil {
			return fail(ErrInvalidArgument, "WithHTTPClient got nil: give a client, or leave the option out")
		}
		c.client = client
		return nil
	}
}

// WithBaseURL sets the address of the Backend API, version segment included;
// the default is "https://api.clerk.com/v1". It is for KeysFromBackendAPI only.
func WithBaseURL(baseURL string) KeyOption {
	return func(c *keyConfig) error {
		c.baseURL = baseURL
		return nil
	}
}

// KeysFromIssuer returns the keys that the instance publishes, without
// authentication, at issuer + "/.well-known/jwks.json". The first fetch happens
// in the first Verify; see the package documentation for the ones after it.
//
// The error is ErrInvalidArgument if issuer is not an https URL (or an http one
// of this machine, for tests) or an option does not fit.
func KeysFromIssuer(issuer string, opts ...KeyOption) (KeySource, error) {
	if err := checkIssuer(issuer); err != nil {
		return nil, err
	}
	c, err := newKeyConfig(opts)
	if err != nil {
		return nil, err
	}
	if c.baseURL != "" {
		return nil, fail(ErrInvalidArgument, "WithBaseURL is for KeysFromBackendAPI: here the issuer is the address")
	}
	return c.source(issuer, "/.well-known/jwks.json", nil)
}

// KeysFromBackendAPI returns the keys that the Backend API lists at /jwks for
// the instance of secretKey ("sk_..."). The first fetch happens in the first
// Verify; see the package documentation for the ones after it. By Clerk's
// documentation of its system limits these calls are not rate-limited. Prefer
// KeysFromIssuer where it can be reached: it needs no secret.
//
// The key is sent to the base URL and nowhere else, and no error or formatted
// value holds it. The error is ErrInvalidArgument if the key is empty, is a
// publishable key ("pk_...") or has characters that no header can carry, if the
// base URL is not an https URL (or an http one of this machine, for tests), or
// if an option does not fit.
func KeysFromBackendAPI(secretKey string, opts ...KeyOption) (KeySource, error) {
	switch {
	case secretKey == "":
		return nil, fail(ErrInvalidArgument, "secret key is empty: is CLERK_SECRET_KEY set?")
	case strings.HasPrefix(secretKey, "pk_"):
		return nil, fail(ErrInvalidArgument, "got a publishable key (pk_), want the secret key (sk_)")
	case strings.ContainsFunc(secretKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fail(ErrInvalidArgument, "secret key has a space, a line break or a character outside ASCII: was it cut from its file whole?")
	}
	c, err := newKeyConfig(opts)
	if err != nil {
		return nil, err
	}
	if c.baseURL == "" {
		c.baseURL = defaultBaseURL
	}
	return c.source(c.baseURL, "/jwks", func(req *http.Request) {
		req.Header.Set("Authorization", "Bearer "+secretKey)
	})
}

func newKeyConfig(opts []KeyOption) (*keyConfig, error) {
	c := &keyConfig{client: http.DefaultClient}
	for i, opt := range opts {
		if opt == nil {
			return nil, fail(ErrInvalidArgument, "option %d of %d is nil", i+1, len(opts))
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// source makes the KeySource of base + path. The secret lives in authorize, a
// function, because no way of formatting a value prints what those capture.
func (c *keyConfig) source(base, path string, authorize func(*http.Request)) (KeySource, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsAny(base, "?#") ||
		u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, fail(ErrInvalidArgument, "key server %s is not an https URL: over plain http only this machine is trusted", quoted(base))
	}
	address := u.JoinPath(path).String()
	client := *c.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &remoteKeys{
		url:    address,
		client: &client,
		newRequest: func(ctx context.Context) (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err == nil && authorize != nil {
				authorize(req)
			}
			return req, err
		},
	}, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
