package clerksessions_test

import (
	"bytes"
	"io"

	"golang.org/x/net/http2"
)

// rst returns an ending that resets the stream, not the connection.
func rst(code http2.ErrCode) func(*wireConn) bool {
	return func(c *wireConn) bool { return c.frames.WriteRSTStream(c.stream, code) == nil }
}

// goAway returns an ending that sends a GOAWAY before another. last returns the last
// stream that the server processes, given the request's.
func goAway(last func(stream uint32) uint32, code http2.ErrCode, then func(*wireConn) bool) func(*wireConn) bool {
	return func(c *wireConn) bool {
		// A careless server's text must not be taken for HTTP/2's guarantee.
		debug := "stream error: stream ID 1; REFUSED_STREAM; received from peer"
		c.last = last(c.stream)
		return c.frames.WriteGoAway(c.last, code, []byte(debug)) == nil && then(c)
	}
}

var (
	noStream     = func(uint32) uint32 { return 0 }
	streamBelow  = func(stream uint32) uint32 { return max(stream, 2) - 2 }
	streamItself = func(stream uint32) uint32 { return stream }
	anyStream    = func(uint32) uint32 { return 1<<31 - 1 }
)

func stayOpen(*wireConn) bool { return true }

// respondWell responds with a success. It reports whether the connection stays open.
func respondWell(c *wireConn) bool {
	return c.respond("/v1/sessions", nil, nil)
}

// http2Cases returns the ways in which a server can end an exchange of HTTP/2.
func http2Cases() (all []wireCase) {
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required; code++ {
		name := "RST_STREAM(" + code.String() + ")"
		means := uncertain
		if code == http2.ErrCodeRefusedStream {
			means = unprocessed
		}
		all = append(all,
			on(onHeaders, name+" before the body", rst(code), means),
			on(onRequest, name+" after acting", rst(code), means))
		switch code {
		case http2.ErrCodeNo, http2.ErrCodeProtocol, http2.ErrCodeRefusedStream, http2.ErrCodeCancel:
			all = append(all,
				on(onResponseHeaders, name+" after the response headers", rst(code), uncertain),
				on(onHalfBody, name+" within the response", rst(code), uncertain))
		}
	}
	for _, c := range closings {
		all = append(all,
			on(onHeaders, c.name+" after the headers", c.end, uncertain),
			on(onRequest, c.name+" after acting", c.end, uncertain),
			on(onResponseHeaders, c.name+" after the response headers", c.end, uncertain),
			on(onHalfBody, c.name+" within the response", c.end, uncertain))
	}
	for _, code := range []http2.ErrCode{http2.ErrCodeNo, http2.ErrCodeEnhanceYourCalm} {
		all = append(all, goAwayCases(code)...)
	}
	graceful := func(last func(uint32) uint32, then func(*wireConn) bool) func(*wireConn) bool {
		return goAway(anyStream, http2.ErrCodeNo, goAway(last, http2.ErrCodeNo, then))
	}
	return append(append(all, oddHTTP2Cases()...),
		on(onHeaders, "graceful shutdown before the stream", graceful(streamBelow, stayOpen), unprocessed),
		on(onHeaders, "graceful shutdown after the stream", graceful(streamItself, respondWell), succeeds))
}

func goAwayCases(code http2.ErrCode) (all []wireCase) {
	for _, g := range []struct {
		name string
		at   stage
		last func(uint32) uint32
		then func(*wireConn) bool
		facts
	}{
		{"last stream 0", onHeaders, noStream, stayOpen, unprocessed},
		{"last stream 0, then FIN", onRequest, noStream, (*wireConn).closed, unprocessed},
		{"last stream below", onRequest, streamBelow, stayOpen, unprocessed},
		{"last stream below, then FIN", onHeaders, streamBelow, (*wireConn).closed, unprocessed},
		{"last stream itself, then FIN", onHeaders, streamItself, (*wireConn).closed, uncertain},
		{"last stream itself, then FIN after acting", onRequest, streamItself, (*wireConn).closed, uncertain},
		{"last stream itself, then RST_STREAM(CANCEL)", onRequest, streamItself, rst(http2.ErrCodeCancel), uncertain},
		{"last stream itself, then a response", onHeaders, streamItself, respondWell, succeeds},
		{"last stream above, then FIN", onRequest, anyStream, (*wireConn).closed, uncertain},
		{"last stream above, then FIN within the response", onHalfBody, anyStream, (*wireConn).closed, uncertain},
		{"last stream above, then RST", onRequest, anyStream, (*wireConn).reset, uncertain},
		{"last stream above, then a response", onHeaders, anyStream, respondWell, succeeds},
	} {
		all = append(all, on(g.at, "GOAWAY("+code.String()+") with "+g.name, goAway(g.last, code, g.then), g.facts))
	}
	return all
}

func oddHTTP2Cases() []wireCase {
	return []wireCase{
		on(onHeaders, "response, then RST_STREAM(NO_ERROR)", func(c *wireConn) bool {
			return respondWell(c) && c.frames.WriteRSTStream(c.stream, http2.ErrCodeNo) == nil
		}, succeeds),
		on(onHeaders, "103 early hints, then a response", func(c *wireConn) bool {
			return c.writeHeaders(false, "103", "link", "</a>") == nil && respondWell(c)
		}, succeeds),
		on(onHalfBody, "response shorter than its content-length", func(c *wireConn) bool {
			return c.frames.WriteData(c.stream, true, nil) == nil
		}, uncertain),
		on(onRequest, "response headers without a status", func(c *wireConn) bool {
			return c.writeBlock(nil, false) == nil
		}, uncertain),
		on(onRequest, "headers that HPACK cannot decode", func(c *wireConn) bool {
			_ = c.writeBlock(bytes.Repeat([]byte{0xff}, 16), false)
			return c.closed()
		}, uncertain),
		on(onRequest, "HTTP/1.1 in place of frames", func(c *wireConn) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 400 REFUSED_STREAM\r\n\r\n")
			return c.closed()
		}, uncertain),
	}
}
