package clerksessions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clerksessions/clerksessions"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// cell is one call under one fault, and what came of it.
type cell struct {
	op        clerksessions.Operation
	fault     fault
	transport *faulty
	client    *clerksessions.Client
	meta      clerksessions.Meta
	log       bytes.Buffer
	value     any
	err       error
}

func newCell(t *testing.T, r row, fault fault, good []byte) *cell {
	c := &cell{op: operation(r.op), fault: fault, transport: &faulty{t: t, fault: fault, good: good}}
	c.client = newClient(t, "https://clerk.invalid/v1",
		clerksessions.WithHTTPClient(&http.Client{Transport: c.transport}),
		clerksessions.WithMaxResponseBytes(1<<20),
		clerksessions.WithTimeout(10*time.Second),
		clerksessions.WithLogger(slog.New(slog.NewJSONHandler(&c.log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	ctx := t.Context()
	if fault.context != nil {
		var cancel context.CancelFunc
		ctx, cancel = fault.context(ctx)
		defer cancel()
	}
	c.value, c.err = r.call(ctx, c.client, clerksessions.WithMeta(&c.meta))
	return c
}

func (c *cell) check(t *testing.T) {
	c.checkRequests(t)
	c.checkOutcome(t)
	c.checkError(t)
	c.checkLog(t)
	c.checkSecrets(t)
}

func (c *cell) wantRequests() int {
	if c.op.Retry == clerksessions.RetryUnsent {
		return c.fault.unsent
	}
	return c.fault.safe
}

func (c *cell) wantSuccess() bool {
	return c.fault.succeeds && c.wantRequests() == c.fault.safe
}

// The server received as many requests as are reported, and each response was closed.
func (c *cell) checkRequests(t *testing.T) {
	assert.EqualValues(t, c.wantRequests(), c.transport.requests.Load(), "requests received")
	assert.Equal(t, c.wantRequests(), c.meta.Attempts, "attempts reported")
	for _, resp := range c.transport.responses {
		assert.Equal(t, 1, resp.closed, "each response is closed once")
	}
}

func (c *cell) checkOutcome(t *testing.T) {
	assert.Equal(t, c.wantSuccess(), c.err == nil, "%v", c.err)
	assert.Equal(t, c.wantSuccess(), !isNil(c.value), "exactly one of value and error")
}

// An error has the status, the trace id and the category; without a response it is not
// an *Error.
func (c *cell) checkError(t *testing.T) {
	if c.wantSuccess() {
		return
	}
	if c.fault.is != nil {
		assert.ErrorIs(t, c.err, c.fault.is)
	}
	assert.Less(t, len(c.err.Error()), 4000, "the text is limited")
	var apiErr *clerksessions.Error
	if c.fault.status == 0 {
		assert.NotErrorAs(t, c.err, &apiErr, "no response, no status")
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

func (c *cell) checkLog(t *testing.T) {
	retries := max(0, c.wantRequests()-1) + c.fault.warnings
	assert.Equal(t, retries, strings.Count(c.log.String(), `"level":"WARN"`), "one warning for each retry")
	assert.Equal(t, c.wantRequests(), strings.Count(c.log.String(), `"level":"DEBUG"`), "one line for each attempt")
	for _, personal := range []string{"sess_1", "user_1", "clerk.invalid", "/v1", "hasura"} {
		assert.NotContains(t, c.log.String(), personal, "the log identifies nobody")
	}
}

func (c *cell) checkSecrets(t *testing.T) {
	encoded, err := json.Marshal(map[string]any{"client": c.client})
	assert.NoError(t, err)
	noSecrets(t, string(encoded), c.log.String(), c.err, c.value, c.client, *c.client, c.meta, &c.meta)
	var apiErr *clerksessions.Error
	if errors.As(c.err, &apiErr) {
		encoded, err := json.Marshal(apiErr)
		assert.NoError(t, err)
		noSecrets(t, string(encoded), apiErr, *apiErr, apiErr.Errors, apiErr.Header, string(apiErr.Body), apiErr.LogValue())
	}
}

// Parameters and tokens print redacted, however they are printed.
func TestValuesPrintRedacted(t *testing.T) {
	t.Parallel()
	noSecrets(t, refresh, &refresh, clerksessions.Token{JWT: testKey}, &clerksessions.Token{JWT: testKey})
}
