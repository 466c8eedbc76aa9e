package clerksessions

import (
	"fmt"
	"log/slog"
	"net/http"
)

// Meta holds the metadata of one call's response; see [WithMeta]. It prints without
// header and body, which may hold a token.
type Meta struct {
	// StatusCode is the HTTP status of the last response, zero if none came.
	StatusCode int

	// Header is that response's header.
	Header http.Header

	// TraceID identifies the request in Clerk's logs. It comes from the body of an
	// error, else the header X-Clerk-Trace-Id, else CF-Ray.
	TraceID string

	// Attempts is the number of times the request was sent.
	Attempts int

	// Body is the response body, including a minted token. For an error, Header and
	// Body are those of [Error].
	Body []byte
}

// failed records the response of a failed attempt.
func (m *Meta) failed(err *Error) {
	if m != nil {
		m.StatusCode, m.Header, m.TraceID, m.Body = err.StatusCode, err.Header, err.TraceID, err.Body
	}
}

// Format prints the status, the trace id and the attempts, for every verb.
func (m Meta) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "clerksessions.Meta{StatusCode:%d, TraceID:%q, Attempts:%d}", m.StatusCode, m.TraceID, m.Attempts)
}

// LogValue logs the status, the trace id and the attempts.
func (m Meta) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }
