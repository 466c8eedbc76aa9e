package sessionstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Transport returns a transport that calls the Server in memory, whatever the host of
// a request, so that the addresses in URL and Issuer both lead here. It works inside a
// testing/synctest bubble, and it calls the hooks of net/http/httptrace where net/http's
// own transport does: a fault with ResetBefore occurs between GotConn and the first
// Wrote hook.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip serves one request.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	closeBody := func() {
		if req.Body != nil {
			_ = req.Body.Close()
		}
	}
	if req.URL == nil || req.Header == nil || req.URL.Host == "" {
		closeBody()
		return nil, errors.New("sessionstest: request without URL, host or header")
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		closeBody()
		return nil, ctx.Err()
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	header := sentHeader(req)
	u := *req.URL
	c := t.server.begin(method, &u, header)

	hooks := tracer{httptrace.ContextClientTrace(ctx)}
	hooks.getConn(req)
	if c.fault != nil && c.fault.ResetBefore {
		closeBody()
		err := sleep(ctx, c.fault.Latency, nil)
		t.server.finish(c, nil)
		if err == nil {
			err = connectionReset("write")
		}
		return nil, err
	}
	hooks.wroteHeaders(header)
	body, err := readBody(req)
	closeBody()
	hooks.wroteRequest(err)
	if err == nil && c.fault != nil {
		err = sleep(ctx, c.fault.Latency, nil)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.body = body
		t.server.finish(c, nil)
		return nil, err
	}

	r := t.server.respond(c, body)
	if c.fault != nil && c.fault.ResetAfter {
		return nil, connectionReset("read")
	}
	hooks.gotFirstByte()
	return httpResponse(ctx, req, c, r), nil
}

// sentHeader returns the header as net/http's transport would send it.
func sentHeader(req *http.Request) http.Header {
	header := req.Header.Clone()
	if _, ok := header["User-Agent"]; !ok {
		header.Set("User-Agent", "Go-http-client/1.1")
	}
	if req.Body != nil && req.Body != http.NoBody && req.ContentLength > 0 {
		header.Set("Content-Length", strconv.FormatInt(req.ContentLength, 10))
	}
	return header
}

// readBody reads the body as a server would and checks its length as net/http's
// transport does.
func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err == nil && req.ContentLength > 0 && int64(len(body)) != min(req.ContentLength, maxBody+1) {
		err = fmt.Errorf("sessionstest: ContentLength is %d, but the body has %d bytes", req.ContentLength, len(body))
	}
	return body, err
}

func httpResponse(ctx context.Context, req *http.Request, c *call, r *response) *http.Response {
	resp := &http.Response{
		Status:     strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode: r.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        r.header,
		Body:          http.NoBody,
		ContentLength: int64(len(r.body)),
		Request:       req,
	}
	if !bodyAllowed(r.status) {
		resp.ContentLength = 0
		return resp
	}
	resp.Header.Set("Content-Length", strconv.Itoa(len(r.body)))
	if c.method == http.MethodHead {
		return resp
	}
	resp.Body = newResponseBody(ctx, c.fault, r.body)
	return resp
}

// responseBody is a body that may be slow or truncated.
type responseBody struct {
	ctx    context.Context
	chunks [][]byte
	pause  bool // the delay after a chunk is due
	drip   time.Duration
	end    error
	closed bool
}

func newResponseBody(ctx context.Context, f *Fault, body []byte) io.ReadCloser {
	if f == nil {
		f = &Fault{}
	}
	b := &responseBody{ctx: ctx, drip: f.Drip, end: io.EOF}
	switch {
	case f.ResetBody:
		b.end = connectionReset("read")
	case f.Truncate:
		b.end = io.ErrUnexpectedEOF
	}
	b.chunks = slices.Collect(f.chunks(body))
	return b
}

// Read returns an error once the context has ended, as net/http's bodies do.
func (b *responseBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.pause {
		if err := sleep(b.ctx, b.drip, nil); err != nil {
			return 0, err
		}
		b.pause = false
	}
	if len(b.chunks) == 0 {
		return 0, b.end
	}
	n := copy(p, b.chunks[0])
	if b.chunks[0] = b.chunks[0][n:]; len(b.chunks[0]) == 0 {
		b.chunks, b.pause = b.chunks[1:], true
	}
	return n, nil
}

// Close ends the body.
func (b *responseBody) Close() error {
	b.closed = true
	return nil
}

func connectionReset(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET}
}

// tracer calls the hooks of a request, if any.
type tracer struct{ trace *httptrace.ClientTrace }

func (t tracer) getConn(req *http.Request) {
	if t.trace == nil {
		return
	}
	if t.trace.GetConn != nil {
		port := req.URL.Port()
		if port == "" {
			port = map[bool]string{true: "443", false: "80"}[req.URL.Scheme == "https"]
		}
		t.trace.GetConn(net.JoinHostPort(req.URL.Hostname(), port))
	}
	if t.trace.GotConn != nil {
		conn, _ := net.Pipe() // hooks may ask for its addresses
		t.trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	}
}

func (t tracer) wroteHeaders(header http.Header) {
	if t.trace == nil {
		return
	}
	if t.trace.WroteHeaderField != nil {
		for name, values := range header {
			t.trace.WroteHeaderField(textproto.CanonicalMIMEHeaderKey(name), values)
		}
	}
	if t.trace.WroteHeaders != nil {
		t.trace.WroteHeaders()
	}
}

func (t tracer) wroteRequest(err error) {
	if t.trace != nil && t.trace.WroteRequest != nil {
		t.trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
}

func (t tracer) gotFirstByte() {
	if t.trace != nil && t.trace.GotFirstResponseByte != nil {
		t.trace.GotFirstResponseByte()
	}
}
