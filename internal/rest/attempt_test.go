package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		body          string
		length, limit int64
		want          string
	}{
		{"known length", "hello", 5, 100, "hello"},
		{"unknown length", "hello", -1, 100, "hello"},
		{"empty", "", 0, 100, ""},
		{"longer than its length says", "hello", 2, 100, "hello"},
		{"shorter than its length says", "hello", 50, 100, "hello"},
		{"length beyond what is trusted", "hello", 1 << 40, 100, "hello"},
		{"at the limit", "hello", 5, 5, "hello"},
		{"beyond the limit", "hello", 5, 4, "hell"},
		{"beyond the limit, unknown length", strings.Repeat("x", 2000), -1, 1000, strings.Repeat("x", 1000)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for name, reader := range map[string]io.Reader{
				"whole":               strings.NewReader(test.body),
				"byte by byte":        iotest.OneByteReader(strings.NewReader(test.body)),
				"data and EOF":        iotest.DataErrReader(strings.NewReader(test.body)),
				"pauses before bytes": &pausing{r: iotest.OneByteReader(strings.NewReader(test.body))},
			} {
				got, err := read(reader, test.length, test.limit)
				require.NoError(t, err, name)
				assert.Equal(t, test.want, string(got), name)
			}
		})
	}
}

// pausing returns nothing 99 times before each read of r.
type pausing struct {
	r     io.Reader
	reads int
}

func (p *pausing) Read(buf []byte) (int, error) {
	if p.reads++; p.reads%100 != 0 {
		return 0, nil
	}
	return p.r.Read(buf)
}

func TestReadReturnsBytesBeforeAnError(t *testing.T) {
	t.Parallel()
	got, err := read(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errReset)), -1, 100)
	assert.Equal(t, "half", string(got))
	assert.ErrorIs(t, err, errReset)

	stuck := new(stuckReader)
	got, err = read(io.MultiReader(strings.NewReader("half"), stuck), -1, 100)
	assert.Equal(t, "half", string(got))
	assert.ErrorIs(t, err, io.ErrNoProgress)
	assert.Equal(t, 100, stuck.reads)
}

// stuckReader returns neither bytes nor an error.
type stuckReader struct{ reads int }

func (r *stuckReader) Read([]byte) (int, error) { r.reads++; return 0, nil }

func TestReadOfKnownLengthAllocatesOnce(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 100_000)
	reader := bytes.NewReader(body)
	assert.LessOrEqual(t, testing.AllocsPerRun(10, func() {
		reader.Reset(body)
		_, _ = read(reader, int64(len(body)), 1<<20)
	}), 1.0)
}

func TestBodiesDoNotShareMemory(t *testing.T) {
	for _, length := range []int64{1000, -1} {
		first, err := read(strings.NewReader(strings.Repeat("a", 1000)), length, 1<<20)
		require.NoError(t, err)
		second, err := read(strings.NewReader("b"), -1, 1<<20)
		require.NoError(t, err)
		assert.Equal(t, strings.Repeat("a", 1000), string(first))
		assert.Equal(t, "b", string(second))
	}
}

func TestReleaseClearsTheBody(t *testing.T) {
	for _, keep := range []bool{false, true} {
		req := newTestRequest(true)
		req.KeepBody = keep
		a := newTestClient(t, respond(200, "token")).attempt(t.Context(), req, 1, time.Now())
		body := a.res.Body
		a.res.Release()
		assert.Nil(t, a.res.Body)
		assert.Equal(t, keep, string(body) == "token", "%q", body)
		a.res.Release() // does nothing
	}
}

// send makes one attempt.
func send(ctx context.Context, t *testing.T, transport roundTrip) attempt {
	return newTestClient(t, transport).attempt(ctx, newTestRequest(true), 1, time.Now())
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	const largest = 1 << 20
	for _, test := range []struct {
		name      string
		res       *http.Response // nil for none
		transport error
		status    int // zero if no response is returned
		ok        bool
		truncated bool
		body      string
		err       string // "" for none
	}{
		{name: "success", res: text(200, "hello"), status: 200, ok: true, body: "hello"},
		{name: "no content", res: text(204, ""), status: 204, ok: true},
		{name: "no header and no body", res: &http.Response{StatusCode: 200}, status: 200, ok: true},
		{name: "largest success", res: text(200, strings.Repeat("x", largest)), status: 200, ok: true, body: strings.Repeat("x", largest)},
		{name: "success too large", res: text(200, strings.Repeat("x", largest+1)), status: 200, err: "response exceeds 1048576 bytes"},
		{name: "success truncated", res: text(200, "half", io.ErrUnexpectedEOF), status: 200, truncated: true, err: "response truncated after 4 bytes: unexpected EOF"},
		{name: "success without progress", res: response(200, new(stuckReader)), status: 200, truncated: true, err: "response truncated after 0 bytes: " + io.ErrNoProgress.Error()},
		{name: "error of the transport", transport: errReset, err: errReset.Error()},
		{name: "neither response nor error", err: "neither a response nor an error"},
		{name: "response and error", res: text(200, "hello"), transport: errReset, err: errReset.Error()},
		{name: "switched protocols", res: response(101, mustNotBeRead{t}), status: 101},
		{name: "not found", res: text(404, "missing"), status: 404, body: "missing"},
		{name: "error truncated", res: text(404, "half", io.ErrUnexpectedEOF), status: 404, body: "half"},
		{name: "error without progress", res: response(404, io.MultiReader(strings.NewReader("half"), new(stuckReader))), status: 404, body: "half"},
		{name: "error with a secret", res: text(500, "key "+testSecret), status: 500, body: "key [redacted]"},
		{name: "error truncated within a secret", res: text(404, "key "+testSecret[:10], io.ErrUnexpectedEOF), status: 404, body: "key "},
		{name: "error that ends with a short prefix of a secret", res: text(404, "key "+testSecret[:10]), status: 404, body: "key " + testSecret[:10]},
		{name: "error a little too large", res: text(404, strings.Repeat("x", MaxErrorBody+50)), status: 404, body: strings.Repeat("x", MaxErrorBody)},
		{name: "error too large", res: text(404, strings.Repeat("x", 10<<20)), status: 404, body: strings.Repeat("x", MaxErrorBody)},
		{name: "secret at the limit", res: text(404, strings.Repeat("x", MaxErrorBody-5)+testSecret+strings.Repeat("y", 1000)), status: 404, body: strings.Repeat("x", MaxErrorBody-13)},
		// Redaction shortens the body; without the margin, a partial secret at its end would be kept.
		{name: "error full of secrets", res: text(500, strings.Repeat(testSecret, 10_000)), status: 500, body: strings.Repeat(Redacted, 3000)[:28_421]},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := &watchedBody{t: t}
			if test.res != nil && test.res.Body != nil {
				body.Reader = test.res.Body
				test.res.Body = body
			}
			a := send(t.Context(), t, func(*http.Request) (*http.Response, error) { return test.res, test.transport })
			assert.Equal(t, test.ok, a.ok())
			assert.Equal(t, test.truncated, a.truncated)
			assert.False(t, a.unsent)
			if body.Reader != nil {
				assert.Equal(t, 1, body.closed, "the body is closed")
			}
			if test.err == "" {
				assert.NoError(t, a.err)
			} else {
				assert.ErrorContains(t, a.err, test.err)
			}
			if test.status == 0 {
				assert.Nil(t, a.res)
				return
			}
			require.NotNil(t, a.res)
			assert.Equal(t, test.status, a.res.StatusCode)
			assert.Equal(t, test.body, string(a.res.Body))
		})
	}
}

// text returns a response with a body, and then an error if there is one.
func text(status int, body string, err ...error) *http.Response {
	reader := io.Reader(strings.NewReader(body))
	if len(err) > 0 {
		reader = io.MultiReader(reader, iotest.ErrReader(err[0]))
	}
	return response(status, reader)
}

// watchedBody counts how often it is closed, and must not be read after its end.
type watchedBody struct {
	io.Reader
	t      *testing.T
	ended  bool
	closed int
}

func (b *watchedBody) Read(p []byte) (n int, err error) {
	assert.False(b.t, b.ended, "read after the end")
	n, err = b.Reader.Read(p)
	b.ended = err != nil
	return n, err
}

func (b *watchedBody) Close() error { b.closed++; return nil }

type mustNotBeRead struct{ t *testing.T }

func (r mustNotBeRead) Read([]byte) (int, error) {
	r.t.Error("the body was read")
	return 0, io.EOF
}

// Draining a small body lets the connection be reused. Draining a large one costs more than
// a new connection.
func TestLargeErrorBodiesAreDrainedUpToALimit(t *testing.T) {
	t.Parallel()
	margin := 6 * len(testSecret)
	for size, want := range map[int]int{100: 100, 1 << 20: MaxErrorBody + margin + 256<<10} {
		body := strings.NewReader(strings.Repeat("x", size))
		send(t.Context(), t, func(*http.Request) (*http.Response, error) { return response(500, body), nil })
		assert.Equal(t, want, size-body.Len(), "%d bytes", size)
	}
}

func TestTheContextOfAnAttemptExtendsTheCallers(t *testing.T) {
	t.Parallel()
	type key struct{}
	var sending context.Context
	send(context.WithValue(t.Context(), key{}, "the caller's"), t, func(r *http.Request) (*http.Response, error) {
		sending = r.Context()
		assert.NoError(t, sending.Err())
		return text(200, "x"), nil
	})
	assert.ErrorIs(t, sending.Err(), context.Canceled, "it ends with the attempt")
	assert.Equal(t, "the caller's", sending.Value(key{}))
	operation, n, ok := FromContext(sending)
	assert.True(t, ok)
	assert.Equal(t, "an operation", operation)
	assert.Equal(t, 1, n)
	_, _, ok = FromContext(t.Context())
	assert.False(t, ok)
}

func TestAResendByTheTransportEndsTheAttempt(t *testing.T) {
	t.Parallel()
	a := send(t.Context(), t, func(r *http.Request) (*http.Response, error) {
		for _, hook := range []hook{freshConn, http2, freshConn} {
			hook(httptrace.ContextClientTrace(r.Context()))
		}
		return nil, r.Context().Err()
	})
	assert.Equal(t, errResend, a.err)
	assert.Zero(t, a.retryAfter())
}

func TestWhyAnAttemptEnded(t *testing.T) {
	t.Parallel()
	hang := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	synctest.Test(t, func(t *testing.T) {
		a := send(t.Context(), t, hang)
		assert.EqualError(t, a.err, "no complete response within 10s: context deadline exceeded")
		assert.ErrorIs(t, a.err, context.DeadlineExceeded)

		left := errors.New("the caller left")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(left)
		a = send(ctx, t, hang)
		assert.ErrorIs(t, a.err, left)
		assert.ErrorIs(t, a.err, context.Canceled)
	})
}
