package rest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRetryable(t *testing.T) {
	t.Parallel()
	type row struct {
		name                      string
		attempt                   attempt
		idempotent, notIdempotent bool
	}
	res := func(status int) *Response { return &Response{StatusCode: status} }
	rows := []row{
		{"nothing sent", attempt{err: errReset, unsent: true}, true, true},
		{"network error after sending", attempt{err: errReset}, true, false},
		{"truncated success", attempt{res: res(200), err: ErrTruncated, truncated: true}, true, false},
		{"oversized success", attempt{res: res(200), err: errReset}, false, false},
		{"status 429", attempt{res: res(429)}, true, true},
	}
	for _, status := range []int{408, 425, 500, 502, 503, 504, 520, 527, 530} {
		rows = append(rows, row{fmt.Sprint("status ", status), attempt{res: res(status)}, true, false})
	}
	for _, status := range []int{101, 307, 400, 404, 409, 501, 519, 528, 529, 531} {
		rows = append(rows, row{fmt.Sprint("status ", status), attempt{res: res(status)}, false, false})
	}
	for _, test := range rows {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.idempotent, test.attempt.retryable(true), "idempotent")
			assert.Equal(t, test.notIdempotent, test.attempt.retryable(false), "not idempotent")
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
		jitter     time.Duration // the maximum; zero if it is not checked
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
