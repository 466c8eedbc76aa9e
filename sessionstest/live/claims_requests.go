package main

import (
	"context"
	"regexp"
	"strings"
)

var authentication = []claim{
	{"no key", known, "401 authorization_header_format_invalid", get(own, "Authorization:")},
	{"wrong key", known, "401 clerk_key_invalid", get(own, "Authorization: Bearer sk_test_wrong")},
	{"scheme in lower case", inferred, "401 authorization_header_format_invalid",
		get(own, "Authorization: bearer sk_test_wrong")},
	{"unknown path without a key", known, "401 authorization_header_format_invalid", get("/nothing", "Authorization:")},
	{"unknown path", inferred, "404 resource_not_found", get("/nothing")},
	{"keys", known, "200", get("/jwks")},
}

var apiVersions = []claim{
	{"version is echoed", known, "2026-05-12", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header.Get("Clerk-Api-Version")
	}},
	{"version of a request that names none", inferred, "2021-02-05", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "GET", "/sessions?user_id="+s.user, "", "Clerk-API-Version:").header.Get("Clerk-Api-Version")
	}},
	{"unknown version", known, "400 api_version_invalid", get(own, "Clerk-API-Version: 2020-01-01")},
	{"version in header and query", known, "400 api_version_invalid",
		get("/sessions?user_id={user}&__clerk_api_version=2026-05-12")},
}

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

var responseHeaders = []claim{
	{"media type", known, "application/json", func(ctx context.Context, s *subject) string {
		return s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header.Get("Content-Type")
	}},
	{"trace id in the header", known, "32 hexadecimal digits", func(ctx context.Context, s *subject) string {
		trace := s.do(ctx, "GET", "/sessions?user_id="+s.user, "").header.Get("X-Clerk-Trace-Id")
		return is(traceID.MatchString(trace), "32 hexadecimal digits")
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
