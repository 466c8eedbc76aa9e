package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
)

// errResend is the cause of an attempt in which the transport was about to send the
// request again by itself.
var errResend = errors.New("the server ended the stream or the connection before a response")

// sendTrace follows one attempt by means of httptrace. It records whether anything of
// the request was written, and prevents the transport from resending the request.
//
// net/http resends a request without a body, and any request with a GetBody, when an
// HTTP/2 server ends the stream with REFUSED_STREAM or PROTOCOL_ERROR, or sends a
// GOAWAY. Its limit does not hold (golang/go#52459), and a PROTOCOL_ERROR does not mean
// that the request was not processed (RFC 9113, section 8.7). So getting another
// connection after the request was written cancels the attempt. That is enough for
// net/http's HTTP/2 client, which checks the context before it writes. Its HTTP/1 client
// does not, so the new connection, which no other request uses, is closed.
//
// Two resends are allowed: if nothing was written yet; and once, for an idempotent
// request, if a reused HTTP/1 connection turns out to be closed.
//
// With a transport that does not report to httptrace, no request counts as unsent, and
// the transport's own resends go unnoticed. A transport that drops the cancellation of
// the request's context lets net/http resend over HTTP/2.
//
// A sendTrace is also the context of the attempt; see context.go.
type sendTrace struct {
	httptrace.ClientTrace
	attemptContext
	cancel     context.CancelFunc
	idempotent bool
	body       *bytes.Reader // nil for none

	scratch struct { // allocated with the sendTrace, to save allocations
		url      url.URL
		values   [5]string
		response Response
	}

	mu           sync.Mutex
	looked       bool // the transport looked for a connection
	wrote        bool // something was written
	wroteCurrent bool // something was written to the current connection
	reused       bool // the current connection served an earlier request
	http2        bool // the request was written as HTTP/2
	responded    bool // a response began
	resent       bool // the one allowed resend was used
	prevented    bool // a resend was prevented
}

// watch returns the context to send the request with. It sets only the hooks that are
// needed, as each costs an allocation. A request with a body has no GetBody, so it is
// never resent; only a request that is not idempotent has to be unsent to be retried.
func (s *sendTrace) watch(ctx context.Context, hasBody bool) context.Context {
	if hasBody && s.idempotent {
		return ctx
	}
	// Not nil even if unused, for transports that call hooks without checking.
	s.GetConn, s.WroteHeaders = func(string) {}, func() {}
	s.WroteRequest = func(httptrace.WroteRequestInfo) {}
	s.WroteHeaderField = s.wroteHeaderField
	if !hasBody {
		s.GotConn = s.gotConn
	}
	if s.idempotent {
		s.GotFirstResponseByte = func() { s.set(&s.responded) }
		s.Got1xxResponse = s.got1xxResponse
	} else {
		s.GetConn = func(string) { s.set(&s.looked) }
		s.WroteHeaders = func() { s.set(&s.wrote) }
		s.WroteRequest = func(httptrace.WroteRequestInfo) { s.set(&s.wrote) }
	}
	return httptrace.WithClientTrace(ctx, &s.ClientTrace)
}

func (s *sendTrace) set(flag *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*flag = true
}

func (s *sendTrace) gotConn(info httptrace.GotConnInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = true
	if s.wroteCurrent && !s.allowResend() {
		s.prevented = true
		s.cancel()
		if !s.http2 && !isHTTP2(info.Conn) {
			_ = info.Conn.Close() // nothing was written to it
		}
	}
	s.reused, s.wroteCurrent, s.responded = info.Reused, false, false
}

// isHTTP2 reports whether a connection may be HTTP/2, and so shared with other requests.
func isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	return conn == nil || ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// allowResend reports whether the transport may resend a request that was written. It
// uses up the one resend allowed on a closed HTTP/1 connection.
func (s *sendTrace) allowResend() bool {
	switch {
	case !s.idempotent:
		return false
	case s.responded: // a transport that wraps net/http's retries by itself
		return true
	case s.http2 || !s.reused || s.resent:
		return false
	}
	s.resent = true
	return true
}

func (s *sendTrace) wroteHeaderField(name string, _ []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote, s.wroteCurrent = true, true
	s.http2 = s.http2 || strings.HasPrefix(name, ":")
}

// got1xxResponse resets responded: an informational response is not the final one.
func (s *sendTrace) got1xxResponse(code int, _ textproto.MIMEHeader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code != http.StatusSwitchingProtocols || s.http2 { // HTTP/2 has no switch
		s.responded = false
	}
	return nil
}

// preventedResend reports whether a resend was prevented, which canceled the attempt.
func (s *sendTrace) preventedResend() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.prevented
}

// unprocessed reports whether the server cannot have processed the request, given the
// error of the transport.
func (s *sendTrace) unprocessed(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looked && !s.wrote && !s.bodyRead() || !s.prevented && refused(err)
}

// bodyRead reports whether some of the body was read, possibly by a transport that does
// not report writes to httptrace.
func (s *sendTrace) bodyRead() bool { return s.body != nil && int64(s.body.Len()) < s.body.Size() }

// refused reports whether err says that an HTTP/2 server refused the stream, or sent a
// GOAWAY that excludes it. net/http exports no values for these errors, so their texts
// are compared. Should a text change, the request counts as processed.
func refused(err error) bool {
	const cannotRetry = "http2: Transport: cannot retry err ["
	for ; err != nil; err = errors.Unwrap(err) {
		text := err.Error()
		if strings.HasPrefix(text, "http2: Transport received GOAWAY from server") {
			return true
		}
		reason, ok := strings.CutPrefix(text, cannotRetry)
		reason, _, _ = strings.Cut(reason, "]")
		switch {
		case !ok:
		case strings.HasPrefix(reason, "stream error: ") &&
			strings.HasSuffix(reason, "; REFUSED_STREAM; received from peer"):
			return true
		case strings.HasSuffix(reason, "graceful shutdown GOAWAY"):
			return true
		}
	}
	return false
}
