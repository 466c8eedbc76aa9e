package rest

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

// maxBuffer is the size up to which a Content-Length is trusted and a buffer is reused.
const maxBuffer = 1 << 20

// buffers is a pool of buffers for bodies. They are cleared, as a body may hold secrets.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// read reads at most limit bytes. On an error it also returns what was read before.
// length is the Content-Length, -1 if it is unknown.
func read(body io.Reader, length, limit int64) ([]byte, error) {
	if length >= 0 && length <= maxBuffer {
		return fill(nil, body, length, limit)
	}
	var res Response
	defer res.Release()
	err := res.readShared(body, length, limit)
	return bytes.Clone(res.Body), err
}

// readShared is like read, but reads into Body, a pooled buffer until Release.
func (r *Response) readShared(body io.Reader, length, limit int64) (err error) {
	r.buffer = buffers.Get().(*[]byte)
	r.Body, err = fill(*r.buffer, body, length, limit)
	*r.buffer = r.Body[:0]
	return err
}

// Release clears Body and returns its buffer to the pool. Body must not be used
// afterwards.
func (r *Response) Release() {
	if r.buffer != nil && cap(r.Body) <= maxBuffer {
		clear(r.Body)
		buffers.Put(r.buffer)
	}
	r.buffer, r.Body = nil, nil
}

// fill appends at most limit bytes of body to buf, which is empty.
func fill(buf []byte, body io.Reader, length, limit int64) ([]byte, error) {
	size := int64(bytes.MinRead)
	if length >= 0 && length <= maxBuffer {
		size = min(length, limit) + 1 // one byte more, to reach EOF without growing
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, 0, size)
	}
	reader := progressReader{r: body}
	for int64(len(buf)) < limit {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf)) // doubles
		}
		n, err := reader.Read(buf[len(buf):min(int64(cap(buf)), limit)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF: //nolint:errorlint // readers return it as it is
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
	return buf, nil
}

// progressReader fails when its reader keeps returning neither bytes nor an error.
type progressReader struct {
	r     io.Reader
	empty int // consecutive reads of neither bytes nor an error
}

func (p *progressReader) Read(buf []byte) (int, error) {
	n, err := p.r.Read(buf)
	if p.empty++; n > 0 || err != nil {
		p.empty = 0
	}
	if p.empty >= 100 {
		return 0, io.ErrNoProgress
	}
	return n, err
}
