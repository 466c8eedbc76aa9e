package main

import (
	"context"
	"errors"
	"strconv"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/clerksessions/clerksessions"
)

// scope names this instrumentation.
const scope = "github.com/clerksessions/clerksessions/examples/otel"

// traceCall makes a call in a span named by its operation. The call's attempts become
// the span's children, as their contexts derive from the one passed to do.
func traceCall[T any](
	ctx context.Context, provider trace.TracerProvider, operation string, do func(context.Context) (T, error),
) (T, error) {
	ctx, span := provider.Tracer(scope).Start(ctx, operation)
	defer span.End()
	value, err := do(ctx)
	if err != nil {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType(err)))
		span.SetStatus(codes.Error, "") // the text of err may name a session
	}
	return value, err
}

// errorType returns the status of the response, or the type of err if there was none.
func errorType(err error) string {
	if failed, ok := errors.AsType[*clerksessions.Error](err); ok {
		return strconv.Itoa(failed.StatusCode)
	}
	return semconv.ErrorType(err).Value.AsString()
}
