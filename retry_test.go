package clerksessions_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
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
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithLogger(logger), withTransport(func(*http.Request) (*http.Response, error) {
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
		assert.Regexp(t, `^level=DEBUG msg="clerk request" operation=RevokeSession attempt=1 duration=0s reason="no complete response"
level=WARN msg="retrying clerk request" operation=RevokeSession attempt=1 wait=0s reason="no complete response"
level=DEBUG msg="clerk request" operation=RevokeSession attempt=2 duration=0s status=429 trace_id=t1
level=WARN msg="retrying clerk request" operation=RevokeSession attempt=2 wait=2s status=429 trace_id=t1
level=DEBUG msg="clerk request" operation=RevokeSession attempt=3 duration=0s status=200 trace_id=t2
$`, log.String())
	})
}

// The log says why an attempt failed without the text of the error, which may hold an id.
func TestTheReasonInTheLog(t *testing.T) {
	t.Parallel()
	for want, cause := range map[string]error{
		"\"no complete response\"":    errors.New(`Get "https://clerk.invalid/v1/sessions/sess_1": canary`),
		"\"connection refused\"":      &net.OpError{Op: "dial", Net: "canary", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"\"DNS lookup failed\"":       fmt.Errorf("canary: %w", &net.DNSError{Err: "no such host", Name: "canary"}),
		"\"invalid certificate\"":     &tls.CertificateVerificationError{Err: errors.New("canary")},
		"EOF":                         fmt.Errorf("canary: %w", io.EOF),
		`"unexpected EOF"`:            fmt.Errorf("canary: %w", io.ErrUnexpectedEOF),
		`"context deadline exceeded"`: fmt.Errorf("canary: %w", context.DeadlineExceeded),
		`"context canceled"`:          fmt.Errorf("canary: %w", context.Canceled),
		"\"response truncated\"":      nil,
	} {
		var log bytes.Buffer
		client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithMaxAttempts(1),
			clerksessions.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
			withTransport(func(*http.Request) (*http.Response, error) {
				if cause != nil {
					return nil, cause
				}
				return &http.Response{StatusCode: 200, Body: io.NopCloser(iotest.ErrReader(errors.New("canary")))}, nil
			}))
		_, err := client.Get(t.Context(), "sess_1")
		require.Error(t, err)
		assert.Regexp(t, "duration=\\S+( status=200 trace_id=\"\")? reason="+want+"\n$", log.String())
		assert.NotContains(t, log.String(), "canary")
	}
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
		client := newClient(t, "https://clerk.invalid/v1", withTransport(func(req *http.Request) (*http.Response, error) {
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
