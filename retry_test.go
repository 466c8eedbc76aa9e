package clerksessions_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
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
		requests := 0
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithLogger(logger), transporting(func(*http.Request) (*http.Response, error) {
			requests++
			switch requests {
			case 1:
				return nil, errReset
			case 2:
				return &http.Response{StatusCode: 429, Header: headerOf([]string{"Retry-After", "2", "X-Clerk-Trace-Id", "t1"})}, nil
			}
			return &http.Response{StatusCode: 200, Header: headerOf([]string{"X-Clerk-Trace-Id", "t2"}), Body: io.NopCloser(strings.NewReader(aSession))}, nil
		}))
		_, err := client.Revoke(t.Context(), "sess_1")
		require.NoError(t, err)
		assert.Regexp(t, `^level=DEBUG msg="clerk request" operation=RevokeSession attempt=1 duration=0s
level=WARN msg="retrying clerk request" operation=RevokeSession attempt=1 wait=0s
level=DEBUG msg="clerk request" operation=RevokeSession attempt=2 duration=0s status=429 trace_id=t1
level=WARN msg="retrying clerk request" operation=RevokeSession attempt=2 wait=2s status=429 trace_id=t1
level=DEBUG msg="clerk request" operation=RevokeSession attempt=3 duration=0s status=200 trace_id=t2
$`, log.String())
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
	client := newClient(t, srv.URL, clerksessions.WithHTTPClient(srv.Client()))
	for range 20 {
		_, err := client.Get(t.Context(), "sess_1")
		require.ErrorIs(t, err, clerksessions.ErrNotFound)
	}
	assert.EqualValues(t, 1, connections.Load())
}

// Concurrent calls, of which about half fail in some way, get their own responses.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	type key struct{}
	good := make([][]byte, len(rows))
	for i, r := range rows {
		good[i] = example(t, r.op, r.example)
	}
	synctest.Test(t, func(t *testing.T) {
		var sent, values, failures, attempts atomic.Int64
		client := newClient(t, "https://clerk.invalid/v1", transporting(func(req *http.Request) (*http.Response, error) {
			sent.Add(1)
			code, body := 200, req.Context().Value(key{}).([]byte)
			switch rand.N(6) {
			case 0:
				code, body = []int{400, 401, 404, 410, 422, 429, 500, 503}[rand.N(8)], []byte("<html>")
			case 1:
				return nil, errReset
			case 2:
				body = body[:len(body)/2]
			default:
				time.Sleep(rand.N(time.Second)) // virtual
			}
			return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
		}))
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 25 {
					i := rand.N(len(rows))
					var meta clerksessions.Meta
					value, err := rows[i].call(context.WithValue(t.Context(), key{}, good[i]), client, clerksessions.WithMeta(&meta))
					attempts.Add(int64(meta.Attempts))
					if err != nil {
						assert.True(t, isNil(value))
						failures.Add(1)
						continue
					}
					rows[i].check(t, value)
					values.Add(1)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 64*25, values.Load()+failures.Load(), "calls")
		assert.Equal(t, sent.Load(), attempts.Load(), "requests")
		assert.Positive(t, failures.Load())
	})
}

// A transport that sends twice is a retrying client of the caller's own, which the
// call's limits cannot see. It works for requests without a body, and is not reported.
func TestATransportThatSendsTwice(t *testing.T) {
	t.Parallel()
	var requests int
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		_, _ = io.WriteString(w, aSession)
	}))
	defer srv.Close()
	client := newClient(t, srv.URL, transporting(func(req *http.Request) (*http.Response, error) {
		resp, err := srv.Client().Transport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return srv.Client().Transport.RoundTrip(req)
	}))
	for op, want := range map[string]int{"GetSession": 2, "RevokeSession": 2, "CreateSession": 1} {
		requests = 0
		var meta clerksessions.Meta
		value, err := rowOf(op).call(t.Context(), client, clerksessions.WithMeta(&meta))
		assert.Equal(t, want, requests, "%s: a body is not sent again", op)
		assert.Equal(t, want == 2, err == nil, "%s: %v", op, err)
		assert.Equal(t, err != nil, isNil(value))
		assert.Equal(t, 1, meta.Attempts)
	}
}
