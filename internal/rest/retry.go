package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 8 * time.Second
)

// retryable reports whether a retry is allowed and may succeed.
func (a attempt) retryable(idempotent bool) bool {
	switch {
	case a.unsent, a.res != nil && a.res.StatusCode == http.StatusTooManyRequests:
		return true
	case !idempotent:
		return false
	case a.res == nil || a.truncated:
		return true
	}
	return TransientStatus(a.res.StatusCode)
}

// TransientStatus reports whether a request that failed with this status may succeed on
// retry. Statuses 520 to 527 and 530 are Cloudflare's: the origin server was slow, down
// or unreachable.
func TransientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 530:
		return true
	}
	return status >= 520 && status <= 527
}

// wait returns how long to wait after attempt n. ok is false if the server asks for
// more than MaxRetryAfter or than the context's deadline allows.
func (c *Client) wait(ctx context.Context, n int, retryAfter time.Duration) (_ time.Duration, ok bool) {
	if retryAfter <= 0 {
		return Backoff(n), true
	}
	if retryAfter > c.MaxRetryAfter {
		return 0, false
	}
	wait := Jitter(retryAfter)
	if deadline, ok := ctx.Deadline(); ok && wait >= time.Until(deadline) {
		return retryAfter, retryAfter < time.Until(deadline)
	}
	return wait, true
}

// Backoff returns the wait before retry n: exponential with full jitter, below 0.5, 1,
// 2, 4 and then 8 seconds, so that clients do not retry in lockstep.
func Backoff(n int) time.Duration {
	return rand.N(min(maxBackoff, firstBackoff<<min(max(0, n-1), 10)))
}

// Jitter returns d plus up to 10 %, so that clients with the same Retry-After do not
// retry in lockstep.
func Jitter(d time.Duration) time.Duration { return d + rand.N(d/10+1) }

// Sleep waits for d, or returns the context's error if it ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ContextError(ctx)
	case <-timer.C:
		return nil
	}
}

// ContextError returns the context's error, with its cause if there is one.
func ContextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // the very same error
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}
