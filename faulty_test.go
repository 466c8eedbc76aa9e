package clerksessions_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
)

// escapedKey is testKey with escapes of JSON.
const escapedKey = `\u0073k_test_c\u0061nary_5f3759df`

// faulty is a transport that injects a fault. It works in virtual time, reports to
// httptrace as net/http does, and records its responses.
type faulty struct {
	t         *testing.T
	fault     fault
	good      []byte // the body of a success
	requests  atomic.Int32
	responses []*watched
}

func (f *faulty) RoundTrip(req *http.Request) (*http.Response, error) {
	assert.Equal(f.t, "clerk.invalid", req.URL.Host, "requests go to the base URL only")
	trace := httptrace.ContextClientTrace(req.Context())
	if trace != nil && trace.GetConn != nil && !f.fault.noTrace {
		trace.GetConn("clerk.invalid:443")
	}
	f.requests.Add(1)
	return f.fault.respond(f, req)
}

// receive reads the request as a server does.
func (f *faulty) receive(req *http.Request) (body []byte) {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaderField != nil {
		trace.WroteHeaderField("Host", []string{"clerk.invalid"})
		trace.WroteHeaders()
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		assert.NoError(f.t, req.Body.Close())
		assert.Len(f.t, body, int(req.ContentLength), "each attempt sends the whole body")
	}
	return body
}

// response returns a response that echoes all the secrets it was sent, as a hostile or
// careless server may do.
func (f *faulty) response(req *http.Request, status int, header http.Header, body io.Reader) *http.Response {
	return f.echo(req, status, header, body, string(f.receive(req)))
}

func (f *faulty) echo(req *http.Request, status int, header http.Header, body io.Reader, sent string) *http.Response {
	all := http.Header{
		"X-Clerk-Trace-Id": {"trace-of-header"},
		"X-Echo":           {req.Header.Get("Authorization"), sent},
		"X-Echo-" + strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "): {"in the name"},
	}
	for name, values := range header {
		all[name] = values
	}
	f.responses = append(f.responses, &watched{Reader: body})
	return &http.Response{StatusCode: status, Header: all, Body: f.responses[len(f.responses)-1], ContentLength: -1, Request: req}
}

// clerk returns an error in Clerk's JSON that echoes the secrets everywhere.
func (f *faulty) clerk(req *http.Request, status int, header http.Header) *http.Response {
	sent := string(f.receive(req))
	echo := req.Header.Get("Authorization") + sent
	const escaped = "ESCAPED KEY" // replaced below, since Marshal would escape it again
	body, _ := json.Marshal(map[string]any{
		"errors":         []any{map[string]any{"message": echo, "long_message": escaped, "code": "some_code", "meta": map[string]any{echo: []any{echo, escaped}, escaped: 1}}},
		"clerk_trace_id": "trace-of-body",
	})
	return f.echo(req, status, header, strings.NewReader(strings.ReplaceAll(string(body), escaped, escapedKey)), sent)
}

// succeed returns a success.
func (f *faulty) succeed(req *http.Request) (*http.Response, error) {
	return f.response(req, 200, nil, bytes.NewReader(f.good)), nil
}

// watched counts how often a body is closed.
type watched struct {
	io.Reader
	closed int
}

func (w *watched) Close() error { w.closed++; return nil }

// A responder responds to one request.
type responder func(*faulty, *http.Request) (*http.Response, error)

// status responds with an error in Clerk's JSON.
func status(code int, header ...string) responder {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		return f.clerk(req, code, headerOf(header)), nil
	}
}

// raw responds with any body.
func raw(code int, body string, header ...string) responder {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		return f.response(req, code, headerOf(header), strings.NewReader(body)), nil
	}
}

// truncated responds with half a body and then an error.
func truncated(code int, err error) responder {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		half := bytes.NewReader(f.good[:len(f.good)/2])
		return f.response(req, code, nil, io.MultiReader(half, iotest.ErrReader(err))), nil
	}
}

// lost receives the request and returns an error of the transport.
func lost(err error) responder {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		f.receive(req)
		return nil, err
	}
}

// after injects a fault the given number of times, and then responds with a success.
func after(times int32, fault responder) responder {
	return func(f *faulty, req *http.Request) (*http.Response, error) {
		if f.requests.Load() <= times {
			return fault(f, req)
		}
		return f.succeed(req)
	}
}

// hang receives the request and waits until its context ends.
func hang(f *faulty, req *http.Request) (*http.Response, error) {
	f.receive(req)
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func headerOf(pairs []string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}
