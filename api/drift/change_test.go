package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

const (
	everywhere  = "list, create, get, refresh, revoke, verify, template"
	withID      = "get, refresh, revoke, verify, template"
	withSession = "list, create, get, revoke, verify"
	withToken   = "refresh, template"
	session     = "create, get, revoke, verify"

	body = "requestBody.content.application/json[object]"
	ok   = "responses.200.content.application/json"
	okIn = "responses 200 content application/json schema"
)

// Changes of the contract, the operations they are in, and a place that is reported in each of them.
var changes = []struct{ kind, name, in, place, edits string }{
	{"operation", "new method", "DELETE /sessions", "operation", "paths /sessions delete responses = {}"},
	{"operation", "new path", "POST /sessions/{session_id}/touch", "operation", "paths /sessions/{session_id}/touch post responses = {}"},
	{"operation", "only one of its path removed", "refresh", "operation", "paths /sessions/{session_id}/refresh ="},
	{"operation", "one of two removed", "create", "operation", "create ="},
	{"deprecated", "added", "revoke", "deprecated", "revoke deprecated = true"},
	{"deprecated", "removed", "verify", "deprecated", "verify deprecated ="},
	{"operationId", "renamed", "list", "operationId", "list operationId = ListSessions"},
	{"operationId", "another case", "create", "operationId", "create operationId = createSession"},
	{"operationId", "removed", "get", "operationId", "get operationId ="},

	{"security", "none for one", "get", "security", "get security = []"},
	{"security", "optional for one", "list", "security", "list security = [{bearerAuth: []}, {}]"},
	{"security", "another scheme", everywhere, "security", "components securitySchemes bearerAuth scheme = basic"},
	{"security", "none", everywhere, "security", "security ="},
	{"security", "scope added", everywhere, "security", "security 0 bearerAuth = [sessions]"},
	{"callback", "added", "create", "callbacks.done", "create callbacks done {$request.body#/url} post responses = {}"},
	{"callback", "referenced", "revoke", "callbacks.done", "components callbacks Done {$url} post responses = {}; revoke callbacks done $ref = '#/components/callbacks/Done'"},
	{"callback", "name like an extension", "create", "callbacks.x-done", "create callbacks x-done {$url} post responses = {}"},
	{"server", "another host", everywhere, "servers[0].url", "servers 0 url = https://api.example.com/v1"},
	{"server", "second one", everywhere, "servers[1]", "servers + = {url: 'https://eu.example.com/v1'}"},
	{"server", "for one path", "revoke", "servers[0].url", "paths /sessions/{session_id}/revoke servers = [{url: /v2}]"},
	{"server", "for one operation", "template", "servers[0].url", "template servers = [{url: /v2}]"},

	{"parameter", "query added", "list", "query.order_by", "list parameters + = {name: order_by, in: query, schema: {type: string}}"},
	{"parameter", "header added", "get", "header.origin", "get parameters + = {name: Origin, in: header, schema: {type: string}}"},
	{"parameter", "cookie added", "get", "cookie.__session", "get parameters + = {name: __session, in: cookie, schema: {type: string}}"},
	{"parameter", "added to the path item", "revoke", "query.force", "paths /sessions/{session_id}/revoke parameters = [{name: force, in: query, schema: {}}]"},
	{"parameter", "removed", "list", "query.paginated", "list parameters paginated ="},
	{"parameter", "renamed", "list", "query.page_size", "list parameters limit name = page_size"},
	{"parameter", "renamed in case", "list", "query.User_id", "list parameters user_id name = User_id"},
	{"parameter", "moved to a header", "list", "header.client_id", "list parameters client_id in = header"},
	{"parameter", "required", "list", "query.user_id.required", "list parameters user_id required = true"},
	{"parameter", "deprecated", "list", "query.client_id.deprecated", "list parameters client_id deprecated = true"},
	{"parameter type", "another", "list", "query.limit.schema.type", "list parameters limit schema type = string"},
	{"parameter type", "one more", "list", "query.limit.schema.type", "list parameters limit schema type = [integer, string]"},
	{"parameter type", "in a path", withID, "path.session_id.schema.type", "components parameters SessionID schema type = integer"},
	{"parameter type", "removed", "list", "query.paginated.schema.type", "list parameters paginated schema = {}"},
	{"parameter format", "added", "list", "query.limit.schema.format", "list parameters limit schema format = int32"},
	{"parameter enum", "value added", "list", "query.status.schema.enum[pending]", "list parameters status schema enum + = pending"},
	{"parameter enum", "value removed", "list", "query.status.schema.enum[revoked]", "list parameters status schema enum 2 ="},
	{"parameter enum", "removed", "list", "query.status.schema.enum[active]", "list parameters status schema enum ="},
	{"parameter enum", "numbers added", "list", "query.limit.schema.enum[json:10]", "list parameters limit schema enum = [10, 100]"},
	{"parameter default", "another", "list", "query.limit.schema.default", "list parameters limit schema default = 20"},
	{"parameter default", "removed", "list", "query.offset.schema.default", "list parameters offset schema default ="},
	{"parameter default", "false added", "list", "query.paginated.schema.default", "list parameters paginated schema default = false"},
	{"parameter limit", "higher minimum", "list", "query.limit.schema.minimum", "list parameters limit schema minimum = 2"},
	{"parameter limit", "no minimum", "list", "query.offset.schema.minimum", "list parameters offset schema minimum ="},
	{"parameter limit", "exclusive minimum", "list", "query.limit.schema.exclusiveMinimum", "list parameters limit schema exclusiveMinimum = true"},
	{"parameter limit", "minimum length", "list", "query.user_id.schema.minLength", "list parameters user_id schema minLength = 1"},
	{"parameter style", "another", "list", "query.status.style", "list parameters status style = spaceDelimited"},
	{"parameter style", "style changes explode", "list", "query.status.explode", "list parameters status style = pipeDelimited"},
	{"parameter style", "explode", "list", "query.status.explode", "list parameters status explode = false"},
	{"parameter style", "in a path", withID, "path.session_id.style", "components parameters SessionID style = matrix"},
	{"parameter style", "reserved", "list", "query.user_id.allowReserved", "list parameters user_id allowReserved = true"},
	{"parameter style", "empty value", "list", "query.user_id.allowEmptyValue", "list parameters user_id allowEmptyValue = true"},
	{"parameter constraint", "pattern", "template", "path.template_name.schema.pattern", "template parameters template_name schema pattern = ^[a-z]+$"},
	{"parameter constraint", "nullable", "list", "query.client_id.schema.nullable", "list parameters client_id schema nullable = true"},

	{"body", "required", "template", "requestBody.required", "template requestBody required = true"},
	{"body", "no longer required", "create", "requestBody.required", "create requestBody required ="},
	{"body", "removed", "template", "requestBody", "template requestBody ="},
	{"body", "added", "revoke", "requestBody", "revoke requestBody content application/json schema type = object"},
	{"content type", "added to a body", "verify", "requestBody.content.text/plain", "verify requestBody content text/plain schema type = string"},
	{"content type", "another in a response", "template", "responses.200.content.application/jwt", "template responses 200 content = {application/jwt: {}}"},
	{"content type", "none", session, ok, "components responses Session content ="},
	{"property", "added to a body", "create", body + ".properties.device_id", "CreateSession properties device_id type = string"},
	{"property", "removed from a body", "refresh", body + ".properties.format", "RefreshSession properties format ="},
	{"property", "added to a response", withToken, ok + "[object].properties.expires_at", "Token properties expires_at type = integer"},
	{"property", "removed from a response", withSession, ok + "[object].properties.tasks", "Session properties tasks ="},
	{"property", "removed below another", withSession, ok + "[object].properties.latest_activity.properties.city", "Activity properties city ="},
	{"property required", "in a body", "create", body + ".properties.active_organization_id.required", "CreateSession required + = active_organization_id"},
	{"property required", "no longer in a body", "refresh", body + ".properties.request_origin.required", "RefreshSession required 1 ="},
	{"property required", "without a schema", "create", body + ".properties.reason.required", "CreateSession required + = reason"},
	{"property required", "in a response", withSession, ok + "[object].properties.actor.required", "Session required + = actor"},
	{"property nullable", "in a response", withSession, ok + "[object].properties.client_id.nullable", "Session properties client_id nullable = true"},
	{"property nullable", "no longer", withSession, ok + "[object].properties.actor.nullable", "Session properties actor nullable ="},
	{"property nullable", "beside a reference", withSession, ok + "[object].properties.status.nullable", "Session properties status nullable = true"},
	{"property type", "items of a list", withSession, ok + "[object].properties.tasks.items.properties.key.type", "Task properties key type = integer"},
	{"property type", "union", withSession, ok + "[object].properties.actor.oneOf[string]", "Session properties actor = {oneOf: [{type: object}, {type: string}]}"},
	{"property format", "another", withSession, ok + "[object].properties.created_at.format", "Session properties created_at format = int32"},
	{"property enum", "value added", withSession, ok + "[object].properties.status.enum[paused]", "Status enum + = paused"},
	{"property enum", "null is a value", "refresh", body + ".properties.request_origin.enum[json:null]", "RefreshSession properties request_origin enum = [a, null]"},
	{"property enum", "const that it lacks", withToken, ok + "[object].properties.object.const", "Token properties object const = other"},
	{"property enum", "empty", withSession, ok + "[object].properties.status.enum", "Status enum = []"},
	{"property default", "in a response", "list", ok + "[object].properties.total_count.default", "SessionPage properties total_count default = 0"},
	{"property limit", "items", "refresh", ok + "[object=cookies].properties.cookies.maxItems", "Cookies properties cookies maxItems = 2"},
	{"additionalProperties", "false", "create", body + ".additionalProperties", "CreateSession additionalProperties = false"},
	{"additionalProperties", "no longer false", withSession, ok + "[object].additionalProperties", "Session additionalProperties ="},
	{"additionalProperties", "true", withSession, ok + "[object].properties.actor.additionalProperties", "Session properties actor additionalProperties = true"},
	{"additionalProperties", "no longer true", "refresh", body + ".properties.request_headers.additionalProperties", "RefreshSession properties request_headers additionalProperties ="},
	{"additionalProperties", "schema", "refresh", body + ".properties.request_headers.additionalProperties.type", "RefreshSession properties request_headers additionalProperties = {type: string}"},
	{"status", "added", "get", "responses.403", "get responses 403 description = No."},
	{"status", "removed", "list", "responses.422", "list responses 422 ="},
	{"status", "default removed", "revoke", "responses.default", "revoke responses default ="},
	{"status", "range in lower case", "create", "responses.4XX", "create responses 4xx description = No."},
	{"header", "added", session, "responses.200.headers.x-request-id", "components responses Session headers X-Request-Id schema type = string"},
	{"header", "removed", everywhere, "responses.429.headers.retry-after", "components responses RateLimited headers ="},
	{"header", "another type", everywhere, "responses.429.headers.retry-after.schema.type", "components headers RetryAfter schema type = integer"},
	{"union", "member removed", "refresh", ok + "[object=cookies]", "refresh " + okIn + " oneOf 1 ="},
	{"union", "member added", "list", ok + "[string]", "list " + okIn + " oneOf + = {type: string}"},
	{"union", "anyOf instead of oneOf", "refresh", ok + ".anyOf", "refresh " + okIn + " = {anyOf: [{$ref: '#/components/schemas/Token'}, {$ref: '#/components/schemas/Cookies'}]}"},
	{"union", "constraint beside it", "refresh", ok + ".maxProperties", "refresh " + okIn + " maxProperties = 2"},
	{"union", "removed", "refresh", ok + "[object=token]", "refresh " + okIn + " ="},
}

// A name in the tables is a key of requests or a request.
func request(name string) string {
	if r, ok := requests[name]; ok {
		return r
	}
	return name
}

// reported reports whether places has a place. If a session or token is one of several responses of an operation, its
// places have another prefix there.
func reported(places []string, place string) bool {
	rest, shared := strings.CutPrefix(place, ok+"[object]")
	return slices.ContainsFunc(places, func(at string) bool {
		return at == place || shared && strings.HasPrefix(at, ok+"[") && strings.HasSuffix(at, rest)
	})
}

func TestChangesAreReportedInTheirOperations(t *testing.T) {
	t.Parallel()
	perKind := map[string]int{}
	text := contractText(t)
	before := operationsOf(t, text)
	for _, c := range changes {
		perKind[c.kind]++
		t.Run(c.kind+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			after := operationsOf(t, edited(t, text, c.edits))
			in := strings.Split(c.in, ", ")
			for _, found := range [][]difference{compare(before, after), compare(after, before)} {
				places := map[string][]string{}
				for _, d := range found {
					places[d.name] = append(places[d.name], d.place)
				}
				for _, name := range in {
					assert.True(t, reported(places[request(name)], c.place), "%s of %s is not among %v", c.place, name, places)
				}
				assert.Len(t, places, len(in), "differences in other operations: %v", places)
			}
		})
	}
	assert.GreaterOrEqual(t, len(changes), 60)
	assert.GreaterOrEqual(t, len(perKind), 20)
}

// A path parameter with another name is the same path.
func TestRenamedPathParameter(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	changed := strings.ReplaceAll(text, "template_name", "name")
	var places []string
	for _, d := range compare(operationsOf(t, text), operationsOf(t, changed)) {
		assert.Equal(t, requests["template"], d.name)
		places = append(places, d.place)
	}
	assert.Subset(t, places, []string{"path.name", "path.template_name", "request"})
	assert.NotContains(t, places, "operation")
}

// The deviations of testdata cover some parts as a whole, which can then change without being reported.
func TestChangesOfTheContractFailCheck(t *testing.T) {
	t.Parallel()
	covered := []string{
		"header/removed", "header/another type", "property default/in a response", "status/default removed",
	}
	w := newWorkplace(t)
	p, err := openProject(w.path("api"))
	require.NoError(t, err)
	docs := map[string]*document{}
	for version, pin := range p.pins.Documents {
		docs[version], err = readDocument(w.path(pin.Path))
		require.NoError(t, err)
	}
	check := func(contract operations) (operations string) {
		changed, r := *p, &report{}
		changed.contract = contract
		changed.compare(r, docs)
		require.Empty(t, r.Errors)
		for _, f := range r.Findings {
			operations += f.Operation + "\n"
		}
		return operations
	}
	require.Empty(t, check(p.contract))
	text := contractText(t)
	for _, c := range changes {
		t.Run(c.kind+"/"+c.name, func(t *testing.T) {
			found := check(operationsOf(t, edited(t, text, c.edits)))
			if slices.Contains(covered, c.kind+"/"+c.name) {
				assert.Empty(t, found)
				return
			}
			for name := range strings.SplitSeq(c.in, ", ") {
				assert.Contains(t, found, request(name))
			}
		})
	}
}

// Removing or altering any single value of the contract that is not prose is reported or refused.
func TestNothingIsIgnored(t *testing.T) {
	t.Parallel()
	var root object
	require.NoError(t, yaml.Unmarshal([]byte(contractText(t)), &root))
	doc := &document{name: "openapi.yaml", root: root}
	before := doc.operations()
	require.Empty(t, before.errors())

	tried := 0
	expectSeen := func(change string, args ...any) {
		tried++
		after := doc.operations()
		if len(after.errors()) == 0 && len(compare(before, after)) == 0 {
			assert.Fail(t, "not seen: "+fmt.Sprintf(change, args...))
		}
	}
	names := []string{"properties", "headers", "content", "responses"} // keys of mappings by name
	var visit func(v any, at string, named bool)
	visit = func(v any, at string, named bool) {
		switch v := v.(type) {
		case object:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				item, at := v[key], at+"/"+key
				if !named && isProse(key) {
					continue
				}
				delete(v, key)
				expectSeen("without %s", at)
				if other := altered(item); other != nil {
					v[key] = other
					expectSeen("%s is %v", at, other)
				}
				v[key] = item
				visit(item, at, !named && slices.Contains(names, key))
			}
		case []any:
			for i, item := range v {
				at := fmt.Sprintf("%s/%d", at, i)
				if other := altered(item); other != nil {
					v[i] = other
					expectSeen("%s is %v", at, other)
					v[i] = item
				}
				visit(item, at, false)
			}
		}
	}
	visit(root["paths"], "paths", true)
	visit(root["servers"], "servers", false)
	visit(root["security"], "security", true)
	for _, kind := range slices.Sorted(maps.Keys(root["components"].(object))) {
		visit(root["components"].(object)[kind], "components/"+kind, true)
	}
	assert.Greater(t, tried, 300)
}

func altered(v any) any {
	switch v := v.(type) {
	case string:
		return v + "x"
	case bool:
		return !v
	case int:
		return v + 1
	}
	return nil
}

func TestBelow(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"a.b", "a[b]", "a.b.c"} {
		assert.True(t, below(at, "a"), at)
		assert.True(t, below(at, wholeOperation), at)
	}
	for _, at := range []string{"a", "ab", "b.a"} {
		assert.False(t, below(at, "a"), at)
	}
	assert.False(t, below(wholeOperation, wholeOperation))
}
