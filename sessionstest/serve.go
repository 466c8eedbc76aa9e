package sessionstest

import (
	"cmp"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	headerTimeout = 10 * time.Second // for the header of a request
	bodyTimeout   = 30 * time.Second // for its body
	idleTimeout   = 2 * time.Minute  // between the requests of a connection
)

// HTTPServer returns an [http.Server] for the Server, with timeouts for slow and idle
// clients. Responses have no timeout, since a [Fault] may delay them.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:                      s,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		DisableGeneralOptionsHandler: true, // net/http would respond to OPTIONS * without a key
	}
}

// ServeHTTP serves one request. It waits at most 30 seconds for the body.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.control != nil && strings.HasPrefix(r.URL.Path, controlPath) {
		s.control.ServeHTTP(w, r)
		return
	}
	c := s.begin(r.Method, r.URL, r.Header)
	c.done = s.done
	response, err := s.exchange(r.Context(), c, func() error {
		c.body, c.bodyErr = readRequestBody(w, r)
		return nil // an incomplete body gets a response
	})
	if err == nil {
		err = c.send(r.Context(), w, response)
	}
	if err != nil {
		reset(w)
	}
}

// exchange handles a request and returns its response, or an error if the client gets
// none. read reads the body.
func (s *Server) exchange(ctx context.Context, c *call, read func() error) (*response, error) {
	if c.fault.ResetBefore {
		err := c.sleep(ctx, c.fault.Latency)
		s.finish(c, nil)
		return nil, cmp.Or(err, connectionReset("write"))
	}
	err := read()
	if err == nil {
		err = c.sleep(ctx, c.fault.Latency)
	}
	if err != nil {
		s.finish(c, nil)
		return nil, err
	}
	r := s.respond(c)
	if c.fault.ResetAfter {
		return nil, connectionReset("read")
	}
	return r, nil
}

// readRequestBody reads the body within bodyTimeout. It reads one byte more than
// maxBody to detect an oversized body.
func readRequestBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // net/http removes it after the body
	return io.ReadAll(io.LimitReader(r.Body, maxBody+1))
}

// send writes a response, subject to the fault. An error means that the connection must
// be reset.
func (c *call) send(ctx context.Context, w http.ResponseWriter, r *response) error {
	maps.Copy(w.Header(), r.header)
	if !bodyAllowed(r.status) {
		w.WriteHeader(r.status)
		return nil
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	for chunk := range c.fault.chunks(r.body) {
		_, _ = w.Write(chunk)
		_ = http.NewResponseController(w).Flush()
		_ = c.sleep(ctx, c.fault.Drip) // a client that is gone gets nothing
	}
	if c.fault.ResetBody {
		return connectionReset("read")
	}
	return nil // net/http closes the connection if the body is shorter than its Content-Length
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// sleep waits for real time, or virtual time inside a testing/synctest bubble.
func (c *call) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return context.Canceled
	}
}

func connectionReset(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNRESET}
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
