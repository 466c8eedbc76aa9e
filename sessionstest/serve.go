package sessionstest

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	headerTimeout = 10 * time.Second // for the header of a request
	bodyTimeout   = 30 * time.Second // for its body
	idleTimeout   = 2 * time.Minute  // between the requests of a connection
)

// HTTPServer returns an [http.Server] for the Server, with timeouts for slow and idle
// clients. There is none for the response, which a [Fault] may delay.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:                      s,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		DisableGeneralOptionsHandler: true, // net/http would answer OPTIONS * without a key
	}
}

// ServeHTTP answers one request. It waits at most 30 seconds for the body.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.control != nil && strings.HasPrefix(r.URL.Path, controlPath) {
		s.control.ServeHTTP(w, r)
		return
	}
	c := s.begin(r.Method, r.URL, r.Header)
	ctx := r.Context()
	if c.fault != nil && c.fault.ResetBefore {
		_ = sleep(ctx, c.fault.Latency, s.done)
		s.finish(c, nil)
		reset(w)
		return
	}
	body, err := readRequestBody(w, r)
	c.bodyErr = err
	if c.fault != nil && sleep(ctx, c.fault.Latency, s.done) != nil {
		c.body = body
		s.finish(c, nil)
		reset(w)
		return
	}
	s.send(ctx, w, c, s.respond(c, body))
}

// readRequestBody reads the body within bodyTimeout. It reads one byte more than
// maxBody to detect an oversized body.
func readRequestBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err == nil {
		_ = controller.SetReadDeadline(time.Time{}) // else it ends a request that Latency delays
	}
	return body, err
}

// send writes a response, with what the fault does to it.
func (s *Server) send(ctx context.Context, w http.ResponseWriter, c *call, r *response) {
	if c.fault != nil && c.fault.ResetAfter {
		reset(w)
		return
	}
	header := w.Header()
	for name, values := range r.header {
		header[name] = values
	}
	if bodyAllowed(r.status) {
		header.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if c.method == http.MethodHead || !bodyAllowed(r.status) {
		return
	}
	if c.fault == nil {
		_, _ = w.Write(r.body)
		return
	}
	flush := http.NewResponseController(w).Flush
	_ = flush()
	for chunk := range c.fault.chunks(r.body) {
		_, err := w.Write(chunk)
		_ = flush()
		if err != nil || sleep(ctx, c.fault.Drip, s.done) != nil {
			reset(w)
			return
		}
	}
	if c.fault.ResetBody {
		reset(w)
	}
	// A truncated body is shorter than its Content-Length, so net/http closes the
	// connection.
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// sleep waits for real time, or virtual time inside a testing/synctest bubble.
func sleep(ctx context.Context, d time.Duration, done <-chan struct{}) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return context.Canceled
	}
}

// reset closes the connection so that the client sees it reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2, where only the stream can be reset
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
