package sessionstest

import (
	"cmp"
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
	"time"
)

// Transport returns a transport that calls the Server in memory, whatever the host of
// the request, so that it reaches both URL and Issuer. It works inside a testing/synctest
// bubble, and it calls the hooks of net/http/httptrace where net/http's own transport
// does: a fault with ResetBefore occurs between GotConn and the first Wrote hook.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip serves one request.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if req.URL == nil || req.Header == nil || req.URL.Host == "" {
		return nil, errors.New("sessionstest: request without URL, host or header")
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	header, u := sentHeader(req), *req.URL
	c := t.server.begin(cmp.Or(req.Method, http.MethodGet), &u, header)

	hooks := hooksOf(ctx)
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	hooks.GetConn(net.JoinHostPort(u.Hostname(), port))
	conn, _ := net.Pipe() // hooks may ask for its addresses
	hooks.GotConn(httptrace.GotConnInfo{Conn: conn})
	r, err := t.server.exchange(ctx, c, func() (err error) {
		for name, values := range header {
			hooks.WroteHeaderField(textproto.CanonicalMIMEHeaderKey(name), values)
		}
		hooks.WroteHeaders()
		c.body, err = readBody(req)
		hooks.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		return cmp.Or(err, ctx.Err())
	})
	if err != nil {
		return nil, err
	}
	hooks.GotFirstResponseByte()
	return c.httpResponse(req, r), nil
}

// hooksOf returns the hooks of a request. Those that are missing do nothing.
func hooksOf(ctx context.Context) *httptrace.ClientTrace {
	return httptrace.ContextClientTrace(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) {},
		GotConn:              func(httptrace.GotConnInfo) {},
		WroteHeaderField:     func(string, []string) {},
		WroteHeaders:         func() {},
		WroteRequest:         func(httptrace.WroteRequestInfo) {},
		GotFirstResponseByte: func() {},
	}))
}

// sentHeader returns the header as net/http's transport would send it.
func sentHeader(req *http.Request) http.Header {
	header := req.Header.Clone()
	if _, ok := header["User-Agent"]; !ok {
		header.Set("User-Agent", "Go-http-client/1.1")
	}
	if req.ContentLength > 0 {
		header.Set("Content-Length", strconv.FormatInt(req.ContentLength, 10))
	}
	return header
}

// readBody reads the body as a server would and checks its length as net/http's
// transport does.
func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
	if err == nil && req.ContentLength > 0 && int64(len(body)) != min(req.ContentLength, maxBody+1) {
		err = fmt.Errorf("sessionstest: ContentLength is %d, but the body has %d bytes", req.ContentLength, len(body))
	}
	return body, err
}

func (c *call) httpResponse(req *http.Request, r *response) *http.Response {
	resp := &http.Response{
		Status:     strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode: r.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  r.header,
		Body:    http.NoBody,
		Request: req,
	}
	if !bodyAllowed(r.status) {
		return resp
	}
	resp.ContentLength = int64(len(r.body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(r.body)))
	if c.method == http.MethodHead {
		return resp
	}
	resp.Body = &responseBody{ctx: req.Context(), call: c, chunks: slices.Collect(c.fault.chunks(r.body))}
	return resp
}

// responseBody is a body that may be slow or truncated.
type responseBody struct {
	ctx    context.Context
	call   *call
	chunks [][]byte
	delay  time.Duration // before the next chunk
	closed bool
}

// Read returns an error once the context has ended, as net/http's bodies do.
func (b *responseBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if err := cmp.Or(b.ctx.Err(), b.call.sleep(b.ctx, b.delay)); err != nil {
		return 0, err
	}
	b.delay = 0
	switch {
	case len(b.chunks) > 0:
	case b.call.fault.ResetBody:
		return 0, connectionReset("read")
	case b.call.fault.Truncate:
		return 0, io.ErrUnexpectedEOF
	default:
		return 0, io.EOF
	}
	n := copy(p, b.chunks[0])
	if b.chunks[0] = b.chunks[0][n:]; len(b.chunks[0]) == 0 {
		b.chunks, b.delay = b.chunks[1:], b.call.fault.Drip
	}
	return n, nil
}

// Close ends the body.
func (b *responseBody) Close() error {
	b.closed = true
	return nil
}
