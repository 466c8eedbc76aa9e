package sessionstest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// apiError is an error response. Status and code are Clerk's, the texts are our own.
type apiError struct {
	status     int
	code       string
	message    string
	long       string
	param      string        // meta.param_name
	retryAfter time.Duration // rounded up to seconds
}

func newError(status int, code, message, long string) *apiError {
	return &apiError{status: status, code: code, message: message, long: long}
}

func (e *apiError) Error() string { return e.long }

// errorBody is an error on the wire. meta is omitted if empty.
type errorBody struct {
	Errors  []errorEntry `json:"errors"`
	TraceID string       `json:"clerk_trace_id"`
}

type errorEntry struct {
	Message     string         `json:"message"`
	LongMessage string         `json:"long_message"`
	Code        string         `json:"code"`
	Meta        map[string]any `json:"meta,omitzero"`
}

func (e *apiError) body(traceID string) errorBody {
	entry := errorEntry{Message: e.message, LongMessage: e.long, Code: e.code}
	if e.param != "" {
		entry.Meta = map[string]any{"param_name": e.param}
	}
	return errorBody{Errors: []errorEntry{entry}, TraceID: traceID}
}

// seconds returns a duration in whole seconds, rounded up, at least one.
func seconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}

// quote returns an untrusted string quoted and truncated for a message.
func quote(v string) string {
	const limit = 100
	if len(v) > limit {
		v = v[:limit] + "..."
	}
	return strconv.Quote(strings.ToValidUTF8(v, "?"))
}

func authorizationFormat() *apiError {
	return newError(http.StatusUnauthorized, "authorization_header_format_invalid", "Invalid Authorization header",
		"Send the secret key in one header of the form Authorization: Bearer sk_..., with a capital B.")
}

func keyInvalid() *apiError {
	return newError(
		http.StatusUnauthorized,
		"clerk_key_invalid",
		"Invalid secret key",
		"This is not the emulator's secret key; send the one it was started with, "+
			"in a Go test that of its field SecretKey.",
	)
}

func notFound(message, format string, args ...any) *apiError {
	return newError(http.StatusNotFound, "resource_not_found", message, fmt.Sprintf(format, args...))
}

func unknownSession(id string) *apiError {
	return notFound("Session not found", "There is no session %s.", quote(id))
}

func unknownUser(id string) *apiError {
	return notFound("User not found", "There is no user %s.", quote(id))
}

func unprocessable(code, param, message, format string, args ...any) *apiError {
	return &apiError{status: http.StatusUnprocessableEntity, code: code, param: param, message: message,
		long: fmt.Sprintf(format, args...)}
}

func missing(param string) *apiError {
	return unprocessable("form_param_missing", param, "Missing parameter", "%s is required.", param)
}

func invalid(param, format string, args ...any) *apiError {
	return unprocessable(
		"form_param_value_invalid",
		param,
		"Invalid value",
		"%s %s",
		param,
		fmt.Sprintf(format, args...),
	)
}

func bodyInvalid(long string) *apiError {
	return newError(http.StatusBadRequest, "request_body_invalid", "Invalid request body", long)
}

// malformedQuery returns the error for a query that cannot be parsed; status and code
// are inferred.
func malformedQuery(err error) *apiError {
	return newError(http.StatusBadRequest, "malformed_request_parameters", "Malformed query",
		"The query cannot be parsed: "+err.Error()+".")
}

func tooManyRequests(wait time.Duration) *apiError {
	return &apiError{status: http.StatusTooManyRequests, code: "too_many_requests", retryAfter: wait,
		message: "Too many requests", long: "The rate limit is exceeded for the next " + seconds(wait) + " seconds."}
}

func underMaintenance() *apiError {
	return newError(http.StatusServiceUnavailable, "maintenance_mode", "Under maintenance",
		"Only reading and refreshing work at the moment, and only on production instances.")
}

// ofStatus returns Clerk's error for a status, or nil if there is none.
func ofStatus(status int) *apiError {
	texts := map[int][2]string{
		400: {"request_body_invalid", "Invalid request"},
		401: {"authentication_invalid", "Not authenticated"},
		403: {"authorization_invalid", "Not authorized"},
		404: {"resource_not_found", "Not found"},
		409: {"conflict", "Conflict"},
		410: {"operation_deprecated", "Operation removed"},
		413: {"request_body_too_large", "Request body too large"},
		415: {"unsupported_content_type", "Unsupported media type"},
		422: {"form_param_value_invalid", "Invalid value"},
		429: {"too_many_requests", "Too many requests"},
		500: {"internal_clerk_error", "Internal error"},
		503: {"service_unavailable", "Service unavailable"},
		504: {"gateway_timeout", "Gateway timeout"},
	}
	text, ok := texts[status]
	if !ok {
		return nil
	}
	return newError(status, text[0], text[1], "Injected fault: "+strings.ToLower(text[1])+".")
}
