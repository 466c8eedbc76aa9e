package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sequence returns a transport that responds with each status in turn, and fails for 0.
func sequence(statuses ...int) roundTrip {
	n := 0
	return func(*http.Request) (*http.Response, error) {
		status := statuses[min(n, len(statuses)-1)]
		n++
		if status == 0 {
			return nil, errReset
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

// The cause of a context may be any error, even one that quotes the secret.
func TestDoReturnsWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		body   io.Reader     // of a 429; nil if none is sent
		after  time.Duration // from the response to the end of the context
		text   string
		events []string
	}{
		{"before the first attempt", nil, 0, "attempt 0: nothing sent: context canceled", nil},
		{"while an error is read", iotest.ErrReader(context.Canceled), 0, "attempt 1: context canceled", []string{"attempt 1: 429 false"}},
		{"after an error was read", strings.NewReader(""), 0, "attempt 1: observed", []string{"attempt 1: 429 false"}},
		{"while waiting to retry", strings.NewReader(""), 3 * time.Second, "attempt 0: context canceled while waiting to retry: attempt 1: observed", []string{"attempt 1: 429 false", "retry after 1"}},
	} {
		for suffix, cause := range map[string]error{"": context.Canceled, ": stop [redacted]": errors.New("stop " + testSecret)} {
			t.Run(test.name+suffix, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancelCause(t.Context())
					if test.body == nil {
						cancel(cause)
					}
					client := newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
						if test.after == 0 {
							cancel(cause)
						}
						time.AfterFunc(test.after, func() { cancel(cause) })
						return response(429, test.body, "Retry-After", "20"), nil
					}))
					start := time.Now()
					var o recorder
					res, err := client.Do(ctx, newTestRequest(true), &o)
					assert.Nil(t, res)
					assert.EqualError(t, err, strings.ReplaceAll(test.text, "canceled", "canceled"+suffix))
					if suffix == "" {
						assert.Equal(t, strings.Contains(test.text, "canceled"), errors.Is(err, context.Canceled))
					}
					assert.Equal(t, strings.Contains(test.text, "observed"), errors.Is(err, errObserved))
					assert.Equal(t, test.events, o.events)
					assert.Equal(t, test.after, time.Since(start))
				})
			})
		}
	}
}

func TestDoHonorsRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for value, waits := range map[string]int{"20": 2, "31": 0} {
			var o recorder
			_, err := newTestClient(t, respond(503, "", "Retry-After", value)).Do(t.Context(), newTestRequest(true), &o)
			require.Error(t, err)
			assert.Equal(t, value+"s", o.last.RetryAfter.String())
			assert.Len(t, o.waits, waits)
			for _, wait := range o.waits {
				assert.GreaterOrEqual(t, wait, 20*time.Second)
				assert.LessOrEqual(t, wait, 22*time.Second)
			}
		}
	})
}

func TestOK(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{101: false, 199: false, 200: true, 204: true, 299: true, 300: false, 404: false} {
		assert.Equal(t, ok, (&Response{StatusCode: status}).OK(), status)
	}
}
