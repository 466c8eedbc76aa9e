package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	own         = "/sessions?user_id={user}" // the user's sessions
	one         = "/sessions/{session}"
	none        = "/sessions/sess_none"
	nobody      = "user_2aaaaaaaaaaaaaaaaaaaaaaaaaa!"
	verifiable  = "Clerk-API-Version: 2025-03-12" // the last version with VerifySession
	refreshBody = `{"expired_token":"a.b.c","refresh_token":"rt_1","request_origin":"https://app.example.com"}`
)

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// claims are checked in this order. Those that end sessions come last.
var claims = []claim{
	// Authentication.
	{"no key", known, "401 authorization_header_format_invalid", get(own, "Authorization:"), outcome},
	{"wrong key", known, "401 clerk_key_invalid", get(own, "Authorization: Bearer sk_test_wrong"), outcome},
	{"scheme in lower case", inferred, "401 authorization_header_format_invalid",
		get(own, "Authorization: bearer sk_test_wrong"), outcome},
	{"unknown path without a key", known, "401 authorization_header_format_invalid",
		get("/nothing", "Authorization:"), outcome},
	{"unknown path", inferred, "404 resource_not_found", get("/nothing"), outcome},
	{"keys", known, "200", get("/jwks"), outcome},

	// API versions.
	{"version is echoed", known, "2026-05-12", get(own), header("Clerk-Api-Version")},
	{"version of a request that names none", inferred, "2021-02-05",
		get(own, "Clerk-API-Version:"), header("Clerk-Api-Version")},
	{"unknown version", known, "400 api_version_invalid", get(own, "Clerk-API-Version: 2020-01-01"), outcome},
	{"version in header and query", known, "400 api_version_invalid",
		get(own + "&__clerk_api_version=2026-05-12"), outcome},

	// Headers and errors.
	{"media type", known, "application/json", get(own), header("Content-Type")},
	{"trace id in the header", known, "32 hexadecimal digits", get(own), func(r response) string {
		return orNot(traceID.MatchString(r.header.Get("X-Clerk-Trace-Id")), "32 hexadecimal digits")
	}},
	{"trace id in the body of an error", known, "the same", get(none), func(r response) string {
		return orNot(r.text("clerk_trace_id") == r.header.Get("X-Clerk-Trace-Id"), "the same")
	}},
	{"meta of an error without one", known, "omitted", get(none), func(r response) string {
		_, ok := r.firstError()["meta"]
		return orNot(!ok, "omitted")
	}},
	{"rate limit headers of a success", known, "none", get(own), func(r response) string {
		for name := range r.header {
			if name == "Retry-After" || strings.HasPrefix(strings.ToLower(name), "x-ratelimit") {
				return name
			}
		}
		return "none"
	}},

	// A session.
	{"actor of a session without one", known, "null", get(one), form("actor")},
	{"organization of a session without one", known, "null", get(one), form("last_active_organization_id")},
	{"tasks of an active session", inferred, "null", get(one), form("tasks")},
	{"latest_activity of one session", inferred, "omitted", get(one), form("latest_activity")},
	{"latest_activity in a list", inferred, "null", get(own + "&limit=1"), form("latest_activity")},
	{"unit of times", known, "milliseconds", get(one), func(r response) string {
		return orNot(r.number("created_at") > 1e12, "milliseconds")
	}},
	{"session expires after", known, "168h", get(one), hours("created_at", "expire_at")},
	{"session is abandoned after", known, "720h", get(one), hours("created_at", "abandon_at")},
	{"unknown session", known, "404 resource_not_found", get(none), outcome},

	// Lists.
	{"neither user nor client", inferred, "400 missing_query_parameter", get("/sessions"), outcome},
	{"default limit", known, "10 sessions", get(own), length("sessions")},
	{"limit 3", known, "3 sessions", get(own + "&limit=3"), length("sessions")},
	{"limit 500", known, "12 sessions", get(own + "&limit=500"), length("sessions")},
	{"limit 501", inferred, "10 sessions", get(own + "&limit=501"), length("sessions")},
	{"limit 0", inferred, "10 sessions", get(own + "&limit=0"), length("sessions")},
	{"limit -1", inferred, "10 sessions", get(own + "&limit=-1"), length("sessions")},
	{"limit that is not an integer", known, "422 form_param_value_invalid limit", get(own + "&limit=10.0"), outcome},
	{"offset 10", known, "2 sessions", get(own + "&offset=10"), length("sessions")},
	{"offset beyond the end", inferred, "0 sessions", get(own + "&offset=100"), length("sessions")},
	{"status active", known, "10 sessions", get(own + "&status=active"), length("sessions")},
	{"status revoked", known, "0 sessions", get(own + "&status=revoked"), length("sessions")},
	{"status pending", inferred, "422 form_param_value_invalid status", get(own + "&status=pending"), outcome},
	{"unknown parameter", inferred, "10 sessions", get(own + "&unknown=1"), length("sessions")},
	{"malformed query", inferred, "400 malformed_request_parameters", get(own + "&status=%zz"), outcome},
	{"parameter given twice", inferred, "2 sessions", get(own + "&limit=2&limit=4"), length("sessions")},
	{"unknown user", inferred, "200", get("/sessions?user_id=user_none"), outcome},
	{"order", known, "newest first", get(own + "&limit=500"), func(r response) string {
		created := func(v any) int64 {
			members, _ := v.(map[string]any)
			return response{members: members}.number("created_at")
		}
		newestFirst := slices.IsSortedFunc(r.list, func(a, b any) int { return cmp.Compare(created(b), created(a)) })
		return orNot(newestFirst && len(r.list) == sessionCount, "newest first")
	}},
	{"total_count", inferred, "12 of which 1 is in data", get(own + "&paginated=true&limit=1"),
		func(r response) string {
			data, _ := r.members["data"].([]any)
			return fmt.Sprintf("%d of which %d is in data", r.number("total_count"), len(data))
		}},
	{"sessions of a client", known, "200", get("/sessions?client_id={client}"), outcome},
	{"client", known, "200", get("/clients/{client}"), outcome},
	{"unknown client", known, "404 resource_not_found", get("/clients/client_none"), outcome},

	// Creating a session.
	{"create without a user", known, "422 form_param_missing user_id", post("/sessions", "{}"), outcome},
	{"create for an unknown user", known, "404 resource_not_found",
		post("/sessions", `{"user_id":"`+nobody+`"}`), outcome},
	{"create in an unknown organization", inferred, "404 resource_not_found",
		post("/sessions", `{"user_id":"{user}","active_organization_id":"org_2aaaaaaaaaaaaaaaaaaaaaaaaaa!"}`), outcome},
	{"unknown parameter in the body", known, "422 form_param_unknown userID",
		post("/sessions", `{"userID":"{user}"}`), outcome},
	{"parameter of the wrong type", inferred, "422 form_param_value_invalid user_id",
		post("/sessions", `{"user_id":1}`), outcome},
	{"malformed body", known, "400 request_body_invalid", post("/sessions", `{"user_id":`), outcome},
	{"body of another media type", known, "415 unsupported_content_type",
		post("/sessions", "user_id={user}", "Content-Type: text/plain"), outcome},

	// Tokens.
	{"lifetime of a session token", known, "60 s", mint(""), seconds("iat", "exp")},
	{"requested lifetime", known, "600 s", mint(`{"expires_in_seconds":600}`), seconds("iat", "exp")},
	{"time from nbf to iat", known, "10 s", mint(""), seconds("nbf", "iat")},
	{"azp", known, "omitted", mint(""), tokenClaim("azp")},
	{"azp with an Origin", known, "https://app.example.com",
		mint("", "Origin: https://app.example.com"), tokenClaim("azp")},
	{"version of the claims", known, "2", mint(""), tokenClaim("v")},
	{"sts", known, "active", mint(""), tokenClaim("sts")},
	{"jti", inferred, "present", mint(""), func(r response) string {
		_, ok := r.jwtPart(1)["jti"]
		return orNot(ok, "present")
	}},
	{"header of a token", known, "RS256 cl_B7d4PD111AAA JWT", mint(""), func(r response) string {
		head := r.jwtPart(0)
		return fmt.Sprint(head["alg"], " ", head["cat"], " ", head["typ"])
	}},
	{"kid of a token", known, "among the keys", func(s *subject) response {
		token, keys := mint("")(s), get("/jwks")(s)
		token.body = keys.body
		return token
	}, func(r response) string {
		kid, ok := r.jwtPart(0)["kid"].(string)
		return orNot(ok && strings.Contains(r.body, `"`+kid+`"`), "among the keys")
	}},
	{"lifetime below 30 seconds", inferred, "422 form_param_value_invalid expires_in_seconds",
		mint(`{"expires_in_seconds":29}`), outcome},
	{"lifetime above ten years", inferred, "422 form_param_value_too_large expires_in_seconds",
		mint(`{"expires_in_seconds":315360001}`), outcome},
	{"body null", inferred, "200", mint("null"), outcome},
	{"body {}", known, "200", mint("{}"), outcome},
	{"token of an unknown session", known, "404 resource_not_found", post(none+"/tokens", ""), outcome},
	{"token of an unknown template", known, "404 resource_not_found", post(one+"/tokens/template_none", ""), outcome},

	// Refreshing.
	{"refresh without parameters", inferred, "422 form_param_missing expired_token",
		post(one+"/refresh", "{}"), outcome},
	{"refresh with an invalid token", known, "401 expired_session_token_invalid",
		post(one+"/refresh", refreshBody), outcome},
	{"refresh of an unknown session", inferred, "401 expired_session_token_invalid",
		post(none+"/refresh", refreshBody), outcome},
	{"refresh with an invalid origin and token", inferred, "401 refresh_request_origin_invalid",
		post(one+"/refresh", strings.Replace(refreshBody, "https://", "", 1)), outcome},
	{"refresh with a token without azp", inferred, "401 expired_session_token_missing_azp",
		withToken(post(one+"/refresh", strings.Replace(refreshBody, "a.b.c", "{token}", 1))), outcome},

	// Verifying.
	{"verify at 2025-03-12", inferred, "200",
		withToken(post(one+"/verify", `{"token":"{token}"}`, verifiable)), outcome},
	{"verify at 2026-05-12", inferred, "410 operation_deprecated",
		withToken(post(one+"/verify", `{"token":"{token}"}`)), outcome},
	{"verify an invalid token", inferred, "400 invalid_session_token",
		post(one+"/verify", `{"token":"a.b.c"}`, verifiable), outcome},

	// Users.
	{"user by email address", known, "1 user", get("/users?email_address={email}"), length("user")},
	{"email address that is taken", known, "422 form_identifier_exists email_address",
		post("/users", newUser), outcome},
	{"email address that is invalid", inferred, "422 form_param_format_invalid email_address",
		post("/users", strings.Replace(newUser, "{email}", "anna", 1)), outcome},
	{"unknown user by id", known, "404 resource_not_found", get("/users/" + nobody), outcome},

	// Ending sessions.
	{"revoke", known, "revoked", then(post(one+"/revoke", ""), get(one)), status},
	{"revoke again", inferred, "revoked", then(post(one+"/revoke", ""), get(one)), status},
	{"revoke with body null", inferred, "200", post(one+"/revoke", "null"), outcome},
	{"revoke an unknown session", known, "404 resource_not_found", post(none+"/revoke", ""), outcome},
	{"token of a revoked session", inferred, "404 resource_not_found", mint(""), outcome},
	{"verify for a revoked session", inferred, "404 resource_not_found",
		post(one+"/verify", `{"token":"a.b.c"}`, verifiable), outcome},
	{"client of a revoked session", inferred, "200", get("/clients/{client}"), outcome},
	{"ban a user", known, "revoked", func(s *subject) response {
		s.sessions = s.sessions[1:] // the first is revoked already
		return then(post("/users/{user}/ban", ""), get(one))(s)
	}, status},
	{"create for a banned user", inferred, "403 user_banned", post("/sessions", `{"user_id":"{user}"}`), outcome},
	{"unban a user", known, "200", post("/users/{user}/unban", ""), outcome},
	{"create after the ban", inferred, "200", func(s *subject) response { return s.signIn() }, outcome},
	{"delete a user", known, "200", send("DELETE", "/users/{user}", ""), outcome},
	{"delete a user again", known, "404 resource_not_found", send("DELETE", "/users/{user}", ""), outcome},
	{"session of a deleted user", inferred, "revoked", get(one), status},
	{"create for a deleted user", known, "404 resource_not_found", post("/sessions", `{"user_id":"{user}"}`), outcome},
}
