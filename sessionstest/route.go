package sessionstest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/clerksessions/clerksessions"
)

// OpJWKS is the operation id under which requests for the instance's keys are
// recorded and can be made to fail, for both addresses: /v1/jwks, which wants the
// secret key, and /.well-known/jwks.json, which does not.
const OpJWKS = "GetJWKS"

// route leads requests of one method and path template to a handler.
type route struct {
	op       string
	method   string
	segments []string // of the path below the base; {name} stands for any one
	handle   handler
	open     bool // outside /v1 and without a key
	free     bool // of the rate limit
}

type handler func(*Server, *call) (any, *apiError)

// handlers has the code of each operation of the contract.
var handlers = map[string]handler{
	"GetSessionList":                 (*Server).list,
	"CreateSession":                  (*Server).create,
	"GetSession":                     (*Server).get,
	"RefreshSession":                 (*Server).refreshSession,
	"RevokeSession":                  (*Server).revoke,
	"VerifySession":                  (*Server).verify,
	"CreateSessionToken":             (*Server).createToken,
	"CreateSessionTokenFromTemplate": (*Server).createTemplateToken,
}

// routesOf gives each operation its handler, and adds the addresses of the keys.
func routesOf(operations []clerksessions.Operation) ([]route, error) {
	routes := []route{
		{op: OpJWKS, method: http.MethodGet, segments: []string{".well-known", "jwks.json"}, handle: (*Server).jwks, open: true, free: true},
		{op: OpJWKS, method: http.MethodGet, segments: []string{"jwks"}, handle: (*Server).jwks, free: true},
	}
	for _, op := range operations {
		handle := handlers[op.ID]
		if handle == nil {
			return nil, fmt.Errorf("the contract has the operation %s (%s %s), which is not emulated: add its handler to route.go", op.ID, op.Method, op.Path)
		}
		routes = append(routes, route{op: op.ID, method: op.Method, segments: strings.Split(op.Path, "/")[1:], handle: handle})
	}
	return routes, nil
}

// match finds the route of a request and the values of its path, unescaped. A
// segment that is empty or cannot be unescaped matches nothing.
func (s *Server) match(method string, u *url.URL) (*route, map[string]string) {
	path, ok := strings.CutPrefix(u.EscapedPath(), "/")
	if !ok || len(path) > 16<<10 {
		return nil, nil
	}
	path, inside := strings.CutPrefix(path, "v1/")
	segments := strings.Split(path, "/")
	for i := range s.routes {
		route := &s.routes[i]
		if route.method != method || route.open == inside {
			continue
		}
		if values, ok := fit(route.segments, segments); ok {
			return route, values
		}
	}
	return nil, nil
}

func fit(template, segments []string) (map[string]string, bool) {
	if len(template) != len(segments) {
		return nil, false
	}
	values := make(map[string]string, 2)
	for i, want := range template {
		got, err := url.PathUnescape(segments[i])
		name, variable := strings.CutPrefix(want, "{")
		switch {
		case err != nil || got == "":
			return nil, false
		case variable:
			values[strings.TrimSuffix(name, "}")] = got
		case got != want:
			return nil, false
		}
	}
	return values, true
}

// known tells whether requests are recorded under this operation id.
func (s *Server) known(op string) bool {
	for i := range s.routes {
		if s.routes[i].op == op {
			return true
		}
	}
	return false
}
