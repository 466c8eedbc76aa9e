package clerksessions_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
)

// serveHTTP1 serves a connection request by request.
func (c *wireConn) serveHTTP1() {
	c.writeHead = func(length int) {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", length)
	}
	c.writeBody = func(body []byte, _ bool) bool {
		_, err := c.Write(body)
		return err == nil
	}
	r := bufio.NewReader(c)
	for open := true; open; {
		if _, err := r.Peek(1); err != nil {
			return
		}
		if e := c.server.fault(onFirstByte, ""); e != nil {
			c.received("the first byte")
			c.ended(e)
			return
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		c.received(req.Method + " " + req.RequestURI)
		fault := c.server.fault(onHeaders, req.RequestURI)
		if fault.is(onHeaders) {
			c.ended(fault)
			return
		}
		sent, err := io.ReadAll(req.Body)
		open = err == nil && c.respond(req.RequestURI, sent, fault)
	}
}

// writes returns an ending that writes text before another.
func writes(text string, then func(*wireConn) bool) func(*wireConn) bool {
	return func(c *wireConn) bool {
		_, _ = io.WriteString(c, text)
		return then(c)
	}
}

// http1Cases returns the ways in which a server can end an exchange of HTTP/1.1.
func http1Cases() (all []wireCase) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, c := range closings {
		partial := uncertain
		if c.name == "RST" {
			partial = silent // it may destroy what was sent before
		}
		all = append(all,
			on(onFirstByte, c.name+" after the first byte", c.end, silent),
			on(onHeaders, c.name+" after the headers", c.end, silent),
			on(onRequest, c.name+" after acting", c.end, silent),
			on(onRequest, c.name+" within the status line", writes("HTTP/1.1 2", c.end), partial),
			on(onRequest, c.name+" within the response headers", writes("HTTP/1.1 200 OK\r\nContent-", c.end), partial),
			on(onResponseHeaders, c.name+" after the response headers", c.end, partial),
			on(onHalfBody, c.name+" within the response", c.end, partial),
			on(onRequest, c.name+" within a chunk", writes(chunked+"ff\r\n{", c.end), partial),
			on(onRequest, c.name+" before the last chunk", writes(chunked+"1\r\n{\r\n", c.end), partial))
	}
	fin := (*wireConn).closed
	return append(all,
		on(onRequest, "not HTTP",
			writes("stream error: stream ID 1; REFUSED_STREAM; received from peer\r\n\r\n", fin), uncertain),
		on(onRequest, "103 early hints, then FIN", writes("HTTP/1.1 103 Early Hints\r\n\r\n", fin), uncertain),
		on(onRequest, "101 switching protocols",
			writes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", fin), facts{final: true}))
}
