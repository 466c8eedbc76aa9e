package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// claim is one thing that the emulator's documentation says of Clerk.
type claim struct {
	name  string
	known bool // seen in Clerk's documents, SDKs or recordings; else inferred
	want  string
	ask   func(context.Context, *subject) string
}

// outcome asks for status and error code of a request. {user}, {session} and {client}
// stand for those of the subject.
func outcome(method, path, body string, headers ...string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		fill := strings.NewReplacer("{user}", s.user, "{session}", s.newest(), "{client}", s.device, "{email}", url.QueryEscape(s.email))
		return s.do(ctx, method, fill.Replace(path), fill.Replace(body), headers...).String()
	}
}

func (s *subject) newest() string {
	if len(s.sessions) == 0 {
		return ""
	}
	return s.sessions[0]
}

const (
	known    = true
	inferred = false
)

// claims are checked in this order. Those that end sessions come last.
var claims = slices.Concat(authentication, apiVersions, responseHeaders, sessionForm, listing, creating, tokens, refreshing, verifying, users, ending)

var authentication = []claim{
	{"no key", known, "401 authorization_header_format_invalid", outcome("GET", "/sessions?user_id={user}", "", "Authorization:")},
	{"wrong key", known, "401 clerk_key_invalid", outcome("GET", "/sessions?user_id={user}", "", "Authorization: Bearer sk_test_wrong")},
	{"scheme in lower case", inferred, "401 authorization_header_format_invalid", outcome("GET", "/sessions?user_id={user}", "", "Authorization: bearer sk_test_wrong")},
	{"unknown path without a key", known, "401 authorization_header_format_invalid", outcome("GET", "/nothing", "", "Authorization:")},
	{"unknown path", inferred, "404 resource_not_found", outcome("GET", "/nothing", "")},
	{"keys", known, "200", outcome("GET", "/jwks", "")},
}

var apiVersions = []claim{
	{"version is echoed", known, "2026-05-12", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header.Get("Clerk-Api-Version")
	}},
	{"version of a request that names none", inferred, "2021-02-05", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "GET", "/sessions?user_id="+s.user, "", "Clerk-API-Version:").header.Get("Clerk-Api-Version")
	}},
	{"unknown version", known, "400 api_version_invalid", outcome("GET", "/sessions?user_id={user}", "", "Clerk-API-Version: 2020-01-01")},
	{"version in header and query", known, "400 api_version_invalid", outcome("GET", "/sessions?user_id={user}&__clerk_api_version=2026-05-12", "")},
}

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

var responseHeaders = []claim{
	{"media type", known, "application/json", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header.Get("Content-Type")
	}},
	{"trace id in the header", known, "32 hexadecimal digits", func(ctx context.Context, s *subject) string {
		return is(traceID.MatchString(s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header.Get("X-Clerk-Trace-Id")), "32 hexadecimal digits")
	}},
	{"trace id in the body of an error", known, "the same", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions/sess_none", "")
		return is(r.text("clerk_trace_id") == r.header.Get("X-Clerk-Trace-Id"), "the same")
	}},
	{"meta of an error without one", known, "omitted", func(ctx context.Context, s *subject) string {
		_, ok := s.do(ctx, "GET", "/sessions/sess_none", "").firstError()["meta"]
		return is(!ok, "omitted")
	}},
	{"rate limit headers of a success", known, "none", func(ctx context.Context, s *subject) string {
		for name := range s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header {
			if name == "Retry-After" || strings.HasPrefix(strings.ToLower(name), "x-ratelimit") {
				return name
			}
		}
		return "none"
	}},
}

// is returns what holds, or the opposite.
func is(ok bool, what string) string {
	if ok {
		return what
	}
	return "not " + what
}

// member asks for the form of a member of the newest session, read by itself.
func member(name string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		return form(s.do(ctx, "GET", "/sessions/"+s.newest(), "").members, name)
	}
}

// form returns whether a member is missing, null, or of which form.
func form(members map[string]any, name string) string {
	switch v, ok := members[name]; v := v.(type) {
	case nil:
		if !ok {
			return "omitted"
		}
		return "null"
	default:
		return fmt.Sprintf("%T", v)
	}
}

var sessionForm = []claim{
	{"actor of a session without one", known, "null", member("actor")},
	{"organization of a session without one", known, "null", member("last_active_organization_id")},
	{"tasks of an active session", inferred, "null", member("tasks")},
	{"latest_activity of one session", inferred, "omitted", member("latest_activity")},
	{"latest_activity in a list", inferred, "null", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions?limit=1&user_id="+s.user, "")
		if len(r.list) == 0 {
			return r.String()
		}
		members, _ := r.list[0].(map[string]any)
		return form(members, "latest_activity")
	}},
	{"unit of times", known, "milliseconds", func(ctx context.Context, s *subject) string {
		return is(s.do(ctx, "GET", "/sessions/"+s.newest(), "").number("created_at") > 1e12, "milliseconds")
	}},
	{"session expires after", known, "168h", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions/"+s.newest(), "")
		return fmt.Sprintf("%dh", (r.number("expire_at")-r.number("created_at")+500)/3_600_000)
	}},
	{"session is abandoned after", known, "720h", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions/"+s.newest(), "")
		return fmt.Sprintf("%dh", (r.number("abandon_at")-r.number("created_at")+500)/3_600_000)
	}},
	{"unknown session", known, "404 resource_not_found", outcome("GET", "/sessions/sess_none", "")},
}

// length asks for the number of sessions in a list of the user's.
func length(query string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions?user_id="+s.user+"&"+query, "")
		if r.list == nil {
			return r.String()
		}
		return fmt.Sprint(len(r.list), " sessions")
	}
}

var listing = []claim{
	{"neither user nor client", inferred, "400 missing_query_parameter", outcome("GET", "/sessions", "")},
	{"default limit", known, "10 sessions", length("")},
	{"limit 3", known, "3 sessions", length("limit=3")},
	{"limit 500", known, "12 sessions", length("limit=500")},
	{"limit 501", inferred, "10 sessions", length("limit=501")},
	{"limit 0", inferred, "10 sessions", length("limit=0")},
	{"limit -1", inferred, "10 sessions", length("limit=-1")},
	{"limit that is not an integer", known, "422 form_param_value_invalid limit", length("limit=10.0")},
	{"offset 10", known, "2 sessions", length("offset=10")},
	{"offset beyond the end", inferred, "0 sessions", length("offset=100")},
	{"status active", known, "10 sessions", length("status=active")},
	{"status revoked", known, "0 sessions", length("status=revoked")},
	{"status pending", inferred, "422 form_param_value_invalid status", length("status=pending")},
	{"unknown parameter", inferred, "10 sessions", length("unknown=1")},
	{"malformed query", inferred, "400 malformed_request_parameters", length("status=%zz")},
	{"parameter given twice", inferred, "2 sessions", length("limit=2&limit=4")},
	{"unknown user", inferred, "200", outcome("GET", "/sessions?user_id=user_none", "")},
	{"order", known, "newest first", func(ctx context.Context, s *subject) string {
		var ids []string
		for _, v := range s.do(ctx, "GET", "/sessions?limit=500&user_id="+s.user, "").list {
			session, _ := v.(map[string]any)
			ids = append(ids, fmt.Sprint(session["id"]))
		}
		return is(slices.Equal(ids, s.sessions), "newest first")
	}},
	{"total_count", inferred, "12 of which 1 is in data", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions?paginated=true&limit=1&user_id="+s.user, "")
		data, _ := r.members["data"].([]any)
		return fmt.Sprintf("%d of which %d is in data", r.number("total_count"), len(data))
	}},
	{"sessions of a client", known, "200", outcome("GET", "/sessions?client_id={client}", "")},
	{"client", known, "200", outcome("GET", "/clients/{client}", "")},
	{"unknown client", known, "404 resource_not_found", outcome("GET", "/clients/client_none", "")},
}

var creating = []claim{
	{"create without a user", known, "422 form_param_missing user_id", outcome("POST", "/sessions", "{}")},
	{"create for an unknown user", known, "404 resource_not_found", outcome("POST", "/sessions", `{"user_id":"user_2aaaaaaaaaaaaaaaaaaaaaaaaaa!"}`)},
	{"create in an unknown organization", inferred, "404 resource_not_found", outcome("POST", "/sessions", `{"user_id":"{user}","active_organization_id":"org_2aaaaaaaaaaaaaaaaaaaaaaaaaa!"}`)},
	{"unknown parameter in the body", known, "422 form_param_unknown userID", outcome("POST", "/sessions", `{"userID":"{user}"}`)},
	{"parameter of the wrong type", inferred, "422 form_param_value_invalid user_id", outcome("POST", "/sessions", `{"user_id":1}`)},
	{"malformed body", known, "400 request_body_invalid", outcome("POST", "/sessions", `{"user_id":`)},
	{"body of another media type", known, "415 unsupported_content_type", outcome("POST", "/sessions", "user_id={user}", "Content-Type: text/plain")},
}

// token returns the parts of a token of the newest session.
func (s *subject) token(ctx context.Context, body string, headers ...string) (header, claims map[string]any) {
	parts := strings.Split(s.do(ctx, "POST", "/sessions/"+s.newest()+"/tokens", body, headers...).text("jwt"), ".")
	decode := func(part string) (members map[string]any) {
		raw, _ := base64.RawURLEncoding.DecodeString(part)
		_ = json.Unmarshal(raw, &members)
		return members
	}
	if len(parts) != 3 {
		return nil, nil
	}
	return decode(parts[0]), decode(parts[1])
}

// seconds asks for the difference of two claims of a token.
func seconds(body, from, to string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		_, claims := s.token(ctx, body)
		a, _ := claims[from].(float64)
		b, _ := claims[to].(float64)
		return fmt.Sprint(b-a, " s")
	}
}

// tokenMember asks for a claim of a token.
func tokenMember(name string, headers ...string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		_, claims := s.token(ctx, "", headers...)
		if v, ok := claims[name]; ok {
			return fmt.Sprint(v)
		}
		return "omitted"
	}
}

var tokens = []claim{
	{"lifetime of a session token", known, "60 s", seconds("", "iat", "exp")},
	{"lifetime that was asked for", known, "600 s", seconds(`{"expires_in_seconds":600}`, "iat", "exp")},
	{"time from nbf to iat", known, "10 s", seconds("", "nbf", "iat")},
	{"azp", known, "omitted", tokenMember("azp")},
	{"azp with an Origin", known, "https://app.example.com", tokenMember("azp", "Origin: https://app.example.com")},
	{"version of the claims", known, "2", tokenMember("v")},
	{"sts", known, "active", tokenMember("sts")},
	{"jti", inferred, "present", func(ctx context.Context, s *subject) string {
		_, claims := s.token(ctx, "")
		_, ok := claims["jti"]
		return is(ok, "present")
	}},
	{"header of a token", known, "RS256 cl_B7d4PD111AAA JWT", func(ctx context.Context, s *subject) string {
		header, _ := s.token(ctx, "")
		return fmt.Sprint(header["alg"], " ", header["cat"], " ", header["typ"])
	}},
	{"kid of a token", known, "among the keys", func(ctx context.Context, s *subject) string {
		header, _ := s.token(ctx, "")
		kid, _ := header["kid"].(string)
		return is(kid != "" && strings.Contains(s.do(ctx, "GET", "/jwks", "").body, `"`+kid+`"`), "among the keys")
	}},
	{"lifetime below 30 seconds", inferred, "422 form_param_value_invalid expires_in_seconds", outcome("POST", "/sessions/{session}/tokens", `{"expires_in_seconds":29}`)},
	{"lifetime above ten years", inferred, "422 form_param_value_too_large expires_in_seconds", outcome("POST", "/sessions/{session}/tokens", `{"expires_in_seconds":315360001}`)},
	{"body null", inferred, "200", outcome("POST", "/sessions/{session}/tokens", "null")},
	{"body {}", known, "200", outcome("POST", "/sessions/{session}/tokens", "{}")},
	{"token of an unknown session", known, "404 resource_not_found", outcome("POST", "/sessions/sess_none/tokens", "")},
	{"token of an unknown template", known, "404 resource_not_found", outcome("POST", "/sessions/{session}/tokens/template_none", "")},
}

const refreshBody = `{"expired_token":"a.b.c","refresh_token":"rt_1","request_origin":"https://app.example.com"}`

var refreshing = []claim{
	{"refresh without parameters", inferred, "422 form_param_missing expired_token", outcome("POST", "/sessions/{session}/refresh", "{}")},
	{"refresh with an invalid token", known, "401 expired_session_token_invalid", outcome("POST", "/sessions/{session}/refresh", refreshBody)},
	{"refresh of an unknown session", inferred, "401 expired_session_token_invalid", outcome("POST", "/sessions/sess_none/refresh", refreshBody)},
	{"refresh with an invalid origin and token", inferred, "401 refresh_request_origin_invalid", outcome("POST", "/sessions/{session}/refresh", strings.Replace(refreshBody, "https://", "", 1))},
	{"refresh with a token without azp", inferred, "401 expired_session_token_missing_azp", func(ctx context.Context, s *subject) string {
		jwt := s.do(ctx, "POST", "/sessions/"+s.newest()+"/tokens", "").text("jwt")
		return s.do(ctx, "POST", "/sessions/"+s.newest()+"/refresh", strings.Replace(refreshBody, "a.b.c", jwt, 1)).String()
	}},
}

// verify asks for the outcome of VerifySession with a valid token.
func verify(version string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		jwt := s.do(ctx, "POST", "/sessions/"+s.newest()+"/tokens", "").text("jwt")
		return s.do(ctx, "POST", "/sessions/"+s.newest()+"/verify", `{"token":"`+jwt+`"}`, "Clerk-API-Version: "+version).String()
	}
}

var verifying = []claim{
	{"verify at 2025-03-12", inferred, "200", verify("2025-03-12")},
	{"verify at 2026-05-12", inferred, "410 operation_deprecated", verify("2026-05-12")},
	{"verify an invalid token", inferred, "400 invalid_session_token", outcome("POST", "/sessions/{session}/verify", `{"token":"a.b.c"}`, "Clerk-API-Version: 2025-03-12")},
}

var users = []claim{
	{"user by email address", known, "1 user", func(ctx context.Context, s *subject) string {
		return fmt.Sprint(len(s.do(ctx, "GET", "/users?email_address="+url.QueryEscape(s.email), "").list), " user")
	}},
	{"email address that is taken", known, "422 form_identifier_exists email_address", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "POST", "/users", fmt.Sprintf(`{"email_address":[%q],"skip_password_requirement":true}`, s.email)).String()
	}},
	{"email address that is invalid", inferred, "422 form_param_format_invalid email_address", outcome("POST", "/users", `{"email_address":["anna"],"skip_password_requirement":true}`)},
	{"unknown user by id", known, "404 resource_not_found", outcome("GET", "/users/user_2aaaaaaaaaaaaaaaaaaaaaaaaaa!", "")},
}

// status asks for the status of the session after a request.
func status(method, path string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		path := strings.NewReplacer("{user}", s.user, "{session}", s.newest()).Replace(path)
		if r := s.do(ctx, method, path, ""); r.status != 200 {
			return r.String()
		}
		return s.do(ctx, "GET", "/sessions/"+s.newest(), "").text("status")
	}
}

var ending = []claim{
	{"revoke", known, "revoked", status("POST", "/sessions/{session}/revoke")},
	{"revoke again", inferred, "revoked", status("POST", "/sessions/{session}/revoke")},
	{"revoke with body null", inferred, "200", outcome("POST", "/sessions/{session}/revoke", "null")},
	{"revoke an unknown session", known, "404 resource_not_found", outcome("POST", "/sessions/sess_none/revoke", "")},
	{"token of a revoked session", inferred, "404 resource_not_found", outcome("POST", "/sessions/{session}/tokens", "")},
	{"verify for a revoked session", inferred, "404 resource_not_found", outcome("POST", "/sessions/{session}/verify", `{"token":"a.b.c"}`, "Clerk-API-Version: 2025-03-12")},
	{"client of a revoked session", inferred, "200", outcome("GET", "/clients/{client}", "")},
	{"ban a user", known, "revoked", func(ctx context.Context, s *subject) string {
		s.sessions = s.sessions[1:] // the first is revoked already
		return status("POST", "/users/{user}/ban")(ctx, s)
	}},
	{"create for a banned user", inferred, "403 user_banned", outcome("POST", "/sessions", `{"user_id":"{user}"}`)},
	{"unban a user", known, "200", outcome("POST", "/users/{user}/unban", "")},
	{"create after the ban", inferred, "200", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "POST", "/sessions", `{"user_id":"`+s.user+`"}`)
		if id := r.text("id"); id != "" {
			s.sessions = append([]string{id}, s.sessions...)
		}
		return r.String()
	}},
	{"delete a user", known, "200", outcome("DELETE", "/users/{user}", "")},
	{"delete a user again", known, "404 resource_not_found", outcome("DELETE", "/users/{user}", "")},
	{"session of a deleted user", inferred, "revoked", func(ctx context.Context, s *subject) string {
		r := s.do(ctx, "GET", "/sessions/"+s.newest(), "")
		if r.status != 200 {
			return r.String()
		}
		return r.text("status")
	}},
	{"create for a deleted user", known, "404 resource_not_found", outcome("POST", "/sessions", `{"user_id":"{user}"}`)},
}
