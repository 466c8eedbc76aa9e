package sessionstest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
)

// OpJWKS is the operation id of requests for the instance's keys, at both addresses:
// /v1/jwks, which requires the secret key, and /.well-known/jwks.json, which does not.
const OpJWKS = "GetJWKS"

// route maps requests of one method and path template to a handler.
type route struct {
	op        string
	method    string
	segments  []string // of the path below the base; {name} matches any one
	handle    handler
	open      bool // outside /v1 and without a key
	unlimited bool // not counted for the rate limit
}

type handler func(*instance, *call) (any, *apiError)

// handlers has the handler of each operation of the contract.
var handlers = map[string]handler{
	"GetSessionList":                 (*instance).listSessions,
	"CreateSession":                  (*instance).createSession,
	"GetSession":                     (*instance).getSession,
	"RefreshSession":                 (*instance).refreshSession,
	"RevokeSession":                  (*instance).revokeSession,
	"VerifySession":                  (*instance).verifySession,
	"CreateSessionToken":             (*instance).createToken,
	"CreateSessionTokenFromTemplate": (*instance).createTemplateToken,
}

func newRoute(op, method, path string, handle handler) route {
	return route{op: op, method: method, segments: strings.Split(path, "/")[1:], handle: handle}
}

// otherRoutes returns the routes outside the contract.
func otherRoutes() []route {
	keys := newRoute(OpJWKS, "GET", "/jwks", (*instance).getJWKS)
	keys.unlimited = true
	openKeys := newRoute(OpJWKS, "GET", "/.well-known/jwks.json", (*instance).getJWKS)
	openKeys.open, openKeys.unlimited = true, true
	return []route{
		keys,
		openKeys,
		newRoute("GetUserList", "GET", "/users", (*instance).listUsers),
		newRoute("CreateUser", "POST", "/users", (*instance).createUser),
		newRoute("GetUsersCount", "GET", "/users/count", (*instance).countUsers),
		newRoute("GetUser", "GET", "/users/{user_id}", (*instance).getUser),
		newRoute("DeleteUser", "DELETE", "/users/{user_id}", (*instance).deleteUser),
		newRoute("BanUser", "POST", "/users/{user_id}/ban", (*instance).banUser),
		newRoute("UnbanUser", "POST", "/users/{user_id}/unban", (*instance).unbanUser),
		newRoute("GetClient", "GET", "/clients/{client_id}", (*instance).getClient),
	}
}

// routesOf returns the routes of the contract's operations and the other ones.
func routesOf(operations []clerksessions.Operation) ([]route, error) {
	routes := otherRoutes()
	for _, op := range operations {
		handle := handlers[op.ID]
		if handle == nil {
			return nil, fmt.Errorf("operation %s (%s %s) of the contract is not emulated: add its handler to route.go",
				op.ID, op.Method, op.Path)
		}
		routes = append(routes, newRoute(op.ID, op.Method, op.Path, handle))
	}
	return routes, nil
}

// match returns the route of a request and the unescaped values of its path. A segment
// that is empty or cannot be unescaped matches nothing.
func match(routes []route, method string, u *url.URL) (*route, map[string]string) {
	path, ok := strings.CutPrefix(u.EscapedPath(), "/")
	if !ok || len(path) > 16<<10 {
		return nil, nil
	}
	path, inside := strings.CutPrefix(path, "v1/")
	segments := strings.Split(path, "/")
	for i := range routes {
		route := &routes[i]
		if route.method != method || route.open == inside {
			continue
		}
		if values, ok := matchSegments(route.segments, segments); ok {
			return route, values
		}
	}
	return nil, nil
}

func matchSegments(template, segments []string) (map[string]string, bool) {
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

// known reports whether requests are recorded under this operation id.
func (s *Server) known(op string) bool {
	return slices.ContainsFunc(s.routes, func(r route) bool { return r.op == op })
}

// clerkResources are the resources of Clerk's Backend API besides sessions.
var clerkResources = []string{
	"accountless_applications",
	"actor_tokens",
	"admin_portal_link_tokens",
	"agents",
	"allowlist_identifiers",
	"api_keys",
	"audit_logs",
	"aws_credentials",
	"beta_features",
	"billing",
	"blocklist_identifiers",
	"clients",
	"directories",
	"domains",
	"email_addresses",
	"enterprise_connections",
	"instance",
	"invitations",
	"jwt_templates",
	"m2m_tokens",
	"machine_tokens",
	"machines",
	"oauth_applications",
	"organization_domains",
	"organization_invitations",
	"organization_memberships",
	"organization_permissions",
	"organization_roles",
	"organizations",
	"phone_numbers",
	"proxy_checks",
	"redirect_urls",
	"role_sets",
	"saml_connections",
	"scim_directories",
	"sign_in_tokens",
	"sign_ups",
	"templates",
	"testing_tokens",
	"users",
	"waitlist_entries",
	"webhooks",
}

// noRoute returns the error for a path that the emulator does not serve: not_emulated if
// Clerk has it.
func noRoute(c *call) *apiError {
	path := c.url.EscapedPath()
	below, inside := strings.CutPrefix(path, "/v1/")
	resource, _, _ := strings.Cut(below, "/")
	switch {
	case strings.HasPrefix(path+"/", "/v1/v1/"):
		return notFound("Resource not found",
			"The path begins with /v1 twice: remove it from the base URL or from the path.")
	case inside && slices.Contains(clerkResources, resource):
		return notEmulated(quote(c.method + " " + path))
	}
	return notFound("Resource not found", "There is nothing at this method and path.")
}

// notEmulated returns the error for a part of Clerk that is not emulated.
func notEmulated(what string) *apiError {
	return newError(http.StatusNotFound, "not_emulated", "Not emulated",
		what+" is not emulated. The README of package sessionstest lists what is.")
}
