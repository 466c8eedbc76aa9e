package sessionstest

import (
	"bytes"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Fault is something that goes wrong with one request. Fields add up: a Status with a
// Latency is a slow error, a Latency alone a slow success. With none of Status, Body
// and HTML the request is carried out, and what else is set is done to its reply.
//
// Where there is no connection to reset, on HTTP/2 and with [net/http/httptest]'s
// recorder, [Server.ServeHTTP] panics with [http.ErrAbortHandler] instead, which
// net/http takes for a reset of the stream.
type Fault struct {
	// Latency is waited before the request is carried out, in real time, or virtual
	// time inside a testing/synctest bubble; [Server.Advance] does not shorten it. The
	// wait ends with the request's context.
	Latency time.Duration

	// Status answers the request in its place; the request is not carried out. Unless
	// Body or HTML says otherwise the body is Clerk's error for this status, or a page
	// of HTML where Clerk has none.
	Status int

	// Body is sent instead, with status 200 unless Status is set. An empty Body that
	// is not nil sends an empty body.
	Body []byte

	// HTML sends a page of HTML, as the edge in front of Clerk may, with status 502
	// unless Status is set.
	HTML bool

	// Header is set on the reply, in place of what it has under these names.
	Header http.Header

	// RetryAfter is the header Retry-After: seconds, an HTTP date, or nonsense. A 429
	// has none unless it is set here.
	RetryAfter string

	// ContentType is the header Content-Type.
	ContentType string

	// PadTo adds white space to the end of the body until it has this many bytes: a
	// valid reply that is too long for whoever limits replies.
	PadTo int

	// Drip is waited after each sixteenth of the body.
	Drip time.Duration

	// Truncate ends the reply after half of its body: the reader sees
	// io.ErrUnexpectedEOF.
	Truncate bool

	// ResetBody resets the connection after half of the body.
	ResetBody bool

	// ResetBefore resets the connection before anything of the request is read; it is
	// not carried out. Only with [Server.Transport] can the client know that nothing
	// was written: a socket takes its bytes first. Mind that net/http by itself repeats
	// a GET that fails like this on a connection used before.
	ResetBefore bool

	// ResetAfter resets the connection after the request was read and carried out: the
	// reply is lost.
	ResetAfter bool
}

// wrong says what cannot be done about the fault, or nothing.
func (f *Fault) wrong() string {
	if f.Status != 0 && (f.Status < 200 || f.Status > 999) {
		return fmt.Sprintf("the status is %d, but must be 200 to 999, or 0 for the usual reply", f.Status)
	}
	return ""
}

// canned tells whether the reply does not depend on the request.
func (f *Fault) canned() bool { return f.Status != 0 || f.Body != nil || f.HTML }

const htmlPage = "<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>The server cannot be reached</h1></body></html>\n"

// cannedReply is the reply a fault puts in place of the request's own.
func (s *Server) cannedReply(c *call) *reply {
	f := c.fault
	e := ofStatus(f.Status)
	r := &reply{status: f.Status, header: s.replyHeader(c), body: f.Body}
	switch {
	case f.Body != nil:
	case f.HTML || e == nil && f.Status >= 400:
		r.body = []byte(htmlPage)
		r.header.Set("Content-Type", "text/html; charset=UTF-8")
	case e != nil:
		r = s.reply(c, nil, e)
	}
	switch {
	case r.status != 0:
	case f.HTML && f.Body == nil:
		r.status = http.StatusBadGateway
	default:
		r.status = http.StatusOK
	}
	return r
}

// change does to a reply what needs no connection.
func (f *Fault) change(r *reply) {
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

// pieces is the part of the body that is sent, in pieces when it shall drip.
func (f *Fault) pieces(body []byte) iter.Seq[[]byte] {
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
	mu     sync.Mutex
	queue  []*queued
	custom func(Request) *Fault
}

type queued struct {
	op    string
	left  int
	fault Fault
}

// next is the fault for a request, nil for none.
func (f *faults) next(r Request) *Fault {
	f.mu.Lock()
	for i, q := range f.queue {
		if q.op != "" && q.op != r.Operation {
			continue
		}
		if q.left--; q.left == 0 {
			f.queue = slices.Delete(f.queue, i, i+1)
		}
		f.mu.Unlock()
		return &q.fault
	}
	custom := f.custom
	f.mu.Unlock()
	if custom == nil {
		return nil
	}
	if fault := custom(r); fault != nil {
		own := *fault
		return &own
	}
	return nil
}

// Fail makes the next n requests of an operation, named by its operationId such as
// GetSession or by [OpJWKS], go wrong; "" stands for any request at all, also one that
// matches no operation. Calls add up: the earliest that fits a request is used first.
// A fault strikes before the key is looked at and does not count for the rate limit.
func (s *Server) Fail(op string, n int, fault Fault) {
	s.helper()
	switch {
	case op != "" && !s.known(op):
		s.fail("Fail: there is no operation %q; take an operationId of the contract, such as GetSession, or \"\" for any", op)
		return
	case n <= 0:
		s.fail("Fail: n is %d, but must be at least 1; use FailFunc for faults without end", n)
		return
	case fault.wrong() != "":
		s.fail("Fail: %s", fault.wrong())
		return
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = append(s.faults.queue, &queued{op: op, left: n, fault: fault})
}

// FailFunc asks choose about each request that no [Server.Fail] is waiting for; nil
// from it lets the request pass. Body, Status, Code and TraceID of the Request are
// still empty then. It is called from many goroutines at once. A Fault with a Status
// that is none is answered with 500 and fails the test. FailFunc(nil) ends it.
func (s *Server) FailFunc(choose func(Request) *Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.custom = choose
}

// StopFailing forgets every fault asked for, and the function of [Server.FailFunc].
func (s *Server) StopFailing() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue, s.faults.custom = nil, nil
}
