package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/clerkenv"
)

// secretKey returns the secret key from the file or the environment, empty if there is
// none.
func (a *app) secretKey() (string, error) {
	if a.secretKeyFile == "" {
		return os.Getenv("CLERK_SECRET_KEY"), nil
	}
	text, err := os.ReadFile(a.secretKeyFile)
	if err != nil {
		return "", usagef("cannot read the secret key: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", usagef("%s is empty: it must contain only the secret key (sk_...)", a.secretKeyFile)
	}
	// A file that others can read is not refused, as ssh would: secrets mounted into a
	// container often have mode 0644. Windows has no such modes.
	info, err := os.Stat(a.secretKeyFile)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		a.note("warning: other users can access %s (mode %04o); run: chmod 600 %[1]s",
			a.secretKeyFile, info.Mode().Perm())
	}
	return key, nil
}

// client returns a client for the instance, and sets a.key and a.baseURL.
func (a *app) client(opts ...clerksessions.Option) (*clerksessions.Client, error) {
	var err error
	if a.key, err = a.secretKey(); err != nil {
		return nil, err
	}
	if a.key == "" {
		return nil, usagef("missing secret key: set CLERK_SECRET_KEY, or give --secret-key-file")
	}
	if a.baseURL, err = clerkenv.BaseURL(); err != nil {
		return nil, usagef("%w", err)
	}
	own := []clerksessions.Option{
		clerksessions.WithBaseURL(a.baseURL),
		clerksessions.WithUserAgent("clerk-sessions/" + strings.Trim(moduleVersion(), "()")),
	}
	if a.verbose {
		handler := slog.NewTextHandler(asideWriter{a, a.errs}, &slog.HandlerOptions{Level: slog.LevelDebug})
		own = append(own, clerksessions.WithLogger(slog.New(handler)))
	}
	client, err := clerksessions.New(a.key, append(own, opts...)...)
	if err != nil {
		return nil, usagef("%w; check CLERK_SECRET_KEY or --secret-key-file, CLERK_API_URL and CLERK_API_VERSION", err)
	}
	return client, nil
}

// keepAlive returns an option that keeps enough idle connections for n concurrent calls.
func keepAlive(n int) clerksessions.Option {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = n
	return clerksessions.WithHTTPClient(&http.Client{Transport: transport})
}

// grace is how long calls in flight may continue after an interruption.
const grace = 5 * time.Second

// withGrace returns a context for calls, which ends a grace period after ctx, so that
// calls in flight can complete.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	within, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) }) })
	return within, func() {
		stop()
		cancel(nil)
	}
}
