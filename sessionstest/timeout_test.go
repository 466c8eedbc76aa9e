package sessionstest_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/sessionstest"
)

// pipes is a listener whose connections are in memory, so that its deadlines are
// virtual inside a bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error { return nil }

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// inBubble serves one connection inside a bubble.
func inBubble(t *testing.T, test func(t *testing.T, srv *sessionstest.Server, conn net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		web, listener := srv.HTTPServer(), make(pipes)
		go func() { _ = web.Serve(listener) }()
		conn, other := net.Pipe()
		listener <- other
		test(t, srv, conn)
		_ = conn.Close()
		close(listener)
		_ = web.Close()
	})
}

func TestSlowClientsAreDisconnected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent   string
		waited time.Duration
		status int // of the response, 0 for none
	}{
		"header": {"GET /v1/sessions HTTP/1.1\r\nHost: x\r\n", 10 * time.Second, 0},
		"body":   {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", 30 * time.Second, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, _ *sessionstest.Server, conn net.Conn) {
				began := time.Now()
				_, err := io.WriteString(conn, test.sent)
				require.NoError(t, err)
				received := bufio.NewReader(conn)
				if test.status != 0 {
					resp, err := http.ReadResponse(received, nil)
					require.NoError(t, err)
					assert.Equal(t, test.status, resp.StatusCode)
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				_, err = received.ReadByte()
				require.ErrorIs(t, err, io.EOF)
				assert.Equal(t, test.waited, time.Since(began).Truncate(time.Second))
			})
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, _ *sessionstest.Server, conn net.Conn) {
		go func() { _, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") }()
		received := bufio.NewReader(conn)
		resp, err := http.ReadResponse(received, nil)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		answered := time.Now()
		_, err = received.ReadByte()
		require.ErrorIs(t, err, io.EOF)
		assert.Equal(t, 2*time.Minute, time.Since(answered))
	})
}

// A fault may delay a response for longer than any timeout.
func TestLatencyIsNotLimitedByTheTimeouts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *sessionstest.Server, conn net.Conn) {
		srv.Fail("", 1, sessionstest.Fault{Latency: time.Hour})
		go func() {
			_, _ = io.WriteString(conn, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
		}()
		began := time.Now()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		assert.Equal(t, 401, resp.StatusCode)
		assert.Equal(t, time.Hour, time.Since(began))
	})
}
