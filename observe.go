package clerksessions

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// observer is a call as a rest.Observer: it makes the errors, and records the attempts in
// the call's Meta and log.
type observer call

// Error returns an [*Error] for a response, and the wrapped cause without one.
func (o *observer) Error(n int, res *rest.Response, cause error) error {
	switch {
	case res != nil:
		return newError(o.op, res, cause)
	case n > 1:
		return fmt.Errorf("clerksessions: %s: %w, after %d attempts", o.op.ID, cause, n)
	}
	return fmt.Errorf("clerksessions: %s: %w", o.op.ID, cause)
}

// Attempted records the attempt in the call's Meta and logs it.
func (o *observer) Attempted(n int, start time.Time, res *rest.Response, err error) {
	if o.meta != nil {
		o.meta.Attempts = n
		switch {
		case err == nil:
			*o.meta = Meta{res.StatusCode, res.Header, o.traceID(res), n, res.Body}
		case res != nil:
			o.meta.failed(err.(*Error)) //nolint:errorlint // made by Error above
		}
	}
	if o.logger == nil || !o.logger.Enabled(o.ctx, slog.LevelDebug) {
		return
	}
	attrs := logAttrs(o.op, n, slog.Duration("duration", time.Since(start)), err)
	if err == nil {
		attrs = withResponse(attrs, res.StatusCode, o.traceID(res))
	}
	o.logger.LogAttrs(o.ctx, slog.LevelDebug, "clerk request", attrs...)
}

// traceID returns the trace id of a successful response, which is not redacted.
func (o *observer) traceID(res *rest.Response) string { return o.redactor.Text(traceID(res.Header)) }

// Retrying logs the retry.
func (o *observer) Retrying(n int, wait time.Duration, err error) {
	o.logRetry(o.ctx, o.op, n, wait, err)
}

func (c *config) logRetry(ctx context.Context, op *Operation, n int, wait time.Duration, err error) {
	if c.logger != nil {
		attrs := logAttrs(op, n, slog.Duration("wait", wait), err)
		c.logger.LogAttrs(ctx, slog.LevelWarn, "retrying clerk request", attrs...)
	}
}

// logAttrs describes an attempt for the log. It includes no id, URL, header or body,
// which may identify a person or hold a secret.
func logAttrs(op *Operation, n int, duration slog.Attr, err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("operation", op.ID), slog.Int("attempt", n), duration}
	if apiErr, ok := err.(*Error); ok { //nolint:errorlint // not an error of another call that err wraps
		attrs, err = withResponse(attrs, apiErr.StatusCode, apiErr.TraceID), apiErr.cause
	}
	if err != nil {
		attrs = append(attrs, slog.String("reason", reason(err)))
	}
	return attrs
}

// reason returns why a response is missing or incomplete, in fixed words: the text of err
// may contain an id, a URL or a header.
func reason(err error) string {
	for _, fixed := range []error{rest.ErrTruncated, context.DeadlineExceeded, context.Canceled,
		io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, fixed) {
			return fixed.Error()
		}
	}
	switch system := syscall.Errno(0); {
	case errors.As(err, &system):
		return system.Error()
	case errors.As(err, new(*net.DNSError)):
		return "DNS lookup failed"
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "invalid certificate"
	}
	return "no complete response"
}

func withResponse(attrs []slog.Attr, status int, traceID string) []slog.Attr {
	return append(attrs, slog.Int("status", status), slog.String("trace_id", rest.OneLine(traceID)))
}
