package sessionstest_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// huge is a body just beyond what is read.
var huge = `{"token":"` + strings.Repeat("a", 1<<20) + `"}`

// exchange is a request with the status and code of its response.
type exchange struct {
	op      string
	status  int
	code    string
	param   string
	method  string
	path    string // {id} is an active session, {gone} a revoked one, {other} one of another user
	body    string // {token} is a session token, {expired} one that has expired and has an azp
	headers string // separated by commas
	server  string // which of servers; "" for the plain one, maintenance
}

// servers are the options of the instances that the exchanges are made with.
var servers = map[string][]sessionstest.Option{
	"production": {sessionstest.WithProduction()},
	"strict":     {sessionstest.WithStrictUsers()},
	"gone":       {sessionstest.WithVerifyGone()},
	"limited":    {sessionstest.WithRateLimit(1, 10*time.Second)},
}

const refreshBody = `{"expired_token":"{expired}","refresh_token":"rt_1","request_origin":"https://app.example.com"}`

// onEach returns the exchanges that every operation has.
func onEach(op, method, path, body string) []exchange {
	all := []exchange{
		{status: 401, code: "authorization_header_format_invalid", body: body, headers: "Authorization:"},
		{status: 401, code: "clerk_key_invalid", body: body, headers: "Authorization: Bearer sk_test_wrong"},
		{status: 400, code: "api_version_invalid", body: body, headers: "Clerk-API-Version: 2020-01-01"},
		{status: 429, code: "too_many_requests", body: body, server: "limited"},
		{status: 503, code: "maintenance_mode", body: body, server: "maintenance"},
		{status: 413, code: "request_body_too_large", body: huge},
	}
	if method == "POST" {
		all = append(all,
			exchange{status: 415, code: "unsupported_content_type", body: "user_id=user_1", headers: "Content-Type: application/x-www-form-urlencoded"},
			exchange{status: 400, code: "request_body_invalid", body: `{"a":`},
			exchange{status: 400, code: "request_body_invalid", body: `[]`},
			exchange{status: 400, code: "request_body_invalid", body: `{"token":"a","token":"b"}`})
	}
	for i := range all {
		all[i].op, all[i].method, all[i].path = op, method, path
	}
	return all
}

func exchanges() []exchange {
	all := []exchange{
		{op: "GetSessionList", status: 200, method: "GET", path: "/v1/sessions?user_id=user_1"},
		{op: "GetSessionList", status: 200, method: "GET", path: "/v1/sessions?user_id=user_1&paginated=true&status=active&limit=500&offset=1"},
		{op: "GetSessionList", status: 400, code: "missing_query_parameter", method: "GET", path: "/v1/sessions?paginated=true"},
		{op: "GetSessionList", status: 422, code: "form_param_value_invalid", param: "limit", method: "GET", path: "/v1/sessions?user_id=user_1&limit=10.0"},
		{op: "GetSessionList", status: 422, code: "form_param_value_invalid", param: "offset", method: "GET", path: "/v1/sessions?user_id=user_1&offset=x"},
		{op: "GetSessionList", status: 422, code: "form_param_value_invalid", param: "paginated", method: "GET", path: "/v1/sessions?user_id=user_1&paginated=2"},
		{op: "GetSessionList", status: 422, code: "form_param_value_invalid", param: "status", method: "GET", path: "/v1/sessions?user_id=user_1&status=pending"},
		{op: "CreateSession", status: 200, method: "POST", path: "/v1/sessions", body: `{"user_id":"user_1"}`},
		{op: "CreateSession", status: 200, method: "POST", path: "/v1/sessions", body: `{"user_id":"user_1","active_organization_id":"org_1"}`},
		{op: "CreateSession", status: 400, code: "request_invalid_for_environment", method: "POST", path: "/v1/sessions", body: `{"user_id":"user_1"}`, server: "production"},
		{op: "CreateSession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions", body: `{"user_id":"user_unseeded"}`, server: "strict"},
		{op: "CreateSession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions", body: `{"user_id":"user_1","active_organization_id":"org_unseeded"}`, server: "strict"},
		{op: "CreateSession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions", body: `{"user_id":"no id"}`},
		{op: "CreateSession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions", body: `{"user_id":"user_1","active_organization_id":"no id"}`},
		{op: "CreateSession", status: 409, code: "session_creation_not_allowed", method: "POST", path: "/v1/sessions", body: `{"user_id":"user_impersonated"}`},
		{op: "CreateSession", status: 422, code: "form_param_missing", param: "user_id", method: "POST", path: "/v1/sessions", body: `{}`},
		{op: "CreateSession", status: 422, code: "form_param_missing", param: "user_id", method: "POST", path: "/v1/sessions"},
		{op: "CreateSession", status: 422, code: "form_param_missing", param: "user_id", method: "POST", path: "/v1/sessions", body: `{"user_id":null}`},
		{op: "CreateSession", status: 422, code: "form_param_value_invalid", param: "user_id", method: "POST", path: "/v1/sessions", body: `{"user_id":1}`},
		{op: "CreateSession", status: 422, code: "form_param_unknown", param: "userID", method: "POST", path: "/v1/sessions", body: `{"userID":"user_1"}`},
		{op: "GetSession", status: 200, method: "GET", path: "/v1/sessions/{id}"},
		{op: "GetSession", status: 200, method: "GET", path: "/v1/sessions/{gone}"},
		{op: "GetSession", status: 404, code: "resource_not_found", method: "GET", path: "/v1/sessions/sess_unknown"},
		{op: "RevokeSession", status: 200, method: "POST", path: "/v1/sessions/{id}/revoke"},
		{op: "RevokeSession", status: 200, method: "POST", path: "/v1/sessions/{gone}/revoke", body: "null"},
		{op: "RevokeSession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/sess_unknown/revoke"},
		{op: "RevokeSession", status: 422, code: "form_param_unknown", param: "x", method: "POST", path: "/v1/sessions/{id}/revoke", body: `{"x":1}`, headers: "Tolerated: the contract has no body here"},
		{op: "VerifySession", status: 200, method: "POST", path: "/v1/sessions/{id}/verify", body: `{"token":"{token}"}`},
		{op: "VerifySession", status: 400, code: "invalid_session_token", method: "POST", path: "/v1/sessions/{id}/verify", body: `{"token":"{expired}"}`},
		{op: "VerifySession", status: 400, code: "invalid_session_token", method: "POST", path: "/v1/sessions/{id}/verify", body: `null`},
		{op: "VerifySession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/{other}/verify", body: `{"token":"{token}"}`},
		{op: "VerifySession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/{gone}/verify", body: `{"token":"{token}"}`},
		{op: "VerifySession", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/sess_unknown/verify", body: `{"token":"{token}"}`},
		{op: "VerifySession", status: 410, code: "operation_deprecated", method: "POST", path: "/v1/sessions/{id}/verify", body: `{"token":"{token}"}`, headers: "Clerk-API-Version: 2025-04-10"},
		{op: "VerifySession", status: 410, code: "operation_deprecated", method: "POST", path: "/v1/sessions/{id}/verify", body: `{"token":"{token}"}`, server: "gone"},
		{op: "VerifySession", status: 422, code: "form_param_value_invalid", param: "token", method: "POST", path: "/v1/sessions/{id}/verify", body: `{"token":[]}`},
		{op: "CreateSessionToken", status: 200, method: "POST", path: "/v1/sessions/{id}/tokens"},
		{op: "CreateSessionToken", status: 200, method: "POST", path: "/v1/sessions/{id}/tokens", body: `{"expires_in_seconds":null}`},
		{op: "CreateSessionToken", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/sess_unknown/tokens"},
		{op: "CreateSessionToken", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/{gone}/tokens"},
		{op: "CreateSessionTokenFromTemplate", status: 200, method: "POST", path: "/v1/sessions/{id}/tokens/hasura", body: `{"expires_in_seconds":315360000}`},
		{op: "CreateSessionTokenFromTemplate", status: 200, method: "POST", path: "/v1/sessions/{id}/tokens/hasura", body: `{"expires_in_seconds":30}`},
		{op: "CreateSessionTokenFromTemplate", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/{id}/tokens/unknown"},
		{op: "CreateSessionTokenFromTemplate", status: 404, code: "resource_not_found", method: "POST", path: "/v1/sessions/sess_unknown/tokens/hasura"},
		{op: "RefreshSession", status: 200, method: "POST", path: "/v1/sessions/{id}/refresh", body: refreshBody},
		{op: "RefreshSession", status: 200, method: "POST", path: "/v1/sessions/{id}/refresh?suffixed_cookies=true", body: strings.Replace(refreshBody, "{", `{"format":"cookie","request_headers":{"user-agent":["x"]},`, 1)},
		{op: "RefreshSession", status: 401, code: "expired_session_token_missing_azp", method: "POST", path: "/v1/sessions/{id}/refresh", body: strings.Replace(refreshBody, "{expired}", "{token}", 1)},
		{op: "RefreshSession", status: 422, code: "form_param_missing", param: "expired_token", method: "POST", path: "/v1/sessions/{id}/refresh", body: `{}`},
		{op: "RefreshSession", status: 422, code: "form_param_value_invalid", param: "format", method: "POST", path: "/v1/sessions/{id}/refresh", body: strings.Replace(refreshBody, "{", `{"format":"jwt",`, 1)},
		{op: "RefreshSession", status: 422, code: "form_param_value_invalid", param: "request_headers", method: "POST", path: "/v1/sessions/{id}/refresh", body: strings.Replace(refreshBody, "{", `{"request_headers":[],`, 1)},
	}
	for _, path := range []string{"/v1/sessions/{id}/tokens", "/v1/sessions/{id}/tokens/hasura"} {
		op := map[bool]string{true: "CreateSessionTokenFromTemplate", false: "CreateSessionToken"}[strings.HasSuffix(path, "hasura")]
		for value, code := range map[string]string{
			"29": "form_param_value_invalid", "60.5": "form_param_value_invalid", `"60"`: "form_param_value_invalid", "-1": "form_param_value_invalid",
			"315360001": "form_param_value_too_large", "1e99": "form_param_value_too_large", "1e999": "form_param_value_too_large",
		} {
			all = append(all, exchange{op: op, status: 422, code: code, param: "expires_in_seconds", method: "POST", path: path, body: `{"expires_in_seconds":` + value + `}`})
		}
	}
	for _, op := range clerksessions.Operations() {
		path := "/v1" + strings.NewReplacer("{session_id}", "{id}", "{template_name}", "hasura").Replace(op.Path)
		body := map[string]string{
			"CreateSession": `{"user_id":"user_1"}`, "VerifySession": `{"token":"x"}`,
			"RefreshSession": strings.Replace(refreshBody, "{expired}", "x", 1), // none of these gets to the token
		}[op.ID]
		all = append(all, onEach(op.ID, op.Method, path, body)...)
	}
	return all
}

// run prepares an instance and makes the exchange.
func (e exchange) run(t *testing.T) {
	h := newHarness(t, servers[e.server]...)
	for _, id := range []string{"user_1", "user_2", "user_impersonated"} {
		h.AddUser(sessionstest.User{ID: id})
	}
	session := h.session()
	gone := h.AddSession(clerksessions.Session{UserID: "user_1", Status: "revoked"})
	other := h.AddSession(clerksessions.Session{UserID: "user_2"})
	h.AddSession(clerksessions.Session{UserID: "user_impersonated", Actor: map[string]any{"sub": "user_admin"}})
	h.AddTemplate(sessionstest.Template{Name: "hasura", Claims: map[string]any{"role": "editor"}})
	h.AddRefreshToken(sessionstest.RefreshToken{Token: "rt_1", SessionID: session.ID})
	for name, params := range map[string]sessionstest.MintParams{"{token}": {}, "{expired}": {Origin: app, ExpiresIn: -1}} {
		if strings.Contains(e.body, name) { // a key takes time to generate
			e.body = strings.ReplaceAll(e.body, name, h.Mint(session.ID, params))
		}
	}
	if e.server == "limited" {
		h.do("GET", "/v1/sessions?user_id=user_1", "")
	}
	h.SetMaintenance(e.server == "maintenance")
	path := strings.NewReplacer("{id}", session.ID, "{gone}", gone.ID, "{other}", other.ID).Replace(e.path)
	r := h.do(e.method, path, e.body, strings.Split(e.headers, ",")...)
	r.is(t, e.status, e.code)
	assert.Equal(t, e.param, r.param, r.body)
	requests := h.Requests()
	assert.Equal(t, e.op, requests[len(requests)-1].Operation)
}

// TestConformance makes every exchange. The harness checks each response against the
// contract, all of whose statuses must be among them.
func TestConformance(t *testing.T) {
	t.Parallel()
	returned := map[string]bool{}
	for _, e := range exchanges() {
		returned[e.op+" "+strconv.Itoa(e.status)] = true
		t.Run(strings.TrimSpace(e.op+" "+strconv.Itoa(e.status)+" "+e.code), e.run)
	}
	for _, item := range contract().Doc.Paths.Map() {
		for _, op := range item.Operations() {
			for status := range op.Responses.Map() {
				status = strings.ReplaceAll(status, "5XX", "503")
				assert.True(t, status == "default" || returned[op.OperationID+" "+status], "no %s of %s", status, op.OperationID)
			}
		}
	}
}
