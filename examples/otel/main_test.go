package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func newProvider() (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	exporter := tracetest.NewInMemoryExporter()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)), exporter
}

// attributes returns the attributes of a span by key.
func attributes(span tracetest.SpanStub) map[string]any {
	all := make(map[string]any)
	for _, attr := range span.Attributes {
		all[string(attr.Key)] = attr.Value.AsInterface()
	}
	return all
}

func TestSpans(t *testing.T) {
	t.Parallel()
	provider, exporter := newProvider()
	srv := sessionstest.New()
	require.NoError(t, run(t.Context(), provider, srv))

	spans := exporter.GetSpans()
	names := make(map[string]string) // of spans, by their id
	for _, span := range spans {
		names[span.SpanContext.SpanID().String()] = span.Name
	}
	var got []string
	for _, span := range spans {
		attrs := attributes(span)
		got = append(got, strings.TrimSpace(fmt.Sprint(names[span.Parent.SpanID().String()], " > ", span.Name, " ",
			attrs["http.response.status_code"], " resent ", attrs["http.request.resend_count"])))
	}
	assert.Equal(t, []string{
		"CreateSession > POST /sessions 200 resent <nil>",
		"> CreateSession <nil> resent <nil>",
		"GetSession > GET /sessions/{session_id} 503 resent <nil>",
		"GetSession > GET /sessions/{session_id} 200 resent 1",
		"> GetSession <nil> resent <nil>",
		"RevokeSession > POST /sessions/{session_id}/revoke 200 resent <nil>",
		"> RevokeSession <nil> resent <nil>",
	}, got)
	assert.Equal(t, "https://clerk.invalid/v1/sessions/{session_id}", attributes(spans[2])["url.full"])
	noIDs(t, spans, srv.SecretKey, srv.Sessions("user_otel")[0].ID, "user_otel")
}

// noIDs requires that no part of the spans contains one of the words.
func noIDs(t *testing.T, spans tracetest.SpanStubs, words ...string) {
	t.Helper()
	for _, span := range spans {
		recorded := fmt.Sprintf("%+v %+v %+v %+v", span.Name, attributes(span), span.Events, span.Status)
		for _, word := range words {
			assert.NotContains(t, recorded, word)
		}
	}
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestFailures(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	const id = "sess_2mVhR4cWq8ZtLx1NvJ7yKb3PsDu"
	hostile := errors.New("malformed HTTP response \"" + id + "\"")
	respond := func(status int, body io.Reader) roundTripperFunc {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}, nil
		}
	}
	fail := func(*http.Request) (*http.Response, error) { return nil, hostile }
	for _, one := range []struct {
		name      string
		transport roundTripperFunc
		attempts  int
		errorType string // of the call
		text      string // of the error, which the spans must not hold
	}{
		{"unknown session", srv.Transport().RoundTrip, 1, "404", "resource_not_found"},
		{"an error that quotes the id", fail, 3, "*errors.errorString", "malformed"},
		{"a body that fails with the id", respond(200, iotest.ErrReader(hostile)), 3, "200", "malformed"},
		{"an empty response", respond(200, &bytes.Buffer{}), 1, "200", "GetSession"},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				provider, exporter := newProvider()
				client, err := clerksessions.New(srv.SecretKey,
					clerksessions.WithHTTPClient(&http.Client{Transport: traceAttempts(provider, one.transport)}))
				require.NoError(t, err)

				_, err = traceCall(t.Context(), provider, "GetSession", func(ctx context.Context) (*clerksessions.Session, error) {
					return client.Get(ctx, id)
				})

				require.ErrorContains(t, err, one.text)
				spans := exporter.GetSpans()
				require.Len(t, spans, one.attempts+1)
				call := spans[len(spans)-1]
				assert.Equal(t, codes.Error, call.Status.Code)
				assert.Equal(t, one.errorType, attributes(call)["error.type"])
				noIDs(t, spans, id)
			})
		})
	}
}

func TestThePrinterIndentsAttempts(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printer{&out}))
	require.NoError(t, run(t.Context(), provider, sessionstest.New()))
	assert.Contains(t, out.String(), "\n  GET /sessions/{session_id} http.request.method=GET ")
	assert.Contains(t, out.String(), "\nGetSession\n")
}

func TestFullTemplate(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://api.clerk.com/v1/sessions/sess_1":           "https://api.clerk.com/v1/sessions/{session_id}",
		"http://127.0.0.1:80/a/b/sessions/a%2Fb":             "http://127.0.0.1:80/a/b/sessions/{session_id}",
		"https://api.clerk.com/sessions/sess_1?user_id=anna": "https://api.clerk.com/sessions/{session_id}",
		"https://api.clerk.com":                              "https://api.clerk.com/sessions/{session_id}",
	} {
		u, err := http.NewRequest(http.MethodGet, raw, nil)
		require.NoError(t, err)
		assert.Equal(t, want, fullTemplate(u.URL, "/sessions/{session_id}"))
	}
}
