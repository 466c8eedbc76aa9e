package clerksessions_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clerksessions/clerksessions"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fault is something that happens to every attempt of a call, and what is to come of
// it with three attempts allowed.
type fault struct {
	name         string
	answer       func(*faulty, *http.Request) (*http.Response, error)
	safe, unsent int // how many requests are to reach the server, by retry class
	status       int // of the *Error; 0 when no reply came
	works        bool
	is           error
	context      func(context.Context, *faulty) (context.Context, context.CancelFunc)
	warnings     int  // retries announced beyond those made
	silent       bool // the transport does not report to httptrace
}

// faulty is a transport on which faults happen. It works in virtual time, reports to
// httptrace as net/http does, and watches what is done with its replies.
type faulty struct {
	t        *testing.T
	fault    fault
	good     []byte // the body of a success
	requests atomic.Int32
	replies  []*watched
}

func (f *faulty) RoundTrip(req *http.Request) (*http.Response, error) {
	assert.Equal(f.t, "clerk.invalid", req.URL.Host, "requests go to the base URL alone")
	trace := httptrace.ContextClientTrace(req.Context())
	if trace != nil && !f.fault.silent {
		trace.GetConn("clerk.invalid:443")
	}
	f.requests.Add(1)
	return f.fault.answer(f, req)
}

// write reads the request as a server would.
func (f *faulty) write(req *http.Request) (body []byte) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaderField != nil {
		trace.WroteHeaderField("Host", []string{"clerk.invalid"})
		trace.WroteHeaders()
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		assert.NoError(f.t, req.Body.Close())
		assert.EqualValues(f.t, req.ContentLength, len(body), "the body is replayed whole")
	}
	return body
}

// reply answers. Every reply quotes all the secrets it was sent, which a hostile or
// careless server may do.
func (f *faulty) reply(req *http.Request, status int, header http.Header, body io.Reader) *http.Response {
	sent := string(f.write(req))
	reply := http.Header{
		"X-Clerk-Trace-Id": {"trace-of-header"},
		"X-Quoted":         {req.Header.Get("Authorization"), sent},
	}
	for name, values := range header {
		reply[name] = values
	}
	f.replies = append(f.replies, &watched{Reader: body})
	return &http.Response{StatusCode: status, Header: reply, Body: f.replies[len(f.replies)-1], ContentLength: -1, Request: req}
}

// clerk answers with Clerk's JSON, secrets quoted.
func (f *faulty) clerk(req *http.Request, status int, header http.Header) *http.Response {
	var sent []byte
	if req.Body != nil {
		sent, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	quoted := req.Header.Get("Authorization") + string(sent)
	body, _ := json.Marshal(map[string]any{
		"errors":         []any{map[string]any{"message": quoted, "long_message": quoted, "code": "some_code", "meta": map[string]any{quoted: []any{quoted}}}},
		"clerk_trace_id": "trace-of-body",
	})
	return f.reply(req, status, header, bytes.NewReader(body))
}

type watched struct {
	io.Reader
	closed int
}

func (w *watched) Close() error { w.closed++; return nil }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

var errReset = errors.New("connection reset by peer")

func status(code int, header ...string) func(*faulty, *http.Request) (*http.Response, error) {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		h := make(http.Header)
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return f.clerk(req, code, h), nil
	}
}

func raw(code int, body string, header ...string) func(*faulty, *http.Request) (*http.Response, error) {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		h := make(http.Header)
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return f.reply(req, code, h, strings.NewReader(body)), nil
	}
}

// broken answers with what body has and then an error.
func broken(code int, err error) func(*faulty, *http.Request) (*http.Response, error) {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		half := f.good[:len(f.good)/2]
		return f.reply(req, code, nil, io.MultiReader(bytes.NewReader(half), readerFunc(func([]byte) (int, error) { return 0, err }))), nil
	}
}

func faults(statuses []int) []fault {
	all := []fault{
		{name: "none", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.reply(req, 200, nil, bytes.NewReader(f.good)), nil
		}, safe: 1, unsent: 1, works: true},
		{name: "none, unusual Content-Type", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.reply(req, 201, http.Header{"Content-Type": {"text/plain; charset=x"}}, bytes.NewReader(f.good)), nil
		}, safe: 1, unsent: 1, works: true},
		{name: "503 twice, then none", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			if f.requests.Load() < 3 {
				return f.clerk(req, 503, nil), nil
			}
			return f.reply(req, 200, nil, bytes.NewReader(f.good)), nil
		}, safe: 3, unsent: 1, works: true, status: 503},
		{name: "429 twice, then none", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			if f.requests.Load() < 3 {
				return f.clerk(req, 429, http.Header{"Retry-After": {"3"}}), nil
			}
			return f.reply(req, 200, nil, bytes.NewReader(f.good)), nil
		}, safe: 3, unsent: 3, works: true},

		{name: "protocol switched", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.reply(req, 101, nil, readerFunc(func([]byte) (int, error) { select {} })), nil // never ends, whatever the context
		}, safe: 1, unsent: 1, status: 101},
		{name: "no body at all", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			reply := f.reply(req, 404, nil, nil)
			f.replies, reply.Body = nil, nil
			return reply, nil
		}, safe: 1, unsent: 1, status: 404},
		{name: "a key for a trace id", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.reply(req, 200, http.Header{"X-Clerk-Trace-Id": {req.Header.Get("Authorization")}}, bytes.NewReader(f.good)), nil
		}, safe: 1, unsent: 1, works: true},
		{name: "a network error that quotes the key", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			f.write(req)
			return nil, fmt.Errorf("malformed HTTP status code %q", req.Header.Get("Authorization"))
		}, safe: 3, unsent: 1},
		{name: "a token minted in a success that breaks off", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.reply(req, 200, nil, io.MultiReader(strings.NewReader(`{"object":"token","jwt":"canary.new.token"`), readerFunc(func([]byte) (int, error) { return 0, errReset }))), nil
		}, safe: 3, unsent: 1, status: 200},
		{name: "a token minted in a success of another kind", answer: raw(200, `{"object":"tokens","jwt":"canary.new.token","cookies":["canary.new.token"]}`), safe: 1, unsent: 1, status: 200},
		{name: "the key across the end of what is kept", answer: raw(500, strings.Repeat("x", 64<<10-len(testKey)+1)+testKey), safe: 3, unsent: 1, status: 500},
		{name: "the key across the end of what is told", answer: raw(200, `{"`+strings.Repeat("x", 239)+testKey+`":1,"`+strings.Repeat("x", 239)+testKey+`":1}`), safe: 1, unsent: 1, status: 200},
		{name: "HTML from the edge", answer: raw(502, "<html>"+testKey+"</html>", "Content-Type", "text/html"), safe: 3, unsent: 1, status: 502, is: clerksessions.ErrUnavailable},
		{name: "empty error", answer: raw(500, ""), safe: 3, unsent: 1, status: 500},
		{name: "error cut short", answer: broken(404, io.ErrUnexpectedEOF), safe: 1, unsent: 1, status: 404, is: clerksessions.ErrNotFound},
		{name: "503 with Retry-After", answer: status(503, "Retry-After", "2"), safe: 3, unsent: 1, status: 503},
		{name: "503 with Retry-After beyond 30 s", answer: status(503, "Retry-After", "31"), safe: 1, unsent: 1, status: 503},
		{name: "oversize error", answer: raw(400, strings.Repeat("x", 10<<20)), safe: 1, unsent: 1, status: 400},
		{name: "oversize success", answer: raw(200, `{"object":"`+strings.Repeat("x", 2<<20)), safe: 1, unsent: 1, status: 200},
		{name: "HTML success", answer: raw(200, "<html>"+testKey), safe: 1, unsent: 1, status: 200},
		{name: "empty success", answer: raw(200, ""), safe: 1, unsent: 1, status: 200},
		{name: "wrong shape", answer: raw(200, `{"object":["`+testKey+`"],"id":7,"jwt":{},"data":1,"cookies":0}`), safe: 1, unsent: 1, status: 200},
		{name: "another object", answer: raw(200, `{"object":"user","id":"user_1"}`), safe: 1, unsent: 1, status: 200},
		{name: "null", answer: raw(200, `null`), safe: 1, unsent: 1, status: 200},
		{name: "{}", answer: raw(200, `{}`), safe: 1, unsent: 1, status: 200},
		{name: "[null]", answer: raw(200, `[null]`), safe: 1, unsent: 1, status: 200},
		{name: "duplicate names", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			twice := append([]byte(`{"`+testKey+`":1,"`+testKey+`":1,`), bytes.TrimPrefix(f.good, []byte("{"))...)
			return f.reply(req, 200, nil, bytes.NewReader(twice)), nil
		}, safe: 1, unsent: 1, status: 200},
		{name: "success cut short", answer: broken(200, io.ErrUnexpectedEOF), safe: 3, unsent: 1, status: 200, is: io.ErrUnexpectedEOF},
		{name: "reset within the success", answer: broken(200, errReset), safe: 3, unsent: 1, status: 200, is: errReset},
		{name: "reset before anything was written", answer: func(*faulty, *http.Request) (*http.Response, error) { return nil, errReset }, safe: 3, unsent: 3, is: errReset},
		{name: "reset, and a transport that does not tell when", answer: func(*faulty, *http.Request) (*http.Response, error) { return nil, errReset }, safe: 3, unsent: 1, is: errReset, silent: true},
		{name: "reset after the request was written", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			f.write(req)
			return nil, errReset
		}, safe: 3, unsent: 1, is: errReset},
		{name: "no reply and no error", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			f.write(req)
			return nil, nil
		}, safe: 3, unsent: 1},
		{name: "attempt times out after writing", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			f.write(req)
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, safe: 3, unsent: 1, is: context.DeadlineExceeded},
		{name: "attempt times out while connecting", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, safe: 3, unsent: 3, is: context.DeadlineExceeded},
		{name: "reply drips too slowly", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.reply(req, 200, nil, readerFunc(func(p []byte) (int, error) {
				select {
				case <-req.Context().Done():
					return 0, req.Context().Err()
				case <-time.After(time.Second):
					p[0] = ' '
					return 1, nil
				}
			})), nil
		}, safe: 3, unsent: 1, status: 200, is: context.DeadlineExceeded},
		{name: "context ended before", answer: status(200), is: context.Canceled,
			context: func(ctx context.Context, _ *faulty) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			}},
		{name: "context ends during the attempt", answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			f.write(req)
			<-req.Context().Done()
			return nil, req.Context().Err()
		}, safe: 1, unsent: 1, is: context.DeadlineExceeded,
			context: func(ctx context.Context, _ *faulty) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Second)
			}},
		{name: "context ends between attempts", answer: status(429, "Retry-After", "7"), safe: 1, unsent: 1, status: 429, is: context.Canceled, warnings: 1,
			context: func(ctx context.Context, _ *faulty) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(3*time.Second, cancel)
				return ctx, cancel
			}},
		{name: "Retry-After beyond the context's deadline", answer: status(429, "Retry-After", "7"), safe: 1, unsent: 1, status: 429, is: clerksessions.ErrRateLimited,
			context: func(ctx context.Context, _ *faulty) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 6*time.Second)
			}},
	}
	for _, code := range statuses {
		f := fault{name: fmt.Sprint("status ", code), answer: status(code), safe: 1, unsent: 1, status: code}
		switch code {
		case 429:
			f.safe, f.unsent = 3, 3
		case 408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530:
			f.safe = 3
		}
		all = append(all, f)
	}
	for value, wait := range retryAfters {
		f := fault{name: fmt.Sprintf("429 with Retry-After %q", value), answer: func(f *faulty, req *http.Request) (*http.Response, error) {
			return status(429, "Retry-After", strings.ReplaceAll(value, "DATE+5", time.Now().Add(5*time.Second).UTC().Format(http.TimeFormat)))(f, req)
		}, safe: 3, unsent: 3, status: 429, is: clerksessions.ErrRateLimited}
		if wait > 30*time.Second {
			f.safe, f.unsent = 1, 1
		}
		all = append(all, f)
	}
	for _, code := range []int{300, 301, 302, 303, 304, 307, 308} {
		all = append(all, fault{name: fmt.Sprint("redirect ", code), answer: raw(code, "", "Location", "https://elsewhere.example/?"+testKey), safe: 1, unsent: 1, status: code})
	}
	return all
}

// retryAfters are the forms of the header and the wait each asks for; zero where it
// asks for none that can be understood.
var retryAfters = map[string]time.Duration{
	"0": 0, "2": 2 * time.Second, " 4 ": 4 * time.Second, "1.5": 1500 * time.Millisecond, "30": 30 * time.Second,
	"31": 31 * time.Second, "99999999999999999999": 876000 * time.Hour, "1e300": 876000 * time.Hour, "Inf": 876000 * time.Hour,
	"": 0, "-1": 0, "NaN": 0, "soon": 0, "DATE+5": 5 * time.Second, "Thu, 21 Oct 1999 07:28:00 GMT": 0,
}

// declared are the statuses an operation of the contract may answer, with one of each
// range, and some it does not declare.
func declared(op *openapi3.Operation) []int {
	codes := []int{402, 403, 408, 409, 413, 415, 425, 451, 500, 501, 502, 503, 504, 519, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530, 531, 599}
	for status := range op.Responses.Map() {
		var code int
		if _, err := fmt.Sscanf(status, "%d", &code); err == nil && code > 299 {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	doc := operationsOf(loadContract(t))
	var cells atomic.Int32
	t.Run("cells", func(t *testing.T) {
		for _, op := range clerksessions.Operations() {
			for _, r := range matrixRows(op.ID) {
				for _, fault := range faults(declared(doc[op.ID])) {
					t.Run(r.title()+"/"+fault.name, func(t *testing.T) {
						good := example(t, doc[op.ID], r.reply)
						synctest.Test(t, func(t *testing.T) { checkFault(t, op, r, fault, good) })
						cells.Add(1)
					})
				}
			}
		}
	})
	t.Logf("%d operations, %d cells", len(clerksessions.Operations()), cells.Load())
	assert.Greater(t, cells.Load(), int32(500))
}

// matrixRows is a row of each wrapper method of an operation: the first, and for a
// refresh the one for cookies too.
func matrixRows(op string) (chosen []row) {
	for _, r := range rows {
		if r.op == op && (len(chosen) == 0 || r.reply != chosen[0].reply && op == "RefreshSession") {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

func checkFault(t *testing.T, op clerksessions.Operation, r row, fault fault, good []byte) {
	transport := &faulty{t: t, fault: fault, good: good}
	var log bytes.Buffer
	mine := &http.Client{Transport: transport}
	before := *mine
	var meta clerksessions.Meta
	client := newClient(t, "https://clerk.invalid/v1",
		clerksessions.WithHTTPClient(mine), clerksessions.WithMaxResponseBytes(1<<20), clerksessions.WithTimeout(10*time.Second),
		clerksessions.WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	params := fmt.Sprint(refresh.RequestHeaders, refresh.RequestOrigin)
	ctx := t.Context()
	if fault.context != nil {
		var cancel context.CancelFunc
		ctx, cancel = fault.context(ctx, transport)
		defer cancel()
	}

	value, err := r.call(ctx, client, clerksessions.WithMeta(&meta))

	want := fault.safe
	if op.Retry == clerksessions.RetryUnsent {
		want = fault.unsent
	}
	works := fault.works && (op.Retry == clerksessions.RetrySafe || fault.safe == fault.unsent)
	assert.EqualValues(t, want, transport.requests.Load(), "requests that went out")
	for _, reply := range transport.replies {
		assert.Equal(t, 1, reply.closed, "each reply is closed once")
	}
	assert.Equal(t, works, err == nil, "%v", err)
	assert.Equal(t, works, !isNil(value), "exactly one of value and error")
	assert.Equal(t, want, meta.Attempts)
	assert.Equal(t, before, *mine, "the caller's http.Client is unchanged")
	assert.Equal(t, params, fmt.Sprint(refresh.RequestHeaders, refresh.RequestOrigin), "the caller's parameters are unchanged")
	assert.Equal(t, max(0, want-1)+fault.warnings, strings.Count(log.String(), `"level":"WARN"`), "one warning a retry")
	assert.Equal(t, want, strings.Count(log.String(), `"level":"DEBUG"`), "one line an attempt")

	var answer *clerksessions.Error
	switch {
	case works:
	case fault.status == 0:
		assert.False(t, errors.As(err, &answer), "no reply, no status")
	default:
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, fault.status, answer.StatusCode)
		assert.Contains(t, []string{"trace-of-body", "trace-of-header"}, answer.TraceID)
		assert.Equal(t, op.ID, answer.Op)
		assert.Equal(t, want, answer.Attempts)
		assert.LessOrEqual(t, len(answer.Body), 64<<10)
		assert.Equal(t, fault.status, meta.StatusCode)
	}
	if fault.is != nil && !works {
		assert.ErrorIs(t, err, fault.is)
	}
	encoded, jsonErr := json.Marshal(map[string]any{"client": client})
	assert.NoError(t, jsonErr)
	noSecrets(t, string(encoded), log.String(), err, value, client, *client, meta, &meta, refresh, &refresh, clerksessions.Token{JWT: testKey}, &clerksessions.Token{JWT: testKey})
	for _, personal := range []string{"sess_1", "user_1", "clerk.invalid", "/v1", "hasura"} {
		assert.NotContains(t, log.String(), personal, "the log names nobody")
	}
	if answer != nil {
		encoded, jsonErr := json.Marshal(answer)
		assert.NoError(t, jsonErr)
		noSecrets(t, string(encoded), answer, *answer, answer.Errors, answer.Header, string(answer.Body), answer.LogValue())
	}
}

// noSecrets searches everything that can be printed for the canaries.
func noSecrets(t *testing.T, values ...any) {
	t.Helper()
	for _, value := range values {
		if _, ok := value.([]string); ok {
			continue // the cookies of RefreshCookies are plain strings, documented as secret
		}
		assert.NotContains(t, printed(value), "canary")
	}
}

// printed is a value in all the ways it can be printed and logged.
func printed(value any) string {
	var all bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		fmt.Fprintf(&all, verb+"\n", value)
	}
	if hex, err := hex.DecodeString(strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdef", r) {
			return r
		}
		return -1
	}, fmt.Sprintf("%x", value))); err == nil {
		all.Write(hex)
	}
	slog.New(slog.NewJSONHandler(&all, nil)).Info("x", "value", value)
	slog.New(slog.NewTextHandler(&all, nil)).Info("x", "value", value)
	return all.String()
}
