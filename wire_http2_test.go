package clerksessions_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Stream is a request of which some came.
type h2Stream struct {
	path  string
	fault *ending
	body  []byte
}

// serveHTTP2 serves a connection frame by frame.
func (c *wireConn) serveHTTP2() {
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	c.frames, c.last = http2.NewFramer(c, c), anyStream(0)
	c.frames.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	streams := make(map[uint32]*h2Stream)
	if c.frames.WriteSettings() != nil {
		return
	}
	for {
		frame, err := c.frames.ReadFrame()
		if err != nil || !c.take(frame, streams) {
			return
		}
	}
}

// take handles a frame and reports whether the connection stays open.
func (c *wireConn) take(frame http2.Frame, streams map[uint32]*h2Stream) bool {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		return f.IsAck() || c.frames.WriteSettingsAck() == nil
	case *http2.PingFrame:
		return f.IsAck() || c.frames.WritePing(true, f.Data) == nil
	case *http2.MetaHeadersFrame:
		if f.StreamID > c.last {
			return true
		}
		c.stream = f.StreamID
		s := &h2Stream{path: f.PseudoValue("path")}
		c.received(f.PseudoValue("method") + " " + s.path)
		s.fault = c.server.fault(onHeaders, s.path)
		if s.fault != nil && s.fault.at == onHeaders {
			return c.ended(s.fault)
		}
		if f.StreamEnded() {
			return c.respondHTTP2(s)
		}
		streams[f.StreamID] = s
	case *http2.DataFrame:
		s := streams[f.StreamID]
		if s == nil || f.StreamID > c.last { // ended before
			return true
		}
		c.stream = f.StreamID
		s.body = append(s.body, f.Data()...)
		if f.StreamEnded() {
			delete(streams, f.StreamID)
			return c.respondHTTP2(s)
		}
	}
	return true
}

// respondHTTP2 responds to a request that was read whole, or to the stage at which it
// is to be ended.
func (c *wireConn) respondHTTP2(s *h2Stream) bool {
	c.acted(s.path, s.body)
	body := c.server.respond(s.path)
	at := stage(-1)
	if s.fault != nil {
		at = s.fault.at
	}
	if at == onRequest {
		return c.ended(s.fault)
	}
	if c.writeHeaders(false, "200", "content-type", "application/json", "content-length", fmt.Sprint(len(body))) != nil {
		return false
	}
	if at == onResponseHeaders {
		return c.ended(s.fault)
	}
	if at == onHalfBody {
		_ = c.frames.WriteData(c.stream, false, body[:len(body)/2])
		return c.ended(s.fault)
	}
	c.completed(s.path)
	const maxFrame = 16 << 10
	for ; len(body) > maxFrame; body = body[maxFrame:] {
		if c.frames.WriteData(c.stream, false, body[:maxFrame]) != nil {
			return false
		}
	}
	return c.frames.WriteData(c.stream, true, body) == nil
}

// writeHeaders writes the headers of a response, without its body.
func (c *wireConn) writeHeaders(last bool, status string, header ...string) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encoder.SetMaxDynamicTableSize(0) // each encoder is used once
	_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: status})
	for i := 0; i < len(header); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: header[i], Value: header[i+1]})
	}
	return c.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: c.stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: last})
}

// rst ends the stream alone.
func rst(code http2.ErrCode) func(*wireConn) bool {
	return func(c *wireConn) bool { return c.frames.WriteRSTStream(c.stream, code) == nil }
}

// goAway announces the last stream that the server took, counted from the request's,
// and goes on as then says.
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

// respondWell completes the response of a request that was ended otherwise.
func respondWell(c *wireConn) bool {
	return c.respondHTTP2(&h2Stream{path: "/v1/sessions"})
}

// http2Cases are the ways in which a server can end an exchange of HTTP/2.
func http2Cases() (all []wireCase) {
	for code := http2.ErrCodeNo; code <= http2.ErrCodeHTTP11Required; code++ {
		name := "RST_STREAM(" + code.String() + ")"
		refused := facts{unprocessed: code == http2.ErrCodeRefusedStream}
		all = append(all,
			wireCase{ending{name + " before the body", onHeaders, rst(code)}, refused},
			wireCase{ending{name + " after acting", onRequest, rst(code)}, refused},
		)
	}
	for _, code := range []http2.ErrCode{http2.ErrCodeNo, http2.ErrCodeProtocol, http2.ErrCodeRefusedStream, http2.ErrCodeCancel} {
		name := "RST_STREAM(" + code.String() + ")"
		all = append(all,
			wireCase{ending{name + " after the response headers", onResponseHeaders, rst(code)}, facts{}},
			wireCase{ending{name + " within the response", onHalfBody, rst(code)}, facts{}},
		)
	}
	for _, code := range []http2.ErrCode{http2.ErrCodeNo, http2.ErrCodeEnhanceYourCalm} {
		name := "GOAWAY(" + code.String() + ") with "
		all = append(all,
			wireCase{ending{name + "last stream 0", onHeaders, goAway(noStream, code, stayOpen)}, facts{unprocessed: true}},
			wireCase{ending{name + "last stream 0, then FIN", onRequest, goAway(noStream, code, (*wireConn).closed)}, facts{unprocessed: true}},
			wireCase{ending{name + "last stream below", onRequest, goAway(streamBelow, code, stayOpen)}, facts{unprocessed: true}},
			wireCase{ending{name + "last stream below, then FIN", onHeaders, goAway(streamBelow, code, (*wireConn).closed)}, facts{unprocessed: true}},
			wireCase{ending{name + "last stream itself, then FIN", onHeaders, goAway(streamItself, code, (*wireConn).closed)}, facts{}},
			wireCase{ending{name + "last stream itself, then FIN after acting", onRequest, goAway(streamItself, code, (*wireConn).closed)}, facts{}},
			wireCase{ending{name + "last stream above, then FIN", onRequest, goAway(anyStream, code, (*wireConn).closed)}, facts{}},
			wireCase{ending{name + "last stream above, then FIN within the response", onHalfBody, goAway(anyStream, code, (*wireConn).closed)}, facts{}},
			wireCase{ending{name + "last stream above, then RST", onRequest, goAway(anyStream, code, (*wireConn).reset)}, facts{}},
			wireCase{ending{name + "last stream itself, then RST_STREAM(CANCEL)", onRequest, goAway(streamItself, code, rst(http2.ErrCodeCancel))}, facts{}},
			wireCase{ending{name + "last stream itself, then a response", onHeaders, goAway(streamItself, code, respondWell)}, facts{works: true}},
			wireCase{ending{name + "last stream above, then a response", onHeaders, goAway(anyStream, code, respondWell)}, facts{works: true}},
		)
	}
	graceful := func(last func(uint32) uint32, then func(*wireConn) bool) func(*wireConn) bool {
		return goAway(anyStream, http2.ErrCodeNo, goAway(last, http2.ErrCodeNo, then))
	}
	return append(all,
		wireCase{ending{"graceful shutdown before the stream", onHeaders, graceful(streamBelow, stayOpen)}, facts{unprocessed: true}},
		wireCase{ending{"graceful shutdown after the stream", onHeaders, graceful(streamItself, respondWell)}, facts{works: true}},
		wireCase{ending{"response, then RST_STREAM(NO_ERROR)", onHeaders, func(c *wireConn) bool {
			return respondWell(c) && c.frames.WriteRSTStream(c.stream, http2.ErrCodeNo) == nil
		}}, facts{works: true}},
		wireCase{ending{"103 early hints, then a response", onHeaders, func(c *wireConn) bool {
			return c.writeHeaders(false, "103", "link", "</a>") == nil && respondWell(c)
		}}, facts{works: true}},
		wireCase{ending{"response shorter than its content-length", onHalfBody, func(c *wireConn) bool {
			return c.frames.WriteData(c.stream, true, nil) == nil
		}}, facts{}},
		wireCase{ending{"response headers without a status", onRequest, func(c *wireConn) bool {
			return c.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: c.stream, EndHeaders: true}) == nil
		}}, facts{}},
		wireCase{ending{"headers that HPACK cannot decode", onRequest, func(c *wireConn) bool {
			_ = c.frames.WriteHeaders(http2.HeadersFrameParam{StreamID: c.stream, BlockFragment: bytes.Repeat([]byte{0xff}, 16), EndHeaders: true})
			return c.closed()
		}}, facts{}},
		wireCase{ending{"HTTP/1.1 in place of frames", onRequest, func(c *wireConn) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 400 REFUSED_STREAM\r\n\r\n"+strings.Repeat("x", 1<<10))
			return c.closed()
		}}, facts{}},
	)
}
