package clerksessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// TestFaultMatrix makes each call of the client under each fault.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	cells := 0
	for _, r := range distinctRows() {
		for _, fault := range faults(errorStatuses(r.op)) {
			cells++
			t.Run(r.title()+"/"+fault.name, func(t *testing.T) {
				good := example(t, r.op, r.example)
				synctest.Test(t, func(t *testing.T) { newCell(t, r, fault, good).check(t) })
			})
		}
	}
	t.Logf("%d cells", cells)
	assert.Greater(t, cells, 800)
}

// cell is one call under one fault, and its outcome.
type cell struct {
	outcome
	op        clerksessions.Operation
	fault     fault
	transport *faulty
}

func newCell(t *testing.T, r row, fault fault, good []byte) *cell {
	c := &cell{op: operation(r.op), fault: fault, transport: &faulty{t: t, fault: fault, good: good}}
	ctx := t.Context()
	if fault.context != nil {
		var cancel context.CancelFunc
		ctx, cancel = fault.context(ctx)
		defer cancel()
	}
	c.makeCall(ctx, t, r, "https://clerk.invalid/v1", withTransport(c.transport.RoundTrip),
		clerksessions.WithMaxResponseBytes(1<<20), clerksessions.WithTimeout(10*time.Second))
	return c
}

func (c *cell) check(t *testing.T) {
	c.checkRequests(t)
	c.outcome.checkError(t)
	c.checkError(t)
	c.checkLog(t, c.fault.warnings)
	c.checkSecrets(t)
}

func (c *cell) wantRequests() int {
	if c.op.Retry == clerksessions.RetryUnsent {
		return c.fault.unsent
	}
	return c.fault.safe
}

// The number of requests received is the number reported, and each response was closed.
func (c *cell) checkRequests(t *testing.T) {
	assert.EqualValues(t, c.wantRequests(), c.transport.requests.Load(), "requests received")
	assert.Equal(t, c.wantRequests(), c.meta.Attempts, "attempts reported")
	for _, resp := range c.transport.responses {
		assert.Equal(t, 1, resp.closed, "each response is closed once")
	}
}

// An error has the status, the trace id and the category; without a response it is not
// an *Error.
func (c *cell) checkError(t *testing.T) {
	if c.fault.succeeds && c.wantRequests() == c.fault.safe {
		assert.NoError(t, c.err)
		return
	}
	require.Error(t, c.err)
	if c.fault.is != nil {
		assert.ErrorIs(t, c.err, c.fault.is)
	}
	var apiErr *clerksessions.Error
	if c.fault.status == 0 {
		assert.NotErrorAs(t, c.err, &apiErr, "no response, no status")
		lost := c.op.Retry == clerksessions.RetryUnsent && c.fault.unsent == 1
		assert.Equal(t, lost, strings.Contains(c.err.Error(), ": may have been processed: "), c.err)
		return
	}
	require.ErrorAs(t, c.err, &apiErr)
	assert.Equal(t, c.op.ID, apiErr.Op)
	assert.Equal(t, c.fault.status, apiErr.StatusCode)
	assert.Equal(t, c.fault.status, c.meta.StatusCode)
	assert.Equal(t, c.wantRequests(), apiErr.Attempts)
	assert.Contains(t, []string{"trace-of-body", "trace-of-header"}, apiErr.TraceID)
	assert.LessOrEqual(t, len(apiErr.Body), 64<<10)
}

func (c *cell) checkSecrets(t *testing.T) {
	noSecrets(t, c.log.String(), c.err, c.value, c.meta, &c.meta)
	var apiErr *clerksessions.Error
	if errors.As(c.err, &apiErr) {
		encoded, err := json.Marshal(apiErr)
		assert.NoError(t, err)
		noSecrets(t, string(encoded), apiErr, *apiErr, apiErr.Errors, apiErr.Header, string(apiErr.Body), apiErr.LogValue())
	}
}

// Clients, parameters and tokens print redacted, however they are printed.
func TestValuesPrintRedacted(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "clerksessions.Client{}", fmt.Sprint(clerksessions.Client{}), "the zero value")
	client := newClient(t, "https://clerk.invalid/v1")
	encoded, err := json.Marshal([]any{client})
	assert.NoError(t, err)
	noSecrets(t, client, *client, string(encoded), refresh, &refresh, clerksessions.Token{JWT: testKey}, &clerksessions.Token{JWT: testKey})
}
