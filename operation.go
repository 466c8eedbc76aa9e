package clerksessions

import (
	"context"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// Operation is one operation of the contract. See [Operations] and
// [OperationFromContext].
type Operation struct {
	// ID is the operationId, for example GetSession.
	ID string

	// Method is the HTTP method.
	Method string

	// Path is the path template below the base URL, for example
	// /sessions/{session_id}. It contains no session id, so it can label a metric.
	Path string

	// APIVersion is the date sent in the header Clerk-API-Version.
	APIVersion string

	// Retry says when a failed call may be retried.
	Retry RetryClass
}

// RetryClass says when a failed call of an operation may be retried.
type RetryClass string

// The retry classes of the contract's extension x-retry.
const (
	// RetrySafe marks an idempotent operation. It is retried after any transient error.
	RetrySafe RetryClass = "safe"

	// RetryUnsent marks an operation that is not idempotent. It is retried only when
	// the request was certainly not processed: after a 429, when nothing was written,
	// or when an HTTP/2 server says that it refused the request.
	RetryUnsent RetryClass = "unsent"
)

// OperationFromContext returns the operation that a request belongs to. It is for
// tracing and metrics in a [net/http.RoundTripper]: the operation's ID and Path contain
// no session id. ok reports whether ctx is the context of a request of this package.
func OperationFromContext(ctx context.Context) (op Operation, ok bool) {
	value, _, _ := rest.FromContext(ctx)
	if op, ok := value.(*Operation); ok {
		return *op, true
	}
	return Operation{}, false
}

// AttemptFromContext returns the number of the attempt that a request belongs to. It is
// for tracing and metrics in a [net/http.RoundTripper]. The first attempt is 1; a higher
// number is a retry. ok reports whether ctx is the context of a request of this package.
//
// The context passed to a method of [Client] is the parent of each attempt's context, so
// a span started there encloses the whole call.
func AttemptFromContext(ctx context.Context) (n int, ok bool) {
	_, n, ok = rest.FromContext(ctx)
	return n, ok
}
