package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
)

// apiURL is the base URL of the Backend API, from the names Clerk's SDKs read.
func apiURL() string {
	host := cmp.Or(os.Getenv("CLERK_API_URL"), "https://api.clerk.com")
	return strings.TrimRight(host, "/") + "/" + cmp.Or(os.Getenv("CLERK_API_VERSION"), "v1")
}

// secretKey is the instance's key, empty if none was given.
func (a *app) secretKey() (string, error) {
	if a.secretKeyFile == "" {
		return os.Getenv("CLERK_SECRET_KEY"), nil
	}
	text, err := os.ReadFile(a.secretKeyFile)
	if err != nil {
		return "", usagef("the secret key cannot be read: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", usagef("there is no secret key in %s: put the instance's there, sk_test_... or sk_live_..., and nothing else", a.secretKeyFile)
	}
	return key, nil
}

func (a *app) client(opts ...clerksessions.Option) (*clerksessions.Client, error) {
	key, err := a.secretKey()
	if err != nil {
		return nil, err
	}
	return newClient(key, opts...)
}

func newClient(key string, opts ...clerksessions.Option) (*clerksessions.Client, error) {
	if key == "" {
		return nil, usagef("there is no secret key: set CLERK_SECRET_KEY, or name a file that holds it with --secret-key-file")
	}
	own := []clerksessions.Option{
		clerksessions.WithBaseURL(apiURL()),
		clerksessions.WithUserAgent("clerk-sessions/" + strings.Trim(moduleVersion(), "()")),
	}
	client, err := clerksessions.New(key, append(own, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("%w; check CLERK_SECRET_KEY or --secret-key-file, CLERK_API_URL and CLERK_API_VERSION", err)
	}
	return client, nil
}

// connections lets n calls at a time keep their connections, and those that were sent
// come to their end after an interruption.
func connections(n int) clerksessions.Option {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = n
	return clerksessions.WithHTTPClient(&http.Client{Transport: lasting{transport}})
}

// lasting lets a request that was sent go on for a while when its context has ended,
// so that what it did becomes known.
type lasting struct{ next http.RoundTripper }

const grace = 5 * time.Second

func (l lasting) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(req.Context()))
	context.AfterFunc(req.Context(), func() { time.AfterFunc(grace, cancel) })
	return l.next.RoundTrip(req.WithContext(ctx))
}
