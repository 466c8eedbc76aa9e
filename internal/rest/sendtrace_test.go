package rest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/textproto"
	"testing"

	"github.com/stretchr/testify/assert"
)

// hook calls one hook of a trace, as a transport does.
type hook func(*httptrace.ClientTrace)

var (
	getConn   hook = func(t *httptrace.ClientTrace) { t.GetConn("api.invalid:443") }
	freshConn hook = func(t *httptrace.ClientTrace) { t.GotConn(httptrace.GotConnInfo{}) }
	usedConn  hook = func(t *httptrace.ClientTrace) { t.GotConn(httptrace.GotConnInfo{Reused: true}) }
	http1     hook = func(t *httptrace.ClientTrace) { t.WroteHeaderField("Host", nil) }
	http2     hook = func(t *httptrace.ClientTrace) { t.WroteHeaderField(":authority", nil) }
	wrote     hook = func(t *httptrace.ClientTrace) { t.WroteRequest(httptrace.WroteRequestInfo{}) }
	headers   hook = func(t *httptrace.ClientTrace) { t.WroteHeaders() }
	responded hook = func(t *httptrace.ClientTrace) { t.GotFirstResponseByte() }
	early     hook = func(t *httptrace.ClientTrace) { _ = t.Got1xxResponse(103, textproto.MIMEHeader{}) }
	switched  hook = func(t *httptrace.ClientTrace) { _ = t.Got1xxResponse(101, textproto.MIMEHeader{}) }
)

// watched calls the hooks on the trace of an attempt.
func watched(t *testing.T, s *sendTrace, hasBody bool, hooks ...hook) *httptrace.ClientTrace {
	if s.cancel == nil {
		s.cancel = func() {}
	}
	trace := httptrace.ContextClientTrace(s.watch(t.Context(), hasBody))
	for _, hook := range hooks {
		hook(trace)
	}
	return trace
}

func TestResends(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		hooks   []hook
		stopped bool
	}{
		{"one send", []hook{getConn, freshConn, http1}, false},
		{"second connection before anything was written", []hook{usedConn, freshConn, http1}, false},
		{"HTTP/2 after writing", []hook{freshConn, http2, freshConn}, true},
		{"HTTP/2 after writing on a used connection", []hook{usedConn, http2, usedConn}, true},
		{"HTTP/2, whose last field is not a pseudo-header", []hook{usedConn, http2, http1, usedConn}, true},
		{"HTTP/1 after writing on a fresh connection", []hook{freshConn, http1, freshConn}, true},
		{"HTTP/1 once after writing on a used connection", []hook{usedConn, http1, freshConn, http1}, false},
		{"HTTP/1 twice after writing on used connections", []hook{usedConn, http1, usedConn, http1, freshConn}, true},
		{"wrapping transport retries after a response", []hook{freshConn, http2, responded, freshConn, http2, responded, freshConn}, false},
		{"HTTP/2 after an informational response", []hook{freshConn, http2, responded, early, freshConn}, true},
		{"HTTP/1 after an informational response", []hook{freshConn, http1, responded, early, freshConn}, true},
		{"after a switch of protocols", []hook{freshConn, http1, responded, switched, freshConn}, false},
		{"HTTP/2 after a response with status 101", []hook{freshConn, http2, responded, switched, freshConn}, true},
		{"HTTP/2 resend after the wrapping transport's retry", []hook{freshConn, http2, responded, freshConn, http2, freshConn}, true},
		{"nothing written on the second connection", []hook{usedConn, http1, usedConn, freshConn, http1}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			canceled := false
			s := &sendTrace{idempotent: true, cancel: func() { canceled = true }}
			watched(t, s, false, test.hooks...)
			assert.Equal(t, test.stopped, s.preventedResend())
			assert.Equal(t, test.stopped, canceled, "the attempt is canceled")
		})
	}
}

func TestARequestThatIsNotIdempotentIsNeverResent(t *testing.T) {
	t.Parallel()
	for name, hooks := range map[string][]hook{
		"HTTP/1 on a used connection": {usedConn, http1, freshConn},
		"HTTP/2":                      {usedConn, http2, freshConn},
	} {
		s := new(sendTrace)
		watched(t, s, false, hooks...)
		assert.True(t, s.preventedResend(), name)
		assert.False(t, s.unprocessed(errResend), name)
		assert.False(t, s.unprocessed(errors.New("http2: Transport received GOAWAY from server")), name)
	}
}

func TestUnprocessed(t *testing.T) {
	t.Parallel()
	refused := errors.New("http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAM; received from peer] after Request.Body was written; define Request.GetBody to avoid this error")
	for _, test := range []struct {
		name  string
		hooks []hook
		read  bool // a part of the body
		err   error
		want  bool
	}{
		{"transport that reports nothing", nil, false, errReset, false},
		{"nothing written", []hook{getConn}, false, errReset, true},
		{"body read by a transport that does not report writes", []hook{getConn}, true, errReset, false},
		{"header field written", []hook{getConn, http1}, false, errReset, false},
		{"headers written", []hook{getConn, headers}, false, errReset, false},
		{"request written", []hook{getConn, wrote}, false, errReset, false},
		{"written and refused", []hook{getConn, http2, headers, wrote}, false, refused, true},
		{"refused, from a transport that reports nothing", nil, false, refused, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := &sendTrace{body: bytes.NewReader([]byte("{}"))}
			if test.read {
				_, _ = s.body.ReadByte()
			}
			watched(t, s, true, test.hooks...)
			assert.Equal(t, test.want, s.unprocessed(test.err))
		})
	}
}

// The texts are those of net/http; the wire tests of the root package verify them.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want bool
	}{
		{"http2: Transport: cannot retry err [stream error: stream ID 3; REFUSED_STREAM; received from peer] after Request.Body was written", true},
		{"http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY] after Request.Body was written", true},
		{"http2: Transport received GOAWAY from server ErrCode:INTERNAL_ERROR", true},
		{"http2: Transport: cannot retry err [stream error: stream ID 3; PROTOCOL_ERROR; received from peer] after Request.Body was written", false},
		{"http2: Transport: cannot retry err [something; REFUSED_STREAM; received from peer] after Request.Body was written", false},
		{"stream error: stream ID 3; INTERNAL_ERROR; received from peer", false},
		{`http2: server sent GOAWAY and closed the connection; LastStreamID=3, ErrCode=NO_ERROR, debug="; REFUSED_STREAM; received from peer]"`, false},
		{`malformed HTTP response "http2: Transport: cannot retry err [stream error: stream ID 3; REFUSED_STREAM; received from peer]"`, false},
		{"unexpected EOF", false},
	} {
		assert.Equal(t, test.want, refused(errors.New(test.text)), test.text)
		assert.Equal(t, test.want, refused(fmt.Errorf("wrapped: %w", errors.New(test.text))), test.text)
	}
}

func TestWatchKeepsTheCallersTrace(t *testing.T) {
	t.Parallel()
	seen := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteHeaders: func() { seen++ }})
	s := new(sendTrace)
	httptrace.ContextClientTrace(s.watch(ctx, false)).WroteHeaders()
	assert.Equal(t, 1, seen)
	assert.True(t, s.wrote)
}

// plainConn is a connection that counts how often it is closed.
type plainConn struct {
	net.Conn
	closed int
}

func (c *plainConn) Close() error { c.closed++; return nil }

// tlsConn is a TLS connection that counts how often it is closed.
type tlsConn struct {
	plainConn
	protocol string
}

func (c *tlsConn) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{NegotiatedProtocol: c.protocol}
}

// net/http's HTTP/1 client writes a request even if its context has ended.
func TestPreventingAResendClosesAnHTTP1Connection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		first    hook
		protocol string // negotiated; "" without TLS
		want     int
	}{
		{"HTTP/1", http1, "http/1.1", 1},
		{"HTTP/1 without TLS", http1, "", 1},
		{"HTTP/2", http2, "h2", 0},
		{"HTTP/1 and then HTTP/2", http1, "h2", 0},
		{"HTTP/2 and then HTTP/1", http2, "http/1.1", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			secure := &tlsConn{protocol: test.protocol}
			conn := net.Conn(secure)
			if test.protocol == "" {
				conn = &secure.plainConn
			}
			s := &sendTrace{idempotent: true}
			watched(t, s, false, freshConn, test.first).GotConn(httptrace.GotConnInfo{Conn: conn})
			assert.True(t, s.preventedResend())
			assert.Equal(t, test.want, secure.closed)
		})
	}
}

// Each hook costs an allocation, so only those that are needed are set.
func TestOnlyNeededHooksAreSet(t *testing.T) {
	t.Parallel()
	assert.Nil(t, watched(t, &sendTrace{idempotent: true}, true), "idempotent, with a body: never resent, always retried")
	assert.NotNil(t, watched(t, &sendTrace{idempotent: true}, false).GotConn)
	assert.NotNil(t, watched(t, new(sendTrace), false).GotConn)
	assert.Nil(t, watched(t, new(sendTrace), true).GotConn, "with a body: never resent")
}

// A transport may call GotConn without GetConn.
func TestAConnectionWithoutAWriteMeansUnprocessed(t *testing.T) {
	t.Parallel()
	s := new(sendTrace)
	watched(t, s, false, freshConn)
	assert.True(t, s.unprocessed(errReset))
}
