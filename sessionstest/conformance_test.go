package sessionstest_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	body    string // {token}, {expired}, {plain}: a session token, one that ran out, one without azp
	headers string // separated by commas
	server  string // which of servers; "" for the plain one
}

// servers are the instances that the exchanges are made with.
var servers = map[string]func(t *testing.T) *harness{
	"":           func(t *testing.T) *harness { return newHarness(t) },
	"production": func(t *testing.T) *harness { return newHarness(t, sessionstest.WithProduction()) },
	"strict":     func(t *testing.T) *harness { return newHarness(t, sessionstest.WithStrictUsers()) },
	"gone":       func(t *testing.T) *harness { return newHarness(t, sessionstest.WithVerifyGone()) },
	"limited": func(t *testing.T) *harness {
		h := newHarness(t, sessionstest.WithRateLimit(1, 10*time.Second))
		h.do("GET", "/v1/sessions?user_id=user_1", "")
		return h
	},
	"maintenance": func(t *testing.T) *harness {
		h := newHarness(t)
		h.SetMaintenance(true)
		return h
	},
}

const refreshBody = `{"expired_token":"{expired}","refresh_token":"rt_1","request_origin":"https://app.example.com"}`

// onEach returns the exchanges that every operation has.
func onEach(op, method, path, body string) []exchange {
	return []exchange{
		{op: op, status: 401, code: "authorization_header_format_invalid", method: method, path: path, body: body, headers: "Authorization:"},
		{op: op, status: 401, code: "clerk_key_invalid", method: method, path: path, body: body, headers: "Authorization: Bearer sk_test_wrong"},
		{op: op, status: 400, code: "api_version_invalid", method: method, path: path, body: body, headers: "Clerk-API-Version: 2020-01-01"},
		{op: op, status: 429, code: "too_many_requests", method: method, path: path, body: body, server: "limited"},
		{op: op, status: 503, code: "maintenance_mode", method: method, path: path, body: body, server: "maintenance"},
		{op: op, status: 413, code: "request_body_too_large", method: method, path: path, body: huge},
	}
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
		{op: "RefreshSession", status: 401, code: "expired_session_token_missing_azp", method: "POST", path: "/v1/sessions/{id}/refresh", body: strings.Replace(refreshBody, "{expired}", "{plain}", 1)},
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
		if op.Method == "POST" {
			all = append(all,
				exchange{op: op.ID, status: 415, code: "unsupported_content_type", method: "POST", path: path, body: "user_id=user_1", headers: "Content-Type: application/x-www-form-urlencoded"},
				exchange{op: op.ID, status: 400, code: "request_body_invalid", method: "POST", path: path, body: `{"a":`},
				exchange{op: op.ID, status: 400, code: "request_body_invalid", method: "POST", path: path, body: `[]`},
				exchange{op: op.ID, status: 400, code: "request_body_invalid", method: "POST", path: path, body: `{"token":"a","token":"b"}`},
			)
		}
	}
	return all
}

// run prepares an instance, makes the exchange and returns how often each operation
// returned each status.
func (e exchange) run(t *testing.T) map[string]map[int]int {
	h := servers[e.server](t)
	if e.server == "strict" {
		h.AddUser(sessionstest.User{ID: "user_1"})
		h.AddUser(sessionstest.User{ID: "user_2"})
		h.AddUser(sessionstest.User{ID: "user_impersonated"})
	}
	session := h.session()
	gone := h.AddSession(clerksessions.Session{UserID: "user_1", Status: "revoked"})
	other := h.AddSession(clerksessions.Session{UserID: "user_2"})
	h.AddSession(clerksessions.Session{UserID: "user_impersonated", Actor: map[string]any{"sub": "user_admin"}})
	h.AddTemplate(sessionstest.Template{Name: "hasura", Claims: map[string]any{"role": "editor"}})
	h.AddRefreshToken(sessionstest.RefreshToken{Token: "rt_1", SessionID: session.ID})
	body := e.body
	if strings.Contains(body, "{expired}") || strings.Contains(body, "{plain}") {
		body = strings.ReplaceAll(body, "{expired}", h.Mint(session.ID, sessionstest.MintParams{Origin: "https://app.example.com"}))
		body = strings.ReplaceAll(body, "{plain}", h.Mint(session.ID, sessionstest.MintParams{}))
		h.Advance(time.Minute)
	}
	if strings.Contains(body, "{token}") {
		body = strings.ReplaceAll(body, "{token}", h.Mint(session.ID, sessionstest.MintParams{}))
	}
	if e.server == "limited" {
		h.do("GET", "/v1/sessions?user_id=user_1", "")
	}
	var headers []string
	if e.headers != "" {
		headers = append(headers, strings.Split(e.headers, ",")...)
	}
	h.mu.Lock()
	h.statuses = map[string]map[int]int{}
	h.mu.Unlock()
	a := h.do(e.method, strings.NewReplacer("{id}", session.ID, "{gone}", gone.ID, "{other}", other.ID).Replace(e.path), body, headers...)
	assert.Equal(t, e.status, a.status, a.body)
	assert.Equal(t, e.code, a.code, a.body)
	assert.Equal(t, e.param, a.param, a.body)
	requests := h.Requests()
	assert.Equal(t, e.op, requests[len(requests)-1].Operation)
	return h.statuses
}

// TestConformance makes every exchange, checks each response against the contract, and
// then checks that every status the contract declares was among them.
func TestConformance(t *testing.T) {
	t.Parallel()
	returned := map[string]map[int]int{}
	for _, e := range exchanges() {
		t.Run(e.op+"/"+strconv.Itoa(e.status)+"/"+e.code, func(t *testing.T) {
			for op, statuses := range e.run(t) {
				if returned[op] == nil {
					returned[op] = map[int]int{}
				}
				for status, n := range statuses {
					returned[op][status] += n
				}
			}
		})
	}
	declared := 0
	for _, item := range contract().Doc.Paths.Map() {
		for _, op := range item.Operations() {
			explicit := op.Responses.Map()
			require.NotEmpty(t, explicit)
			for key := range explicit {
				declared++
				met := slices.ContainsFunc(slices.Collect(maps.Keys(returned[op.OperationID])), func(status int) bool {
					return covers(key, status, func(k string) bool { return explicit[k] != nil })
				})
				assert.True(t, met, "%s declares %s, which no exchange returns", op.OperationID, key)
			}
		}
	}
	t.Logf("%d exchanges, %d declared responses", len(exchanges()), declared)
}

// covers reports whether a response key of the contract is the one for a status.
func covers(key string, status int, explicit func(string) bool) bool {
	exact, class := strconv.Itoa(status), strconv.Itoa(status/100)+"XX"
	switch key {
	case "default":
		return !explicit(exact) && !explicit(class)
	case class:
		return !explicit(exact)
	}
	return key == exact
}
