package clerksessions_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
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
	reused   bool // the connection served another call before
	max      int  // WithMaxAttempts
	faults   int  // exchanges that end as the case says

	// What came of it.
	requests, acts int
	server         string
	value          any
	err            error
	meta           clerksessions.Meta
	log            string
}

func (c *wireCell) name() string {
	connection := "fresh"
	if c.reused {
		connection = "reused"
	}
	return fmt.Sprintf("%s/%s/at most %d/%s connection/%s",
		c.protocol.name, c.ending.name, c.max, connection, c.row.title())
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
	idle := c.reused && c.at == onAccept
	hc, transport := server.client(idle)
	if c.reused {
		warmUp(t, hc, server)
	}
	armed.Store(1)
	if idle {
		server.endIdle(&c.ending)
		faults.Add(-1)
	}
	var log bytes.Buffer
	client := newClient(t, server.url, clerksessions.WithHTTPClient(hc), clerksessions.WithMaxAttempts(c.max),
		clerksessions.WithTimeout(5*time.Minute), // a busy machine must not decide
		clerksessions.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))

	c.value, c.err = c.row.call(t.Context(), client, clerksessions.WithMeta(&c.meta))

	transport.CloseIdleConnections()
	server.close()
	c.requests, c.acts, c.server, c.log = server.requests, server.allActs(), server.String(), log.String()
}

// warmUp leaves a connection to the server open, and nothing counted.
func warmUp(t *testing.T, hc *http.Client, server *wireServer) {
	resp, err := hc.Get(server.url + "/sessions/warm-up")
	if assert.NoError(t, err) {
		_, err = bytes.NewBuffer(nil).ReadFrom(resp.Body)
		assert.NoError(t, err)
		_ = resp.Body.Close()
	}
	server.forget()
}

// attempts returns how many attempts are to be made and whether the call succeeds.
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
	c.checkError(t)
	c.checkLog(t)
	noSecrets(t, c.log, c.err, c.value, c.meta)
	if t.Failed() {
		t.Logf("%s\nattempts reported: %d, error: %.300v", c.server, c.meta.Attempts, c.err)
	}
}

// checkRequests compares what the server received with what is reported.
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

// replayable reports whether net/http may replay the request once by itself, which
// WithMaxAttempts documents.
func (c *wireCell) replayable() bool {
	return c.silent && c.reused && strings.HasPrefix(c.row.request, "GET ")
}

func (c *wireCell) checkError(t *testing.T) {
	assert.Equal(t, c.err == nil, !isNil(c.value), "exactly one of value and error")
	if c.err == nil {
		return
	}
	assert.Less(t, len(c.err.Error()), 1000, "length of the error")
	assert.NotContains(t, c.err.Error(), "\n")
	var failed *clerksessions.Error
	if errors.As(c.err, &failed) {
		assert.Equal(t, c.meta.Attempts, failed.Attempts)
		assert.Equal(t, c.row.op, failed.Op)
	}
}

func (c *wireCell) checkLog(t *testing.T) {
	assert.Equal(t, c.meta.Attempts, strings.Count(c.log, `"level":"DEBUG"`), "one line an attempt")
	assert.Equal(t, c.meta.Attempts-1, strings.Count(c.log, `"level":"WARN"`), "one warning a retry")
}

// newWireCell returns a call of a row, to be completed by how its exchanges end.
func newWireCell(p protocol, r row, response []byte) wireCell {
	c := wireCell{protocol: p, row: r, response: response}
	for _, op := range clerksessions.Operations() {
		if op.ID == r.op {
			c.retry = op.Retry
		}
	}
	return c
}

// wireRows are the rows that differ in more than what the body or the query says: at
// least one of each method, with and without a body if it has both.
func wireRows() (some []row) {
	seen := make(map[string]bool)
	for _, r := range rows {
		kind := fmt.Sprint(r.op, r.body == "")
		if r.op == "RefreshSession" {
			kind += r.example
		}
		if !seen[kind] {
			seen[kind] = true
			some = append(some, r)
		}
	}
	return some
}

// wireCells are all calls of the matrix over a protocol. A call that the engine cannot
// tell from an earlier one is made over a fresh connection only, with three attempts.
func wireCells(t *testing.T, p protocol) (all []*wireCell) {
	known := make(map[string]bool)
	for _, r := range wireRows() {
		blank := newWireCell(p, r, example(t, r.op, r.example))
		method, _, _ := strings.Cut(r.request, " ")
		kind := fmt.Sprint(method, blank.retry, r.body == "") // all that the engine knows of a call
		again := known[kind]
		known[kind] = true
		for _, one := range wireCases(p) {
			for _, reused := range []bool{false, true} {
				for _, most := range []int{1, 3} {
					if again && (reused || most == 1) {
						continue
					}
					c := blank
					c.wireCase, c.reused, c.max, c.faults = one, reused, most, max(1, most-1)
					switch {
					case reused && one.at == onHandshake:
						continue // as fresh
					case reused && one.at == onAccept:
						c.facts = facts{unseen: true, racy: true}
					}
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

// TestWireEndless checks that a call ends even if its faults do not. The server turns
// to successes at last, or a client without a limit would never return.
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

// TestWireFlood sends 10 MB that are not HTTP.
func TestWireFlood(t *testing.T) {
	t.Parallel()
	flood := func(c *wireConn) bool {
		_, _ = c.Write(append(bytes.Repeat([]byte("REFUSED_STREAM;"), 10_000_000/15), "\r\n\r\n"...))
		return c.closed()
	}
	var all []*wireCell
	for _, p := range protocols {
		for _, r := range wireRows() {
			if r.op == "GetSession" || r.op == "CreateSession" {
				c := newWireCell(p, r, example(t, r.op, r.example))
				c.wireCase, c.max, c.faults = on(onRequest, "10 MB that are not HTTP", flood, uncertain), 1, 1
				all = append(all, &c)
			}
		}
	}
	runWire(t, all)
}
