package sessionjwt

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// defaultBaseURL is the server of Clerk's OpenAPI document.
const defaultBaseURL = "https://api.clerk.com/v1"

// KeyOption configures KeysFromIssuer or KeysFromBackendAPI.
type KeyOption func(*keyConfig) error

type keyConfig struct {
	client  *http.Client
	baseURL string
}

// WithHTTPClient sets the client that fetches the keys. Defaults to
// http.DefaultClient. The client is copied, and the copy refuses redirects. A
// fetch is limited to 5 s even if the client's timeout is longer.
func WithHTTPClient(client *http.Client) KeyOption {
	return func(c *keyConfig) error {
		if client == nil {
			return fail(ErrInvalidArgument, "WithHTTPClient: nil client")
		}
		c.client = client
		return nil
	}
}

// WithBaseURL sets the address of the Backend API, version segment included.
// Defaults to "https://api.clerk.com/v1". It is for KeysFromBackendAPI only.
func WithBaseURL(baseURL string) KeyOption {
	return func(c *keyConfig) error {
		c.baseURL = baseURL
		return nil
	}
}

// KeysFromIssuer returns the keys that the instance publishes, without
// authentication, at issuer + "/.well-known/jwks.json". The first Verify
// fetches them; see the package documentation for later fetches.
//
// The error is ErrInvalidArgument if issuer is not an https URL (or an http URL
// of a loopback address, for tests) or if an option is invalid.
func KeysFromIssuer(issuer string, opts ...KeyOption) (KeySource, error) {
	if err := checkIssuer(issuer); err != nil {
		return nil, err
	}
	c, err := newKeyConfig(opts)
	if err != nil {
		return nil, err
	}
	if c.baseURL != "" {
		return nil, fail(ErrInvalidArgument, "WithBaseURL is for KeysFromBackendAPI; KeysFromIssuer uses the issuer")
	}
	return c.source(issuer, "/.well-known/jwks.json", nil)
}

// KeysFromBackendAPI returns the keys that the Backend API lists at /jwks for
// the instance of secretKey ("sk_..."). The first Verify fetches them; see the
// package documentation for later fetches. By Clerk's documentation of its
// system limits these calls are not rate-limited. Prefer KeysFromIssuer where
// the issuer is reachable: it needs no secret.
//
// The key is sent to the base URL only, and no error or formatted value holds
// it. The error is ErrInvalidArgument if the key is empty, is a publishable key
// ("pk_...") or has characters that a header cannot carry, if the base URL is
// not an https URL (or an http URL of a loopback address, for tests), or if an
// option is invalid.
func KeysFromBackendAPI(secretKey string, opts ...KeyOption) (KeySource, error) {
	switch {
	case secretKey == "":
		return nil, fail(ErrInvalidArgument, "secret key is empty: is CLERK_SECRET_KEY set?")
	case strings.HasPrefix(secretKey, "pk_"):
		return nil, fail(ErrInvalidArgument, "publishable key (pk_), want the secret key (sk_)")
	case strings.ContainsFunc(secretKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fail(ErrInvalidArgument, "secret key has a space, a line break or a character outside ASCII")
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

// source returns the KeySource of base + path. The secret key is captured by
// authorize, because no way of formatting a function prints what it captures.
func (c *keyConfig) source(base, path string, authorize func(*http.Request)) (KeySource, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsAny(base, "?#") ||
		u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, fail(
			ErrInvalidArgument,
			"key server %s: want an https URL, or http on a loopback address",
			quoted(base),
		)
	}
	client := *c.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &remoteKeys{server: &keyServer{url: u.JoinPath(path).String(), client: &client, authorize: authorize}}, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
