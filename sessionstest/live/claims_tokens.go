package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

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
	{"lifetime below 30 seconds", inferred, "422 form_param_value_invalid expires_in_seconds",
		post("/sessions/{session}/tokens", `{"expires_in_seconds":29}`)},
	{"lifetime above ten years", inferred, "422 form_param_value_too_large expires_in_seconds",
		post("/sessions/{session}/tokens", `{"expires_in_seconds":315360001}`)},
	{"body null", inferred, "200", post("/sessions/{session}/tokens", "null")},
	{"body {}", known, "200", post("/sessions/{session}/tokens", "{}")},
	{"token of an unknown session", known, "404 resource_not_found", post("/sessions/sess_none/tokens", "")},
	{"token of an unknown template", known, "404 resource_not_found",
		post("/sessions/{session}/tokens/template_none", "")},
}

const refreshBody = `{"expired_token":"a.b.c","refresh_token":"rt_1","request_origin":"https://app.example.com"}`

var refreshing = []claim{
	{"refresh without parameters", inferred, "422 form_param_missing expired_token",
		post("/sessions/{session}/refresh", "{}")},
	{"refresh with an invalid token", known, "401 expired_session_token_invalid",
		post("/sessions/{session}/refresh", refreshBody)},
	{"refresh of an unknown session", inferred, "401 expired_session_token_invalid",
		post("/sessions/sess_none/refresh", refreshBody)},
	{"refresh with an invalid origin and token", inferred, "401 refresh_request_origin_invalid",
		post("/sessions/{session}/refresh", strings.Replace(refreshBody, "https://", "", 1))},
	{"refresh with a token without azp", inferred, "401 expired_session_token_missing_azp", func(
		ctx context.Context, s *subject,
	) string {
		jwt := s.do(ctx, "POST", "/sessions/"+s.newest()+"/tokens", "").text("jwt")
		return s.do(
			ctx,
			"POST",
			"/sessions/"+s.newest()+"/refresh",
			strings.Replace(refreshBody, "a.b.c", jwt, 1),
		).String()
	}},
}

// verify asks for the outcome of VerifySession with a valid token.
func verify(version string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		jwt := s.do(ctx, "POST", "/sessions/"+s.newest()+"/tokens", "").text("jwt")
		path := "/sessions/" + s.newest() + "/verify"
		return s.do(ctx, "POST", path, `{"token":"`+jwt+`"}`, "Clerk-API-Version: "+version).String()
	}
}

var verifying = []claim{
	{"verify at 2025-03-12", inferred, "200", verify("2025-03-12")},
	{"verify at 2026-05-12", inferred, "410 operation_deprecated", verify("2026-05-12")},
	{"verify an invalid token", inferred, "400 invalid_session_token",
		post("/sessions/{session}/verify", `{"token":"a.b.c"}`, "Clerk-API-Version: 2025-03-12")},
}
