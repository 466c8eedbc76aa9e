package clerksessions

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The categories of errors, for [errors.Is]. All but ErrInvalidArgument match an
// [*Error] by its status.
var (
	// ErrInvalidArgument is wrapped by every error about a parameter or an option.
	// Nothing was sent.
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

// Error is a reply that is no success: every status outside 200 to 299, and a
// success whose body is not what the contract says. Of a body that is not Clerk's
// JSON it keeps everything but Errors.
//
// The secret key and the tokens of the call are cut out of all its fields.
type Error struct {
	// Op is the id of the operation, for example GetSession.
	Op string

	// StatusCode is the HTTP status.
	StatusCode int

	// TraceID names the request in Clerk's logs; quote it to Clerk's support. It comes
	// from the body's clerk_trace_id, else the header X-Clerk-Trace-Id, else CF-Ray.
	TraceID string

	// RetryAfter is how long Clerk asked to wait, zero if it did not say.
	RetryAfter time.Duration

	// Attempts is how often the request was sent.
	Attempts int

	// Errors is what Clerk found wrong, empty if the body was not Clerk's JSON.
	Errors []ClerkError

	// Header is the reply's header.
	Header http.Header

	// Body is the reply's body, at most its first 64 KiB. It is empty for a success that
	// could not be used, which may hold a token just minted.
	Body []byte

	cause error // why a success is none, or how the context ended meanwhile
}

// Error tells operation, status, Clerk's code and explanation, and the trace id, on
// one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "clerksessions: %s: %d", e.Op, e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}
	for i, one := range e.Errors {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(e.Errors)-i)
			break
		}
		fmt.Fprintf(&b, ": %s", oneLine(one.Code))
		if text := oneLine(cmp.Or(one.LongMessage, one.Message)); text != "" {
			fmt.Fprintf(&b, " (%s)", text)
		}
	}
	switch {
	case e.cause != nil:
		fmt.Fprintf(&b, ": %v", e.cause)
	case e.StatusCode >= 300 && e.StatusCode <= 399 && e.Header.Get("Location") != "":
		fmt.Fprintf(&b, ": redirect to %s refused; check the base URL", redirectHost(e.Header))
	case len(e.Errors) == 0:
		fmt.Fprintf(&b, ": the reply is not Clerk's JSON (Content-Type %s, %d bytes)", quote(e.Header.Get("Content-Type")), len(e.Body))
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %s", e.RetryAfter)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.Attempts)
	}
	if e.TraceID != "" {
		fmt.Fprintf(&b, " [trace %s]", oneLine(e.TraceID))
	}
	return b.String()
}

// HasCode reports whether one of Errors has this code, for example
// resource_not_found.
func (e *Error) HasCode(code string) bool {
	for _, one := range e.Errors {
		if one.Code == code {
			return true
		}
	}
	return false
}

// Is reports whether target is the category of the status, for example
// [ErrNotFound] for 404.
func (e *Error) Is(target error) bool { return target != nil && target == category(e.StatusCode) }

// Unwrap returns why the body of a success could not be used, or why the context
// ended while that of an error was read; nil for other errors.
func (e *Error) Unwrap() error { return e.cause }

// LogValue logs operation, status, codes and trace id.
func (e *Error) LogValue() slog.Value {
	codes := make([]string, len(e.Errors))
	for i, one := range e.Errors {
		codes[i] = oneLine(one.Code)
	}
	return slog.GroupValue(
		slog.String("op", e.Op),
		slog.Int("status", e.StatusCode),
		slog.Any("codes", codes),
		slog.String("trace_id", oneLine(e.TraceID)),
		slog.Int("attempts", e.Attempts),
	)
}

// explain fills in what the reply's header and body tell, without the call's secrets.
func (e *Error) explain(header http.Header, body []byte, secrets scrubber) {
	e.Header = secrets.header(header)
	e.Body = secrets.body(body)
	if len(body) == maxErrorBody+secrets.longest() { // as much as is read: a secret may be cut through at its end
		e.Body = e.Body[:max(0, len(e.Body)-secrets.longest())]
	}
	e.Body = e.Body[:min(len(e.Body), maxErrorBody)]
	if value := header.Get("Retry-After"); value != "" {
		e.RetryAfter = retryAfter(value, time.Now())
	}
	var errs clerkErrors
	_ = json.Unmarshal(e.Body, &errs, lenient) // what it can be read of is better than nothing
	e.Errors = errs.Errors
	e.TraceID = cmp.Or(errs.ClerkTraceID, traceID(e.Header))
}

// lenient reads errors that an edge or a proxy has written over: text that is no
// UTF-8, names twice, and a meta that is no object, which is passed over.
var lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, _ *map[string]any) error {
		if d.PeekKind() == '{' {
			return errors.ErrUnsupported
		}
		return d.SkipValue()
	})))

func traceID(header http.Header) string {
	return cmp.Or(header.Get("X-Clerk-Trace-Id"), header.Get("Cf-Ray"))
}

func redirectHost(header http.Header) string {
	target, err := url.Parse(header.Get("Location"))
	if err != nil {
		return "an unreadable address"
	}
	if target.Host == "" {
		return "the same host"
	}
	return quote(target.Host)
}

// oneLine makes a server's text fit to stand in an error.
func oneLine(v string) string {
	const most = 300
	if len(v) > most {
		v = strings.ToValidUTF8(v[:most], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, v)
}
