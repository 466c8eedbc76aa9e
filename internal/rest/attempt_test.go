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
				"whole":        strings.NewReader(test.body),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.body)),
				"data and EOF": iotest.DataErrReader(strings.NewReader(test.body)),
			} {
				got, err := read(reader, test.length, test.limit)
				require.NoError(t, err, name)
				assert.Equal(t, test.want, string(got), name)
			}
		})
	}
}

func TestReadReturnsWhatCameBeforeAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	got, err := read(io.MultiReader(strings.NewReader("half"), failing{broken}), -1, 100)
	assert.Equal(t, "half", string(got))
	assert.ErrorIs(t, err, broken)
}

func TestReadOfKnownLengthMakesOneBuffer(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 100_000)
	reader := bytes.NewReader(body)
	assert.LessOrEqual(t, testing.AllocsPerRun(10, func() {
		reader.Reset(body)
		_, _ = read(reader, int64(len(body)), 1<<20)
	}), 1.0)
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, test := range []struct {
		name      string
		transport roundTrip
		status    int // zero if no response came
		ok        bool
		truncated bool
		body      string
		err       string // "" for none
	}{
		{name: "success", transport: respond(200, "hello"), status: 200, ok: true, body: "hello"},
		{name: "no content", transport: respond(204, ""), status: 204, ok: true},
		{name: "not found", transport: respond(404, "missing"), status: 404, body: "missing"},
		{name: "error with the secret", transport: respond(500, "key "+testSecret), status: 500, body: "key [redacted]"},
		{name: "error of the transport", transport: func(*http.Request) (*http.Response, error) { return nil, broken }, err: "broken"},
		{name: "neither response nor error", transport: func(*http.Request) (*http.Response, error) { return nil, nil }, err: "neither a response nor an error"},
		{name: "response and error", transport: func(*http.Request) (*http.Response, error) { return response(200, strings.NewReader("x")), broken }, err: "broken"},
		{name: "no body", transport: func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 404}, nil }, status: 404},
		{name: "no header", transport: func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, status: 200, ok: true},
		{name: "success truncated", transport: func(*http.Request) (*http.Response, error) {
			return response(200, io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF})), nil
		}, status: 200, truncated: true, err: "response truncated after 4 bytes: unexpected EOF"},
		{name: "error truncated", transport: func(*http.Request) (*http.Response, error) {
			return response(404, io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF})), nil
		}, status: 404, body: "half"},
		{name: "success too large", transport: respond(200, strings.Repeat("x", 1<<20+1)), status: 200, err: "response exceeds 1048576 bytes"},
		{name: "error too large", transport: respond(404, strings.Repeat("x", 10<<20)), status: 404, body: strings.Repeat("x", MaxErrorBody)},
		{name: "switched protocols", transport: func(*http.Request) (*http.Response, error) {
			return response(101, failing{errors.New("must not be read")}), nil
		}, status: 101},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newTestClient(t, test.transport).attempt(t.Context(), newTestRequest(true), 1)
			assert.Equal(t, test.ok, a.ok())
			assert.Equal(t, test.truncated, a.truncated)
			assert.False(t, a.unsent)
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

func TestTheBodyIsClosed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{101, 200, 404} {
		closed := 0
		resp := response(status, strings.NewReader("x"))
		resp.Body = &closeCounter{resp.Body, &closed}
		newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return resp, nil })).attempt(t.Context(), newTestRequest(true), 1)
		assert.Equal(t, 1, closed, "status %d", status)
	}
}

type closeCounter struct {
	io.ReadCloser
	n *int
}

func (c *closeCounter) Close() error { *c.n++; return nil }

func TestWhyAnAttemptEnded(t *testing.T) {
	t.Parallel()
	hang := roundTrip(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	synctest.Test(t, func(t *testing.T) {
		a := newTestClient(t, hang).attempt(t.Context(), newTestRequest(true), 1)
		assert.EqualError(t, a.err, "no complete response within 10s: context deadline exceeded")
		assert.ErrorIs(t, a.err, context.DeadlineExceeded)

		left := errors.New("the caller left")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(left)
		a = newTestClient(t, hang).attempt(ctx, newTestRequest(true), 1)
		assert.ErrorIs(t, a.err, left)
		assert.ErrorIs(t, a.err, context.Canceled)
	})
}

func TestTheAttemptIsInTheContext(t *testing.T) {
	t.Parallel()
	client := newTestClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		operation, n, ok := FromContext(r.Context())
		assert.True(t, ok)
		assert.Equal(t, "operation", operation)
		assert.Equal(t, 7, n)
		return nil, errResend
	}))
	req := newTestRequest(true)
	req.Operation = "operation"
	client.attempt(t.Context(), req, 7)
	_, _, ok := FromContext(t.Context())
	assert.False(t, ok)
}

// emptyReader returns neither bytes nor an error.
type emptyReader struct{ reads int }

func (r *emptyReader) Read([]byte) (int, error) { r.reads++; return 0, nil }

func TestABodyWithoutProgressIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404} {
		body := new(emptyReader)
		a := newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
			return response(status, body), nil
		})).attempt(t.Context(), newTestRequest(true), 1)
		assert.False(t, a.ok())
		assert.LessOrEqual(t, body.reads, 200, "status %d", status)
		if status == 200 {
			assert.ErrorIs(t, a.err, io.ErrNoProgress)
		}
	}
}

// A transport may report that it looked for a connection, and then send by other means.
func TestARequestWhoseBodyWasReadIsNotUnsent(t *testing.T) {
	t.Parallel()
	for _, read := range []bool{false, true} {
		req := newTestRequest(false)
		req.Body = []byte("{}")
		a := newTestClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(r.Context()).GetConn("api.invalid:443")
			if read {
				_, _ = io.ReadAll(r.Body)
			}
			return nil, errors.New("connection reset")
		})).attempt(t.Context(), req, 1)
		assert.Equal(t, !read, a.unsent)
	}
}
