package sessionjwt

import (
	"cmp"
	"context"
	"crypto/rsa"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// defaultBaseURL is the server of Clerk's OpenAPI document.
const defaultBaseURL = "https://api.clerk.com/v1"

// KeySource provides the public keys of one Clerk instance to a Verifier.
// KeysFromPEM, KeysFromIssuer and KeysFromBackendAPI return one. It is safe for
// concurrent use. Verifiers of the same instance may share a KeySource and its
// cache.
type KeySource interface {
	// key returns the key with the given id that signed the token. The error is
	// ErrSignature if there is none, and ErrKeysUnavailable if that is unknown.
	key(ctx context.Context, id string, token signed) (*rsa.PublicKey, error)
}

// signed is a token whose key is to be found.
type signed interface {
	// signedBy reports whether key signed the token.
	signedBy(key *rsa.PublicKey) bool
}

// KeyOption configures KeysFromIssuer or KeysFromBackendAPI.
type KeyOption func(*keyConfig) error

type keyConfig struct {
	client  *http.Client
	baseURL string
}

// WithHTTPClient sets the client that fetches the keys. Defaults to
// http.DefaultClient. The client is copied, and the copy refuses redirects. A
// fetch takes at most 5 s, even if the client's timeout is longer.
func WithHTTPClient(client *http.Client) KeyOption {
	return func(c *keyConfig) error {
		if client == nil {
			return fail(ErrInvalidArgument, "WithHTTPClient: nil client")
		}
		c.client = client
		return nil
	}
}

// WithBaseURL sets the base URL of the Backend API, including its version
// segment. Defaults to "https://api.clerk.com/v1". Only KeysFromBackendAPI
// accepts it.
func WithBaseURL(baseURL string) KeyOption {
	return func(c *keyConfig) error {
		c.baseURL = baseURL
		return nil
	}
}

// KeysFromIssuer returns the keys that the instance publishes at
// issuer + "/.well-known/jwks.json", without authentication. The first Verify
// fetches them; for later fetches, see "Keys" in the package documentation.
//
// The error is ErrInvalidArgument if an option is invalid or issuer is not an
// https URL. For tests, an http URL of a loopback address is accepted as well.
func KeysFromIssuer(issuer string, opts ...KeyOption) (KeySource, error) {
	if err := checkIssuer(issuer); err != nil {
		return nil, err
	}
	c := keyConfig{client: http.DefaultClient}
	if err := apply(&c, opts); err != nil {
		return nil, err
	}
	if c.baseURL != "" {
		return nil, fail(ErrInvalidArgument, "WithBaseURL is for KeysFromBackendAPI; KeysFromIssuer uses the issuer")
	}
	return c.source(issuer, "/.well-known/jwks.json", "")
}

// KeysFromBackendAPI returns the keys that the Backend API lists at /jwks for
// the instance of secretKey ("sk_..."). The first Verify fetches them; for later
// fetches, see "Keys" in the package documentation. Clerk documents these calls
// as not rate-limited. Prefer KeysFromIssuer if the issuer is reachable: it
// needs no secret.
//
// The key is sent only to the base URL, and no error or formatted value contains
// it. The error is ErrInvalidArgument if an option is invalid, if the key is
// empty, is a publishable key ("pk_...") or contains a character other than
// visible ASCII, or if the base URL is not an https URL. For tests, an http URL of a
// loopback address is accepted as well.
func KeysFromBackendAPI(secretKey string, opts ...KeyOption) (KeySource, error) {
	switch {
	case secretKey == "":
		return nil, fail(ErrInvalidArgument, "secret key is empty: is CLERK_SECRET_KEY set?")
	case strings.HasPrefix(secretKey, "pk_"):
		return nil, fail(ErrInvalidArgument, "publishable key (pk_), want the secret key (sk_)")
	case strings.ContainsFunc(secretKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fail(ErrInvalidArgument, "secret key contains a space, a line break or a non-ASCII character")
	}
	c := keyConfig{client: http.DefaultClient}
	if err := apply(&c, opts); err != nil {
		return nil, err
	}
	return c.source(cmp.Or(c.baseURL, defaultBaseURL), "/jwks", secretKey)
}

// source returns the KeySource of base + path.
func (c *keyConfig) source(base, path, secretKey string) (KeySource, error) {
	u, err := parseURL(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return nil, fail(ErrInvalidArgument, "key server %s: want https, as it is not a loopback address", quoted(base))
	}
	client := *c.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	secret := func() string { return secretKey }
	return &remoteKeys{server: &keyServer{url: u.JoinPath(path).String(), client: &client, secret: secret}}, nil
}

// parseURL parses the URL of an issuer or of a key server.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.ContainsAny(text, "?#") {
		return nil, fail(ErrInvalidArgument, "%s: want a URL like https://clerk.example.com", quoted(text))
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
