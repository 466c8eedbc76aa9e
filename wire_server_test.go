package clerksessions_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// stage is how far a raw server reads a request, or writes its response, before it
// ends the exchange.
type stage int

const (
	onAccept    stage = iota // nothing was read, not even a TLS handshake
	onHandshake              // TLS and HTTP/2 are set up; no request was read
	onFirstByte              // HTTP/1.1 only
	onHeaders
	onRequest // read whole and recorded as an act
	onResponseHeaders
	onHalfBody
)

// ending is one way in which a server ends an exchange.
type ending struct {
	name string
	at   stage
	end  func(*wireConn) (open bool) // reports whether the connection stays open
}

func (e *ending) is(at stage) bool { return e != nil && e.at == at }

// wireServer is a raw server on loopback that ends exchanges as a test asks, and records
// the requests it receives.
type wireServer struct {
	listener net.Listener
	url      string
	protocol protocol
	body     func(path string) []byte    // of a successful response
	fault    func(stage, string) *ending // how an exchange ends that got this far, with this path; nil if well

	mu        sync.Mutex
	requests  int            // headers read
	acts      int            // requests read whole
	responses map[string]int // complete responses, by path
	seen      []string
	conns     []*wireConn
	running   sync.WaitGroup
	warming   sync.WaitGroup // holds the responses of warmUp, so that each call opens a connection
}

// protocol is a protocol of a wireServer and its client.
type protocol struct {
	name  string
	tls   bool
	serve func(*wireConn)
}

var protocols = []protocol{
	{name: "HTTP1.1", serve: (*wireConn).serveHTTP1},
	{name: "HTTP1.1 over TLS", tls: true, serve: (*wireConn).serveHTTP1},
	{name: "HTTP2", tls: true, serve: (*wireConn).serveHTTP2},
}

// wireConn is a connection of a wireServer.
type wireConn struct {
	net.Conn
	server *wireServer
	tcp    *net.TCPConn
	n      int

	// How the protocol writes a response.
	writeHead func(length int)
	writeBody func(body []byte, last bool) (open bool)

	// HTTP/2 only.
	frames *http2.Framer
	stream uint32 // of the exchange to be ended
	last   uint32 // the last stream to be processed
}

func newWireServer(
	t *testing.T, p protocol, body func(string) []byte, fault func(stage, string) *ending,
) *wireServer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &wireServer{listener: listener, protocol: p, body: body, fault: fault}
	s.url = "http://" + listener.Addr().String() + "/v1"
	if p.tls {
		s.url = "https://" + listener.Addr().String() + "/v1"
	}
	s.forget()
	s.running.Go(s.accept)
	return s
}

func (s *wireServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		c := &wireConn{Conn: conn, server: s, tcp: conn.(*net.TCPConn), n: len(s.conns) + 1}
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.running.Go(func() {
			defer conn.Close()
			c.run()
		})
	}
}

func (c *wireConn) run() {
	if e := c.server.fault(onAccept, ""); e != nil {
		c.ended(e)
		return
	}
	if c.server.protocol.tls {
		conn := tls.Server(c.tcp, serverTLS(c.server.protocol))
		if conn.Handshake() != nil {
			return
		}
		c.Conn = conn
	}
	if e := c.server.fault(onHandshake, ""); e != nil {
		c.ended(e)
		return
	}
	c.server.protocol.serve(c)
}

// client returns an HTTP client for the server.
func (s *wireServer) client() *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: clientTLS(), MaxIdleConnsPerHost: 8}
	transport.Protocols.SetHTTP1(s.protocol.name != "HTTP2")
	transport.Protocols.SetHTTP2(s.protocol.name == "HTTP2")
	return &http.Client{Transport: transport}
}

const warmUpPath = "/v1/sessions/warm-up"

// warmUp leaves n idle connections to the server open, and nothing counted.
func (s *wireServer) warmUp(t *testing.T, hc *http.Client, n int) {
	s.warming.Add(n)
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			resp, err := hc.Get(strings.TrimSuffix(s.url, "/v1") + warmUpPath)
			if assert.NoError(t, err) {
				_, err = io.Copy(io.Discard, resp.Body)
				assert.NoError(t, err)
				_ = resp.Body.Close()
			}
		})
	}
	calls.Wait()
	s.forget()
}

// close ends the connections, and returns when all that the client wrote was read.
func (s *wireServer) close(hc *http.Client) {
	hc.CloseIdleConnections()
	_ = s.listener.Close()
	s.mu.Lock()
	conns := s.conns
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.tcp.CloseWrite() // an idle connection; the client closes it in turn
	}
	s.running.Wait()
}

// forget drops all that was recorded.
func (s *wireServer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.acts, s.responses, s.seen = 0, 0, make(map[string]int), nil
}

func (s *wireServer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("the server received %d requests, %d of them whole:\n%s", s.requests, s.acts, strings.Join(s.seen, "\n"))
}

// record records an event on the connection and counts it.
func (c *wireConn) record(count func(*wireServer), format string, args ...any) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	where := fmt.Sprintf("connection %d, stream %d: ", c.n, c.stream)
	c.server.seen = append(c.server.seen, where+fmt.Sprintf(format, args...))
	count(c.server)
}

// received records the headers of a request.
func (c *wireConn) received(line string) {
	c.record(func(s *wireServer) { s.requests++ }, "received %s", line)
}

// respond responds to a complete request, up to the stage of its fault. It reports whether
// the connection stays open.
func (c *wireConn) respond(path string, sent []byte, fault *ending) bool {
	c.record(func(s *wireServer) { s.acts++ }, "acted on it, a body of %d bytes included", len(sent))
	if path == warmUpPath {
		c.server.warming.Done()
		c.server.warming.Wait()
	}
	body := c.server.body(path)
	if fault.is(onRequest) {
		return c.ended(fault)
	}
	c.writeHead(len(body))
	if fault.is(onResponseHeaders) {
		return c.ended(fault)
	}
	if fault.is(onHalfBody) {
		c.writeBody(body[:len(body)/2], false)
		return c.ended(fault)
	}
	c.record(func(s *wireServer) { s.responses[path]++ }, "a complete response")
	return c.writeBody(body, true)
}

// ended ends an exchange and reports whether the connection stays open.
func (c *wireConn) ended(e *ending) bool {
	c.record(func(*wireServer) {}, "%s", e.name)
	return e.end(c)
}

// closed closes the connection with a FIN. It continues to read, so that the kernel does
// not send a RST. Like all endings, it reports whether the connection stays open.
func (c *wireConn) closed() bool {
	_ = c.tcp.CloseWrite()
	_, _ = io.Copy(io.Discard, c.tcp)
	return false
}

// reset closes the connection with a RST.
func (c *wireConn) reset() bool {
	_ = c.tcp.SetLinger(0)
	_ = c.tcp.Close()
	return false
}
