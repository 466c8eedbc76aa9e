package clerksessions_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func withTransport(f roundTripperFunc) clerksessions.Option {
	return clerksessions.WithHTTPClient(&http.Client{Transport: f})
}

// closeCounter is a body that counts how often it is closed.
type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

func (c *closeCounter) Close() error { c.closed.Add(1); return nil }

var errTransport = errors.New("a transport that breaks its contract")

func TestAResponseWithAnErrorIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for op, attempts := range map[string]int{"GetSession": 3, "CreateSession": 1} {
			bodies := []*closeCounter{}
			client := newClient(t, "https://clerk.invalid/v1", withTransport(func(*http.Request) (*http.Response, error) {
				body := &closeCounter{Reader: strings.NewReader(aSession)}
				bodies = append(bodies, body)
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, ContentLength: -1}, errTransport
			}))
			var meta clerksessions.Meta
			value, err := rowOf(op).call(t.Context(), client, clerksessions.WithMeta(&meta))
			assert.ErrorIs(t, err, errTransport)
			assert.True(t, isNil(value))
			assert.Equal(t, attempts, meta.Attempts)
			assert.Zero(t, meta.StatusCode)
			require.Len(t, bodies, attempts)
			for _, body := range bodies {
				assert.EqualValues(t, 1, body.closed.Load(), "the body is closed")
			}
		}
	})
}

func rowOf(op string) row {
	for _, r := range rows {
		if r.op == op {
			return r
		}
	}
	panic(op)
}

// What one attempt's transport does to a request shows in no other attempt or call.
func TestATransportThatChangesTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, r := range rows {
			var sent []string
			client := newClient(t, "https://clerk.invalid/v1",
				clerksessions.WithHeader("X-Own", "kept"), clerksessions.WithQuery("own", "kept"),
				withTransport(func(req *http.Request) (*http.Response, error) {
					var wire bytes.Buffer
					assert.NoError(t, req.Clone(req.Context()).Write(&wire))
					sent = append(sent, wire.String())
					for name, values := range req.Header {
						for i := range values {
							values[i] = "changed"
						}
						req.Header[name] = append(values, "added")
					}
					req.Header.Set("X-Added", "added")
					*req.URL = *req.URL.JoinPath("changed")
					req.URL.Host, req.Host, req.Method = "elsewhere.invalid", "elsewhere.invalid", http.MethodDelete
					req.Body, req.ContentLength = http.NoBody, 0
					return nil, errTransport
				}))
			for range 4 {
				_, err := r.call(t.Context(), client)
				require.ErrorIs(t, err, errTransport, r.title())
			}
			assert.GreaterOrEqual(t, len(sent), 4)
			for _, one := range sent {
				assert.Equal(t, sent[0], one, r.title())
			}
			assert.Contains(t, sent[0], "X-Own: kept")
			assert.Contains(t, sent[0], "own=kept")
		}
	})
}

// Such a transport is a retrying client of the caller's own, which the call's limits
// cannot see. It works, and nothing of it is reported.
func TestATransportThatSendsTwice(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = io.WriteString(w, aSession)
	})
	twice := withTransport(func(req *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return http.DefaultTransport.RoundTrip(req)
	})
	for op, want := range map[string]int32{"GetSession": 2, "RevokeSession": 2, "CreateSession": 1} {
		requests.Store(0)
		var meta clerksessions.Meta
		value, err := rowOf(op).call(t.Context(), newClient(t, base, twice), clerksessions.WithMeta(&meta))
		assert.Equal(t, want, requests.Load(), "%s: a body is not sent again", op)
		assert.Equal(t, want == 2, err == nil, "%s: %v", op, err)
		assert.Equal(t, err != nil, isNil(value))
		assert.Equal(t, 1, meta.Attempts)
	}
}

func TestATransportThatReadsNoBodyAndCallsNoHooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, r := range rows {
			var attempts int
			client := newClient(t, "https://clerk.invalid/v1", withTransport(func(*http.Request) (*http.Response, error) {
				attempts++
				return nil, errTransport
			}))
			_, err := r.call(t.Context(), client)
			require.ErrorIs(t, err, errTransport)
			want := 3
			if retryClass(r.op) == clerksessions.RetryUnsent {
				want = 1
			}
			assert.Equal(t, want, attempts, "%s: nothing counts as unsent", r.title())
		}
	})
}

func retryClass(op string) clerksessions.RetryClass {
	for _, one := range clerksessions.Operations() {
		if one.ID == op {
			return one.Retry
		}
	}
	panic(op)
}

// Errors of a transport are texts that a server may choose. Only those of net/http's
// HTTP/2 say that a request was not processed.
func TestATextIsNoGuarantee(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, text := range []string{
			`malformed HTTP response "stream error: stream ID 1; REFUSED_STREAM; received from peer"`,
			`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ` +
				`ErrCode=NO_ERROR, debug="http2: Transport received GOAWAY from server"`,
			`http2: Transport: cannot retry err [stream error: stream ID 1; PROTOCOL_ERROR; received from peer] ` +
				`after Request.Body was written; define Request.GetBody to avoid this error`,
			"REFUSED_STREAM",
		} {
			var attempts int
			client := newClient(t, "https://clerk.invalid/v1", withTransport(func(req *http.Request) (*http.Response, error) {
				attempts++
				if trace := httptrace.ContextClientTrace(req.Context()); trace != nil {
					trace.GetConn("clerk.invalid:443")
					trace.WroteHeaders()
				}
				return nil, errors.New(text)
			}))
			_, err := client.Create(t.Context(), clerksessions.CreateParams{UserID: "user_1"})
			require.Error(t, err)
			assert.Equal(t, 1, attempts, text)
		}
	})
}

// blocker is a body that blocks until the request's context ends.
type blocker struct{ context.Context }

func (b blocker) Read([]byte) (int, error) { <-b.Done(); return 0, b.Err() }

func (blocker) Close() error { return nil }

func TestABodyThatBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for status, took := range map[int]time.Duration{200: 30 * time.Second, 404: 30 * time.Second, 101: 0} {
			start := time.Now()
			blocks := func(req *http.Request) (*http.Response, error) {
				body := blocker{req.Context()}
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: body, ContentLength: -1}, nil
			}
			client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithMaxAttempts(1), withTransport(blocks))
			_, err := client.Get(t.Context(), "sess_1")
			var failed *clerksessions.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, status, failed.StatusCode)
			assert.Equal(t, took, time.Since(start), "status %d", status)
		}
	})
}
