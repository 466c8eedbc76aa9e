package main

import (
	"context"
	"strings"
)

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
	{"revoke with body null", inferred, "200", post("/sessions/{session}/revoke", "null")},
	{"revoke an unknown session", known, "404 resource_not_found", post("/sessions/sess_none/revoke", "")},
	{"token of a revoked session", inferred, "404 resource_not_found", post("/sessions/{session}/tokens", "")},
	{"verify for a revoked session", inferred, "404 resource_not_found",
		post("/sessions/{session}/verify", `{"token":"a.b.c"}`, "Clerk-API-Version: 2025-03-12")},
	{"client of a revoked session", inferred, "200", get("/clients/{client}")},
	{"ban a user", known, "revoked", func(ctx context.Context, s *subject) string {
		s.sessions = s.sessions[1:] // the first is revoked already
		return status("POST", "/users/{user}/ban")(ctx, s)
	}},
	{"create for a banned user", inferred, "403 user_banned", post("/sessions", `{"user_id":"{user}"}`)},
	{"unban a user", known, "200", post("/users/{user}/unban", "")},
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
	{"create for a deleted user", known, "404 resource_not_found", post("/sessions", `{"user_id":"{user}"}`)},
}
