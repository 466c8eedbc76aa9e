package rest

import (
	"net/http"
	"net/url"
	"time"
)

// Client holds the settings of a call. It is safe for concurrent use as long as it is
// not changed; copy it to change a setting.
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

	// MaxRetryAfter is the longest Retry-After that is waited for.
	MaxRetryAfter time.Duration

	// MaxResponseBytes is the maximum size of a 2xx response.
	MaxResponseBytes int64
}

// Request is what one call sends.
type Request struct {
	Method   string
	Path     string   // a template below Client.Base, such as /users/{id}
	Segments []string // the values of the template's parameters, in its order, escaped
	Query    []Field  // parameters by name, each as it stands in a query: a=1&a=2
	Header   []Field
	Body     []byte // nil for none

	// Operation is what the call is, for FromContext.
	Operation any

	// Idempotent says that sending the request twice does no harm.
	Idempotent bool

	// Redactor knows the secrets of the request.
	Redactor *Redactor

	// KeepBody says that the response's body is kept; without it, [Response.Release] may
	// be called.
	KeepBody bool

	// Attempts is the number of attempts that earlier calls made for the same purpose.
	// Attempts of this call are numbered from there.
	Attempts int
}

// Field is one header field, whose name is in canonical form, or one query parameter.
type Field struct{ Name, Value string }

// Response is a response that was read. One that is not a success, or that cannot be
// used, is redacted.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	buffer     *[]byte // of Body, if it is shared

	// RetryAfter is the wait that the Retry-After header asks for, zero if it is missing.
	RetryAfter time.Duration

	// Attempts is the number of the attempt that brought the response.
	Attempts int
}

// OK reports whether the status is 2xx.
func (r *Response) OK() bool { return r.StatusCode >= 200 && r.StatusCode <= 299 }

// Observer follows a call.
type Observer interface {
	// Error returns the error of attempt n, zero if none was made. The response is nil
	// if none came. The cause is nil if a response that is not a success came whole.
	Error(n int, res *Response, cause error) error

	// Attempted is called after attempt n, which began at start. Exactly one of a usable
	// response and err is non-nil, though res may accompany err.
	Attempted(n int, start time.Time, res *Response, err error)

	// Retrying is called before the wait that follows attempt n.
	Retrying(n int, wait time.Duration, err error)
}
