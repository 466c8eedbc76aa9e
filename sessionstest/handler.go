package sessionstest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxBody is the maximum size of a request's body; a larger one is refused with 413.
// Clerk's own limit is not known.
const maxBody = 1 << 20

// call is one request that the Server handles.
type call struct {
	method   string
	url      *url.URL
	query    url.Values
	queryErr error // the query is malformed
	header   http.Header
	body     []byte
	bodyErr  error             // the body could not be read completely
	route    *route            // nil if there is none
	path     map[string]string // the values in the path
	version  string            // the API version
	trace    string            // the trace id of the response
	fault    Fault
	misuse   *apiError // the error response for misuse by the test, if any
	record   Request
	done     <-chan struct{} // ends delays; nil in memory, since a bubble must not wait for it
}

// response is a response before a transport sends it.
type response struct {
	status int
	header http.Header
	body   []byte
}

// begin matches a request to its route and decides whether to inject a fault. It does not
// need the body, so that a fault can occur before the body is read.
func (s *Server) begin(method string, u *url.URL, header http.Header) *call {
	c := &call{method: method, url: u, header: header, trace: randomHex(16)}
	c.query, c.queryErr = url.ParseQuery(u.RawQuery)
	c.route, c.path = match(s.routes, method, u)
	c.record = newRecord(redactor(s.config.secretKey), c)
	var fault *Fault
	var choose func(Request) *Fault
	s.with(func(in *instance) {
		c.record.Time = in.clock.now()
		fault, choose = in.faults.next(c.record.Operation)
	})
	if choose != nil {
		fault = choose(c.record)
	}
	if fault == nil {
		return c
	}
	if err := fault.check(); err != nil {
		c.misuse = s.misused("FailFunc: " + err.Error())
		return c
	}
	c.fault = *fault
	return c
}

// respond handles the request, unless a fault replaces the response, and records it.
func (s *Server) respond(c *call) *response {
	var r *response
	if c.fault.replaces() {
		r = faultResponse(c)
	} else {
		value, e := s.handle(c)
		r = newResponse(c, value, e)
	}
	c.fault.change(r)
	s.finish(c, r)
	return r
}

// finish records the request. r is nil if there is no response.
func (s *Server) finish(c *call, r *response) {
	if r != nil {
		c.record.Status = r.status
		c.record.TraceID = c.trace
		c.record.Code = codeOf(r)
	}
	c.record.Body = redactor(s.config.secretKey).body(c.body)
	s.with(func(in *instance) { in.requests.add(c.record) })
	if s.config.observer != nil {
		s.config.observer(c.record)
	}
}

// later is the part of a handler that runs without the lock, such as signing a token.
type later func() (any, *apiError)

// handle returns the value or the error to respond with.
func (s *Server) handle(c *call) (value any, e *apiError) {
	if c.misuse != nil {
		return nil, c.misuse
	}
	s.with(func(in *instance) { value, e = in.handle(c) })
	if f, ok := value.(later); ok {
		return f()
	}
	return value, e
}

// handle checks a request in this order: key, API version, query, rate limit,
// maintenance, route, body. Clerk is known to check the key before the route; the rest
// is inferred.
func (in *instance) handle(c *call) (any, *apiError) {
	if c.route != nil && c.route.public() {
		return c.route.handle(in, c)
	}
	if e := authenticate(c.header, in.config.secretKey); e != nil {
		return nil, e
	}
	if e := c.pinVersion(); e != nil {
		return nil, e
	}
	if c.queryErr != nil {
		return nil, newError(http.StatusBadRequest, "malformed_request_parameters", "Malformed query",
			"The query cannot be parsed: %v.", c.queryErr)
	}
	if c.record.Operation != OpJWKS {
		if wait, ok := in.limit.take(in.clock.now()); !ok {
			e := newError(http.StatusTooManyRequests, "too_many_requests", "Too many requests",
				"The rate limit is exceeded for the next %s seconds.", seconds(wait))
			e.retryAfter = wait
			return nil, e
		}
	}
	if in.refusedByMaintenance(c) {
		return nil, newError(http.StatusServiceUnavailable, "maintenance_mode", "Under maintenance",
			"During maintenance only production instances work, and only for reads and refreshes.")
	}
	if c.route == nil {
		return nil, noRoute(c)
	}
	if len(c.body) > maxBody {
		return nil, newError(http.StatusRequestEntityTooLarge, "request_body_too_large", "Request body too large",
			"The maximum is %d bytes.", maxBody)
	}
	if c.bodyErr != nil {
		return nil, bodyInvalid("The body could not be read completely.")
	}
	return c.route.handle(in, c)
}

// authenticate checks the secret key. That the scheme is case-sensitive is inferred
// from the text of Clerk's error.
func authenticate(header http.Header, secretKey string) *apiError {
	values := header.Values("Authorization")
	key, ok := strings.CutPrefix(strings.Join(values, ", "), "Bearer ")
	switch {
	case len(values) != 1 || !ok:
		return newError(http.StatusUnauthorized, "authorization_header_format_invalid", "Invalid Authorization header",
			"Send the secret key in one header of the form Authorization: Bearer sk_..., with a capital B.")
	case key != secretKey:
		return newError(http.StatusUnauthorized, "clerk_key_invalid", "Invalid secret key",
			"This is not the emulator's secret key. Send the one it was started with; in Go, the Server's SecretKey.")
	}
	return nil
}

// apiVersions are the versions that Clerk publishes, oldest first. A request that names
// none gets the oldest.
var apiVersions = []string{"2021-02-05", "2024-10-01", "2025-03-12", "2025-04-10", "2025-11-10", "2026-05-12"}

// pinVersion sets the API version from the header or the query; both at once are
// refused.
func (c *call) pinVersion() *apiError {
	asked := slices.Concat(c.header.Values("Clerk-Api-Version"), c.query["__clerk_api_version"])
	c.version = apiVersions[0]
	switch {
	case len(asked) == 1 && slices.Contains(apiVersions, asked[0]):
		c.version = asked[0]
	case len(asked) > 0:
		return newError(http.StatusBadRequest, "api_version_invalid", "Invalid API version",
			"Set one version, in the header Clerk-API-Version or in the query: %s.", strings.Join(apiVersions, ", "))
	}
	return nil
}

// refusedByMaintenance reports whether the request is refused because of maintenance.
func (in *instance) refusedByMaintenance(c *call) bool {
	allowed := c.method == http.MethodGet || c.record.Operation == "RefreshSession"
	return in.maintenance && !(in.config.production && allowed)
}

// SetMaintenance begins or ends maintenance. During maintenance a development instance
// returns 503 maintenance_mode for every request; in production, reads and refreshes work.
func (s *Server) SetMaintenance(on bool) {
	s.with(func(in *instance) { in.maintenance = on })
}

// newResponse returns the response for the value or the error of a handler.
func newResponse(c *call, value any, e *apiError) *response {
	status, body := encode(value, e, c.trace)
	r := &response{status: status, header: newHeader(c), body: body}
	if e != nil && e.retryAfter > 0 {
		r.header.Set("Retry-After", seconds(e.retryAfter))
	}
	return r
}

// newHeader returns a header like Clerk's. The media type has no charset, since Clerk's
// JavaScript SDK decodes JSON only without one.
func newHeader(c *call) http.Header {
	header := http.Header{
		"Content-Type":     {"application/json"},
		"Date":             {c.record.Time.UTC().Format(http.TimeFormat)},
		"Server":           {"cloudflare"},
		"Cf-Ray":           {c.trace[:16] + "-ATH"},
		"Cf-Cache-Status":  {"DYNAMIC"},
		"X-Cfworker":       {"1"},
		"X-Clerk-Trace-Id": {c.trace},
	}
	if c.version != "" {
		header.Set("Clerk-Api-Version", c.version)
	}
	return header
}
