package clerksessions_test

import (
	"bytes"
	"fmt"
	"io"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Stream is a request that is being received.
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
	c.writeHead = func(length int) {
		_ = c.writeHeaders(false, "200", "content-type", "application/json", "content-length", fmt.Sprint(length))
	}
	c.writeBody = c.writeData
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
		if s.fault.is(onHeaders) {
			return c.ended(s.fault)
		}
		if f.StreamEnded() {
			return c.respond(s.path, s.body, s.fault)
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
			return c.respond(s.path, s.body, s.fault)
		}
	}
	return true
}

// writeData writes a part of a response's body. It reports whether the connection stays
// open.
func (c *wireConn) writeData(body []byte, last bool) bool {
	const maxFrame = 16 << 10
	for ; len(body) > maxFrame; body = body[maxFrame:] {
		if c.frames.WriteData(c.stream, false, body[:maxFrame]) != nil {
			return false
		}
	}
	return c.frames.WriteData(c.stream, last, body) == nil
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
	return c.writeBlock(block.Bytes(), last)
}

// writeBlock writes a header block, which need not be valid.
func (c *wireConn) writeBlock(block []byte, last bool) error {
	return c.frames.WriteHeaders(http2.HeadersFrameParam{
		StreamID: c.stream, BlockFragment: block, EndHeaders: true, EndStream: last,
	})
}
