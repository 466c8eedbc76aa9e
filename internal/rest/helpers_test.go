package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const testSecret = "sk_test_canary_5f3759df"

// roundTrip is a function as an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newTestClient(t *testing.T, transport http.RoundTripper) *Client {
	t.Helper()
	base, err := url.Parse("https://api.invalid/v1")
	if err != nil {
		t.Fatal(err)
	}
	base.RawPath = base.Path
	return &Client{
		Base:             base,
		Authorization:    func() string { return "Bearer " + testSecret },
		Transport:        transport,
		UserAgent:        "test/1",
		Timeout:          10 * time.Second,
		MaxAttempts:      3,
		MaxRetryAfter:    30 * time.Second,
		MaxResponseBytes: 1 << 20,
	}
}

func newTestRequest(idempotent bool) *Request {
	req := &Request{
		Method: "GET", Path: "/things/{id}", Segments: []string{"1"}, Operation: "an operation",
		Idempotent: idempotent, Redactor: new(Redactor),
	}
	req.Redactor.Add(testSecret)
	return req
}

// respond returns a transport with the same response to every request.
func respond(status int, body string, header ...string) roundTrip {
	return func(*http.Request) (*http.Response, error) {
		return response(status, strings.NewReader(body), header...), nil
	}
}

func response(status int, body io.Reader, header ...string) *http.Response {
	h := make(http.Header)
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(body), ContentLength: -1}
}

var errReset = errors.New("connection reset by peer")

// recorder is an Observer that records its calls.
type recorder struct {
	events []string
	waits  []time.Duration
	last   *Response
}

var errObserved = errors.New("observed")

func (r *recorder) Error(n int, res *Response, cause error) error {
	r.last = res
	if cause == nil {
		cause = errObserved
	}
	return fmt.Errorf("attempt %d: %w", n, cause)
}

func (r *recorder) Attempted(n int, _ time.Time, res *Response, err error) {
	status := 0
	if res != nil {
		status = res.StatusCode
	}
	r.events = append(r.events, fmt.Sprintf("attempt %d: %d %t", n, status, err == nil))
}

func (r *recorder) Retrying(n int, wait time.Duration, _ error) {
	r.events = append(r.events, fmt.Sprintf("retry after %d", n))
	r.waits = append(r.waits, wait)
}
