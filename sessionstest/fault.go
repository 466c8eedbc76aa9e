package sessionstest

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"
)

// A Fault describes how one request fails. Fields combine: a Status with a Latency is a
// slow error, a Latency alone a slow success. If Status, Body and HTML are unset, the
// request is carried out and the other fields apply to its response.
//
// If there is no connection to reset, as on HTTP/2 or with an
// [net/http/httptest.ResponseRecorder], [Server.ServeHTTP] panics with
// [http.ErrAbortHandler] instead, which makes net/http reset the stream.
type Fault struct {
	// Latency delays the request before it is carried out, in real time, or in virtual
	// time inside a testing/synctest bubble; [Server.Advance] does not shorten it. The
	// delay ends with the request's context.
	Latency time.Duration `json:"-"`

	// Status replaces the response; the request is not carried out. Unless Body or
	// HTML is set, the body is Clerk's error for this status, or a page of HTML if
	// Clerk has none.
	Status int `json:"status"`

	// Body replaces the body, with status 200 unless Status is set. An empty non-nil
	// Body sends an empty body.
	Body []byte `json:"-"`

	// HTML sends a page of HTML, as a proxy in front of Clerk may, with status 502
	// unless Status is set.
	HTML bool `json:"html"`

	// Header overrides fields of the response's header.
	Header http.Header `json:"-"`

	// RetryAfter is the header Retry-After: seconds, an HTTP date, or an invalid
	// value. A 429 has none unless it is set here.
	RetryAfter string `json:"retry_after"`

	// ContentType is the header Content-Type.
	ContentType string `json:"content_type"`

	// PadTo appends white space to the body up to this number of bytes, to make a valid
	// response that exceeds a size limit. The maximum is 1 GiB.
	PadTo int `json:"pad_to"`

	// Drip is the delay after each sixteenth of the body.
	Drip time.Duration `json:"-"`

	// Truncate ends the response after half of its body: the client sees
	// io.ErrUnexpectedEOF.
	Truncate bool `json:"truncate"`

	// ResetBody resets the connection after half of the body.
	ResetBody bool `json:"reset_body"`

	// ResetBefore resets the connection before any of the request is read; the request
	// is not carried out. Only with [Server.Transport] can the client know that nothing
	// was written, since a socket accepts the bytes first. net/http itself retries a
	// GET that fails like this on a reused connection.
	ResetBefore bool `json:"reset_before"`

	// ResetAfter resets the connection after the request is carried out, so that the
	// response is lost.
	ResetAfter bool `json:"reset_after"`
}

// check returns an error if the fault is impossible.
func (f *Fault) check() error {
	switch {
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		return fmt.Errorf("status is %d, but must be 200 to 999, or 0 for the usual response", f.Status)
	case f.PadTo > maxPad:
		return fmt.Errorf("PadTo is %d, but must be at most %d", f.PadTo, maxPad)
	}
	return nil
}

const maxPad = 1 << 30 // 1 GiB

// replaces reports whether the fault replaces the response, so that the request is not
// carried out.
func (f *Fault) replaces() bool { return f.Status != 0 || f.Body != nil || f.HTML }

const htmlPage = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Bad gateway</h1></body></html>\n"

// faultResponse returns the response of a fault that replaces the request's own.
func faultResponse(c *call) *response {
	f := &c.fault
	e := ofStatus(f.Status)
	r := &response{status: cmp.Or(f.Status, http.StatusOK), header: newHeader(c), body: f.Body}
	switch {
	case f.Body != nil:
	case f.HTML || e == nil && f.Status >= 400:
		r.status = cmp.Or(f.Status, http.StatusBadGateway)
		r.body = []byte(htmlPage)
		r.header.Set("Content-Type", "text/html; charset=UTF-8")
	case e != nil:
		return newResponse(c, nil, e)
	}
	return r
}

// change applies to a response the fields that do not act on the connection.
func (f *Fault) change(r *response) {
	if f.PadTo > len(r.body) {
		r.body = append(bytes.Clone(r.body), bytes.Repeat([]byte(" "), f.PadTo-len(r.body))...)
	}
	if f.ContentType != "" {
		r.header.Set("Content-Type", f.ContentType)
	}
	if f.RetryAfter != "" {
		r.header.Set("Retry-After", f.RetryAfter)
	}
	for name, values := range f.Header {
		r.header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

// chunks returns the part of the body that is sent, in chunks if Drip is set.
func (f *Fault) chunks(body []byte) iter.Seq[[]byte] {
	size := len(body)
	if f.Drip > 0 {
		size = (len(body) + 15) / 16
	}
	if f.Truncate || f.ResetBody {
		body = body[:len(body)/2]
	}
	return slices.Chunk(body, max(1, size))
}

// faults decides which requests fail.
type faults struct {
	queue  []*queuedFault
	choose func(Request) *Fault
}

type queuedFault struct {
	op    string // "" for any
	left  int
	fault Fault
}

// next returns the next fault queued for an operation or, if there is none, the function
// that may choose one.
func (f *faults) next(op string) (*Fault, func(Request) *Fault) {
	for i, q := range f.queue {
		if q.op != "" && q.op != op {
			continue
		}
		if q.left--; q.left == 0 {
			f.queue = slices.Delete(f.queue, i, i+1)
		}
		return &q.fault, nil
	}
	return nil, f.choose
}

// Fail injects a fault into the next n requests of an operation, named by its
// operationId such as GetSession, or [OpJWKS]; "" matches any request, including one
// that matches no operation. Faults queue up: the first that matches a request is used.
// A fault applies before the key is checked and does not count for the rate limit.
func (s *Server) Fail(op string, n int, fault Fault) {
	s.tb.Helper()
	if err := s.injectFault(op, n, fault); err != nil {
		s.tb.Fatalf("sessionstest: Fail: %v", err)
	}
}

func (s *Server) injectFault(op string, n int, fault Fault) error {
	switch {
	case op != "" && !s.known(op):
		return fmt.Errorf("unknown operation %s; use an operationId such as GetSession, or \"\" for any", quote(op))
	case n <= 0:
		return fmt.Errorf("n is %d, but must be at least 1", n)
	}
	if err := fault.check(); err != nil {
		return err
	}
	s.with(func(in *instance) {
		in.faults.queue = append(in.faults.queue, &queuedFault{op: op, left: n, fault: fault})
	})
	return nil
}

// FailFunc calls choose for each request that no fault of [Server.Fail] applies to; a nil
// Fault lets the request pass. Body, Status, Code and TraceID of the Request are not set
// yet. choose is called concurrently. An invalid Fault fails the test, and the request
// gets 500. FailFunc(nil) removes choose.
func (s *Server) FailFunc(choose func(Request) *Fault) {
	s.with(func(in *instance) { in.faults.choose = choose })
}

// StopFailing removes all faults and the function given to [Server.FailFunc].
func (s *Server) StopFailing() {
	s.with(func(in *instance) { in.faults = faults{} })
}
