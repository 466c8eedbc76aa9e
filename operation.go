package clerksessions

import "context"

// Operation is one operation of the contract: what [Operations] lists, and what
// [OperationFromContext] finds in the context of a request.
type Operation struct {
	// ID is the operationId, for example GetSession. It is fit for a metric's label.
	ID string

	// Method is the HTTP method.
	Method string

	// Path is the path's template below the base URL, for example
	// /sessions/{session_id}. It holds no id, so it is fit for a metric's label too.
	Path string

	// APIVersion is the date sent in the header Clerk-API-Version.
	APIVersion string

	// Retry tells when a failed call may be repeated.
	Retry RetryClass
}

// RetryClass tells when a failed call of an operation may be repeated.
type RetryClass string

// The retry classes of the contract's extension x-retry.
const (
	// RetrySafe marks an operation that leaves Clerk in the same state however often
	// it is called.
	RetrySafe RetryClass = "safe"

	// RetryUnsent marks an operation that may be repeated only when Clerk certainly
	// did not act: after a 429, or when nothing of the request was written.
	RetryUnsent RetryClass = "unsent"
)

type operationKey struct{}

// OperationFromContext returns the operation a request belongs to. It is for an
// [net/http.RoundTripper] that traces or counts: the context of every request this
// package sends has it, so that no span or metric needs to be named by a URL with
// an id in it.
func OperationFromContext(ctx context.Context) (Operation, bool) {
	op, ok := ctx.Value(operationKey{}).(*Operation)
	if !ok {
		return Operation{}, false
	}
	return *op, true
}
