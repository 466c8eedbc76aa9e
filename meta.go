package clerksessions

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// Meta receives what a call's reply said besides its value; see [WithMeta]. It
// prints without header and body, which may hold a token.
type Meta struct {
	// StatusCode is the HTTP status of the last reply, zero if none came.
	StatusCode int

	// Header is that reply's header.
	Header http.Header

	// TraceID names the request in Clerk's logs. It comes from the body of an error,
	// else the header X-Clerk-Trace-Id, else CF-Ray.
	TraceID string

	// Attempts is how often the request was sent.
	Attempts int

	// Body is the reply as it came, a minted token included. For an error, Header and
	// Body are those of [Error].
	Body []byte
}

// reset forgets an earlier call.
func (m *Meta) reset() {
	if m != nil {
		*m = Meta{}
	}
}

// fillMeta takes down what attempt n brought, if the caller asked for it.
func (c *call) fillMeta(n int, res *result, err error) {
	m := c.meta
	if m == nil {
		return
	}
	m.Attempts = n
	var answer *Error
	switch {
	case res != nil:
		m.StatusCode, m.Header, m.TraceID, m.Body = res.status, res.header, c.traceID(res), res.body
	case errors.As(err, &answer):
		m.StatusCode, m.Header, m.TraceID, m.Body = answer.StatusCode, answer.Header, answer.TraceID, answer.Body
	}
}

// Format prints the status, the trace id and the attempts, whatever the verb.
func (m Meta) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "clerksessions.Meta{StatusCode:%d, TraceID:%q, Attempts:%d}", m.StatusCode, m.TraceID, m.Attempts)
}

// LogValue logs the status, the trace id and the attempts.
func (m Meta) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }
