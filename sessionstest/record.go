package sessionstest

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxRequests = 10_000  // how many requests are kept
	maxKept     = 4 << 10 // how much of its path, query, header and body is kept, each
)

// Request is a request the Server got, without its secrets: secret keys, everything
// that looks like a token, and what is named like one read "[redacted]", in the path
// also with escapes. Of path, query, header and body the first 4 KiB each are kept.
type Request struct {
	// Time is when it came, by the Server's clock.
	Time time.Time

	// Operation is the operationId, for example GetSession, or [OpJWKS]; empty when
	// method and path match none.
	Operation string

	// Method is the HTTP method.
	Method string

	// Path is the path as it was sent, escaped. A segment with a secret is redacted whole.
	Path string

	// Query is the query, decoded.
	Query url.Values

	// Header is the header. Authorization and Cookie are redacted whole.
	Header http.Header

	// Body is the body, with secrets redacted. One that is no JSON object is only
	// described.
	Body string

	// Status is that of the reply, 0 if the connection broke before there was one.
	Status int

	// Code is the first error code of the reply, empty for a success.
	Code string

	// TraceID is that of the reply.
	TraceID string
}

// requestLog keeps the last maxRequests requests, in a ring.
type requestLog struct {
	observe func(Request)

	mu   sync.Mutex
	ring []Request
	next int // where the oldest is, once the ring is full
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	if len(l.ring) < maxRequests {
		l.ring = append(l.ring, r)
	} else {
		l.ring[l.next] = r
		l.next = (l.next + 1) % maxRequests
	}
	l.mu.Unlock()
	if l.observe != nil {
		l.observe(r)
	}
}

// Requests returns the last 10,000 requests in the order they were answered, redacted.
// The Requests share their headers and queries with the Server: do not change those.
// To see more, use [WithObserver].
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Concat(s.log.ring[s.log.next:], s.log.ring[:s.log.next])
}

// RequestsOf is [Server.Requests] for one operation.
func (s *Server) RequestsOf(op string) []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool { return r.Operation != op })
}

// ClearRequests forgets the requests so far.
func (s *Server) ClearRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.ring, s.log.next = nil, 0
}

const redacted = "[redacted]"

// recorded is what can be told of a request before its body is read.
func (s *Server) recorded(c *call) Request {
	r := Request{Time: s.Now(), Method: s.scrub(c.method), Path: s.scrubPath(c.url.EscapedPath())}
	if c.route != nil {
		r.Operation = c.route.op
	}
	r.Query = url.Values(s.scrubAll(c.url.Query()))
	r.Header = http.Header(s.scrubAll(c.header))
	return r
}

// secretLike is what looks like a token or like a secret key of any instance. Within a
// word only a whole token does: one id in ten thousand has these three letters.
var secretLike = regexp.MustCompile(`\beyJ[\w-]*(\.[\w-]*)*|eyJ[\w-]*\.[\w-]+\.[\w-]*|sk_(test|live)_[\w-]*`)

// cut takes secrets out of a text.
func (s *Server) cut(v string) string {
	v = strings.ReplaceAll(v, s.config.secretKey, redacted)
	if strings.Contains(v, "eyJ") || strings.Contains(v, "sk_") {
		v = secretLike.ReplaceAllLiteralString(v, redacted)
	}
	return v
}

// scrub takes secrets out of a text and shortens it to maxKept bytes.
func (s *Server) scrub(v string) string {
	if v = s.cut(v); len(v) > maxKept {
		v = strings.ToValidUTF8(v[:maxKept], "") + "..."
	}
	return v
}

// scrubPath redacts the segments that hold a secret, also when they were escaped more
// than once.
func (s *Server) scrubPath(path string) string {
	segments := strings.Split(path, "/")
	for i, plain := range segments {
		for range 3 {
			if next, err := url.PathUnescape(plain); err == nil {
				plain = next
			}
		}
		if s.cut(plain) != plain {
			segments[i] = redacted
		}
	}
	return s.scrub(strings.Join(segments, "/"))
}

// scrubAll scrubs headers or a query, and leaves out what is beyond maxKept bytes in all.
func (s *Server) scrubAll(values map[string][]string) map[string][]string {
	kept := make(map[string][]string, min(len(values), 16))
	room := maxKept
	for _, name := range slices.Sorted(maps.Keys(values)) {
		secret := isSecret(name)
		name, list := s.scrub(name), values[name]
		for _, value := range list {
			if value = s.scrub(value); secret {
				value = redacted
			}
			if room -= len(name) + len(value); room < 0 {
				return kept
			}
			kept[name] = append(kept[name], value)
		}
	}
	return kept
}

// isSecret tells whether a header, a parameter of the query or a member of a body holds
// a secret, by its name.
func isSecret(name string) bool {
	return slices.Contains([]string{
		"authorization", "cookie", "proxy-authorization", "token", "expired_token", "refresh_token", "request_headers",
	}, strings.ToLower(name))
}

func (s *Server) redactBody(body []byte) string {
	value := jsontext.Value(body)
	switch {
	case len(body) == 0:
		return ""
	case len(body) > maxBody || !value.IsValid() || value.Kind() != '{' && value.Kind() != 'n':
		return "[" + strconv.Itoa(len(body)) + " bytes that are no JSON object]"
	}
	var text strings.Builder
	from, to := jsontext.NewDecoder(bytes.NewReader(body)), jsontext.NewEncoder(&text)
	for { // it was found valid, so that only its end is an error
		kind, n := from.StackIndex(from.StackDepth())
		token, err := from.ReadToken()
		if err != nil {
			return s.scrub(strings.TrimSpace(text.String()))
		}
		secret := kind == '{' && n%2 == 0 && token.Kind() == '"' && isSecret(token.String())
		_ = to.WriteToken(token)
		if secret {
			_ = from.SkipValue()
			_ = to.WriteToken(jsontext.String(redacted))
		}
	}
}

// codeOf is the first error code of a reply.
func codeOf(r *reply) string {
	if r.status < 400 {
		return ""
	}
	var body errorBody
	if json.Unmarshal(r.body, &body) != nil || len(body.Errors) == 0 {
		return ""
	}
	return body.Errors[0].Code
}
