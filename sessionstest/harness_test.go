package sessionstest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/contracttest"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

var contract = sync.OnceValue(func() *contracttest.Contract { return contracttest.MustLoad("../openapi.yaml") })

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// harness is a Server whose responses are checked against the contract.
type harness struct {
	*sessionstest.Server
	t *testing.T
}

// newHarness returns a Server whose clock is stopped.
func newHarness(t *testing.T, opts ...sessionstest.Option) *harness {
	opts = append([]sessionstest.Option{sessionstest.WithStart(start)}, opts...)
	return &harness{sessionstest.New(opts...), t}
}

func (h *harness) client(opts ...clerksessions.Option) *clerksessions.Client {
	opts = append([]clerksessions.Option{
		clerksessions.WithHTTPClient(&http.Client{Transport: h}), clerksessions.WithMaxAttempts(1),
	}, opts...)
	return h.Client(opts...)
}

// RoundTrip sends a request and checks the response. The contract must allow a request
// that succeeds and not allow one that gets 422, unless the header Tolerated says that
// Clerk differs.
func (h *harness) RoundTrip(req *http.Request) (*http.Response, error) {
	tolerated := req.Header.Get("Tolerated") != ""
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := h.Transport().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	received, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	resp.Body = io.NopCloser(bytes.NewReader(received))
	if err := h.conforms(req, body, resp, received, tolerated); err != nil {
		h.t.Errorf("%s %s: %d %s: %v", req.Method, req.URL.Path, resp.StatusCode, received, err)
	}
	return resp, nil
}

// conforms checks a request and its response against the contract.
func (h *harness) conforms(req *http.Request, body []byte, resp *http.Response, received []byte, tolerated bool) error {
	asked := req.Clone(req.Context())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "https", "api.clerk.com", "api.clerk.com"
	if err := commonResponse(resp, received); err != nil {
		return err
	}
	exchange, err := contract().Find(asked, body)
	if err != nil {
		return nil // not an operation of the contract
	}
	// The emulator takes every API version, the contract one for each operation.
	version := exchange.Operation.Parameters.GetByInAndName("header", "Clerk-API-Version")
	exchange.Header().Set(version.Name, version.Schema.Value.Enum[0].(string))
	refused := exchange.Request()
	switch {
	case tolerated:
	case refused != nil && resp.StatusCode < 300:
		return fmt.Errorf("a request that the contract does not allow succeeded: %w", refused)
	case refused == nil && resp.StatusCode == http.StatusUnprocessableEntity:
		return errors.New("a request that the contract allows was refused")
	}
	return exchange.Response(resp.StatusCode, resp.Header, received)
}

// commonResponse checks what every response has.
func commonResponse(resp *http.Response, body []byte) error {
	trace := resp.Header.Get("X-Clerk-Trace-Id")
	switch {
	case resp.Header.Get("Content-Type") != "application/json":
		return fmt.Errorf("Content-Type is %q", resp.Header.Get("Content-Type"))
	case len(trace) != 32 || strings.Trim(trace, "0123456789abcdef") != "":
		return fmt.Errorf("trace id is %q", trace)
	case resp.Header.Get("Cf-Ray") != trace[:16]+"-ATH":
		return fmt.Errorf("CF-Ray is %q", resp.Header.Get("Cf-Ray"))
	case resp.ContentLength != int64(len(body)):
		return fmt.Errorf("Content-Length %d for %d bytes", resp.ContentLength, len(body))
	}
	if resp.StatusCode < 400 {
		return nil
	}
	var e errorResponse
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	switch {
	case e.TraceID != trace:
		return fmt.Errorf("trace id %q in the body, %q in the header", e.TraceID, trace)
	case len(e.Errors) != 1 || e.Errors[0].Code == "" || e.Errors[0].Message == "" || e.Errors[0].LongMessage == "":
		return fmt.Errorf("incomplete error")
	case strings.Contains(string(body), `"meta":{}`), strings.Contains(string(body), `"meta":null`), strings.Contains(string(body), `"param_name":""`):
		return errors.New("meta is empty, not omitted")
	case resp.StatusCode == 429 && resp.Header.Get("Retry-After") == "":
		return fmt.Errorf("no Retry-After")
	}
	return nil
}

type errorResponse struct {
	Errors []struct {
		Code        string         `json:"code"`
		Message     string         `json:"message"`
		LongMessage string         `json:"long_message"`
		Meta        map[string]any `json:"meta"`
	} `json:"errors"`
	TraceID string `json:"clerk_trace_id"`
}

// result is a response whose body has been read.
type result struct {
	request string // method and path
	status  int
	header  http.Header
	body    string
	code    string // of the first error
	param   string // its meta.param_name
}

// is checks the status and the error code.
func (a result) is(t *testing.T, status int, code string) {
	t.Helper()
	assert.Equal(t, status, a.status, "%s: %s", a.request, a.body)
	assert.Equal(t, code, a.code, a.request)
}

func (a result) members(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &m), a.body)
	return m
}

// newRequest returns a request with the secret key and, if it has a body, of JSON. Each
// header is "Name: value", and "Name:" removes one; Host sets the host.
func newRequest(t *testing.T, srv *sessionstest.Server, method, path, body string, headers ...string) *http.Request {
	t.Helper()
	target := strings.TrimSuffix(srv.URL, "/v1") + path
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+srv.SecretKey)
	req.Header.Set("Clerk-API-Version", "2026-05-12")
	if strings.Contains(path, "/verify") {
		req.Header.Set("Clerk-API-Version", "2025-03-12")
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		req.Header.Del(name)
		switch value = strings.TrimSpace(value); {
		case name == "Host":
			req.Host = value
		case value != "":
			req.Header.Set(name, value)
		}
	}
	return req
}

// do sends a request; for headers see newRequest.
func (h *harness) do(method, path, body string, headers ...string) result {
	h.t.Helper()
	req := newRequest(h.t, h.Server, method, path, body, headers...)
	resp, err := h.RoundTrip(req)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	a := result{request: method + " " + path, status: resp.StatusCode, header: resp.Header, body: string(raw)}
	var e errorResponse
	if a.status >= 400 && assert.NoError(h.t, json.Unmarshal(raw, &e)) && len(e.Errors) > 0 {
		a.code = e.Errors[0].Code
		a.param, _ = e.Errors[0].Meta["param_name"].(string)
	}
	return a
}

// session adds an active session of user_1.
func (h *harness) session() clerksessions.Session {
	return h.AddSession(clerksessions.Session{UserID: "user_1"})
}

func quoted(v any) string {
	raw, err := json.Marshal(v, json.Deterministic(true))
	check(err)
	return string(raw)
}
