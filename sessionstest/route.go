package sessionstest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
)

// OpJWKS is the operation id of requests for the instance's keys, at both addresses:
// /v1/jwks, which requires the secret key, and /.well-known/jwks.json, which does not.
const OpJWKS = "GetJWKS"

// route maps requests of one method and path template to a handler. In a template,
// {name} matches any one segment.
type route struct {
	op, method, path string
	handle           handler
}

type handler func(*instance, *call) (any, *apiError)

// public reports whether the route is outside /v1 and needs no key.
func (r *route) public() bool { return !strings.HasPrefix(r.path, "/v1/") }

// handlers has the handler of each operation of the contract.
var handlers = map[string]handler{
	"GetSessionList":                 (*instance).listSessions,
	"CreateSession":                  (*instance).createSession,
	"GetSession":                     (*instance).getSession,
	"RefreshSession":                 (*instance).refreshSession,
	"RevokeSession":                  (*instance).revokeSession,
	"VerifySession":                  (*instance).verifySession,
	"CreateSessionToken":             (*instance).createToken,
	"CreateSessionTokenFromTemplate": (*instance).createToken,
}

// otherRoutes are the routes outside the contract.
var otherRoutes = []route{
	{OpJWKS, "GET", "/v1/jwks", (*instance).getJWKS},
	{OpJWKS, "GET", "/.well-known/jwks.json", (*instance).getJWKS},
	{"GetUserList", "GET", "/v1/users", (*instance).listUsers},
	{"CreateUser", "POST", "/v1/users", (*instance).createUser},
	{"GetUsersCount", "GET", "/v1/users/count", (*instance).countUsers},
	{"GetUser", "GET", "/v1/users/{user_id}", (*instance).getUser},
	{"DeleteUser", "DELETE", "/v1/users/{user_id}", (*instance).deleteUser},
	{"BanUser", "POST", "/v1/users/{user_id}/ban", (*instance).banUser},
	{"UnbanUser", "POST", "/v1/users/{user_id}/unban", (*instance).unbanUser},
	{"GetClient", "GET", "/v1/clients/{client_id}", (*instance).getClient},
}

// routesOf returns the routes of the contract's operations and the other ones.
func routesOf(operations []clerksessions.Operation) ([]route, error) {
	routes := slices.Clone(otherRoutes)
	for _, op := range operations {
		handle := handlers[op.ID]
		if handle == nil {
			return nil, fmt.Errorf("operation %s (%s %s) of the contract is not emulated: add its handler to route.go",
				op.ID, op.Method, op.Path)
		}
		routes = append(routes, route{op.ID, op.Method, "/v1" + op.Path, handle})
	}
	return routes, nil
}

// match returns the route of a request and the unescaped values of its path, nil if there
// is none.
func match(routes []route, method string, u *url.URL) (*route, map[string]string) {
	segments := strings.Split(u.EscapedPath(), "/")
	for i := range routes {
		if routes[i].method != method {
			continue
		}
		if values, ok := matchSegments(strings.Split(routes[i].path, "/"), segments); ok {
			return &routes[i], values
		}
	}
	return nil, nil
}

// matchSegments matches a path to a template. A variable matches no segment that is empty
// or cannot be unescaped.
func matchSegments(template, segments []string) (map[string]string, bool) {
	if len(template) != len(segments) {
		return nil, false
	}
	values := map[string]string{}
	for i, want := range template {
		got, err := url.PathUnescape(segments[i])
		name, variable := strings.CutPrefix(want, "{")
		switch {
		case err != nil, variable && got == "", !variable && got != want:
			return nil, false
		case variable:
			values[strings.TrimSuffix(name, "}")] = got
		}
	}
	return values, true
}

// known reports whether requests are recorded under this operation id.
func (s *Server) known(op string) bool {
	return slices.ContainsFunc(s.routes, func(r route) bool { return r.op == op })
}

// clerkResources are the resources of Clerk's Backend API besides sessions.
var clerkResources = strings.Fields(`
	accountless_applications actor_tokens admin_portal_link_tokens agents allowlist_identifiers api_keys audit_logs
	aws_credentials beta_features billing blocklist_identifiers clients directories domains email_addresses
	enterprise_connections instance invitations jwt_templates m2m_tokens machine_tokens machines oauth_applications
	organization_domains organization_invitations organization_memberships organization_permissions organization_roles
	organizations phone_numbers proxy_checks redirect_urls role_sets saml_connections scim_directories sign_in_tokens
	sign_ups templates testing_tokens users waitlist_entries webhooks`)

// noRoute returns the error for a path that the emulator does not serve: not_emulated if
// Clerk has it.
func noRoute(c *call) *apiError {
	path := c.url.EscapedPath()
	resource, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	switch {
	case strings.HasPrefix(path+"/", "/v1/v1/"):
		return notFound("Resource not found",
			"The path begins with /v1 twice: remove it from the base URL or from the path.")
	case slices.Contains(clerkResources, resource):
		return notEmulated(quote(c.method + " " + path))
	}
	return notFound("Resource not found", "No operation has this method and path.")
}
