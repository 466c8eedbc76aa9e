package sessionstest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
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
	raw, err := io.ReadAll(iotest.OneByteReader(resp.Body)) // a chunk is delayed once
	return outcome{status: resp.StatusCode, header: resp.Header, body: string(raw), bodyErr: err}
}

// overBoth runs a test in memory and over loopback.
func overBoth(t *testing.T, test func(t *testing.T, srv *sessionstest.Server, transport http.RoundTripper)) {
	memory, socket := sessionstest.New(sessionstest.WithStart(start)), sessionstest.NewServer(t, sessionstest.WithStart(start))
	test(t, memory, memory.Transport())
	test(t, socket, &http.Transport{DisableKeepAlives: true})
}

// Each fault looks the same over loopback and in memory.
func TestFaults(t *testing.T) {
	t.Parallel()
	const json, html, same = "application/json", "text/html; charset=UTF-8", "{same}"
	for name, test := range map[string]struct {
		fault  sessionstest.Fault
		status int
		media  string
		body   string // a part of it, all for a success; same for that of a request without a fault
		header string // "Name: value"
		end    error  // of the body
	}{
		"status":                             {sessionstest.Fault{Status: 503, RetryAfter: "7"}, 503, json, `"service_unavailable"`, "Retry-After: 7", nil},
		"status that Clerk has no error for": {sessionstest.Fault{Status: 502}, 502, html, "<html>", "", nil},
		"highest status without an error":    {sessionstest.Fault{Status: 399}, 399, json, "", "", nil},
		"lowest status with a page":          {sessionstest.Fault{Status: 402}, 402, html, "<html>", "", nil},
		"429 without Retry-After":            {sessionstest.Fault{Status: 429}, 429, json, "too_many_requests", "Retry-After: ", nil},
		"redirect": {sessionstest.Fault{Status: 307, Header: http.Header{"location": {"http://other.invalid/"}}}, 307, json, "",
			"Location: http://other.invalid/", nil},
		"body":            {sessionstest.Fault{Body: []byte(`{"object":1}`)}, 200, json, `{"object":1}`, "Content-Length: 12", nil},
		"empty body":      {sessionstest.Fault{Status: 500, Body: []byte{}}, 500, json, "", "Content-Length: 0", nil},
		"no content":      {sessionstest.Fault{Status: 204, Body: []byte("x")}, 204, json, "", "Content-Length: ", nil},
		"not modified":    {sessionstest.Fault{Status: 304, Body: []byte("x")}, 304, "", "", "Content-Length: ", nil},
		"html":            {sessionstest.Fault{HTML: true}, 502, html, "<html>", "", nil},
		"html and status": {sessionstest.Fault{HTML: true, Status: 503}, 503, html, "<html>", "", nil},
		"content type":    {sessionstest.Fault{ContentType: "text/plain"}, 200, "text/plain", same, "", nil},
		"oversize":        {sessionstest.Fault{PadTo: 500}, 200, json, same, "Content-Length: 500", nil},
		"drip":            {sessionstest.Fault{Drip: time.Microsecond}, 200, json, same, "", nil},
		"latency":         {sessionstest.Fault{Latency: time.Microsecond}, 200, json, same, "", nil},
		"truncate":        {sessionstest.Fault{Truncate: true}, 200, json, same, "", io.ErrUnexpectedEOF},
		"drip, truncate":  {sessionstest.Fault{Drip: time.Microsecond, Truncate: true}, 200, json, same, "", io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, srv *sessionstest.Server, transport http.RoundTripper) {
				path := "/sessions/" + added(srv)
				whole := send(t, transport, srv, "GET", path).body
				srv.Fail("GetSession", 1, test.fault)
				o := send(t, transport, srv, "GET", path)
				require.NoError(t, o.err)
				assert.Equal(t, test.status, o.status)
				if test.media != "" {
					assert.Equal(t, test.media, o.header.Get("Content-Type"))
				}
				if name, value, ok := strings.Cut(test.header, ": "); ok {
					assert.Equal(t, value, o.header.Get(name))
				}
				want, got := strings.ReplaceAll(test.body, same, whole), strings.TrimRight(o.body, " ")
				if test.body != same {
					assert.NotContains(t, o.header, "Clerk-Api-Version", "the request was not handled")
				}
				if test.end != nil {
					want = want[:len(want)/2]
				}
				assert.ErrorIs(t, o.bodyErr, test.end)
				if want == "" || test.status == 200 {
					assert.Equal(t, want, got)
				}
				assert.Contains(t, got, want)
				assert.Equal(t, whole, send(t, transport, srv, "GET", path).body, "the fault applies once")
			})
		})
	}
}

// A response without a body does not end the connection.
func TestConnectionIsReusedAfterNoContent(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	reused := false
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }})
	for range 2 {
		srv.Fail("", 1, sessionstest.Fault{Status: 204, Body: []byte("x")})
		resp, err := transport.RoundTrip(newRequest(t, srv, "GET", "/v1/sessions", "").WithContext(ctx))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	assert.True(t, reused)
	srv.Fail("", 1, sessionstest.Fault{Status: 204, Body: []byte("x")})
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, newRequest(t, srv, "GET", "/v1/sessions", ""))
	assert.Empty(t, w.Body.String())
}

func TestFaultsThatResetTheConnection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  sessionstest.Fault
		status int    // as recorded
		body   string // received in memory
	}{
		"before": {sessionstest.Fault{ResetBefore: true}, 0, ""},
		"after":  {sessionstest.Fault{ResetAfter: true}, 200, ""},
		"body":   {sessionstest.Fault{ResetBody: true, Body: []byte("1234")}, 200, "12"},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, srv *sessionstest.Server, transport http.RoundTripper) {
				srv.Fail("GetSession", 1, test.fault)
				o := send(t, transport, srv, "GET", "/sessions/"+added(srv))
				require.Error(t, errors.Join(o.err, o.bodyErr)) // over a socket a reset may overtake the head
				if srv.URL == "https://clerk.invalid/v1" {
					assert.Equal(t, test.body, o.body)
				}
				if srv.URL == "https://clerk.invalid/v1" || o.bodyErr != nil {
					require.ErrorIs(t, errors.Join(o.err, o.bodyErr), syscall.ECONNRESET)
					assert.Equal(t, name == "body", o.err == nil)
				}
				requests := srv.Requests()
				require.Len(t, requests, 1)
				assert.Equal(t, test.status, requests[0].Status)
			})
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

func TestTransportSendsTheHeaderOfNetHTTP(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	for body, agent := range map[string]string{"": "test", "1": ""} {
		srv.ClearRequests()
		for _, transport := range []http.RoundTripper{srv.Transport(), &http.Transport{DisableKeepAlives: true, DisableCompression: true}} {
			req := newRequest(t, srv, "POST", "/v1/sessions", body, "Connection: close", "User-Agent: "+agent)
			resp, err := transport.RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
		requests := srv.Requests()
		assert.Equal(t, requests[1].Header["User-Agent"], requests[0].Header["User-Agent"])
		if body != "" {
			assert.Equal(t, requests[1].Header["Content-Length"], requests[0].Header["Content-Length"])
			continue
		}
		assert.NotContains(t, requests[0].Header, "Content-Length")
	}
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
		assert.Equal(t, fault.ResetBefore || fault.ResetAfter, err != nil)
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
	ended, cancel := context.WithCancel(t.Context())
	resp, err := srv.Transport().RoundTrip(newRequest(t, srv, "GET", "/v1/jwks", "").WithContext(ended))
	require.NoError(t, err)
	defer resp.Body.Close()
	cancel()
	n, err := resp.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, n)
	srv.ClearRequests()
	for _, req := range []*http.Request{
		{URL: &url.URL{Host: "x"}}, {Header: http.Header{}}, {Header: http.Header{}, URL: &url.URL{}},
		newRequest(t, srv, "GET", "/v1/jwks", "").WithContext(ended),
	} {
		b := &body{Reader: strings.NewReader("x")}
		req.Body = b
		_, err := srv.Transport().RoundTrip(req)
		require.Error(t, err)
		assert.Equal(t, 1, b.closed)
	}
	assert.Empty(t, srv.Requests())
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/sessions", strings.NewReader("12345"))
	require.NoError(t, err)
	req.ContentLength = 4
	_, err = srv.Transport().RoundTrip(req)
	require.ErrorContains(t, err, "but the body has 5 bytes")
	req.Body = io.NopCloser(iotest.ErrReader(io.ErrClosedPipe))
	_, err = srv.Transport().RoundTrip(req)
	require.ErrorIs(t, err, io.ErrClosedPipe)
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
			for length, chunks := range map[int]time.Duration{16: 16, 33: 11} {
				began = time.Now()
				srv.Fail("", 1, sessionstest.Fault{Body: make([]byte, length), Drip: time.Second})
				send(t, srv.Transport(), srv, "GET", "/sessions/"+id)
				assert.Equal(t, chunks*time.Second, time.Since(began), "%d bytes", length)
			}
			for _, fault := range []sessionstest.Fault{{Latency: time.Hour}, {Latency: time.Hour, ResetBefore: true}, {Drip: 10 * time.Second}} {
				began = time.Now()
				srv.Fail("GetSession", 1, fault)
				_, err = client.Get(t.Context(), id)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Minute, time.Since(began))
				requests := srv.Requests()
				assert.Equal(t, fault.Drip == 0, requests[len(requests)-1].Status == 0, "a request that is not carried out is recorded")
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

// The end of the test ends requests that a fault or a slow client delays.
func TestCleanupEndsDelays(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]*sessionstest.Fault{"fault": {Latency: time.Hour, ResetBefore: true}, "slow client": nil} {
		t.Run(name, func(t *testing.T) {
			tb := &fakeTB{}
			srv := sessionstest.NewServer(tb)
			began := make(chan struct{})
			srv.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
				close(began)
				return fault
			})
			conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(srv.URL, "http://"), "/v1"))
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
			require.NoError(t, err)
			<-began
			tb.cleanup()
			response, _ := io.ReadAll(conn)
			assert.Empty(t, response)
		})
	}
}
