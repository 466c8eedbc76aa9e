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

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent     string
		fault    sessionstest.Fault
		response time.Duration // when it is received, -1 for none
		closed   time.Duration // when the connection is closed
	}{
		"slow header":     {"GET /v1/sessions HTTP/1.1\r\nHost: x\r\n", sessionstest.Fault{}, -1, 10 * time.Second},
		"slow body":       {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", sessionstest.Fault{}, 30 * time.Second, 30 * time.Second},
		"idle connection": {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", sessionstest.Fault{}, 0, 2 * time.Minute},
		"OPTIONS *":       {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", sessionstest.Fault{}, 0, 2 * time.Minute},
		"reset":           {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", sessionstest.Fault{ResetBefore: true}, -1, 0},
		"delayed response": {"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
			sessionstest.Fault{Latency: time.Hour}, time.Hour, time.Hour + 2*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := sessionstest.New()
				srv.Fail("", 1, test.fault)
				web, listener := srv.HTTPServer(), make(pipes)
				go func() { _ = web.Serve(listener) }()
				conn, other := net.Pipe()
				listener <- other
				began := time.Now()
				go func() { _, _ = io.WriteString(conn, test.sent) }()
				received := bufio.NewReader(conn)
				if test.response >= 0 {
					resp, err := http.ReadResponse(received, nil)
					require.NoError(t, err)
					assert.Equal(t, 401, resp.StatusCode)
					assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
					assert.Equal(t, test.response, time.Since(began).Truncate(time.Second))
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				_, err := received.ReadByte()
				require.ErrorIs(t, err, io.EOF)
				assert.Equal(t, test.closed, time.Since(began).Truncate(time.Second))
				_ = conn.Close()
				close(listener)
				_ = web.Close()
			})
		})
	}
}
