package rest

import "context"

// attemptContext is the context of one attempt. FromContext finds it.
type attemptContext struct {
	context.Context
	operation any
	n         int
}

type attemptKey struct{}

func (c *attemptContext) Value(key any) any {
	if key == (attemptKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// FromContext returns the operation and the number of the attempt, from 1, that a
// request belongs to. ok reports whether ctx is the context of a request of this
// package.
func FromContext(ctx context.Context) (operation any, n int, ok bool) {
	c, ok := ctx.Value(attemptKey{}).(*attemptContext)
	if !ok {
		return nil, 0, false
	}
	return c.operation, c.n, true
}
