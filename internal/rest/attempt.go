package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// MaxErrorBody is the maximum size of the body kept of a response that is not 2xx.
	MaxErrorBody = 64 << 10

	// maxDrain is how much more of such a body is read and discarded, so that the
	// connection can be reused.
	maxDrain = 256 << 10
)

// ErrTruncated is the cause of an error for a 2xx response whose body ended early.
var ErrTruncated = errors.New("response truncated")

// attempt is the outcome of sending a request once.
type attempt struct {
	res       *Response // nil if none came
	err       error     // why the response is missing or unusable; nil if it is complete
	unsent    bool      // the server cannot have processed the request
	truncated bool      // the body of a 2xx response ended early
}

// ok reports whether the response is 2xx and complete.
func (a attempt) ok() bool { return a.err == nil && a.res.OK() }

func (a attempt) retryAfter() time.Duration {
	if a.res == nil {
		return 0
	}
	return a.res.RetryAfter
}

// attempt sends the request once, as attempt n, and reads the response. The timeout
// counts from start.
func (c *Client) attempt(ctx context.Context, req *Request, n int, start time.Time) attempt {
	trace := &sendTrace{attemptContext: attemptContext{ctx, req.Operation, n}, idempotent: req.Idempotent}
	sending, cancel := context.WithDeadline(trace, start.Add(c.Timeout))
	defer cancel()
	trace.cancel = cancel
	resp, err := c.roundTrip(c.request(trace.watch(sending, req.Body != nil), req, trace))
	if err != nil {
		cause, unsent := c.cause(ctx, sending, trace, err), trace.unprocessed(err)
		if !unsent && !req.Idempotent {
			cause = fmt.Errorf("may have been processed: %w", cause)
		}
		return attempt{err: req.Redactor.Error(cause), unsent: unsent}
	}
	defer resp.Body.Close()

	res := &trace.scratch.response
	res.StatusCode, res.Header, res.Attempts = resp.StatusCode, resp.Header, n
	if value := resp.Header.Get("Retry-After"); value != "" {
		res.RetryAfter = RetryAfter(value, time.Now())
	}
	if !res.OK() {
		return c.errorResponse(ctx, req, resp, res)
	}
	limit := c.MaxResponseBytes + 1 // one extra byte detects an oversized body
	if req.KeepBody {
		res.Body, err = read(resp.Body, resp.ContentLength, limit)
	} else {
		err = res.readShared(resp.Body, resp.ContentLength, limit)
	}
	switch {
	case err != nil:
		cause := req.Redactor.Error(c.cause(ctx, sending, trace, err))
		err = fmt.Errorf("%w after %d bytes: %w", ErrTruncated, len(res.Body), cause)
		req.Redactor.Unusable(res, c.KeepHeaders)
		return attempt{res: res, err: err, truncated: true}
	case int64(len(res.Body)) > c.MaxResponseBytes:
		req.Redactor.Unusable(res, c.KeepHeaders)
		return attempt{res: res, err: fmt.Errorf("response exceeds %d bytes", c.MaxResponseBytes)}
	}
	return attempt{res: res}
}

// errorResponse reads a response that is not 2xx, as much as is kept of it.
func (c *Client) errorResponse(ctx context.Context, req *Request, resp *http.Response, res *Response) attempt {
	var err error
	if res.StatusCode != http.StatusSwitchingProtocols { // a switched connection may never end
		limit := int64(MaxErrorBody + req.Redactor.margin())
		res.Body, err = read(resp.Body, resp.ContentLength, limit)
		if int64(len(res.Body)) == limit {
			_, _ = io.CopyN(io.Discard, &progressReader{r: resp.Body}, maxDrain)
		}
	}
	req.Redactor.errorResponse(res, err != nil)
	a := attempt{res: res}
	if err != nil && ctx.Err() != nil {
		a.err = req.Redactor.Error(ContextError(ctx))
	}
	return a
}

// roundTrip sends the request. Exactly one of the response, which has a header and a body,
// and the error is non-nil, even if the transport breaks that rule.
func (c *Client) roundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.Transport.RoundTrip(req)
	if err == nil && resp == nil {
		err = errors.New("the http.RoundTripper returned neither a response nor an error")
	}
	if resp != nil && resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp != nil && resp.Header == nil {
		resp.Header = http.Header{}
	}
	if resp != nil && err != nil {
		resp.Body.Close()
	}
	return resp, err
}

// cause returns why sending or reading failed: the caller's context ended, a resend was
// prevented, the attempt timed out, or else the transport's error. ctx is the caller's
// context, sending that of the attempt.
func (c *Client) cause(ctx, sending context.Context, trace *sendTrace, err error) error {
	switch {
	case ctx.Err() != nil:
		return ContextError(ctx)
	case trace.preventedResend():
		return errResend
	case sending.Err() != nil:
		return fmt.Errorf("no complete response within %s: %w", c.Timeout, sending.Err())
	}
	return err
}
