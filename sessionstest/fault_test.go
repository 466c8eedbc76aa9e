package sessionstest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// outcome is what a client sees of a request.
type outcome struct {
	err     error // of the round trip
	status  int
	header  http.Header
	body    string
	bodyErr error
}

func send(t *testing.T, transport http.RoundTripper, srv *sessionstest.Server, method, path string) (o outcome) {
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+srv.SecretKey)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return outcome{err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return outcome{status: resp.StatusCode, header: resp.Header, body: string(raw), bodyErr: err}
}

// Each fault looks the same over loopback and in memory.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault sessionstest.Fault
		check func(t *testing.T, o outcome, whole string)
	}{
		"status": {sessionstest.Fault{Status: 503, RetryAfter: "7"}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 503, o.status)
			assert.Equal(t, "7", o.header.Get("Retry-After"))
			assert.Contains(t, o.body, `"service_unavailable"`)
		}},
		"status that Clerk has no error for": {sessionstest.Fault{Status: 502}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 502, o.status)
			assert.Contains(t, o.header.Get("Content-Type"), "text/html")
		}},
		"429 without Retry-After": {sessionstest.Fault{Status: 429}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 429, o.status)
			assert.Empty(t, o.header["Retry-After"])
		}},
		"redirect": {sessionstest.Fault{Status: 307, Header: http.Header{"location": {"http://other.invalid/"}}}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 307, o.status)
			assert.Equal(t, "http://other.invalid/", o.header.Get("Location"))
			assert.Empty(t, o.body)
		}},
		"body": {sessionstest.Fault{Body: []byte(`{"object":1}`)}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 200, o.status)
			assert.Equal(t, `{"object":1}`, o.body)
		}},
		"empty body": {sessionstest.Fault{Status: 500, Body: []byte{}}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 500, o.status)
			assert.Empty(t, o.body)
			assert.NoError(t, o.bodyErr)
		}},
		"no content": {sessionstest.Fault{Status: 204, Body: []byte("x")}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 204, o.status)
			assert.Empty(t, o.body)
		}},
		"html": {sessionstest.Fault{HTML: true}, func(t *testing.T, o outcome, _ string) {
			assert.Equal(t, 502, o.status)
			assert.Contains(t, o.body, "<html>")
		}},
		"content type": {sessionstest.Fault{ContentType: "text/plain"}, func(t *testing.T, o outcome, whole string) {
			assert.Equal(t, "text/plain", o.header.Get("Content-Type"))
			assert.Equal(t, whole, o.body)
		}},
		"oversize": {sessionstest.Fault{PadTo: 3 << 20}, func(t *testing.T, o outcome, whole string) {
			assert.Len(t, o.body, 3<<20)
			assert.Equal(t, whole, strings.TrimRight(o.body, " "))
		}},
		"drip": {sessionstest.Fault{Drip: time.Microsecond}, func(t *testing.T, o outcome, whole string) {
			assert.Equal(t, whole, o.body)
			assert.NoError(t, o.bodyErr)
		}},
		"latency": {sessionstest.Fault{Latency: time.Microsecond}, func(t *testing.T, o outcome, whole string) {
			assert.Equal(t, whole, o.body)
		}},
		"truncate": {sessionstest.Fault{Truncate: true}, func(t *testing.T, o outcome, whole string) {
			assert.Equal(t, 200, o.status)
			assert.Equal(t, whole[:len(whole)/2], o.body)
			assert.ErrorIs(t, o.bodyErr, io.ErrUnexpectedEOF)
		}},
		"reset before": {sessionstest.Fault{ResetBefore: true}, func(t *testing.T, o outcome, _ string) {
			assert.Error(t, o.err)
		}},
		"reset after": {sessionstest.Fault{ResetAfter: true}, func(t *testing.T, o outcome, _ string) {
			assert.Error(t, o.err)
		}},
		"reset body": {sessionstest.Fault{ResetBody: true}, func(t *testing.T, o outcome, _ string) {
			assert.Error(t, errors.Join(o.err, o.bodyErr)) // a reset may overtake the head
			if o.bodyErr != nil {
				assert.ErrorIs(t, o.bodyErr, syscall.ECONNRESET)
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loopback := &http.Transport{DisableKeepAlives: true}
			for _, srv := range []*sessionstest.Server{sessionstest.New(sessionstest.WithStart(start)), sessionstest.NewServer(t, sessionstest.WithStart(start))} {
				var transport http.RoundTripper = loopback
				if srv.Transport(); strings.Contains(srv.URL, ".invalid") {
					transport = srv.Transport()
				}
				path := "/sessions/" + added(srv)
				whole := send(t, transport, srv, "GET", path)
				require.NoError(t, whole.err)
				srv.Fail("GetSession", 1, test.fault)
				test.check(t, send(t, transport, srv, "GET", path), whole.body)
				after := send(t, transport, srv, "GET", path)
				assert.Equal(t, whole.body, after.body, "the fault applies once")
				assert.NoError(t, after.err)
			}
		})
	}
}

func TestFaultsQueueUp(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	id := added(srv)
	get := func() int { return send(t, srv.Transport(), srv, "GET", "/sessions/"+id).status }
	list := func() int { return send(t, srv.Transport(), srv, "GET", "/sessions?user_id=user_1").status }
	srv.Fail("GetSession", 2, sessionstest.Fault{Status: 500})
	srv.Fail("", 1, sessionstest.Fault{Status: 503})
	srv.Fail("GetSession", 1, sessionstest.Fault{Status: 504})
	assert.Equal(t, []int{500, 503, 200, 500, 504, 200}, []int{get(), list(), list(), get(), get(), get()})

	srv.FailFunc(func(r sessionstest.Request) *sessionstest.Fault {
		if r.Operation == "GetSession" && r.Method == "GET" && r.Path == "/v1/sessions/"+id {
			return &sessionstest.Fault{Status: 500}
		}
		return nil
	})
	srv.Fail("", 1, sessionstest.Fault{Status: 503})
	assert.Equal(t, []int{503, 500, 200, 500}, []int{get(), get(), list(), get()})
	srv.Fail("", 5, sessionstest.Fault{Status: 503})
	srv.StopFailing()
	assert.Equal(t, []int{200, 200}, []int{get(), list()})
	srv.Fail(sessionstest.OpJWKS, 1, sessionstest.Fault{Status: 500})
	assert.Equal(t, 500, send(t, srv.Transport(), srv, "GET", "/jwks").status)
}

// hooks records which hooks of a request are called.
func hooks(ctx context.Context, called *[]string) context.Context {
	var mu sync.Mutex
	note := func(name string) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(*called, name) {
			*called = append(*called, name)
		}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { note("GetConn") },
		GotConn:              func(info httptrace.GotConnInfo) { info.Conn.RemoteAddr(); note("GotConn") },
		WroteHeaderField:     func(string, []string) { note("WroteHeaderField") },
		WroteHeaders:         func() { note("WroteHeaders") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { note("WroteRequest") },
		GotFirstResponseByte: func() { note("GotFirstResponseByte") },
	})
}

func TestTransportCallsTheHooks(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	call := func(transport http.RoundTripper) (called []string) {
		req, err := http.NewRequestWithContext(hooks(t.Context(), &called), "POST", srv.URL+"/sessions", strings.NewReader(`{"user_id":"user_1"}`))
		require.NoError(t, err)
		if resp, err := transport.RoundTrip(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return called
	}
	assert.Equal(t, call(&http.Transport{DisableKeepAlives: true}), call(srv.Transport()), "as net/http calls them")
	written := []string{"GetConn", "GotConn", "WroteHeaderField", "WroteHeaders", "WroteRequest"}
	srv.Fail("", 1, sessionstest.Fault{ResetAfter: true})
	assert.Equal(t, written, call(srv.Transport()))
	srv.Fail("", 1, sessionstest.Fault{ResetBefore: true})
	assert.Equal(t, []string{"GetConn", "GotConn"}, call(srv.Transport()))
}

// body counts how often it is closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error { b.closed++; return nil }

func TestTransportDoesNotModifyTheRequest(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	for _, fault := range []sessionstest.Fault{{}, {ResetBefore: true}, {ResetAfter: true}, {Status: 500}, {Truncate: true}} {
		srv.Fail("", 1, fault)
		b := &body{Reader: strings.NewReader(`{"user_id":"user_1"}`)}
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/sessions", b)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+srv.SecretKey)
		req.Header.Set("Content-Type", "application/json")
		before, target := req.Header.Clone(), *req.URL
		resp, err := srv.Transport().RoundTrip(req)
		if err == nil {
			resp.Header.Set("Content-Type", "changed")
			resp.Body.Close()
			_, err = resp.Body.Read(make([]byte, 1))
			require.ErrorIs(t, err, http.ErrBodyReadAfterClose)
		}
		assert.Equal(t, before, req.Header)
		assert.Equal(t, target, *req.URL)
		assert.Equal(t, 1, b.closed)
	}
	b := &body{Reader: strings.NewReader("x")}
	_, err := srv.Transport().RoundTrip(&http.Request{Body: b})
	require.Error(t, err)
	assert.Equal(t, 1, b.closed)
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/sessions", strings.NewReader("12345"))
	require.NoError(t, err)
	req.ContentLength = 4
	_, err = srv.Transport().RoundTrip(req)
	require.ErrorContains(t, err, "but the body has 5 bytes")
}

// Delays are virtual in a bubble and end with the context.
func TestDelaysInABubble(t *testing.T) {
	t.Parallel()
	outside := sessionstest.NewServer(t)
	synctest.Test(t, func(t *testing.T) {
		inside := sessionstest.New()
		for _, srv := range []*sessionstest.Server{inside, outside} {
			id := added(srv)
			client := srv.Client(clerksessions.WithTimeout(time.Minute), clerksessions.WithMaxAttempts(1),
				clerksessions.WithHTTPClient(&http.Client{Transport: srv.Transport()}))
			began := time.Now()
			srv.Fail("GetSession", 1, sessionstest.Fault{Latency: 50 * time.Second})
			_, err := client.Get(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, 50*time.Second, time.Since(began))
			for _, fault := range []sessionstest.Fault{{Latency: time.Hour}, {Latency: time.Hour, ResetBefore: true}, {Drip: 10 * time.Second}} {
				began = time.Now()
				srv.Fail("GetSession", 1, fault)
				_, err = client.Get(t.Context(), id)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Minute, time.Since(began))
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := inside.Client().Get(ctx, "sess_1")
		require.ErrorIs(t, err, context.Canceled)

		session := inside.AddSession(clerksessions.Session{UserID: "user_1"})
		time.Sleep(7 * 24 * time.Hour)
		session, _ = inside.Session(session.ID)
		assert.EqualValues(t, "expired", session.Status, "the clock is the bubble's")
	})
}

// The end of the test ends requests that a fault delays.
func TestCleanupEndsDelays(t *testing.T) {
	t.Parallel()
	tb := &fakeTB{}
	srv := sessionstest.NewServer(tb)
	waits := make(chan struct{})
	srv.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
		close(waits)
		return &sessionstest.Fault{Latency: time.Hour}
	})
	failed := make(chan error)
	go func() {
		_, err := srv.Client(clerksessions.WithMaxAttempts(1)).Get(context.Background(), "sess_1")
		failed <- err
	}()
	<-waits
	tb.cleanup()
	require.Error(t, <-failed)
}
