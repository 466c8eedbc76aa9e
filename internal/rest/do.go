package rest

import (
	"context"
	"fmt"
	"time"
)

// Do sends the request, with retries. Exactly one of the response, which is 2xx and
// complete, and the error is non-nil.
func (c *Client) Do(ctx context.Context, req *Request, o Observer) (*Response, error) {
	if ctx.Err() != nil {
		return nil, o.Error(0, nil, fmt.Errorf("nothing sent: %w", req.Redactor.Error(ContextError(ctx))))
	}
	for n := req.Attempts + 1; ; n++ {
		start := time.Now()
		a := c.attempt(ctx, req, n, start)
		var err error
		if !a.ok() {
			err = o.Error(n, a.res, a.err)
		}
		o.Attempted(n, start, a.res, err)
		if err == nil {
			return a.res, nil
		}
		if n-req.Attempts >= c.MaxAttempts || ctx.Err() != nil || !a.retryable(req.Idempotent) {
			return nil, err
		}
		wait, ok := c.wait(ctx, n, a.retryAfter())
		if !ok {
			return nil, err
		}
		o.Retrying(n, wait, err)
		if ended := Sleep(ctx, wait); ended != nil {
			return nil, o.Error(0, nil, fmt.Errorf("%w while waiting to retry: %w", req.Redactor.Error(ended), err))
		}
	}
}
