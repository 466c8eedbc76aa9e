package clerksessions_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing/iotest"
	"time"

	"github.com/clerksessions/clerksessions"
)

// fault is a fault of each attempt of a call, and the expected outcome with at most three
// attempts.
type fault struct {
	name     string
	respond  responder
	safe     int // number of requests, with x-retry: safe
	unsent   int // number of requests, with x-retry: unsent
	status   int // of the *Error; 0 without a response
	succeeds bool
	is       error
	warnings int  // retries announced but not made
	noTrace  bool // the transport does not report to httptrace
	context  func(context.Context) (context.Context, context.CancelFunc)
}

// final returns a fault that is never retried.
func final(name string, status int, respond responder) fault {
	return fault{name: name, respond: respond, safe: 1, unsent: 1, status: status}
}

// transientFault returns a fault that is retried if the operation is idempotent.
func transientFault(name string, status int, is error, respond responder) fault {
	return fault{name: name, respond: respond, safe: 3, unsent: 1, status: status, is: is}
}

// unsentFault returns a fault that is always retried.
func unsentFault(name string, status int, is error, respond responder) fault {
	return fault{name: name, respond: respond, safe: 3, unsent: 3, status: status, is: is}
}

func success(name string, requests int, respond responder) fault {
	return fault{name: name, respond: respond, safe: requests, unsent: requests, succeeds: true}
}

func faults(statuses []int) []fault {
	all := slices.Concat(successes(), badResponses(), networkFaults(), contextFaults())
	for _, code := range statuses {
		name := fmt.Sprint("status ", code)
		switch code {
		case 429:
			all = append(all, unsentFault(name, code, nil, status(code)))
		case 408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530:
			all = append(all, transientFault(name, code, nil, status(code)))
		default:
			all = append(all, final(name, code, status(code)))
		}
	}
	for _, value := range []string{"0", "30", "soon", "Thu, 21 Oct 1999 07:28:00 GMT"} {
		all = append(all, unsentFault("429 with Retry-After "+value, 429, clerksessions.ErrRateLimited, status(429, "Retry-After", value)))
	}
	all = append(all, final("429 with Retry-After 31", 429, status(429, "Retry-After", "31")))
	for _, code := range []int{300, 301, 302, 303, 304, 307, 308} {
		all = append(all, final(fmt.Sprint("redirect ", code), code, raw(code, "", "Location", "https://elsewhere.example/?"+testKey)))
	}
	return all
}

var tenMegabytes = strings.Repeat("x", 10<<20)

func successes() []fault {
	return []fault{
		success("success", 1, (*faulty).succeed),
		success("success with another Content-Type", 1, func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.response(req, 201, http.Header{"Content-Type": {"text/plain; charset=x"}}, bytes.NewReader(f.good)), nil
		}),
		success("success with the key as trace id", 1, func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.response(req, 200, http.Header{"X-Clerk-Trace-Id": {req.Header.Get("Authorization")}}, bytes.NewReader(f.good)), nil
		}),
		success("success after two 429", 3, after(2, status(429, "Retry-After", "3"))),
		{name: "success after two 503", respond: after(2, status(503)), safe: 3, unsent: 1, succeeds: true, status: 503},
		{name: "success after two 522", respond: after(2, status(522)), safe: 3, unsent: 1, succeeds: true, status: 522},
	}
}

func badResponses() []fault {
	return []fault{
		final("switched protocols", 101, func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.response(req, 101, nil, readerFunc(func([]byte) (int, error) { select {} })), nil // blocks forever
		}),
		final("truncated 404", 404, truncated(404, io.ErrUnexpectedEOF)),
		final("oversized 400", 400, raw(400, tenMegabytes)),
		transientFault("HTML from a proxy", 502, clerksessions.ErrUnavailable, raw(502, "<html>"+testKey+"</html>", "Content-Type", "text/html")),
		transientFault("empty 500", 500, nil, raw(500, "")),
		transientFault("503 with Retry-After", 503, nil, status(503, "Retry-After", "2")),
		final("503 with Retry-After over 30 s", 503, status(503, "Retry-After", "31")),
		transientFault("key truncated at the limit of an error body", 500, nil, raw(500, strings.Repeat("x", 64<<10-len(testKey)+1)+testKey)),

		transientFault("truncated success", 200, io.ErrUnexpectedEOF, truncated(200, io.ErrUnexpectedEOF)),
		transientFault("success reset in the body", 200, errReset, truncated(200, errReset)),
		transientFault("truncated success with a token", 200, errReset, func(f *faulty, req *http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{"object":"token","jwt":"canary.new.token"`), iotest.ErrReader(errReset))
			return f.response(req, 200, http.Header{"Set-Cookie": {"__session=canary.new.token"}}, body), nil
		}),
		final("token in a success of another type", 200,
			raw(200, `{"object":"tokens","jwt":"canary.new.token","cookies":["canary.new.token"]}`, "Set-Cookie", "__session=canary.new.token", "Authorization", "canary.new.token")),
		final("key in the truncated position of a decode error", 200, raw(200, `{"`+strings.Repeat("x", 239)+testKey+`":1,"`+strings.Repeat("x", 239)+testKey+`":1}`)),
		final("oversized success", 200, raw(200, `{"object":"`+tenMegabytes)),
		final("HTML success", 200, raw(200, "<html>"+testKey)),
		final("empty success", 200, raw(200, "")),
		final("success with other types", 200, raw(200, `{"object":["`+testKey+`"],"id":7,"jwt":{},"data":1,"cookies":0}`)),
		final("success with another object", 200, raw(200, `{"object":"user","id":"user_1"}`)),
		final("success that is null", 200, raw(200, `null`)),
		final("success that is {}", 200, raw(200, `{}`)),
		final("success that is [null]", 200, raw(200, `[null]`)),
		final("success without content", 204, raw(204, "")),
		final("success with names in another case", 200, raw(200, `{"Object":"session","ID":"sess_1","JWT":"x","Data":[]}`)),
		final("success with more behind it", 200, raw(200, aSession+" {}")),
		final("success with duplicate names", 200, func(f *faulty, req *http.Request) (*http.Response, error) {
			twice := append([]byte(`{"`+testKey+`":1,"`+testKey+`":1,`), bytes.TrimPrefix(f.good, []byte("{"))...)
			return f.response(req, 200, nil, bytes.NewReader(twice)), nil
		}),
	}
}

func networkFaults() []fault {
	noHooks := transientFault("reset before sending, without httptrace", 0, errReset, func(*faulty, *http.Request) (*http.Response, error) { return nil, errReset })
	noHooks.noTrace = true
	return []fault{
		noHooks,
		unsentFault("reset before sending", 0, errReset, func(*faulty, *http.Request) (*http.Response, error) { return nil, errReset }),
		transientFault("reset after sending", 0, errReset, lost(errReset)),
		transientFault("neither response nor error", 0, nil, lost(nil)),
		transientFault("response and error", 0, errReset, func(f *faulty, req *http.Request) (*http.Response, error) {
			resp, _ := f.succeed(req)
			return resp, errReset
		}),
		transientFault("network error with the key", 0, nil, func(f *faulty, req *http.Request) (*http.Response, error) {
			f.receive(req)
			return nil, fmt.Errorf("malformed HTTP status code %q", req.Header.Get("Authorization"))
		}),
		transientFault("network error of 10 MB", 0, nil, lost(fmt.Errorf("malformed HTTP response %s", tenMegabytes))),
		transientFault("timeout after sending", 0, context.DeadlineExceeded, hang),
		unsentFault("timeout while connecting", 0, context.DeadlineExceeded, func(f *faulty, req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}),
		transientFault("response too slow", 200, context.DeadlineExceeded, func(f *faulty, req *http.Request) (*http.Response, error) {
			return f.response(req, 200, nil, readerFunc(func(p []byte) (int, error) {
				select {
				case <-req.Context().Done():
					return 0, req.Context().Err()
				case <-time.After(time.Second):
					p[0] = ' '
					return 1, nil
				}
			})), nil
		}),
	}
}

func contextFaults() []fault {
	return []fault{
		{name: "context canceled before", respond: status(200), is: context.Canceled,
			context: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			}},
		{name: "context canceled between attempts", respond: status(429, "Retry-After", "7"), safe: 1, unsent: 1, status: 429, is: context.Canceled, warnings: 1,
			context: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(3*time.Second, cancel)
				return ctx, cancel
			}},
		{name: "Retry-After beyond the deadline", respond: status(429, "Retry-After", "7"), safe: 1, unsent: 1, status: 429, is: clerksessions.ErrRateLimited,
			context: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 6*time.Second)
			}},
	}
}

// errorStatuses returns the error statuses that the contract declares for an operation,
// and some others.
func errorStatuses(op string) []int {
	codes := []int{402, 403, 408, 409, 413, 415, 425, 451, 500, 501, 502, 503, 504, 519, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530, 531, 599}
	for status := range operations()[op].Responses.Map() {
		var code int
		if _, err := fmt.Sscanf(status, "%d", &code); err == nil && code > 299 {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
