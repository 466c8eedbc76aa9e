package rest

import (
	"net/http"
	"net/url"
	"time"
)

// Client makes calls. Its fields must not be changed once it is in use; to change a
// setting, copy it. It is safe for concurrent use.
type Client struct {
	// Base is the URL that paths are appended to. It has no trailing slash, and its
	// RawPath is set even where it equals Path.
	Base *url.URL

	// Authorization returns the value of the Authorization header. It is a function so
	// that formatting a Client cannot print the secret.
	Authorization func() string

	// Transport sends the requests.
	Transport http.RoundTripper

	// UserAgent is the User-Agent header.
	UserAgent string

	// Header overrides the headers of each request, except Authorization.
	Header http.Header

	// KeepHeaders names header fields, in canonical form, that an error for an unusable
	// 2xx response keeps.
	KeepHeaders []string

	// Query overrides the query parameters of each request.
	Query url.Values

	// Timeout limits one attempt, from connecting to the last byte of the response.
	Timeout time.Duration

	// MaxAttempts is the maximum number of attempts of a call, at least 1.
	MaxAttempts int

	// MaxRetryAfter is the maximum Retry-After. If a response asks for more, its error is
	// returned without a retry.
	MaxRetryAfter time.Duration

	// MaxResponseBytes is the maximum size of a 2xx response.
	MaxResponseBytes int64
}

// Request describes one call.
type Request struct {
	Method   string
	Path     string   // a template below Client.Base, such as /users/{id}
	Segments []string // the escaped values of the template's parameters, in order
	Query    []Field  // parameters by name; a Value is encoded and includes the name: a=1&a=2
	Header   []Field
	Body     []byte // nil for none

	// Operation is any value that identifies the operation, for FromContext.
	Operation any

	// Idempotent reports whether the request may be sent again although the server may
	// have processed it.
	Idempotent bool

	// Redactor holds the secrets of the request.
	Redactor *Redactor

	// KeepBody reports whether the response's body outlives [Response.Release]. Without
	// it, Release returns the body's memory to a pool.
	KeepBody bool

	// Attempts is the number of attempts already made by earlier calls for the same
	// purpose. The first attempt of this call has the next number.
	Attempts int
}

// Field is one header field, whose name is in canonical form, or one query parameter.
type Field struct{ Name, Value string }

// Response is a response with its body. A response that is not 2xx, or that cannot be
// used, is redacted.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	buffer     *[]byte // of Body, if it is shared

	// RetryAfter is the wait requested by the Retry-After header, zero if there is none.
	RetryAfter time.Duration

	// Attempts is the number of the attempt that received the response.
	Attempts int
}

// OK reports whether the status is 2xx.
func (r *Response) OK() bool { return r.StatusCode >= 200 && r.StatusCode <= 299 }

// Observer follows a call.
type Observer interface {
	// Error returns the error of attempt n. n is zero if it is not of an attempt. res is nil
	// without a response. cause is nil for a complete response that is not 2xx.
	Error(n int, res *Response, cause error) error

	// Attempted is called after attempt n, which began at start. err is nil if the attempt
	// succeeded; if not, res is the response, if any.
	Attempted(n int, start time.Time, res *Response, err error)

	// Retrying is called before the wait that follows attempt n.
	Retrying(n int, wait time.Duration, err error)
}
