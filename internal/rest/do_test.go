package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sequence answers with one status after the other, and 0 for an error.
func sequence(statuses ...int) roundTrip {
	n := 0
	return func(*http.Request) (*http.Response, error) {
		status := statuses[min(n, len(statuses)-1)]
		n++
		if status == 0 {
			return nil, errors.New("connection reset")
		}
		return respond(status, "")(nil)
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name       string
		statuses   []int
		idempotent bool
		earlier    int // attempts
		want       []string
	}{
		{"success", []int{200}, true, 0, []string{"attempt 1: 200 true"}},
		{"success after two errors", []int{503, 0, 200}, true, 0, []string{"attempt 1: 503 false", "retry after 1", "attempt 2: 0 false", "retry after 2", "attempt 3: 200 true"}},
		{"attempts run out", []int{503}, true, 0, []string{"attempt 1: 503 false", "retry after 1", "attempt 2: 503 false", "retry after 2", "attempt 3: 503 false"}},
		{"not idempotent", []int{503}, false, 0, []string{"attempt 1: 503 false"}},
		{"not idempotent but limited", []int{429, 200}, false, 0, []string{"attempt 1: 429 false", "retry after 1", "attempt 2: 200 true"}},
		{"final error", []int{404}, true, 0, []string{"attempt 1: 404 false"}},
		{"earlier attempts", []int{503, 200}, true, 4, []string{"attempt 5: 503 false", "retry after 5", "attempt 6: 200 true"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var o recorder
				req := newTestRequest(test.idempotent)
				req.Attempts = test.earlier
				res, err := newTestClient(t, sequence(test.statuses...)).Do(t.Context(), req, &o)
				assert.Equal(t, test.want, o.events)
				assert.NotEqual(t, res == nil, err == nil, "exactly one of response and error")
				if res != nil {
					assert.Equal(t, test.earlier+(len(test.want)+1)/2, res.Attempts)
				}
			})
		})
	}
}

func TestDoSendsNothingAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var o recorder
	res, err := newTestClient(t, nil).Do(ctx, newTestRequest(true), &o)
	assert.Nil(t, res)
	assert.EqualError(t, err, "attempt 0: nothing sent: context canceled")
	assert.Empty(t, o.events)
}

func TestDoStopsWaitingWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		var o recorder
		start := time.Now()
		_, err := newTestClient(t, respond(429, "", "Retry-After", "20")).Do(ctx, newTestRequest(true), &o)
		assert.Equal(t, 3*time.Second, time.Since(start))
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, errObserved, "the error of the attempt is kept")
	})
}

func TestDoHonorsRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var o recorder
		_, err := newTestClient(t, respond(503, "", "Retry-After", "20")).Do(t.Context(), newTestRequest(true), &o)
		require.Error(t, err)
		assert.Equal(t, 20*time.Second, o.last.RetryAfter)
		for _, wait := range o.waits {
			assert.GreaterOrEqual(t, wait, 20*time.Second)
			assert.LessOrEqual(t, wait, 22*time.Second)
		}

		o = recorder{}
		_, err = newTestClient(t, respond(503, "", "Retry-After", "31")).Do(t.Context(), newTestRequest(true), &o)
		require.Error(t, err)
		assert.Empty(t, o.waits, "longer than MaxRetryAfter")
	})
}

// The cause of a context is any text, and may quote the secret.
func TestTheCauseOfTheContextIsRedacted(t *testing.T) {
	t.Parallel()
	cause := errors.New("stop " + testSecret)
	t.Run("before the first attempt", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		_, err := newTestClient(t, nil).Do(ctx, newTestRequest(true), new(recorder))
		assert.NotContains(t, err.Error(), testSecret)
	})
	t.Run("between attempts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			_, err := newTestClient(t, respond(429, "", "Retry-After", "20")).Do(ctx, newTestRequest(true), new(recorder))
			assert.NotContains(t, err.Error(), testSecret)
		})
	})
	t.Run("while an error is read", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		transport := roundTrip(func(*http.Request) (*http.Response, error) {
			cancel(cause)
			return response(503, failing{context.Canceled}), nil
		})
		_, err := newTestClient(t, transport).Do(ctx, newTestRequest(true), new(recorder))
		assert.NotContains(t, err.Error(), testSecret)
	})
}

func TestOK(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{101: false, 199: false, 200: true, 204: true, 299: true, 300: false, 404: false} {
		assert.Equal(t, ok, (&Response{StatusCode: status}).OK(), status)
	}
}

func TestNoRetryIsAnnouncedAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var seen recorder
	_, err := newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
		cancel()
		return response(503, strings.NewReader("")), nil
	})).Do(ctx, newTestRequest(true), &seen)
	assert.ErrorIs(t, err, errObserved)
	assert.Equal(t, []string{"attempt 1: 503 false"}, seen.events)
}
