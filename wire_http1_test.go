package clerksessions_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
)

// serveHTTP1 serves a connection request by request.
func (c *wireConn) serveHTTP1() {
	r := bufio.NewReader(c)
	for {
		if _, err := r.Peek(1); err != nil {
			return
		}
		if e := c.server.fault(onFirstByte, ""); e != nil {
			c.received("the first byte")
			c.ended(e)
			return
		}
		req, err := http.ReadRequest(r)
		if err != nil || !c.respondHTTP1(req) {
			return
		}
	}
}

// respondHTTP1 reads the rest of a request and responds, to the stage at which it is
// to be ended.
func (c *wireConn) respondHTTP1(req *http.Request) (open bool) {
	c.received(req.Method + " " + req.RequestURI)
	at := stage(-1)
	fault := c.server.fault(onHeaders, req.RequestURI)
	if fault != nil {
		at = fault.at
	}
	if at == onHeaders {
		return c.ended(fault)
	}
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		return false
	}
	c.acted(req.RequestURI, sent)
	if at == onRequest {
		return c.ended(fault)
	}
	body := c.server.respond(req.RequestURI)
	_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))
	if at == onResponseHeaders {
		return c.ended(fault)
	}
	if at == onHalfBody {
		_, _ = c.Write(body[:len(body)/2])
		return c.ended(fault)
	}
	c.completed(req.RequestURI)
	_, err = c.Write(body)
	return err == nil
}

// writes writes text and goes on as then says.
func writes(text string, then func(*wireConn) bool) func(*wireConn) bool {
	return func(c *wireConn) bool {
		_, _ = io.WriteString(c, text)
		return then(c)
	}
}

// http1Cases are the ways in which a server can end an exchange of HTTP/1.1.
func http1Cases() (all []wireCase) {
	for _, closing := range closings {
		by := closing.name
		all = append(all,
			wireCase{ending{by + " after the first byte", onFirstByte, closing.end}, facts{silent: true}},
			wireCase{ending{by + " after the headers", onHeaders, closing.end}, facts{silent: true}},
			wireCase{ending{by + " after acting", onRequest, closing.end}, facts{silent: true}},
			// A reset may destroy what was sent before, so that the client sees nothing.
			wireCase{ending{by + " within the status line", onRequest, writes("HTTP/1.1 2", closing.end)}, facts{silent: by == "RST"}},
			wireCase{ending{by + " within the response headers", onRequest, writes("HTTP/1.1 200 OK\r\nContent-", closing.end)}, facts{silent: by == "RST"}},
			wireCase{ending{by + " after the response headers", onResponseHeaders, closing.end}, facts{silent: by == "RST"}},
			wireCase{ending{by + " within the response", onHalfBody, closing.end}, facts{silent: by == "RST"}},
			wireCase{ending{by + " within a chunk", onRequest, writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{", closing.end)}, facts{silent: by == "RST"}},
			wireCase{ending{by + " before the last chunk", onRequest, writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", closing.end)}, facts{silent: by == "RST"}},
		)
	}
	return append(all,
		wireCase{ending{"not HTTP", onRequest, writes("stream error: stream ID 1; REFUSED_STREAM; received from peer\r\n\r\n", (*wireConn).closed)}, facts{}},
		wireCase{ending{"103 early hints, then FIN", onRequest, writes("HTTP/1.1 103 Early Hints\r\n\r\n", (*wireConn).closed)}, facts{}},
		wireCase{ending{"101 switching protocols", onRequest, writes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", (*wireConn).closed)}, facts{final: true}},
	)
}
