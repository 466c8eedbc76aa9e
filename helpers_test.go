package clerksessions_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clerksessions/clerksessions"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testKey  = "sk_test_canary_5f3759df"
	aSession = `{"object":"session","id":"sess_1","user_id":"user_1","client_id":"client_1","status":"active","created_at":1794786307113}`
)

var errReset = errors.New("connection reset by peer")

func newClient(t *testing.T, baseURL string, opts ...clerksessions.Option) *clerksessions.Client {
	t.Helper()
	client, err := clerksessions.New(testKey, append([]clerksessions.Option{clerksessions.WithBaseURL(baseURL)},
		opts...)...)
	require.NoError(t, err)
	return client
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// withTransport returns an option that sends requests through a function.
func withTransport(f transportFunc) clerksessions.Option {
	return clerksessions.WithHTTPClient(&http.Client{Transport: f})
}

// responding returns a client that gets this response to each request, without retries.
func responding(t *testing.T, status int, header http.Header, body string, opts ...clerksessions.Option) *clerksessions.Client {
	own := []clerksessions.Option{clerksessions.WithMaxAttempts(1), clerksessions.WithMaxResponseBytes(1 << 16),
		withTransport(func(req *http.Request) (*http.Response, error) {
			body := io.NopCloser(strings.NewReader(body))
			return &http.Response{StatusCode: status, Header: header, Body: body, ContentLength: -1, Request: req}, nil
		})}
	return newClient(t, "https://clerk.invalid/v1", append(own, opts...)...)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// outcome holds the results of a call.
type outcome struct {
	value any
	err   error
	meta  clerksessions.Meta
	log   bytes.Buffer
}

// makeCall makes the call of a row with a client for baseURL.
func (o *outcome) makeCall(ctx context.Context, t *testing.T, r row, baseURL string, opts ...clerksessions.Option) {
	logger := slog.New(slog.NewJSONHandler(&o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client := newClient(t, baseURL, append(opts, clerksessions.WithLogger(logger))...)
	o.value, o.err = r.call(ctx, client, clerksessions.WithMeta(&o.meta))
}

// checkLog requires one line for each attempt and one warning for each retry, including
// those that were announced but not made.
func (o *outcome) checkLog(t *testing.T, notMade int) {
	attempts := o.meta.Attempts
	assert.Equal(t, attempts, strings.Count(o.log.String(), `"level":"DEBUG"`), "one line for each attempt")
	assert.Equal(t, max(0, attempts-1)+notMade, strings.Count(o.log.String(), `"level":"WARN"`), "one warning for each retry")
	for line := range strings.Lines(o.log.String()) {
		assert.Regexp(t, `"status":|"reason":`, line)
	}
	for _, personal := range []string{"sess_1", "user_1", "clerk.invalid", "127.0.0.1", "/v1", "hasura"} {
		assert.NotContains(t, o.log.String(), personal, "the log identifies nobody")
	}
}

// checkError requires exactly one of value and error, and a short text on one line.
func (o *outcome) checkError(t *testing.T) {
	assert.Equal(t, o.err == nil, !isNil(o.value), "exactly one of value and error")
	if o.err != nil {
		assert.Less(t, len(o.err.Error()), 1500)
		assert.NotContains(t, o.err.Error(), "\n")
	}
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return rv.IsNil()
	default:
		return false
	}
}

// noSecrets requires that no value prints a canary.
func noSecrets(t *testing.T, values ...any) {
	t.Helper()
	for _, value := range values {
		if _, ok := value.([]string); ok {
			continue // of RefreshCookies, documented as secret
		}
		assert.NotContains(t, printed(value), "canary")
	}
}

// printed returns a value printed and logged in every way.
func printed(value any) string {
	var all bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&all, verb+"\n", value)
	}
	if hex, err := hex.DecodeString(strings.Map(hexDigits, fmt.Sprintf("%x", value))); err == nil {
		all.Write(hex)
	}
	slog.New(slog.NewJSONHandler(&all, nil)).Info("x", "value", value)
	slog.New(slog.NewTextHandler(&all, nil)).Info("x", "value", value)
	return all.String()
}

func hexDigits(r rune) rune {
	if strings.ContainsRune("0123456789abcdef", r) {
		return r
	}
	return -1
}
