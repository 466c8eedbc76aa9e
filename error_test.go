package clerksessions_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// clerkError returns an error in Clerk's JSON.
func clerkError(code string) string {
	return fmt.Sprintf(`{"errors":[{"message":"text","long_message":"long text","code":%q,"meta":{"param_name":"p"}}],"clerk_trace_id":"trace-in-body"}`, code)
}

var categories = []error{
	clerksessions.ErrBadRequest, clerksessions.ErrUnauthorized, clerksessions.ErrForbidden, clerksessions.ErrNotFound,
	clerksessions.ErrConflict, clerksessions.ErrGone, clerksessions.ErrUnprocessable, clerksessions.ErrRateLimited,
	clerksessions.ErrUnavailable, clerksessions.ErrInvalidArgument,
}

func TestTheCategoryOfAStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		204: nil, 302: nil, 399: nil, 402: nil, 418: nil, 499: nil, 600: nil,
		400: clerksessions.ErrBadRequest, 401: clerksessions.ErrUnauthorized, 403: clerksessions.ErrForbidden,
		404: clerksessions.ErrNotFound, 409: clerksessions.ErrConflict, 410: clerksessions.ErrGone,
		422: clerksessions.ErrUnprocessable, 429: clerksessions.ErrRateLimited,
		500: clerksessions.ErrUnavailable, 503: clerksessions.ErrUnavailable, 599: clerksessions.ErrUnavailable,
	} {
		err := error(&clerksessions.Error{StatusCode: status})
		for _, category := range categories {
			assert.Equal(t, category == want, errors.Is(err, category), "status %d: errors.Is %v", status, category)
		}
	}
}

func TestErrorResponses(t *testing.T) {
	t.Parallel()
	header := func(pairs ...string) http.Header { return headerOf(pairs) }
	for _, test := range []struct {
		name   string
		status int
		header http.Header
		body   string
		code   string
		trace  string
		text   string // after "clerksessions: GetSession: "
	}{
		{"code and trace id", 400, header("X-Clerk-Trace-Id", "trace-in-header"), clerkError("some_code"), "some_code", "trace-in-body", "400 Bad Request: some_code (long text) [trace trace-in-body]"},
		{"trace id in the header", 404, header("X-Clerk-Trace-Id", "trace-in-header", "CF-Ray", "ray"), `{"errors":[]}`, "", "trace-in-header", `404 Not Found: response is not Clerk's JSON (Content-Type "", 13 bytes) [trace trace-in-header]`},
		{"HTML from a proxy", 502, header("CF-Ray", "ray", "Content-Type", "text/html"), "<html>", "", "ray", `502 Bad Gateway: response is not Clerk's JSON (Content-Type "text/html", 6 bytes) [trace ray]`},
		{"empty body", 503, header(), "", "", "", `503 Service Unavailable: response is not Clerk's JSON (Content-Type "", 0 bytes)`},
		{"truncated body", 404, header(), `{"errors":[{"code":"a","message":"m"}],"clerk_trace_id":"t`, "a", "", "404 Not Found: a (m)"},
		{"null", 404, header(), "null", "", "", `404 Not Found: response is not Clerk's JSON (Content-Type "", 4 bytes)`},
		{"another shape", 404, header(), `{"errors":"none"}`, "", "", `404 Not Found: response is not Clerk's JSON (Content-Type "", 17 bytes)`},
		{"rate limited", 429, header("Retry-After", "7"), clerkError("too_many_requests"), "too_many_requests", "trace-in-body", "429 Too Many Requests: too_many_requests (long text), retry after 7s [trace trace-in-body]"},
		{"redirect", 307, header("Location", "https://elsewhere.example/?x=1"), "", "", "", `307 Temporary Redirect: redirect to "elsewhere.example" refused; check the base URL`},
		// What a proxy has rewritten is read as far as possible.
		{"meta is a list", 404, header(), `{"errors":[{"code":"a","message":"m","meta":[]}],"meta":[],"clerk_trace_id":"t"}`, "a", "t", "404 Not Found: a (m) [trace t]"},
		{"meta is a string", 404, header(), `{"errors":[{"code":"a","message":"m","meta":"none"}],"clerk_trace_id":"t"}`, "a", "t", "404 Not Found: a (m) [trace t]"},
		{"meta is null", 404, header(), `{"errors":[{"code":"a","message":"m","meta":null}],"clerk_trace_id":"t"}`, "a", "t", "404 Not Found: a (m) [trace t]"},
		{"invalid UTF-8", 404, header(), "{\"errors\":[{\"code\":\"a\",\"message\":\"caf\xe9\"}],\"clerk_trace_id\":\"t\"}", "a", "t", "404 Not Found: a (caf\ufffd) [trace t]"},
		{"duplicate names", 404, header(), `{"errors":[],"errors":[{"code":"a","code":"a"}],"clerk_trace_id":"t"}`, "a", "t", "404 Not Found: a [trace t]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var meta clerksessions.Meta
			_, err := responding(t, test.status, test.header, test.body).Get(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
			require.EqualError(t, err, "clerksessions: GetSession: "+test.text)
			var apiErr *clerksessions.Error
			require.ErrorAs(t, err, &apiErr)
			assert.Equal(t, test.body, string(apiErr.Body))
			assert.Equal(t, test.trace, apiErr.TraceID)
			assert.Equal(t, test.trace, meta.TraceID)
			assert.Equal(t, test.status, meta.StatusCode)
			assert.Equal(t, test.status == 429, apiErr.RetryAfter == 7*time.Second)
			assert.Equal(t, test.code != "", apiErr.HasCode(test.code))
			assert.False(t, apiErr.HasCode("other"))
			if test.name == "code and trace id" {
				assert.Equal(t, map[string]any{"param_name": "p"}, apiErr.Errors[0].Meta)
			}
		})
	}
}

// Tests of applications construct an Error of a few fields.
func TestTextsOfErrors(t *testing.T) {
	t.Parallel()
	codes := func(n int) (all []clerksessions.ClerkError) {
		for i := range n {
			all = append(all, clerksessions.ClerkError{Code: fmt.Sprint("code_", i+1)})
		}
		return all
	}
	location := http.Header{"Location": {"https://elsewhere.example/x"}}
	for _, test := range []struct {
		name string
		err  clerksessions.Error
		want string
	}{
		{"status only", clerksessions.Error{StatusCode: 404}, "404 Not Found"},
		{"three codes", clerksessions.Error{Op: "GetSession", StatusCode: 422, Errors: codes(3)},
			"GetSession: 422 Unprocessable Entity: code_1: code_2: code_3"},
		{"four codes", clerksessions.Error{StatusCode: 422, Errors: codes(4)},
			"422 Unprocessable Entity: code_1: code_2: code_3; and 1 more"},
		{"message only", clerksessions.Error{StatusCode: 409, Errors: []clerksessions.ClerkError{{Message: "Busy"}}}, "409 Conflict: (Busy)"},
		{"empty ClerkError", clerksessions.Error{StatusCode: 409, Errors: []clerksessions.ClerkError{{}}}, "409 Conflict"},
		{"code and header", clerksessions.Error{StatusCode: 409, Header: http.Header{}, Errors: codes(1)}, "409 Conflict: code_1"},
		{"header only", clerksessions.Error{StatusCode: 409, Header: http.Header{"Content-Type": {"text/html"}}},
			`409 Conflict: response is not Clerk's JSON (Content-Type "text/html", 0 bytes)`},
		{"body only", clerksessions.Error{StatusCode: 409, Body: []byte("no")},
			`409 Conflict: response is not Clerk's JSON (Content-Type "", 2 bytes)`},
		{"status 299 with a location", clerksessions.Error{StatusCode: 299, Header: location},
			`299: response is not Clerk's JSON (Content-Type "", 0 bytes)`},
		{"status 300 with a location", clerksessions.Error{StatusCode: 300, Header: location},
			`300 Multiple Choices: redirect to "elsewhere.example" refused; check the base URL`},
		{"status 304 without a location", clerksessions.Error{StatusCode: 304, Header: http.Header{}},
			`304 Not Modified: response is not Clerk's JSON (Content-Type "", 0 bytes)`},
		{"status 399 with a location", clerksessions.Error{StatusCode: 399, Header: location},
			`399: redirect to "elsewhere.example" refused; check the base URL`},
		{"status 400 with a location", clerksessions.Error{StatusCode: 400, Header: location, Errors: codes(1)}, "400 Bad Request: code_1"},
		{"redirect on the same host", clerksessions.Error{StatusCode: 302, Header: http.Header{"Location": {"/x"}}},
			"302 Found: redirect to the same host refused; check the base URL"},
		{"redirect to an invalid URL", clerksessions.Error{StatusCode: 302, Header: http.Header{"Location": {"%zz"}}},
			"302 Found: redirect to an unreadable address refused; check the base URL"},
		{"one attempt", clerksessions.Error{StatusCode: 500, Attempts: 1}, "500 Internal Server Error"},
		{"two attempts", clerksessions.Error{StatusCode: 500, Attempts: 2}, "500 Internal Server Error, after 2 attempts"},
		{"control characters", clerksessions.Error{StatusCode: 500, TraceID: "a\nb", Errors: []clerksessions.ClerkError{{Code: "a\nb", Message: "c\x00d"}}},
			"500 Internal Server Error: a b (c d) [trace a b]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.EqualError(t, &test.err, "clerksessions: "+test.want)
		})
	}
}

// A transport may return an error that wraps the *Error of another call.
func TestErrorsWithoutAResponse(t *testing.T) {
	t.Parallel()
	other := &clerksessions.Error{Op: "GetSession", StatusCode: 404, TraceID: "other"}
	for attempts, suffix := range map[int]string{1: "", 2: ", after 2 attempts"} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithMaxAttempts(attempts),
				withTransport(func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("credentials: %w", other) }))
			var meta clerksessions.Meta
			_, err := client.Revoke(t.Context(), "sess_1", clerksessions.WithMeta(&meta))
			require.ErrorIs(t, err, other)
			assert.EqualError(t, err, "clerksessions: RevokeSession: credentials: "+other.Error()+suffix)
			assert.Equal(t, clerksessions.Meta{Attempts: attempts}, meta, "no response came")
		})
	}
}

func TestMetaIsPrintedWithoutHeaderAndBody(t *testing.T) {
	t.Parallel()
	meta := clerksessions.Meta{StatusCode: 200, TraceID: "a b", Attempts: 2, Header: http.Header{"X": {"secret"}}, Body: []byte("secret")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, `clerksessions.Meta{StatusCode:200, TraceID:"a b", Attempts:2}`, fmt.Sprintf(verb, meta), verb)
	}
}
