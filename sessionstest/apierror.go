package sessionstest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// apiError is an error reply. Status and code are Clerk's, the texts are our own.
type apiError struct {
	status     int
	code       string
	message    string
	long       string
	param      string        // meta.param_name
	retryAfter time.Duration // rounded up to seconds
}

// errorBody is an error on the wire. meta is left out when there is none.
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

// seconds is a duration in whole seconds, rounded up, at least one.
func seconds(d time.Duration) string {
	return strconv.FormatInt(max(1, int64((d+time.Second-1)/time.Second)), 10)
}

// shown is a foreign value fit to stand in a message.
func shown(v string) string {
	const most = 100
	if len(v) > most {
		v = v[:most] + "..."
	}
	if !utf8.ValidString(v) {
		v = strings.ToValidUTF8(v, "?")
	}
	return strconv.Quote(v)
}

func authorizationFormat() *apiError {
	return &apiError{status: http.StatusUnauthorized, code: "authorization_header_format_invalid",
		message: "Authorization header missing or not of the right form",
		long:    "Send the secret key as one header of the form Authorization: Bearer sk_..., with a capital B."}
}

func keyInvalid() *apiError {
	return &apiError{status: http.StatusUnauthorized, code: "clerk_key_invalid",
		message: "Secret key not accepted", long: "This is not the emulator's secret key; send the one it was started with, in a Go test that of its field SecretKey."}
}

func notFound(message, format string, args ...any) *apiError {
	return &apiError{status: http.StatusNotFound, code: "resource_not_found", message: message, long: fmt.Sprintf(format, args...)}
}

func unknownSession(id string) *apiError {
	return notFound("Unknown session", "There is no session %s.", shown(id))
}

func unprocessable(code, param, message, format string, args ...any) *apiError {
	return &apiError{status: http.StatusUnprocessableEntity, code: code, param: param, message: message, long: fmt.Sprintf(format, args...)}
}

func missing(param string) *apiError {
	return unprocessable("form_param_missing", param, "Parameter missing", "%s has to be given.", param)
}

func invalid(param, format string, args ...any) *apiError {
	return unprocessable("form_param_value_invalid", param, "Value not accepted", "%s "+format, append([]any{param}, args...)...)
}

func bodyInvalid(long string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "request_body_invalid", message: "Body not understood", long: long}
}

func tooManyRequests(wait time.Duration) *apiError {
	return &apiError{status: http.StatusTooManyRequests, code: "too_many_requests", retryAfter: wait,
		message: "Slow down", long: "The rate limit is used up for the next " + seconds(wait) + " seconds."}
}

func maintenance() *apiError {
	return &apiError{status: http.StatusServiceUnavailable, code: "maintenance_mode",
		message: "Maintenance under way", long: "Only reading and refreshing works for the moment, and on production instances only."}
}

// ofStatus is the error that a status stands for when a fault asks for no more than
// the status; nil if Clerk has none of its own.
func ofStatus(status int) *apiError {
	texts := map[int][3]string{
		400: {"request_body_invalid", "Request not understood", "The request makes no sense. A fault was asked for."},
		401: {"authentication_invalid", "Not authenticated", "The credentials were not accepted. A fault was asked for."},
		403: {"authorization_invalid", "Not allowed", "These credentials do not allow the request. A fault was asked for."},
		404: {"resource_not_found", "Not there", "There is no such thing. A fault was asked for."},
		409: {"conflict", "Conflict", "The request is at odds with another one. A fault was asked for."},
		410: {"operation_deprecated", "Operation withdrawn", "The operation is no longer offered. A fault was asked for."},
		413: {"request_body_too_large", "Body too large", "The body is larger than is read. A fault was asked for."},
		415: {"unsupported_content_type", "Media type not supported", "Only application/json is read. A fault was asked for."},
		422: {"form_param_value_invalid", "Value not accepted", "A parameter has a value that is not taken. A fault was asked for."},
		429: {"too_many_requests", "Slow down", "The rate limit is used up. A fault was asked for."},
		500: {"internal_clerk_error", "Something broke", "The server failed. A fault was asked for."},
		503: {"service_unavailable", "Not available", "The server cannot answer for now. A fault was asked for."},
		504: {"gateway_timeout", "Took too long", "Something behind the server did not answer in time. A fault was asked for."},
	}
	text, ok := texts[status]
	if !ok {
		return nil
	}
	return &apiError{status: status, code: text[0], message: text[1], long: text[2]}
}
