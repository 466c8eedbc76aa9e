package clerksessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	firstBackoff  = 500 * time.Millisecond
	maxBackoff    = 8 * time.Second
	maxRetryAfter = 30 * time.Second // what is asked beyond this is left to the caller, RevokeAll excepted
)

// exchange makes the call, again where that is allowed and promises to help.
func (c *call) exchange() (*result, error) {
	c.meta.reset()
	if c.err != nil {
		return nil, c.err
	}
	if c.ctx.Err() != nil {
		return nil, fmt.Errorf("clerksessions: %s: nothing sent: %w", c.op.ID, contextError(c.ctx))
	}
	for n := c.tried + 1; ; n++ {
		start := time.Now()
		res, unsent, err := c.attempt(n)
		c.fillMeta(n, res, err)
		c.logAttempt(n, start, res, err)
		if err == nil || n-c.tried >= c.maxAttempts || !c.mayRepeat(unsent, err) {
			return res, err
		}
		wait, ok := c.wait(n, err)
		if !ok {
			return nil, err
		}
		c.logRetry(c.ctx, c.op, n, wait, err)
		if ended := sleep(c.ctx, wait); ended != nil {
			return nil, fmt.Errorf("clerksessions: %s: %w while waiting to repeat the call after: %w", c.op.ID, ended, err)
		}
	}
}

// mayRepeat tells whether the contract lets this operation be repeated after err.
func (c *call) mayRepeat(unsent bool, err error) bool {
	if c.ctx.Err() != nil {
		return false
	}
	if c.op.Retry == RetrySafe {
		return transient(err)
	}
	var answer *Error
	return unsent || errors.As(err, &answer) && answer.StatusCode == http.StatusTooManyRequests
}

// transient tells whether the same call may well succeed later: the network failed,
// or a status says so.
func transient(err error) bool {
	var answer *Error
	if !errors.As(err, &answer) {
		return !errors.Is(err, ErrInvalidArgument)
	}
	switch answer.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	// Of what fails with a success, a body that broke off is the network's doing.
	return errors.Is(answer.cause, errBrokeOff)
}

// wait tells how long to wait after attempt n, or that waiting is not worth it:
// Clerk asked for more than is waited here or than the context leaves.
func (c *call) wait(n int, err error) (time.Duration, bool) {
	var answer *Error
	if errors.As(err, &answer) && answer.RetryAfter > 0 {
		deadline, ok := c.ctx.Deadline()
		return answer.RetryAfter, answer.RetryAfter <= c.maxRetryAfter && (!ok || answer.RetryAfter < time.Until(deadline))
	}
	return backoff(n), true
}

// backoff is how long to wait before the nth repetition when the server does not
// say: drawn at random, so that those who failed together do not come back together.
func backoff(n int) time.Duration {
	return rand.N(min(maxBackoff, firstBackoff<<min(max(0, n-1), 10)))
}

// sleep waits, or returns why the context ended first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return contextError(ctx)
	case <-timer.C:
		return nil
	}
}

// contextError tells how a context ended, and why if that was said.
func contextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// retryAfter reads both forms of the header Retry-After, seconds and a date. It is
// zero for anything else, for a negative number and for a date gone by.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		const century = 100 * 365 * 24 * 60 * 60
		if seconds > century {
			seconds = century
		}
		if !(seconds > 0) { // also not a number
			return 0
		}
		return time.Duration(seconds * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// writeTrace watches whether anything of a request was written. It takes a
// transport's word only if that transport reports at all.
type writeTrace struct {
	httptrace.ClientTrace
	looked, wrote atomic.Bool
}

func newWriteTrace() *writeTrace {
	t := new(writeTrace)
	t.GetConn = func(string) { t.looked.Store(true) }
	t.WroteHeaderField = func(string, []string) { t.wrote.Store(true) }
	t.WroteHeaders = func() { t.wrote.Store(true) }
	t.WroteRequest = func(httptrace.WroteRequestInfo) { t.wrote.Store(true) }
	return t
}

func (t *writeTrace) nothingWritten() bool { return t.looked.Load() && !t.wrote.Load() }

func (c *call) logAttempt(n int, start time.Time, res *result, err error) {
	if c.logger == nil || !c.logger.Enabled(c.ctx, slog.LevelDebug) {
		return
	}
	attrs := outcome(c.op, n, slog.Duration("duration", time.Since(start)), err)
	if res != nil {
		attrs = append(attrs, slog.Int("status", res.status), slog.String("trace_id", oneLine(c.traceID(res))))
	}
	c.logger.LogAttrs(c.ctx, slog.LevelDebug, "clerk request", attrs...)
}

func (c *config) logRetry(ctx context.Context, op *Operation, n int, wait time.Duration, err error) {
	if c.logger != nil {
		c.logger.LogAttrs(ctx, slog.LevelWarn, "clerk request will be repeated", outcome(op, n, slog.Duration("wait", wait), err)...)
	}
}

// outcome describes an attempt without anything that could name a person or hold a
// secret: no id, no URL, no header, no body.
func outcome(op *Operation, n int, duration slog.Attr, err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("operation", op.ID), slog.Int("attempt", n), duration}
	var answer *Error
	if errors.As(err, &answer) {
		attrs = append(attrs, slog.Int("status", answer.StatusCode), slog.String("trace_id", oneLine(answer.TraceID)))
	}
	return attrs
}
