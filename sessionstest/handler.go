package sessionstest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxBody is how much of a request's body is read; what is longer is answered with
// 413. Clerk's own limit is not known.
const maxBody = 1 << 20

// call is one request on its way through the Server.
type call struct {
	method  string
	url     *url.URL
	header  http.Header
	body    []byte
	broken  bool              // the body could not be read to its end
	route   *route            // nil if there is none
	path    map[string]string // the values in the path
	version string            // the API version asked for
	trace   string            // the trace id of the reply
	fault   *Fault            // nil for none
	misuse  *apiError         // a mistake of the test's, in place of the reply
	record  Request
}

// reply is an answer before a transport sends it.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// begin matches a request to its route and settles whether it shall fail. Nothing of
// the body is needed, so that a fault can strike before it is read.
func (s *Server) begin(method string, u *url.URL, header http.Header) *call {
	c := &call{method: method, url: u, header: header, trace: newTraceID()}
	c.route, c.path = s.match(method, u)
	c.record = s.recorded(c)
	c.fault = s.faults.next(c.record)
	if c.fault != nil && c.fault.wrong() != "" {
		c.fault, c.misuse = nil, s.misused("FailFunc: "+c.fault.wrong())
	}
	return c
}

// answer runs the request, unless a fault stands in for the reply, and records it.
func (s *Server) answer(c *call, body []byte) *reply {
	c.body = body
	var r *reply
	if c.fault != nil && c.fault.canned() {
		r = s.cannedReply(c)
	} else {
		value, e := s.run(c)
		r = s.reply(c, value, e)
	}
	if c.fault != nil {
		c.fault.change(r)
	}
	s.finish(c, r)
	return r
}

// finish records the request; without a reply its status is 0.
func (s *Server) finish(c *call, r *reply) {
	if r != nil {
		c.record.Status = r.status
		c.record.TraceID = c.trace
		c.record.Code = codeOf(r)
	}
	c.record.Body = s.redactBody(c.body)
	s.log.add(c.record)
}

// run takes a request through what Clerk checks, in this order: key, API version,
// rate limit, maintenance, route, body. That the key comes before the route is known,
// the rest is inferred.
func (s *Server) run(c *call) (any, *apiError) {
	if c.misuse != nil {
		return nil, c.misuse
	}
	if c.route != nil && c.route.open {
		return c.route.handle(s, c)
	}
	if e := s.authenticate(c.header); e != nil {
		return nil, e
	}
	if e := c.pinVersion(); e != nil {
		return nil, e
	}
	if c.route == nil || !c.route.free {
		if wait, ok := s.limit.take(s.Now()); !ok {
			return nil, tooManyRequests(wait)
		}
	}
	if s.underMaintenance(c) {
		return nil, maintenance()
	}
	if c.route == nil {
		hint := ""
		if strings.HasPrefix(c.url.EscapedPath()+"/", "/v1/v1/") {
			hint = " The path begins twice with /v1: take the base URL without it, or the path."
		}
		return nil, notFound("No such resource", "Nothing is found at this method and path.%s", hint)
	}
	if len(c.body) > maxBody {
		return nil, &apiError{status: http.StatusRequestEntityTooLarge, code: "request_body_too_large",
			message: "Body too large", long: "The body is longer than " + strconv.Itoa(maxBody) + " bytes."}
	}
	if c.broken {
		return nil, bodyInvalid("The body broke off, or is not encoded as its header says.")
	}
	return c.route.handle(s, c)
}

// authenticate checks the secret key. The scheme is matched by case, as the code's
// own hint spells it: inferred.
func (s *Server) authenticate(header http.Header) *apiError {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return authorizationFormat()
	}
	key, ok := strings.CutPrefix(values[0], "Bearer ")
	switch {
	case !ok || key == "":
		return authorizationFormat()
	case key != s.config.secretKey:
		return keyInvalid()
	}
	return nil
}

// apiVersions are those with a document of their own, oldest first: what a request
// that names none gets.
var apiVersions = []string{"2021-02-05", "2024-10-01", "2025-03-12", "2025-04-10", "2025-11-10", "2026-05-12"}

// pinVersion settles the API version from header or query; both at once are refused.
func (c *call) pinVersion() *apiError {
	c.version = apiVersions[0]
	asked := slices.Concat(c.header.Values("Clerk-Api-Version"), c.url.Query()["__clerk_api_version"])
	if len(asked) == 0 {
		return nil
	}
	if len(asked) > 1 || !slices.Contains(apiVersions, asked[0]) {
		return &apiError{status: http.StatusBadRequest, code: "api_version_invalid", message: "API version not known",
			long: "Name one API version, in the header Clerk-API-Version or in the query: " + strings.Join(apiVersions, ", ") + "."}
	}
	c.version = asked[0]
	return nil
}

// underMaintenance tells whether maintenance refuses the request: on a production
// instance reading and refreshing go on, on a development instance nothing does.
func (s *Server) underMaintenance(c *call) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.outage || !s.config.production {
		return s.outage
	}
	return c.method != http.MethodGet && (c.route == nil || c.route.op != "RefreshSession")
}

// SetMaintenance begins or ends maintenance: 503 maintenance_mode for everything on a
// development instance; in production reading and refreshing go on.
func (s *Server) SetMaintenance(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outage = on
}

// reply writes a value or an error as Clerk does.
func (s *Server) reply(c *call, value any, e *apiError) *reply {
	r := &reply{status: http.StatusOK, header: s.replyHeader(c)}
	if e != nil {
		r.status, value = e.status, e.body(c.trace)
		if e.retryAfter > 0 {
			r.header.Set("Retry-After", seconds(e.retryAfter))
		}
	}
	var err error
	if r.body, err = json.Marshal(value, json.Deterministic(true)); err != nil {
		return s.reply(c, nil, ofStatus(http.StatusInternalServerError))
	}
	return r
}

// replyHeader has what Clerk's edge adds to each reply. The media type has no charset:
// Clerk's JavaScript SDK takes only the bare one for JSON.
func (s *Server) replyHeader(c *call) http.Header {
	header := http.Header{
		"Content-Type":     {"application/json"},
		"Date":             {s.Now().UTC().Format(http.TimeFormat)},
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
