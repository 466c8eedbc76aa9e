package clerksessions_test

import (
	"context"
	"net"
	"sync"
)

// dialLate dials a connection that hides its end until something more is written.
func dialLate(_ context.Context, network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	return &lateConn{Conn: conn, wrote: make(chan struct{}, 1), closed: make(chan struct{})}, nil
}

type lateConn struct {
	net.Conn
	wrote  chan struct{} // holds a token once something was written after the last read
	closed chan struct{}
	once   sync.Once
}

func (c *lateConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case err != nil:
		select {
		case <-c.wrote:
		case <-c.closed:
		}
	default:
		select {
		case <-c.wrote:
		default:
		}
	}
	return n, err
}

func (c *lateConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	select {
	case c.wrote <- struct{}{}:
	default:
	}
	return n, err
}

func (c *lateConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
