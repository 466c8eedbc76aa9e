package clerksessions_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
)

// wireCell is one call in the fault matrix: its first exchanges end as the case says, the
// others are successes.
type wireCell struct {
	wireCase
	protocol protocol
	row      row
	retry    clerksessions.RetryClass
	response []byte
	idle     int // connections that served another call before
	max      int // WithMaxAttempts
	faults   int // exchanges that end as the case says

	outcome
	requests, acts int // that the server received
	server         string
}

func (c *wireCell) name() string {
	return fmt.Sprintf("%s/%s/at most %d/%d idle connections/%s",
		c.protocol.name, c.ending.name, c.max, c.idle, c.row.title())
}

// call makes the call. It runs concurrently with others, so it checks nothing.
func (c *wireCell) call(t *testing.T) {
	var faults, armed atomic.Int32
	faults.Store(int32(c.faults))
	server := newWireServer(t, c.protocol, func(string) []byte { return c.response }, func(at stage, _ string) *ending {
		if at == min(c.at, onHeaders) && armed.Load() == 1 && faults.Add(-1) >= 0 {
			return &c.ending
		}
		return nil
	})
	hc := server.client()
	server.warmUp(t, hc, c.idle)
	armed.Store(1)
	c.makeCall(t.Context(), t, c.row, server.url, clerksessions.WithHTTPClient(hc), clerksessions.WithMaxAttempts(c.max),
		clerksessions.WithTimeout(5*time.Minute)) // a busy machine is slow
	server.close(hc)
	c.requests, c.acts, c.server = server.requests, server.acts, server.String()
}

// attempts returns the expected number of attempts and whether the call succeeds.
func (c *wireCell) attempts() (n int, works bool) {
	switch {
	case c.works:
		return 1, true
	case c.final || !c.unprocessed && c.retry == clerksessions.RetryUnsent:
		return 1, false
	default:
		n = min(c.max, c.faults+1)
		return n, n > c.faults
	}
}

func (c *wireCell) check(t *testing.T) {
	c.checkRequests(t)
	c.outcome.checkError(t)
	c.checkError(t)
	c.checkLog(t, 0)
	noSecrets(t, c.log.String(), c.err, c.value, c.meta)
	if t.Failed() {
		t.Logf("%s\nattempts reported: %d, error: %.300v", c.server, c.meta.Attempts, c.err)
	}
}

// checkRequests compares the requests that the server received with those reported.
func (c *wireCell) checkRequests(t *testing.T) {
	n, works := c.attempts()
	if c.retry == clerksessions.RetryUnsent && !c.unprocessed {
		assert.LessOrEqual(t, c.acts, 1, "an operation that is not idempotent happened twice")
	}
	if c.racy {
		assert.LessOrEqual(t, c.requests, c.meta.Attempts, "requests received")
		assert.LessOrEqual(t, c.meta.Attempts, c.max, "attempts")
		return
	}
	if c.replayable() && c.requests > c.meta.Attempts {
		assert.Equal(t, c.meta.Attempts+1, c.requests, "requests received")
		assert.LessOrEqual(t, c.meta.Attempts, n, "attempts")
		return
	}
	assert.Equal(t, works, c.err == nil, "success")
	received := n
	if c.unseen {
		received -= min(n, c.faults)
	}
	assert.Equal(t, received, c.requests, "requests received")
	assert.Equal(t, n, c.meta.Attempts, "attempts")
}

// replayable reports whether net/http may resend the request once, which
// WithMaxAttempts documents.
func (c *wireCell) replayable() bool {
	return c.silent && c.idle > 0 && c.row.method() == "GET"
}

// checkError requires that an *Error has the operation and the number of attempts.
func (c *wireCell) checkError(t *testing.T) {
	var failed *clerksessions.Error
	if errors.As(c.err, &failed) {
		assert.Equal(t, c.meta.Attempts, failed.Attempts)
		assert.Equal(t, c.row.op, failed.Op)
	}
}

// newWireCell returns a call of a row, without its ending.
func newWireCell(t *testing.T, p protocol, r row) wireCell {
	return wireCell{protocol: p, row: r, retry: operation(r.op).Retry, response: example(t, r.op, r.example)}
}

// wireCells returns all calls of the matrix over a protocol. A call that internal/rest
// handles like an earlier one is made only over a fresh connection, with three attempts.
func wireCells(t *testing.T, p protocol) (all []*wireCell) {
	known := make(map[string]bool)
	for _, r := range distinctRows() {
		blank := newWireCell(t, p, r)
		kind := fmt.Sprint(r.method(), blank.retry, r.body == "") // what internal/rest depends on
		again := known[kind]
		known[kind] = true
		for _, one := range wireCases(p) {
			for idle := range 2 {
				for _, most := range []int{1, 3} {
					if again && (idle > 0 || most == 1) || idle > 0 && one.at < onFirstByte {
						continue
					}
					c := blank
					c.wireCase, c.idle, c.max, c.faults = one, idle, most, max(1, most-1)
					all = append(all, &c)
				}
			}
		}
	}
	return all
}

// runWire makes the calls and then checks each. They run concurrently, since they wait in
// real time between their attempts.
func runWire(t *testing.T, all []*wireCell) {
	inflight := make(chan struct{}, 512)
	var running sync.WaitGroup
	for _, c := range all {
		inflight <- struct{}{}
		running.Go(func() {
			defer func() { <-inflight }()
			c.call(t)
		})
	}
	running.Wait()
	for _, c := range all {
		t.Run(c.name(), c.check)
	}
	t.Logf("%d cells", len(all))
}

// TestWire makes every call over every protocol with every ending.
func TestWire(t *testing.T) {
	t.Parallel()
	var all []*wireCell
	for _, p := range protocols {
		all = append(all, wireCells(t, p)...)
	}
	runWire(t, all)
}

// TestWireEndless checks that a call ends even if its faults do not. After some more
// faults the server succeeds, since a client without a limit would never return.
func TestWireEndless(t *testing.T) {
	t.Parallel()
	endless := map[string]bool{
		"RST_STREAM(PROTOCOL_ERROR) after acting": true, "RST_STREAM(REFUSED_STREAM) before the body": true,
		"GOAWAY(NO_ERROR) with last stream 0": true, "GOAWAY(ENHANCE_YOUR_CALM) with last stream 0": true,
		"FIN after acting": true, "RST after acting": true,
	}
	var all []*wireCell
	for _, p := range protocols {
		for _, c := range wireCells(t, p) {
			if endless[c.ending.name] {
				c.faults = c.max + 2
				all = append(all, c)
			}
		}
	}
	runWire(t, all)
}

// TestWireStaleConnections keeps several connections that the server closes as soon as
// it reads another request. net/http alone would resend a GET on each of them.
func TestWireStaleConnections(t *testing.T) {
	t.Parallel()
	var all []*wireCell
	for _, p := range protocols[:2] {
		for _, r := range distinctRows() {
			c := newWireCell(t, p, r)
			c.wireCase, c.idle, c.max, c.faults = on(onHeaders, "FIN after the headers", (*wireConn).closed, silent), 5, 1, 6
			all = append(all, &c)
		}
	}
	runWire(t, all)
}

// TestWireFlood sends 10 MB that are not HTTP.
func TestWireFlood(t *testing.T) {
	t.Parallel()
	flood := func(c *wireConn) bool {
		_, _ = c.Write(append(bytes.Repeat([]byte("REFUSED_STREAM;"), 10_000_000/15), "\r\n\r\n"...))
		return c.closed()
	}
	var all []*wireCell
	for _, p := range protocols {
		for _, op := range []string{"GetSession", "CreateSession"} {
			c := newWireCell(t, p, rowOf(op))
			c.wireCase, c.max, c.faults = on(onRequest, "10 MB that are not HTTP", flood, uncertain), 1, 1
			all = append(all, &c)
		}
	}
	runWire(t, all)
}
