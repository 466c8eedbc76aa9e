package clerksessions_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

// An Error made by hand, as tests of applications do, prints what it has.
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
		{"status only", clerksessions.Error{StatusCode: 404}, "clerksessions: 404 Not Found"},
		{"three codes", clerksessions.Error{Op: "GetSession", StatusCode: 422, Errors: codes(3)},
			"clerksessions: GetSession: 422 Unprocessable Entity: code_1: code_2: code_3"},
		{"four codes", clerksessions.Error{StatusCode: 422, Errors: codes(4)},
			"clerksessions: 422 Unprocessable Entity: code_1: code_2: code_3; and 1 more"},
		{"code and header", clerksessions.Error{StatusCode: 409, Header: http.Header{}, Errors: codes(1)}, "clerksessions: 409 Conflict: code_1"},
		{"header only", clerksessions.Error{StatusCode: 409, Header: http.Header{"Content-Type": {"text/html"}}},
			`clerksessions: 409 Conflict: response is not Clerk's JSON (Content-Type "text/html", 0 bytes)`},
		{"body only", clerksessions.Error{StatusCode: 409, Body: []byte("no")},
			`clerksessions: 409 Conflict: response is not Clerk's JSON (Content-Type "", 2 bytes)`},
		{"status 300", clerksessions.Error{StatusCode: 300, Header: location},
			`clerksessions: 300 Multiple Choices: redirect to "elsewhere.example" refused; check the base URL`},
		{"redirect on the same host", clerksessions.Error{StatusCode: 302, Header: http.Header{"Location": {"/x"}}},
			"clerksessions: 302 Found: redirect to the same host refused; check the base URL"},
		{"redirect to no URL", clerksessions.Error{StatusCode: 302, Header: http.Header{"Location": {"%zz"}}},
			"clerksessions: 302 Found: redirect to an unreadable address refused; check the base URL"},
		{"status 400 with a location", clerksessions.Error{StatusCode: 400, Header: location, Errors: codes(1)}, "clerksessions: 400 Bad Request: code_1"},
		{"status 399", clerksessions.Error{StatusCode: 399, Header: location},
			`clerksessions: 399: redirect to "elsewhere.example" refused; check the base URL`},
		{"one attempt", clerksessions.Error{StatusCode: 500, Attempts: 1}, "clerksessions: 500 Internal Server Error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.EqualError(t, &test.err, test.want)
		})
	}
}

func TestTheZeroClientCanBePrinted(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "clerksessions.Client{}", fmt.Sprint(clerksessions.Client{}))
}

func TestMetaIsPrintedWithoutHeaderAndBody(t *testing.T) {
	t.Parallel()
	meta := clerksessions.Meta{StatusCode: 200, TraceID: "a b", Attempts: 2, Header: http.Header{"X": {"secret"}}, Body: []byte("secret")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, `clerksessions.Meta{StatusCode:200, TraceID:"a b", Attempts:2}`, fmt.Sprintf(verb, meta), verb)
	}
}

func TestTheLogOfASuccess(t *testing.T) {
	t.Parallel()
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Clerk-Trace-Id", "trace")
		_, _ = io.WriteString(w, aSession)
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	_, err := newClient(t, srv, clerksessions.WithLogger(logger)).Get(t.Context(), "sess_1")
	require.NoError(t, err)
	assert.Contains(t, log.String(), "operation=GetSession attempt=1")
	assert.Contains(t, log.String(), "status=200 trace_id=trace")
}

// A percent sign that begins no escape is a character like others.
func TestIDsWithAPercentSign(t *testing.T) {
	t.Parallel()
	var path string
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		_, _ = io.WriteString(w, aSession)
	})
	client := newClient(t, srv)
	for id, want := range map[string]string{"a%": "/sessions/a%25", "a%4": "/sessions/a%254", "a%zz": "/sessions/a%25zz"} {
		_, err := client.Get(t.Context(), id)
		require.NoError(t, err, id)
		assert.Equal(t, want, path)
	}
}

// Each value of a request header is a secret, be there one or many.
func TestForwardedHeadersAreRedacted(t *testing.T) {
	t.Parallel()
	var body []byte
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "unknown client cookie-canary, pin 1234 5678")
	})
	params := refresh
	params.RequestHeaders = map[string][]string{"cookie": {"a=1;__client=cookie-canary"}, "x-pin": {"1234 5678"}}
	_, err := newClient(t, srv).Refresh(t.Context(), "sess_1", params)
	var failed *clerksessions.Error
	require.ErrorAs(t, err, &failed)
	assert.Contains(t, string(body), `"request_headers":{"cookie":["a=1;__client=cookie-canary"],`)
	assert.Equal(t, "unknown client [redacted], pin [redacted]", string(failed.Body))
}
