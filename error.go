package clerksessions

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// Categories of errors, for [errors.Is]. All but ErrInvalidArgument match an [*Error]
// by its status.
var (
	// ErrInvalidArgument is wrapped by every error about a parameter or an option. It
	// means that nothing was sent.
	ErrInvalidArgument = errors.New("invalid argument")

	ErrBadRequest    = errors.New("bad request")       // status 400
	ErrUnauthorized  = errors.New("unauthorized")      // status 401
	ErrForbidden     = errors.New("forbidden")         // status 403
	ErrNotFound      = errors.New("not found")         // status 404
	ErrConflict      = errors.New("conflict")          // status 409
	ErrGone          = errors.New("gone")              // status 410
	ErrUnprocessable = errors.New("unprocessable")     // status 422
	ErrRateLimited   = errors.New("rate limited")      // status 429
	ErrUnavailable   = errors.New("clerk unavailable") // status 500 to 599
)

// transient reports whether a call that failed with err may succeed later.
func transient(err error) bool {
	apiErr, ok := err.(*Error) //nolint:errorlint // not an error of another call that err wraps
	if !ok {
		return !errors.Is(err, ErrInvalidArgument) // the network
	}
	return rest.TransientStatus(apiErr.StatusCode) || errors.Is(apiErr.cause, rest.ErrTruncated)
}

// category returns the category of a status, nil if it has none.
func category(status int) error {
	switch status {
	case http.StatusBadRequest:
		return ErrBadRequest
	case http.StatusUnauthorized:
		return ErrUnauthorized
	case http.StatusForbidden:
		return ErrForbidden
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusConflict:
		return ErrConflict
	case http.StatusGone:
		return ErrGone
	case http.StatusUnprocessableEntity:
		return ErrUnprocessable
	case http.StatusTooManyRequests:
		return ErrRateLimited
	}
	if status >= 500 && status <= 599 {
		return ErrUnavailable
	}
	return nil
}

// Error is a response that is not a success: one with a status outside 200 to 299, or
// a 2xx response whose body is not what the contract says. The body does not have to be
// JSON, but only Clerk's JSON fills Errors.
//
// The secret key and the tokens of the call are redacted from all its fields, if they
// are at least 8 bytes long, and so are their beginnings of at least 12 bytes.
type Error struct {
	// Op is the ID of the operation, for example GetSession.
	Op string

	// StatusCode is the HTTP status.
	StatusCode int

	// TraceID identifies the request in Clerk's logs; quote it to Clerk's support. It
	// comes from the body's clerk_trace_id, else the header X-Clerk-Trace-Id, else CF-Ray.
	TraceID string

	// RetryAfter is the wait that the Retry-After header asks for, zero if it is missing
	// or invalid.
	RetryAfter time.Duration

	// Attempts is the number of times the request was sent.
	Attempts int

	// Errors is what Clerk reports, empty if the body was not Clerk's JSON.
	Errors []ClerkError

	// Header is the response header without Set-Cookie and Authorization, which may hold
	// a token. For a 2xx response it has only standard fields, such as Content-Type, and
	// the trace id, since any other may hold a new token.
	Header http.Header

	// Body is the response body, at most its first 64 KiB. It is empty for a 2xx
	// response, which may hold a new token.
	Body []byte

	cause error // why a 2xx response cannot be used, or why the context ended
}

// newError returns the error for a response, which is redacted. The cause may be nil.
func newError(op *Operation, res *rest.Response, cause error) *Error {
	e := &Error{
		Op:         op.ID,
		StatusCode: res.StatusCode,
		RetryAfter: res.RetryAfter,
		Attempts:   res.Attempts,
		Header:     res.Header,
		Body:       res.Body,
		cause:      cause,
	}
	var errs clerkErrors
	_ = decode(e.Body, &errs, lenient) // on an error, keep what was decoded
	e.Errors = errs.Errors
	if e.TraceID = errs.ClerkTraceID; e.TraceID == "" {
		e.TraceID = traceID(e.Header)
	}
	return e
}

// Error returns operation, status, Clerk's codes and messages, and the trace id, on one
// line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("clerksessions: ")
	if e.Op != "" { // empty in an Error that a test constructs
		b.WriteString(e.Op + ": ")
	}
	fmt.Fprintf(&b, "%d", e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}
	for i, one := range e.Errors {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.Errors)-i)
			break
		}
		detail := rest.OneLine(one.Code)
		if text := rest.OneLine(cmp.Or(one.LongMessage, one.Message)); text != "" {
			detail = strings.TrimSpace(detail + " (" + text + ")")
		}
		if detail != "" { // empty if the body was truncated
			b.WriteString(": " + detail)
		}
	}
	switch {
	case e.cause != nil:
		fmt.Fprintf(&b, ": %v", e.cause)
	case e.StatusCode >= 300 && e.StatusCode <= 399 && e.Header.Get("Location") != "":
		fmt.Fprintf(&b, ": redirect to %s refused; check the base URL", redirectHost(e.Header))
	case len(e.Errors) == 0 && (e.Header != nil || e.Body != nil): // nil in an Error that a test constructs
		fmt.Fprintf(&b, ": response is not Clerk's JSON (Content-Type %s, %d bytes)",
			rest.Quote(e.Header.Get("Content-Type")), len(e.Body))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %s", e.RetryAfter)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.Attempts)
	}
	if e.TraceID != "" {
		fmt.Fprintf(&b, " [trace %s]", rest.OneLine(e.TraceID))
	}
	return b.String()
}

// HasCode reports whether one of Errors has this code, for example
// resource_not_found.
func (e *Error) HasCode(code string) bool {
	return slices.ContainsFunc(e.Errors, func(one ClerkError) bool { return one.Code == code })
}

// Is reports whether target is the category of the status, for example
// [ErrNotFound] for 404.
func (e *Error) Is(target error) bool { return target != nil && target == category(e.StatusCode) }

// Unwrap returns why a 2xx response could not be used, or why the context ended while
// the body of an error was read; nil for other errors.
func (e *Error) Unwrap() error { return e.cause }

// LogValue logs operation, status, codes, trace id and number of attempts.
func (e *Error) LogValue() slog.Value {
	codes := make([]string, len(e.Errors))
	for i, one := range e.Errors {
		codes[i] = rest.OneLine(one.Code)
	}
	return slog.GroupValue(
		slog.String("op", e.Op),
		slog.Int("status", e.StatusCode),
		slog.Any("codes", codes),
		slog.String("trace_id", rest.OneLine(e.TraceID)),
		slog.Int("attempts", e.Attempts),
	)
}

// lenient decodes error bodies rewritten by a proxy: invalid UTF-8, duplicate names,
// and a meta that is not an object, which is skipped.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ *map[string]any) error {
		if d.PeekKind() == '{' {
			return errors.ErrUnsupported
		}
		return d.SkipValue()
	})))

// traceID returns the trace id in a response header.
func traceID(header http.Header) string {
	return cmp.Or(header.Get("X-Clerk-Trace-Id"), header.Get("Cf-Ray"))
}

// redirectHost returns the host of a redirect, for an error message.
func redirectHost(header http.Header) string {
	target, err := url.Parse(header.Get("Location"))
	if err != nil {
		return "an unreadable address"
	}
	if target.Host == "" {
		return "the same host"
	}
	return rest.Quote(target.Host)
}
