package sessionstest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// apiError is an error response. Its status and code are those of Clerk, its texts are
// not.
type apiError struct {
	status     int
	code       string
	message    string
	long       string
	param      string        // meta.param_name
	retryAfter time.Duration // rounded up to seconds
}

func newError(status int, code, message, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: message, long: fmt.Sprintf(format, args...)}
}

func (e *apiError) Error() string { return e.long }

// body returns the error on the wire. meta is omitted if empty.
func (e *apiError) body(traceID string) object {
	entry := object{"message": e.message, "long_message": e.long, "code": e.code}
	if e.param != "" {
		entry["meta"] = object{"param_name": e.param}
	}
	return object{"errors": []object{entry}, "clerk_trace_id": traceID}
}

// seconds returns a duration in whole seconds, rounded up, at least one.
func seconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}

// truncated returns at most 100 bytes of an untrusted string as valid UTF-8.
func truncated(v string) string {
	if len(v) > 100 {
		v = v[:100] + "..."
	}
	return strings.ToValidUTF8(v, "?")
}

// quote returns an untrusted string quoted and truncated for a message.
func quote(v string) string { return strconv.Quote(truncated(v)) }

func notFound(message, format string, args ...any) *apiError {
	return newError(http.StatusNotFound, "resource_not_found", message, format, args...)
}

func unknownUser(id string) *apiError {
	return notFound("User not found", "There is no user %s.", quote(id))
}

func unprocessable(code, param, message, format string, args ...any) *apiError {
	e := newError(http.StatusUnprocessableEntity, code, message, format, args...)
	e.param = truncated(param)
	return e
}

func missing(param string) *apiError {
	return unprocessable("form_param_missing", param, "Missing parameter", "%s is required.", param)
}

func invalid(param, format string, args ...any) *apiError {
	return unprocessable("form_param_value_invalid", param, "Invalid value", param+" "+format, args...)
}

func bodyInvalid(long string) *apiError {
	return newError(http.StatusBadRequest, "request_body_invalid", "Invalid request body", "%s", long)
}

func unknownParam(name string) *apiError {
	return unprocessable("form_param_unknown", name, "Unknown parameter", "%s is not a parameter of this request.",
		quote(name))
}

// notEmulated returns the error for a part of Clerk that is not emulated.
func notEmulated(what string) *apiError {
	return newError(http.StatusNotFound, "not_emulated", "Not emulated",
		"%s is not emulated. The README of package sessionstest lists what is.", what)
}

// ofStatus returns an error response of Clerk's form for an injected status, or nil if
// Clerk has none.
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
	return newError(status, text[0], text[1], "Injected fault: %s.", strings.ToLower(text[1]))
}
