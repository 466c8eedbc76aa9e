package clerksessions_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// timed responds to each request with a status and a header, and records when it came.
type timed struct {
	status int
	header http.Header
	times  []time.Time
}

func (t *timed) RoundTrip(req *http.Request) (*http.Response, error) {
	t.times = append(t.times, time.Now())
	return &http.Response{StatusCode: t.status, Header: t.header, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

func (t *timed) waits() (waits []time.Duration) {
	for i := 1; i < len(t.times); i++ {
		waits = append(waits, t.times[i].Sub(t.times[i-1]))
	}
	return waits
}

func TestRetryAfterIsHonored(t *testing.T) {
	t.Parallel()
	for value, want := range retryAfters {
		synctest.Test(t, func(t *testing.T) {
			dated := strings.Contains(value, "DATE")
			value := strings.ReplaceAll(value, "DATE+5", time.Now().Add(5*time.Second).UTC().Format(http.TimeFormat))
			server := &timed{status: 429, header: http.Header{"Retry-After": {value}}}
			client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: server}), clerksessions.WithMaxAttempts(2))
			_, err := client.Get(t.Context(), "sess_1")
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			if !dated { // by the second response the date has passed
				assert.Equal(t, want, apiErr.RetryAfter, value)
			}
			switch {
			case want > 30*time.Second:
				assert.Empty(t, server.waits(), "%q: too long", value)
			case want > 0:
				require.Len(t, server.waits(), 1)
				assert.GreaterOrEqual(t, server.waits()[0], want, value)
				assert.LessOrEqual(t, server.waits()[0], want+want/10, value)
			}
		})
	}
}

func TestBackoffIsExponentialWithFullJitter(t *testing.T) {
	t.Parallel()
	longest, shortest := make([]time.Duration, 9), slices.Repeat([]time.Duration{time.Hour}, 9)
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			server := &timed{status: 503}
			client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: server}), clerksessions.WithMaxAttempts(10))
			_, err := client.Get(t.Context(), "sess_1")
			require.ErrorIs(t, err, clerksessions.ErrUnavailable)
			require.Len(t, server.waits(), 9)
			for i, wait := range server.waits() {
				longest[i], shortest[i] = max(longest[i], wait), min(shortest[i], wait)
			}
		})
	}
	for i, most := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second} {
		assert.Less(t, longest[i], most, "retry %d", i+1)
		assert.Greater(t, longest[i], most*8/10, "retry %d uses the whole range", i+1)
		assert.Less(t, shortest[i], most*2/10, "retry %d uses the whole range", i+1)
	}
}

func TestAnInterruptedWaitReturnsBothErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &timed{status: 429, header: http.Header{"Retry-After": {"20"}, "X-Clerk-Trace-Id": {"trace"}}}
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: server}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		_, err := client.Get(ctx, "sess_1")
		assert.Equal(t, time.Second, time.Since(began), "the wait ends with the context")
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, clerksessions.ErrRateLimited)
		assert.ErrorContains(t, err, "trace")
	})
}

func TestALongRetryAfterIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, retryAfter := range []string{"7", "31"} {
		synctest.Test(t, func(t *testing.T) {
			server := &timed{status: 429, header: http.Header{"Retry-After": {retryAfter}}}
			client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: server}))
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			began := time.Now()
			_, err := client.Get(ctx, "sess_1")
			assert.Zero(t, time.Since(began), "the error is returned immediately")
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			assert.Positive(t, apiErr.RetryAfter)
			assert.Equal(t, 1, apiErr.Attempts)
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey:
				return slog.Attr{}
			case "wait": // without the jitter
				return slog.Duration(a.Key, a.Value.Duration().Truncate(time.Second))
			}
			return a
		}}))
		server := &timed{status: 429, header: http.Header{"Retry-After": {"2"}, "X-Clerk-Trace-Id": {"trace"}}}
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: server}), clerksessions.WithMaxAttempts(2), clerksessions.WithLogger(logger))
		_, err := client.Revoke(t.Context(), "sess_1")
		require.Error(t, err)
		assert.Equal(t, `level=DEBUG msg="clerk request" operation=RevokeSession attempt=1 duration=0s status=429 trace_id=trace
level=WARN msg="retrying clerk request" operation=RevokeSession attempt=1 wait=2s status=429 trace_id=trace
level=DEBUG msg="clerk request" operation=RevokeSession attempt=2 duration=0s status=429 trace_id=trace
`, log.String())
	})
}

func TestErrorsDoNotCostTheConnection(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(404)
		_, _ = io.WriteString(w, strings.Repeat("x", 100_000)) // more than is kept, less than is drained
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := newClient(t, srv.URL, clerksessions.WithHTTPClient(&http.Client{Transport: transport}))
	for range 100 {
		_, err := client.Get(t.Context(), "sess_1")
		require.ErrorIs(t, err, clerksessions.ErrNotFound)
	}
	assert.EqualValues(t, 1, connections.Load())
}

func TestCreateIsRetriedOnlyIfNothingWasSent(t *testing.T) {
	t.Parallel()
	create := func(address string) error {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := newClient(t, "http://"+address+"/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transport}))
		_, err := client.Create(t.Context(), clerksessions.CreateParams{UserID: "user_1"})
		require.Error(t, err)
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	assert.ErrorContains(t, create(listener.Addr().String()), "attempt 3", "nobody listens, so nothing was sent")

	listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	var accepted atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
	}()
	assert.NotContains(t, create(listener.Addr().String()).Error(), "attempt 2")
	assert.EqualValues(t, 1, accepted.Load(), "the request was sent")
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	good := make(map[string][]byte)
	for _, r := range rows {
		good[r.title()] = example(t, r.op, r.example)
	}
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		transport := transportFunc(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			if req.Body != nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_ = req.Body.Close()
			}
			respond := func(code int, body []byte) (*http.Response, error) {
				return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
			}
			body := req.Context().Value(goodKey{}).([]byte)
			switch rand.N(6) {
			case 0:
				return respond([]int{400, 401, 404, 410, 422, 429, 500, 503}[rand.N(8)], []byte("<html>"))
			case 1:
				return nil, errReset
			case 2:
				return respond(200, body[:len(body)/2])
			default:
				time.Sleep(rand.N(time.Second)) // virtual
				return respond(200, body)
			}
		})
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transport}))
		var values, failures, attempts atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 25 {
					r := rows[rand.N(len(rows))]
					var meta clerksessions.Meta
					value, err := r.call(context.WithValue(t.Context(), goodKey{}, good[r.title()]), client, clerksessions.WithMeta(&meta))
					attempts.Add(int64(meta.Attempts))
					if err != nil {
						assert.True(t, isNil(value))
						failures.Add(1)
					} else {
						r.check(t, value)
						values.Add(1)
					}
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 64*25, values.Load()+failures.Load(), "calls")
		assert.Equal(t, sent.Load(), attempts.Load(), "requests")
		assert.Positive(t, failures.Load())
	})
}

type goodKey struct{}

// A canceled call is not reported as a timeout.
func TestTheCauseOfACanceledContextIsReturned(t *testing.T) {
	t.Parallel()
	gone := errors.New("the caller left")
	ctx, cancel := context.WithCancelCause(t.Context())
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		cancel(gone)
		<-req.Context().Done()
		return nil, req.Context().Err()
	})}))
	_, err := client.Get(ctx, "sess_1")
	assert.ErrorIs(t, err, gone)
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, err.Error(), "WithTimeout")
}
