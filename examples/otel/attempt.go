package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/clerksessions/clerksessions"
)

// traceAttempts returns a transport that sends attempts through next. otelhttp begins a
// span for each, without anything that identifies a session.
func traceAttempts(provider trace.TracerProvider, next http.RoundTripper) http.RoundTripper {
	return revealer{otelhttp.NewTransport(describer{next},
		otelhttp.WithTracerProvider(provider),
		otelhttp.WithSpanNameFormatter(func(_ string, req *http.Request) string {
			op, _ := clerksessions.OperationFromContext(req.Context())
			return req.Method + " " + op.Path
		}))}
}

// describer is called by otelhttp, inside the span. It describes the attempt, and
// overrides the URL that otelhttp recorded, which holds the session's id.
type describer struct{ next http.RoundTripper }

func (d describer) RoundTrip(req *http.Request) (*http.Response, error) {
	op, _ := clerksessions.OperationFromContext(req.Context())
	span := trace.SpanFromContext(req.Context())
	span.SetAttributes(semconv.URLFull(fullTemplate(req.URL, op.Path)), semconv.URLTemplate(op.Path))
	if n, _ := clerksessions.AttemptFromContext(req.Context()); n > 1 {
		span.SetAttributes(semconv.HTTPRequestResendCount(n - 1))
	}
	resp, err := d.next.RoundTrip(req)
	if resp != nil && resp.Body != nil {
		resp.Body = body{resp.Body, conceal}
	}
	return resp, conceal(err)
}

// fullTemplate returns u with the path template in place of the path made from it.
func fullTemplate(u *url.URL, template string) string {
	base := u.EscapedPath()
	for range strings.Count(template, "/") {
		base = base[:max(0, strings.LastIndexByte(base, '/'))]
	}
	return u.Scheme + "://" + u.Host + base + template
}

// revealer calls otelhttp, and returns the errors that describer concealed from it.
type revealer struct{ otel http.RoundTripper }

func (r revealer) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.otel.RoundTrip(req)
	if resp != nil && resp.Body != nil {
		resp.Body = body{resp.Body, reveal}
	}
	return resp, reveal(err)
}

// concealed hides the text of an error, which may come from a server, from otelhttp, which
// would record it.
type concealed struct{ error }

func (concealed) Error() string { return "no complete response" }

func (c concealed) Unwrap() error { return c.error }

// ErrorType returns the type of the error for the attribute error.type.
func (c concealed) ErrorType() string { return semconv.ErrorType(c.error).Value.AsString() }

func conceal(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // readers return it as it is
		return err
	}
	return concealed{err}
}

func reveal(err error) error {
	if c, ok := errors.AsType[concealed](err); ok {
		return c.error
	}
	return err
}

// body converts the errors of reading a body.
type body struct {
	io.ReadCloser
	convert func(error) error
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	return n, b.convert(err)
}
