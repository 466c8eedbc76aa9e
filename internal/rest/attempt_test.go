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
			return response(101, mustNotBeRead{t}), nil
		}, status: 101},
		{name: "largest success", transport: respond(200, strings.Repeat("x", 1<<20)), status: 200, ok: true, body: strings.Repeat("x", 1<<20)},
		{name: "error truncated within a secret", transport: func(*http.Request) (*http.Response, error) {
			return response(404, io.MultiReader(strings.NewReader("key "+testSecret[:10]), failing{io.ErrUnexpectedEOF})), nil
		}, status: 404, body: "key "},
		{name: "error that ends with the beginning of a secret", transport: respond(404, "key "+testSecret[:10]), status: 404, body: "key " + testSecret[:10]},
		{name: "secret at the limit", transport: respond(404, strings.Repeat("x", MaxErrorBody-5)+testSecret+strings.Repeat("y", 1000)), status: 404, body: strings.Repeat("x", MaxErrorBody-13)},
		{name: "error a little too large", transport: respond(404, strings.Repeat("x", MaxErrorBody+50)), status: 404, body: strings.Repeat("x", MaxErrorBody)},
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

func TestTheBodyOfAResponseWithAnErrorIsClosed(t *testing.T) {
	t.Parallel()
	closed := 0
	resp := response(200, strings.NewReader("x"))
	resp.Body = &closeCounter{resp.Body, &closed}
	newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return resp, errResend })).attempt(t.Context(), newTestRequest(true), 1)
	assert.Equal(t, 1, closed)
}

type mustNotBeRead struct{ t *testing.T }

func (r mustNotBeRead) Read([]byte) (int, error) {
	r.t.Error("the body was read")
	return 0, io.EOF
}

// countingReader counts what is read, and fails the test if it is read after its end.
type countingReader struct {
	t     *testing.T
	r     io.Reader
	n     int
	ended bool
}

func (r *countingReader) Read(p []byte) (int, error) {
	assert.False(r.t, r.ended, "read after the end")
	n, err := r.r.Read(p)
	r.n, r.ended = r.n+n, err != nil
	return n, err
}

// So much of a large error is read that the connection can be reused, and no more.
func TestHowMuchOfAnErrorIsRead(t *testing.T) {
	t.Parallel()
	margin := 6 * len(testSecret)
	for size, want := range map[int]int{100: 100, 1 << 20: MaxErrorBody + margin + 256<<10} {
		body := &countingReader{t: t, r: strings.NewReader(strings.Repeat("x", size))}
		newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return response(500, body), nil })).
			attempt(t.Context(), newTestRequest(true), 1)
		assert.Equal(t, want, body.n, "%d bytes", size)
	}
}

// Redaction makes the body shorter, so that its end, which may hold half a secret, would show.
func TestABodyFullOfSecrets(t *testing.T) {
	t.Parallel()
	a := newTestClient(t, respond(500, strings.Repeat(testSecret, 10_000))).attempt(t.Context(), newTestRequest(true), 1)
	rest := strings.ReplaceAll(string(a.res.Body), Redacted, "")
	assert.True(t, strings.HasPrefix(Redacted, rest), rest)
	assert.NotEmpty(t, a.res.Body)
}

func TestTheContextEndsWhileAnErrorIsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		body io.Reader
		err  error
	}{
		{"truncated", io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF}), context.Canceled},
		{"complete", strings.NewReader("whole"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			a := newTestClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
				cancel()
				return response(500, test.body), nil
			})).attempt(ctx, newTestRequest(true), 1)
			assert.ErrorIs(t, a.err, test.err)
			assert.Equal(t, 500, a.res.StatusCode)
		})
	}
}

func TestTheContextOfAnAttemptEndsWithIt(t *testing.T) {
	t.Parallel()
	type key struct{}
	var sending context.Context
	newTestClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		sending = r.Context()
		assert.NoError(t, sending.Err())
		return response(200, strings.NewReader("x")), nil
	})).attempt(context.WithValue(t.Context(), key{}, "the caller's"), newTestRequest(true), 1)
	assert.ErrorIs(t, sending.Err(), context.Canceled)
	assert.Equal(t, "the caller's", sending.Value(key{}))
}

// A transport that is about to send again by itself is stopped.
func TestAResendEndsTheAttempt(t *testing.T) {
	t.Parallel()
	a := newTestClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		for _, hook := range []hook{freshConn, http2, freshConn} {
			hook(httptrace.ContextClientTrace(r.Context()))
		}
		return nil, r.Context().Err()
	})).attempt(t.Context(), newTestRequest(true), 1)
	assert.Equal(t, errResend, a.err)
	assert.Zero(t, a.retryAfter())
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

// pausing returns nothing 99 times before each byte.
type pausing struct{ reads int }

func (r *pausing) Read(p []byte) (int, error) {
	if r.reads++; r.reads%100 != 0 {
		return 0, nil
	}
	p[0] = 'x'
	if r.reads == 300 {
		return 1, io.EOF
	}
	return 1, nil
}

func TestABodyMayPause(t *testing.T) {
	t.Parallel()
	got, err := read(new(pausing), -1, 100)
	assert.NoError(t, err)
	assert.Equal(t, "xxx", string(got))

	empty := new(emptyReader)
	got, err = read(empty, -1, 100)
	assert.ErrorIs(t, err, io.ErrNoProgress)
	assert.Empty(t, got)
	assert.Equal(t, 100, empty.reads)
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
