package main

import "slices"

// body edits the request body of an operation.
func body(path string, edit func(b object)) func(object) {
	return op(path, "post", func(op object) { edit(get(op, "requestBody")) })
}

// editResponses edits the responses of an operation.
func editResponses(path, method string, edit func(r object)) func(object) {
	return op(path, method, func(op object) { edit(get(op, "responses")) })
}

func retype(contentType string) func(object) {
	return func(o object) {
		o["content"] = object{contentType: get(o, "content")["application/json"]}
	}
}

func withProperty(name string) func(object) {
	return func(s object) { get(s, "properties")[name] = object{"type": "string"} }
}

func withoutProperty(name string) func(object) {
	return func(s object) { delete(get(s, "properties"), name) }
}

func require_(name string) func(object) {
	return func(s object) {
		l, _ := s["required"].([]any)
		s["required"] = append(slices.Clone(l), name)
	}
}

func unrequire(name string) func(object) {
	return func(s object) { s["required"] = without(s["required"], name) }
}

const (
	createBody  = "requestBody.content.application/json[object]"
	errorBody   = "responses.401.content.application/json[object]"
	refreshBody = createBody
)

var bodyMutations = []mutation{
	{"body required", "tokens", in("token"), "requestBody.required", body(tokens_, set("required", true))},
	{"body required", "no longer", in("create"), "requestBody.required", body("/sessions", set("required", false))},
	{"body required", "unsaid", in("refresh"), "requestBody.required", body(refresh_, unset("required"))},
	{"body", "removed", in("token"), "requestBody", op(tokens_, "post", unset("requestBody"))},
	{"body", "added", in("revoke"), "requestBody", op(revoke_, "post", set("requestBody", object{"content": object{"application/json": object{"schema": object{"type": "object"}}}}))},
	{"content type", "of a body", in("create"), "requestBody.content.application/x-www-form-urlencoded", body("/sessions", retype("application/x-www-form-urlencoded"))},
	{"content type", "one more", in("verify"), "requestBody.content.text/plain", body(verify_, func(b object) { get(b, "content")["text/plain"] = object{"schema": object{"type": "string"}} })},
	{"content type", "of a response", withBoth, "responses.200.content.application/jwt", component("responses", "Token", retype("application/jwt"))},
	{"content type", "none", in("create", "get", "revoke", "verify"), ok_, component("responses", "Session", unset("content"))},
	{"property added", "to a body", in("create"), createBody + ".properties.device_id", schema("CreateSession", withProperty("device_id"))},
	{"property added", "to a shared body", withBoth, createBody + ".properties.leeway", schema("CreateToken", withProperty("leeway"))},
	{"property removed", "from a body", in("refresh"), refreshBody + ".properties.format", schema("RefreshSession", withoutProperty("format"))},
	{"property required", "in a body", in("create"), createBody + ".properties.active_organization_id.required", schema("CreateSession", require_("active_organization_id"))},
	{"property required", "no longer in a body", in("refresh"), refreshBody + ".properties.request_origin.required", schema("RefreshSession", unrequire("request_origin"))},
	{"property required", "undeclared", in("create"), createBody + ".properties.reason.required", schema("CreateSession", require_("reason"))},
	{"property nullable", "in a body", in("create"), createBody + ".properties.user_id.nullable", property("CreateSession", "user_id", set("nullable", true))},
	{"property retyped", "in a body", withBoth, createBody + ".properties.expires_in_seconds.type", property("CreateToken", "expires_in_seconds", set("type", "number"))},
	{"property reformatted", "in a body", withBoth, createBody + ".properties.expires_in_seconds.format", property("CreateToken", "expires_in_seconds", set("format", "int64"))},
	{"property enum", "in a body", in("refresh"), refreshBody + ".properties.format.enum[header]", property("RefreshSession", "format", set("enum", []any{"token", "cookie", "header"}))},
	{"property default", "in a body", in("refresh"), refreshBody + ".properties.format.default", property("RefreshSession", "format", set("default", "cookie"))},
	{"property bound", "minimum", withBoth, createBody + ".properties.expires_in_seconds.minimum", property("CreateToken", "expires_in_seconds", set("minimum", 60))},
	{"property bound", "maximum", withBoth, createBody + ".properties.expires_in_seconds.maximum", property("CreateToken", "expires_in_seconds", set("maximum", 3600))},
	{"additionalProperties", "forbidden", in("create"), createBody + ".additionalProperties", schema("CreateSession", set("additionalProperties", false))},
	{"additionalProperties", "allowed", in("refresh"), refreshBody + ".additionalProperties", schema("RefreshSession", unset("additionalProperties"))},
	{"additionalProperties", "said beside properties", in("verify"), createBody + ".additionalProperties", schema("VerifySession", set("additionalProperties", true))},
	{"additionalProperties", "typed", in("refresh"), refreshBody + ".properties.request_headers.additionalProperties", property("RefreshSession", "request_headers", set("additionalProperties", object{"type": "string"}))},
}

var replyMutations = []mutation{
	{"status added", "403", in("get"), "responses.403", editResponses(one_, "get", set("403", object{"description": "No."}))},
	{"status added", "202", in("revoke"), "responses.202", editResponses(revoke_, "post", set("202", object{"description": "Later."}))},
	{"status removed", "404", in("get"), "responses.404", editResponses(one_, "get", unset("404"))},
	{"status removed", "5XX", in("list"), "responses.5XX", editResponses("/sessions", "get", unset("5XX"))},
	{"status removed", "default", in("token"), "responses.default", editResponses(tokens_, "post", unset("default"))},
	{"status renamed", "200 to 201", in("create"), "responses.201", editResponses("/sessions", "post", func(r object) { r["201"] = r["200"]; delete(r, "200") })},
	{"status renamed", "429 to 4XX", in("create"), "responses.4XX", editResponses("/sessions", "post", func(r object) { r["4xx"] = r["429"]; delete(r, "429") })},
	{"header", "added", withNotFound, "responses.404.headers.x-request-id", component("responses", "NotFound", func(r object) { get(r, "headers")["X-Request-Id"] = object{"schema": object{"type": "string"}} })},
	{"header", "removed", everywhere, "responses.429.headers.retry-after", component("responses", "RateLimited", func(r object) { delete(get(r, "headers"), "Retry-After") })},
	{"header", "retyped", everywhere, "responses.429.headers.retry-after.schema.type", component("headers", "RetryAfter", setSchema("type", "integer"))},
	{"property added", "to a response", withToken, ok_ + "[object].properties.expires_at", func(doc object) {
		withProperty("expires_at")(get(doc, "components", "schemas", "Token"))
	}},
	{"property removed", "from a response", withSession, ok_ + "[object].properties.tasks", schema("Session", withoutProperty("tasks"))},
	{"property removed", "from a nested response", withSession, ok_ + "[object].properties.latest_activity.properties.city", schema("SessionActivity", withoutProperty("city"))},
	{"property required", "in a response", withSession, ok_ + "[object].properties.actor.required", schema("Session", require_("actor"))},
	{"property required", "no longer in a response", everywhere, errorBody + ".properties.errors.items.properties.code.required", schema("ClerkError", unrequire("code"))},
	{"property nullable", "in a response", withSession, ok_ + "[object].properties.client_id.nullable", property("Session", "client_id", set("nullable", true))},
	{"property nullable", "no longer", withSession, ok_ + "[object].properties.actor.nullable", property("Session", "actor", unset("nullable"))},
	{"property nullable", "a whole schema no longer", withSession, ok_ + "[object].properties.latest_activity.nullable", schema("SessionActivity", unset("nullable"))},
	{"property nullable", "beside a reference", withSession, ok_ + "[object].properties.status.nullable", property("Session", "status", set("nullable", true))},
	{"property retyped", "in a response", withSession, ok_ + "[object].properties.expire_at.type", property("Session", "expire_at", set("type", "string"))},
	{"property retyped", "a list's items", withSession, ok_ + "[object].properties.tasks.items.properties.key.type", property("SessionTask", "key", set("type", "integer"))},
	{"property retyped", "to a union", withSession, ok_ + "[object].properties.actor.oneOf[string]", property("Session", "actor", func(p object) {
		delete(p, "type")
		p["oneOf"] = []any{object{"type": "object"}, object{"type": "string"}}
	})},
	{"property reformatted", "to int32", withSession, ok_ + "[object].properties.created_at.format", property("Session", "created_at", set("format", "int32"))},
	{"property reformatted", "no format", withSession, ok_ + "[object].properties.updated_at.format", property("Session", "updated_at", unset("format"))},
	{"property enum", "a status more", withSession, ok_ + "[object].properties.status.enum[paused]", schema("SessionStatus", func(s object) { s["enum"] = append(s["enum"].([]any), "paused") })},
	{"property enum", "a status less", withSession, ok_ + "[object].properties.status.enum[pending]", schema("SessionStatus", func(s object) { s["enum"] = without(s["enum"], "pending") })},
	{"property enum", "the only value", withSession, ok_ + "[object].properties.object.enum[Session]", property("Session", "object", set("enum", []any{"Session"}))},
	{"property default", "in a response", in("list"), ok_ + "[object].properties.total_count.default", property("SessionPage", "total_count", set("default", 0))},
	{"additionalProperties", "allowed in a response", withSession, ok_ + "[object].additionalProperties", schema("Session", unset("additionalProperties"))},
	{"alternatives", "one less", in("refresh"), ok_ + "[object=cookies]", func(doc object) {
		s := get(doc, "paths", refresh_, "post", "responses", "200", "content", "application/json", "schema")
		s["oneOf"] = s["oneOf"].([]any)[:1]
	}},
	{"alternatives", "one more", in("list"), ok_ + "[string]", func(doc object) {
		s := get(doc, "paths", "/sessions", "get", "responses", "200", "content", "application/json", "schema")
		s["oneOf"] = append(s["oneOf"].([]any), object{"type": "string"})
	}},
	{"alternatives", "anyOf", in("refresh"), ok_ + ".anyOf", func(doc object) {
		s := get(doc, "paths", refresh_, "post", "responses", "200", "content", "application/json", "schema")
		s["anyOf"] = s["oneOf"]
		delete(s, "oneOf")
	}},
	{"additionalProperties", "true instead of unsaid", withSession, ok_ + "[object].properties.actor.additionalProperties", property("Session", "actor", set("additionalProperties", true))},
	{"additionalProperties", "unsaid instead of true", in("refresh"), refreshBody + ".properties.request_headers.additionalProperties", property("RefreshSession", "request_headers", unset("additionalProperties"))},
	{"body schema", "of a union dropped", in("refresh"), ok_ + "[object=token]", func(doc object) {
		delete(get(doc, "paths", refresh_, "post", "responses", "200", "content", "application/json"), "schema")
	}},
	{"body schema", "beside a union", in("refresh"), ok_ + ".maxProperties", func(doc object) {
		get(doc, "paths", refresh_, "post", "responses", "200", "content", "application/json", "schema")["maxProperties"] = 2
	}},
	{"alternatives", "a new constraint", withSession, ok_ + "[object].properties.actor.minProperties", property("Session", "actor", set("minProperties", 1))},
}
