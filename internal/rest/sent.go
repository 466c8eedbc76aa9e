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

// sent watches one attempt by means of httptrace. It learns whether anything of the
// request was written, and keeps the transport from sending the request again.
//
// net/http resends a request without a body, and any request with a GetBody, when an
// HTTP/2 server ends the stream with REFUSED_STREAM or PROTOCOL_ERROR, or sends a
// GOAWAY. Its limit does not hold (golang/go#52459), and PROTOCOL_ERROR does not even
// say that the request was not processed (RFC 9113, section 8.7). So a connection
// obtained after the request was written cancels the attempt: net/http's HTTP/2 client
// checks the context before it writes, and of an HTTP/1 connection, which belongs to
// this request alone, the watcher closes it.
//
// Two resends are let through: when nothing was written yet, and once, for an
// idempotent request, when an HTTP/1 connection kept from an earlier request turns
// out to be closed. The latter is what WithMaxAttempts documents.
//
// A transport that reports nothing to httptrace works, but then nothing counts as
// unsent, and resends of its own go unseen. One that drops the cancellation of the
// request's context lets net/http resend over HTTP/2.
//
// It is also the context of the attempt; see context.go.
type sent struct {
	httptrace.ClientTrace
	attemptContext
	cancel     context.CancelFunc
	idempotent bool
	body       *bytes.Reader // nil for none

	room struct { // saves allocations
		url      url.URL
		values   [5]string
		response Response
	}

	mu        sync.Mutex
	looked    bool // the transport looked for a connection
	wrote     bool // something was written
	current   bool // on the current connection
	reused    bool // the current connection served an earlier request
	http2     bool // by HTTP/2
	responded bool // a response began
	resent    bool // the one resend was used
	stopped   bool // a resend was prevented
}

// watch returns the context to send the request with. It takes only the notes that make
// a difference, as each costs an allocation: a request with a body, which has no
// GetBody, is never resent, and only one that is not idempotent has to be unsent to be
// retried.
func (s *sent) watch(ctx context.Context, hasBody bool) context.Context {
	if hasBody && s.idempotent {
		return ctx
	}
	// Never nil, for transports that call hooks without checking.
	s.GetConn, s.WroteHeaders, s.WroteRequest = ignoreGetConn, ignoreHeaders, ignoreRequest
	s.WroteHeaderField = s.wroteHeaderField
	if !hasBody {
		s.GotConn = s.gotConn
	}
	if s.idempotent {
		s.GotFirstResponseByte = func() { s.note(&s.responded) }
		s.Got1xxResponse = s.got1xxResponse
	} else {
		s.GetConn = func(string) { s.note(&s.looked) }
		s.WroteHeaders = func() { s.note(&s.wrote) }
		s.WroteRequest = func(httptrace.WroteRequestInfo) { s.note(&s.wrote) }
	}
	return httptrace.WithClientTrace(ctx, &s.ClientTrace)
}

func ignoreGetConn(string)                     {}
func ignoreHeaders()                           {}
func ignoreRequest(httptrace.WroteRequestInfo) {}

func (s *sent) note(fact *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*fact = true
}

func (s *sent) gotConn(info httptrace.GotConnInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked = true
	if s.current && !s.mayResend() {
		s.stopped = true
		s.cancel()
		if !s.http2 && !isHTTP2(info.Conn) {
			_ = info.Conn.Close() // nothing was written to it
		}
	}
	s.reused, s.current, s.responded = info.Reused, false, false
}

// isHTTP2 reports whether a connection may be shared with other requests.
func isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	return conn == nil || ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}

// mayResend reports whether the transport may send a request again that was written.
func (s *sent) mayResend() bool {
	switch {
	case !s.idempotent:
		return false
	case s.responded: // a transport around net/http's retries by itself
		return true
	case s.http2 || !s.reused || s.resent:
		return false
	}
	s.resent = true
	return true
}

func (s *sent) wroteHeaderField(name string, _ []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrote, s.current = true, true
	s.http2 = s.http2 || strings.HasPrefix(name, ":")
}

// got1xxResponse undoes the note of a response, as an informational one is not it.
func (s *sent) got1xxResponse(code int, _ textproto.MIMEHeader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code != http.StatusSwitchingProtocols || s.http2 { // HTTP/2 has no switch
		s.responded = false
	}
	return nil
}

func (s *sent) isStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// unprocessed reports whether the server cannot have processed the request, given the
// transport's error.
func (s *sent) unprocessed(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looked && !s.wrote && !s.bodyRead() || !s.stopped && refused(err)
}

// bodyRead reports whether the body was read, as by a transport that sends by means
// that report nothing.
func (s *sent) bodyRead() bool { return s.body != nil && int64(s.body.Len()) < s.body.Size() }

// refused reports whether err says that an HTTP/2 server refused the stream, or left
// it out in a GOAWAY. net/http has no values for these errors, only texts. Should a
// text change, the request counts as processed.
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
