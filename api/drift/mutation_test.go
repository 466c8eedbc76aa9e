package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The operations of the contract, by the names the tables use.
var requests = map[string]string{
	"list":     "GET /sessions",
	"create":   "POST /sessions",
	"get":      "GET /sessions/{session_id}",
	"refresh":  "POST /sessions/{session_id}/refresh",
	"revoke":   "POST /sessions/{session_id}/revoke",
	"verify":   "POST /sessions/{session_id}/verify",
	"token":    "POST /sessions/{session_id}/tokens",
	"template": "POST /sessions/{session_id}/tokens/{template_name}",
}

var (
	everywhere   = []string{"list", "create", "get", "refresh", "revoke", "verify", "token", "template"}
	withID       = []string{"get", "refresh", "revoke", "verify", "token", "template"}
	withSession  = []string{"list", "create", "get", "revoke", "verify"}
	withBoth     = []string{"token", "template"}
	withToken    = []string{"refresh", "token", "template"}
	withNotFound = []string{"create", "get", "revoke", "verify", "token", "template"}
)

// A mutation is one change of the contract, the operations it changes and a
// place that has to be named in each of them.
type mutation struct {
	kind, name string
	in         []string
	place      string
	edit       func(doc object)
}

func in(names ...string) []string { return names }

// op edits one operation.
func op(path, method string, edit func(op object)) func(object) {
	return func(doc object) { edit(get(doc, "paths", path, method)) }
}

// list edits a parameter of GET /sessions.
func list(name string, edit func(p object)) func(object) {
	return op("/sessions", "get", func(op object) { edit(parameter(op, name)) })
}

// component edits a shared part, such as schemas, Session.
func component(kind, name string, edit func(c object)) func(object) {
	return func(doc object) { edit(get(doc, "components", kind, name)) }
}

func schema(name string, edit func(s object)) func(object) { return component("schemas", name, edit) }

func property(name, property string, edit func(p object)) func(object) {
	return schema(name, func(s object) { edit(get(s, "properties", property)) })
}

func set(key string, v any) func(object) { return func(o object) { o[key] = v } }

func unset(key string) func(object) { return func(o object) { delete(o, key) } }

func setSchema(key string, v any) func(object) {
	return func(p object) { get(p, "schema")[key] = v }
}

func withoutParameter(name string) func(object) {
	return func(op object) {
		op["parameters"] = slices.DeleteFunc(op["parameters"].([]any), func(p any) bool { return p.(object)["name"] == name })
	}
}

func withParameter(p object) func(object) {
	return func(op object) {
		l, _ := op["parameters"].([]any)
		op["parameters"] = append(l, p)
	}
}

func without(l any, v any) []any {
	return slices.DeleteFunc(slices.Clone(l.([]any)), func(item any) bool { return item == v })
}

const (
	one_     = "/sessions/{session_id}"
	refresh_ = one_ + "/refresh"
	revoke_  = one_ + "/revoke"
	verify_  = one_ + "/verify"
	tokens_  = one_ + "/tokens"
	ok_      = "responses.200.content.application/json"
)

var mutations = slices.Concat(operationMutations, parameterMutations, bodyMutations, replyMutations)

var operationMutations = []mutation{
	{"operation added", "a method", in("DELETE /sessions/{session_id}"), "operation", func(doc object) {
		get(doc, "paths", one_)["delete"] = object{"operationId": "DeleteSession", "responses": object{"204": object{"description": "Gone."}}}
	}},
	{"operation added", "a path", in("POST /sessions/{session_id}/touch"), "operation", func(doc object) {
		get(doc, "paths")[one_+"/touch"] = object{"post": object{"responses": object{}}}
	}},
	{"operation added", "a copy", in("PUT /sessions"), "operation", func(doc object) {
		get(doc, "paths", "/sessions")["put"] = get(doc, "paths", "/sessions", "post")
	}},
	{"operation removed", "the only of its path", in("refresh"), "operation", func(doc object) { delete(get(doc, "paths"), refresh_) }},
	{"operation removed", "one of two", in("create"), "operation", func(doc object) { delete(get(doc, "paths", "/sessions"), "post") }},
	{"operation removed", "the deprecated one", in("verify"), "operation", func(doc object) { delete(get(doc, "paths"), verify_) }},
	{"operation deprecated", "a read", in("list"), "deprecated", op("/sessions", "get", set("deprecated", true))},
	{"operation deprecated", "a write", in("revoke"), "deprecated", op(revoke_, "post", set("deprecated", true))},
	{"operation deprecated", "no longer", in("verify"), "deprecated", op(verify_, "post", unset("deprecated"))},
	{"operationId", "renamed", in("list"), "operationId", op("/sessions", "get", set("operationId", "ListSessions"))},
	{"operationId", "another case", in("create"), "operationId", op("/sessions", "post", set("operationId", "createSession"))},
	{"operationId", "removed", in("get"), "operationId", op(one_, "get", unset("operationId"))},
	{"security", "none for one", in("get"), "security", op(one_, "get", set("security", []any{}))},
	{"security", "optional for one", in("list"), "security", op("/sessions", "get", set("security", []any{object{"bearerAuth": []any{}}, object{}}))},
	{"security", "another scheme", everywhere, "security", component("securitySchemes", "bearerAuth", set("scheme", "basic"))},
	{"security", "none at all", everywhere, "security", func(doc object) { delete(doc, "security") }},
	{"security", "a scope", everywhere, "security", func(doc object) { doc["security"] = []any{object{"bearerAuth": []any{"sessions"}}} }},
	{"security", "another scope", everywhere, "security", func(doc object) {
		get(doc, "components", "securitySchemes")["bearerAuth"] = object{"type": "oauth2", "flows": object{
			"clientCredentials": object{"tokenUrl": "/token", "scopes": object{"read": "Read.", "write": "Write."}},
		}}
		doc["security"] = []any{object{"bearerAuth": []any{"write"}}}
	}},
	{"callback", "added", in("create"), "callbacks.done", op("/sessions", "post", set("callbacks", object{"done": object{"{$request.body#/url}": object{"post": object{"responses": object{}}}}}))},
	{"callback", "referenced", in("revoke"), "callbacks.done", func(doc object) {
		get(doc, "components")["callbacks"] = object{"Done": object{"{$request.body#/url}": object{"post": object{"responses": object{}}}}}
		get(doc, "paths", revoke_, "post")["callbacks"] = object{"done": object{"$ref": "#/components/callbacks/Done"}}
	}},
	{"server", "another host", everywhere, "servers[0].url", func(doc object) { doc["servers"].([]any)[0].(object)["url"] = "https://api.example.com/v1" }},
	{"server", "a second", everywhere, "servers[1]", func(doc object) {
		doc["servers"] = append(doc["servers"].([]any), object{"url": "https://eu.example.com/v1"})
	}},
	{"server", "for one path", in("revoke"), "servers[0].url", func(doc object) {
		get(doc, "paths", revoke_)["servers"] = []any{object{"url": "https://x.example.com"}}
	}},
	{"server", "for one operation", in("token"), "servers[0].url", op(tokens_, "post", set("servers", []any{object{"url": "/v2"}}))},
}

var parameterMutations = []mutation{
	{"parameter added", "query", in("list"), "query.order_by", op("/sessions", "get", withParameter(object{"name": "order_by", "in": "query", "schema": object{"type": "string"}}))},
	{"parameter added", "header", in("token"), "header.origin", op(tokens_, "post", withParameter(object{"name": "Origin", "in": "header", "schema": object{"type": "string"}}))},
	{"parameter added", "cookie", in("get"), "cookie.__session", op(one_, "get", withParameter(object{"name": "__session", "in": "cookie", "schema": object{"type": "string"}}))},
	{"parameter added", "by the path", in("revoke"), "query.force", func(doc object) {
		withParameter(object{"name": "force", "in": "query", "schema": object{"type": "boolean"}})(get(doc, "paths", revoke_))
	}},
	{"parameter removed", "status", in("list"), "query.status", op("/sessions", "get", withoutParameter("status"))},
	{"parameter removed", "paginated", in("list"), "query.paginated", op("/sessions", "get", withoutParameter("paginated"))},
	{"parameter renamed", "query", in("list"), "query.page_size", list("limit", set("name", "page_size"))},
	{"parameter renamed", "another case", in("list"), "query.User_id", list("user_id", set("name", "User_id"))},
	{"parameter renamed", "path", in("template"), "path.name", func(doc object) {
		paths := get(doc, "paths")
		item := paths[tokens_+"/{template_name}"]
		delete(paths, tokens_+"/{template_name}")
		paths[tokens_+"/{name}"] = item
		parameter(get(item, "post"), "template_name")["name"] = "name"
	}},
	{"parameter moved", "to a header", in("list"), "header.client_id", list("client_id", set("in", "header"))},
	{"parameter moved", "to a cookie", in("list"), "cookie.offset", list("offset", set("in", "cookie"))},
	{"parameter required", "user_id", in("list"), "query.user_id.required", list("user_id", set("required", true))},
	{"parameter required", "limit", in("list"), "query.limit.required", list("limit", set("required", true))},
	{"parameter type", "to string", in("list"), "query.limit.schema.type", list("limit", setSchema("type", "string"))},
	{"parameter type", "to number", in("list"), "query.offset.schema.type", list("offset", setSchema("type", "number"))},
	{"parameter type", "in a path", withID, "path.session_id.schema.type", component("parameters", "SessionID", setSchema("type", "integer"))},
	{"parameter type", "gone", in("list"), "query.paginated.schema.type", list("paginated", set("schema", object{}))},
	{"parameter format", "int32", in("list"), "query.limit.schema.format", list("limit", setSchema("format", "int32"))},
	{"parameter format", "uuid", withID, "path.session_id.schema.format", component("parameters", "SessionID", setSchema("format", "uuid"))},
	{"parameter enum", "a value more", in("list"), "query.status.schema.enum[pending]", list("status", func(p object) {
		setSchema("enum", append(get(p, "schema")["enum"].([]any), "pending"))(p)
	})},
	{"parameter enum", "a value less", in("list"), "query.status.schema.enum[removed]", list("status", func(p object) {
		setSchema("enum", without(get(p, "schema")["enum"], "removed"))(p)
	})},
	{"parameter enum", "dropped", in("list"), "query.status.schema.enum[active]", list("status", func(p object) { delete(get(p, "schema"), "enum") })},
	{"parameter enum", "introduced", in("list"), "query.limit.schema.enum[json:10]", list("limit", setSchema("enum", []any{10, 100}))},
	{"parameter default", "another", in("list"), "query.limit.schema.default", list("limit", setSchema("default", 20))},
	{"parameter default", "gone", in("list"), "query.offset.schema.default", list("offset", func(p object) { delete(get(p, "schema"), "default") })},
	{"parameter default", "new", in("list"), "query.paginated.schema.default", list("paginated", setSchema("default", false))},
	{"parameter minimum", "higher", in("list"), "query.limit.schema.minimum", list("limit", setSchema("minimum", 2))},
	{"parameter minimum", "gone", in("list"), "query.offset.schema.minimum", list("offset", func(p object) { delete(get(p, "schema"), "minimum") })},
	{"parameter minimum", "exclusive", in("list"), "query.limit.schema.exclusiveMinimum", list("limit", setSchema("exclusiveMinimum", true))},
	{"parameter maximum", "lower", in("list"), "query.limit.schema.maximum", list("limit", setSchema("maximum", 100))},
	{"parameter maximum", "new", in("list"), "query.offset.schema.maximum", list("offset", setSchema("maximum", 10000))},
	{"parameter style", "another", in("list"), "query.status.style", list("status", set("style", "spaceDelimited"))},
	{"parameter style", "explode", in("list"), "query.status.explode", list("status", set("explode", false))},
	{"parameter style", "in a path", withID, "path.session_id.style", component("parameters", "SessionID", set("style", "matrix"))},
	{"parameter style", "reserved", in("list"), "query.user_id.allowReserved", list("user_id", set("allowReserved", true))},
	{"parameter constraint", "pattern", in("template"), "path.template_name.schema.pattern", op(tokens_+"/{template_name}", "post", func(op object) {
		setSchema("pattern", "^[a-z]+$")(parameter(op, "template_name"))
	})},
	{"parameter constraint", "length", in("list"), "query.client_id.schema.maxLength", list("client_id", setSchema("maxLength", 40))},
	{"parameter constraint", "nullable", in("list"), "query.client_id.schema.nullable", list("client_id", setSchema("nullable", true))},
	{"parameter constraint", "deprecated", in("list"), "query.client_id.deprecated", list("client_id", set("deprecated", true))},
}

// names reports whether a place is among those reported. A session or token that
// is one alternative of a response lies deeper there than where it is the response.
func names(reported []string, place string) bool {
	rest, shared := strings.CutPrefix(place, ok_+"[object]")
	return slices.ContainsFunc(reported, func(at string) bool {
		return at == place || shared && strings.HasPrefix(at, ok_+"[") && strings.HasSuffix(at, rest)
	})
}

func TestEveryMutationIsReportedInItsOperation(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(mutations), 60)
	perKind := map[string]int{}
	text := contractText(t)
	before := operationsOf(t, text)
	for _, m := range mutations {
		perKind[m.kind]++
		t.Run(m.kind+"/"+m.name, func(t *testing.T) {
			t.Parallel()
			after := operationsOf(t, edited(t, text, m.edit))
			there, back := map[string][]string{}, map[string][]string{}
			for _, f := range changesOf(before, after) {
				there[f.Operation] = append(there[f.Operation], f.Place)
			}
			for _, d := range compare(after, before) {
				back[d.name] = append(back[d.name], d.place)
			}
			for _, places := range []map[string][]string{there, back} {
				for _, name := range m.in {
					request := name
					if r, ok := requests[name]; ok {
						request = r
					}
					if m.place == "path.name" && places[request] == nil {
						request = "POST " + tokens_ + "/{name}" // going back, its name before
					}
					assert.True(t, names(places[request], m.place), "%s of %s is not among %v", m.place, request, places)
				}
				assert.Len(t, places, len(m.in), "other operations reported: %v", places)
			}
		})
	}
	for kind, n := range perKind {
		assert.GreaterOrEqual(t, n, 2, "%s has too few mutations", kind)
	}
}
