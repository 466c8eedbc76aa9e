package sessionstest

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	maxRequests = 10_000   // number of requests kept
	maxRecorded = 16 << 20 // bytes kept of all of them
	maxKept     = 4 << 10  // bytes kept of each path, query, header and body
)

// Request is a recorded request. Secret keys, values that look like tokens, and values
// whose name says that they are secret are replaced by "[redacted]". The first 4 KiB each
// of path, query, header and body are kept.
type Request struct {
	// Time is when the request arrived, by the Server's clock.
	Time time.Time `json:"time"`

	// Operation is the operationId, for example GetSession, or [OpJWKS]. It is empty
	// if method and path match none.
	Operation string `json:"operation"`

	// Method is the HTTP method.
	Method string `json:"method"`

	// Path is the escaped path. A segment that contains a secret is redacted entirely.
	Path string `json:"path"`

	// Query is the decoded query, without malformed pairs.
	Query url.Values `json:"query"`

	// Header is the header. Authorization and Cookie are redacted entirely.
	Header http.Header `json:"header"`

	// Body is the redacted body. A body that is not a JSON object is replaced by its
	// size.
	Body string `json:"body"`

	// Status is the status of the response, or 0 if the connection was reset before the
	// request was carried out.
	Status int `json:"status"`

	// Code is the first error code of the response, empty for a success.
	Code string `json:"code"`

	// TraceID is the trace id of the response.
	TraceID string `json:"trace_id"`
}

// size returns about how many bytes a recorded request occupies.
func (r *Request) size() int {
	n := 512 + len(r.Operation) + len(r.Method) + len(r.Path) + len(r.Body) + len(r.Code) + len(r.TraceID)
	for _, values := range []map[string][]string{r.Query, r.Header} {
		for name, list := range values {
			n += 64 + len(name)
			for _, value := range list {
				n += 16 + len(value)
			}
		}
	}
	return n
}

// requestLog keeps the last requests, at most maxRequests and maxRecorded bytes.
type requestLog struct {
	list  []Request
	bytes int
}

func (l *requestLog) add(r Request) {
	l.list = append(l.list, r)
	l.bytes += r.size()
	for len(l.list) > maxRequests || l.bytes > maxRecorded {
		l.bytes -= l.list[0].size()
		l.list[0] = Request{} // the array is kept until append needs a larger one
		l.list = l.list[1:]
	}
}

// Requests returns the last requests, redacted, in the order of their responses: at most
// 10,000 requests and about 16 MiB. Do not modify their headers and queries, which the
// Server shares. Use [WithObserver] to see all requests.
func (s *Server) Requests() []Request { return s.RequestsOf("") }

// RequestsOf returns the requests of one operation, as [Server.Requests] does.
func (s *Server) RequestsOf(op string) (requests []Request) {
	s.with(func(in *instance) { requests = slices.Clone(in.requests.list) })
	return slices.DeleteFunc(requests, func(r Request) bool { return op != "" && r.Operation != op })
}

// ClearRequests forgets all recorded requests.
func (s *Server) ClearRequests() {
	s.with(func(in *instance) { in.requests = requestLog{} })
}

// newRecord returns the record of a request whose body has not been read yet.
func newRecord(secrets redactor, c *call) Request {
	r := Request{
		Method: secrets.short(c.method), Path: secrets.path(c.url.EscapedPath()),
		Query: secrets.values(c.query), Header: secrets.values(c.header),
	}
	if c.route != nil {
		r.Operation = c.route.op
	}
	return r
}

// codeOf returns the first error code of a response.
func codeOf(r *response) string {
	if r.status < 400 {
		return ""
	}
	var body struct {
		Errors []struct {
			Code string `json:"code"`
		} `json:"errors"`
	}
	if json.Unmarshal(r.body, &body) != nil || len(body.Errors) == 0 {
		return ""
	}
	return body.Errors[0].Code
}
