package main

import (
	"context"
	"fmt"
	"slices"
)

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
	{"unknown session", known, "404 resource_not_found", get("/sessions/sess_none")},
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
	{"neither user nor client", inferred, "400 missing_query_parameter", get("/sessions")},
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
	{"unknown user", inferred, "200", get("/sessions?user_id=user_none")},
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
	{"sessions of a client", known, "200", get("/sessions?client_id={client}")},
	{"client", known, "200", get("/clients/{client}")},
	{"unknown client", known, "404 resource_not_found", get("/clients/client_none")},
}

var creating = []claim{
	{"create without a user", known, "422 form_param_missing user_id", post("/sessions", "{}")},
	{"create for an unknown user", known, "404 resource_not_found",
		post("/sessions", `{"user_id":"user_2aaaaaaaaaaaaaaaaaaaaaaaaaa!"}`)},
	{"create in an unknown organization", inferred, "404 resource_not_found",
		post("/sessions", `{"user_id":"{user}","active_organization_id":"org_2aaaaaaaaaaaaaaaaaaaaaaaaaa!"}`)},
	{"unknown parameter in the body", known, "422 form_param_unknown userID", post("/sessions", `{"userID":"{user}"}`)},
	{
		"parameter of the wrong type",
		inferred,
		"422 form_param_value_invalid user_id",
		post("/sessions", `{"user_id":1}`),
	},
	{"malformed body", known, "400 request_body_invalid", post("/sessions", `{"user_id":`)},
	{"body of another media type", known, "415 unsupported_content_type",
		post("/sessions", "user_id={user}", "Content-Type: text/plain")},
}
