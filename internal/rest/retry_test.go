package rest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The retry decision, whole.
func TestRetryable(t *testing.T) {
	t.Parallel()
	res := func(status int) *Response { return &Response{StatusCode: status} }
	for _, test := range []struct {
		name          string
		attempt       attempt
		safe, notSafe bool
	}{
		{"nothing sent", attempt{err: errResend, unsent: true}, true, true},
		{"network error after sending", attempt{err: errResend}, true, false},
		{"429 too many requests", attempt{res: res(429)}, true, true},
		{"truncated success", attempt{res: res(200), err: ErrTruncated, truncated: true}, true, false},
		{"oversized success", attempt{res: res(200), err: errResend}, false, false},
		{"408 request timeout", attempt{res: res(408)}, true, false},
		{"425 too early", attempt{res: res(425)}, true, false},
		{"500 internal server error", attempt{res: res(500)}, true, false},
		{"502 bad gateway", attempt{res: res(502)}, true, false},
		{"503 service unavailable", attempt{res: res(503)}, true, false},
		{"504 gateway timeout", attempt{res: res(504)}, true, false},
		{"520 from Cloudflare", attempt{res: res(520)}, true, false},
		{"527 from Cloudflare", attempt{res: res(527)}, true, false},
		{"530 from Cloudflare", attempt{res: res(530)}, true, false},
		{"101 switching protocols", attempt{res: res(101)}, false, false},
		{"307 redirect", attempt{res: res(307)}, false, false},
		{"400 bad request", attempt{res: res(400)}, false, false},
		{"404 not found", attempt{res: res(404)}, false, false},
		{"409 conflict", attempt{res: res(409)}, false, false},
		{"501 not implemented", attempt{res: res(501)}, false, false},
		{"519", attempt{res: res(519)}, false, false},
		{"528", attempt{res: res(528)}, false, false},
		{"529", attempt{res: res(529)}, false, false},
		{"531", attempt{res: res(531)}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.safe, test.attempt.retryable(true), "idempotent")
			assert.Equal(t, test.notSafe, test.attempt.retryable(false), "not idempotent")
		})
	}
}

func TestBackoffGrowsWithFullJitter(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{
		-1: 500 * time.Millisecond, 0: 500 * time.Millisecond, 1: 500 * time.Millisecond, 2: time.Second, 3: 2 * time.Second,
		4: 4 * time.Second, 5: 8 * time.Second, 6: 8 * time.Second, 1000: 8 * time.Second,
	} {
		longest, shortest := time.Duration(0), time.Hour
		for range 500 {
			wait := Backoff(n)
			longest, shortest = max(longest, wait), min(shortest, wait)
		}
		assert.Less(t, longest, want, "retry %d", n)
		assert.Greater(t, longest, want*8/10, "retry %d uses the whole range", n)
		assert.Less(t, shortest, want*2/10, "retry %d uses the whole range", n)
	}
}

func TestJitterAddsUpToATenth(t *testing.T) {
	t.Parallel()
	assert.Equal(t, time.Nanosecond, Jitter(1))
	longest := time.Duration(0)
	for range 500 {
		wait := Jitter(time.Second)
		assert.GreaterOrEqual(t, wait, time.Second)
		longest = max(longest, wait)
	}
	assert.LessOrEqual(t, longest, 1100*time.Millisecond)
	assert.Greater(t, longest, 1092*time.Millisecond)
}

func TestWait(t *testing.T) {
	t.Parallel()
	client := &Client{MaxRetryAfter: 30 * time.Second}
	for _, test := range []struct {
		name       string
		retryAfter time.Duration
		deadline   time.Duration // zero for none
		ok         bool
		jitter     time.Duration // about the longest to be added; zero if that is not known
	}{
		{name: "no Retry-After", ok: true, jitter: 500 * time.Millisecond},
		{name: "Retry-After", retryAfter: 10 * time.Second, ok: true, jitter: time.Second},
		{name: "longest Retry-After", retryAfter: 30 * time.Second, ok: true},
		{name: "Retry-After too long", retryAfter: 30*time.Second + 1},
		{name: "Retry-After before the deadline", retryAfter: 10 * time.Second, deadline: 20 * time.Second, ok: true, jitter: time.Second},
		{name: "Retry-After just before the deadline", retryAfter: 10 * time.Second, deadline: 10*time.Second + 1, ok: true},
		{name: "Retry-After at the deadline", retryAfter: 10 * time.Second, deadline: 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				longest := time.Duration(0)
				for range 200 {
					wait, ok := client.wait(ctx, 1, test.retryAfter)
					require.Equal(t, test.ok, ok)
					longest = max(longest, wait)
				}
				if test.jitter > 0 {
					assert.Greater(t, longest, test.retryAfter+test.jitter*8/10)
				}
				if wait, ok := client.wait(ctx, 1, test.retryAfter); ok {
					assert.GreaterOrEqual(t, wait, test.retryAfter)
					assert.LessOrEqual(t, wait, max(test.retryAfter*11/10, 500*time.Millisecond))
				}
			})
		})
	}
}
