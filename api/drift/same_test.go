package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

func assertSame(t *testing.T, before, after string) {
	t.Helper()
	assert.Empty(t, compare(operationsOf(t, before), operationsOf(t, after)))
}

func TestChangesWithoutAnEffectAreNotReported(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"comment":                        "Session $comment = A comment",
		"extension of a schema":          "Session x-go-type = string",
		"extension of an operation":      "list x-speakeasy-group = sessions",
		"extension of the document":      "x-speakeasy-retries = {strategy: backoff}",
		"extension among the responses":  "list responses x-default = {description: x}",
		"extension of a path":            "paths /sessions x-note = prose",
		"description of a path":          "paths /sessions description = prose",
		"tags":                           "get tags = [Other]; tags = [{name: Users}]",
		"external documentation":         "get externalDocs = {url: 'https://example.com'}",
		"information":                    "info = {title: Other, version: '9'}",
		"name of a security scheme":      "components securitySchemes key = {type: http, scheme: bearer}; security = [{key: []}]",
		"security scheme in capitals":    "components securitySchemes bearerAuth scheme = Bearer",
		"name of a server":               "servers 0 name = production",
		"another endpoint":               "paths /users get responses = {}",
		"endpoint with a similar path":   "paths /sessions_count get responses = {}",
		"endpoint that cannot be read":   "paths /users get $ref = '#/nowhere'",
		"unused schema":                  "components schemas Unused type = wrong",
		"unused schema with a cycle":     "components schemas Tree items $ref = '#/components/schemas/Tree'",
		"definitions in a schema":        "Session $defs = {A: {type: string}}; Status definitions = {A: {type: string}}",
		"order of parameters":            "list parameters user_id =; list parameters + = {name: user_id, in: query, schema: {type: string}}",
		"order of an enum":               "Status enum = [revoked, active, pending, ended]",
		"order of required":              "Error required = [code, message]",
		"order of a union":               "refresh " + okIn + " oneOf = [{$ref: '#/components/schemas/Cookies'}, {$ref: '#/components/schemas/Token'}]",
		"defaults of an operation":       "list deprecated = false; list security = [{bearerAuth: []}]; list servers = [{url: 'https://api.clerk.com/v1'}]",
		"defaults of a query parameter":  "list parameters limit required = false; list parameters limit style = form; list parameters limit explode = true; list parameters limit allowEmptyValue = false; list parameters limit allowReserved = false; list parameters limit deprecated = false",
		"defaults of a path parameter":   "components parameters SessionID style = simple; components parameters SessionID explode = false",
		"default of a body":              "template requestBody required = false",
		"defaults of a string":           "list parameters user_id schema = {type: string, minLength: 0, nullable: false, deprecated: false, readOnly: false, writeOnly: false}",
		"defaults of an array":           "SessionList minItems = 0; SessionList uniqueItems = false",
		"default of an object":           "Session minProperties = 0",
		"limits are not exclusive":       "list parameters limit schema exclusiveMinimum = false; list parameters limit schema exclusiveMaximum = false",
		"number as a float":              "list parameters limit schema maximum = 500.0",
		"header in lower case":           "components responses RateLimited headers = {retry-after: {schema: {type: string}}}",
		"content type with a space":      "template responses 200 content = {'Application/ JSON': {schema: {$ref: '#/components/schemas/Token'}}}",
		"parameter of the path item":     "paths /sessions/{session_id}/revoke parameters = [{$ref: '#/components/parameters/SessionID'}]; revoke parameters 1 =",
		"overridden parameter":           "paths /sessions/{session_id}/revoke parameters = [{name: session_id, in: path, schema: {type: integer, minimum: 3}}]",
		"schema in place of a reference": "Session properties status = {type: string, enum: [active, pending, ended, revoked]}",
		"reference to a reference":       "components schemas State = {$ref: '#/components/schemas/Status', description: x}; Session properties status $ref = '#/components/schemas/State'",
		"reference into a list":          "revoke parameters 1 $ref = '#/paths/~1sessions~1{session_id}/get/parameters/1'",
		"reference with an escape":       "revoke parameters 1 $ref = '#/paths/~1sessions~1%7Bsession_id%7D/get/parameters/1'",
		"reference in allOf":             "Session properties status = {allOf: [{$ref: '#/components/schemas/Status'}]}",
		"reference in oneOf":             "Session properties status = {oneOf: [{$ref: '#/components/schemas/Status'}]}",
		"type as a list":                 "Session properties id type = [string]",
		"nullable as a type":             "Session properties actor = {type: [object, 'null']}",
		"nullable in an enum":            "RefreshSession properties format enum = [token, cookie, null]",
		"nullable beside the reference":  "Activity nullable =; Session properties latest_activity nullable = true",
		"null in anyOf":                  "Activity nullable =; Session properties latest_activity = {anyOf: [{$ref: '#/components/schemas/Activity'}, {type: 'null'}]}",
		"null as a const":                "Activity nullable =; Session properties latest_activity = {oneOf: [{$ref: '#/components/schemas/Activity'}, {const: null}]}",
		"null as an enum":                "Activity nullable =; Session properties latest_activity = {oneOf: [{enum: [null]}, {$ref: '#/components/schemas/Activity'}]}",
		"null as a reference":            "Activity nullable =; components schemas No = {type: 'null'}; Session properties latest_activity = {oneOf: [{$ref: '#/components/schemas/No'}, {$ref: '#/components/schemas/Activity'}]}",
		"const instead of an enum":       "Token properties object = {type: string, const: token}",
		"const beside the same enum":     "Token properties object const = token",
		"empty schema instead of true":   "Error properties meta additionalProperties = {}",
		"property without a constraint":  "Session properties status = {$ref: '#/components/schemas/Status', title: x}",
	}
	text := contractText(t)
	for name, edits := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertSame(t, text, edited(t, text, edits))
		})
	}
}

func TestSpellingsOfADocument(t *testing.T) {
	t.Parallel()
	text := edited(t, contractText(t), "list parameters user_id schema default = '2026-05-12'")
	var doc any
	require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
	json := string(textOf(doc))
	for name, same := range map[string]string{
		"JSON":                    json,
		"JSON with escapes":       `{"x-face": "\ud83d\ude00", ` + strings.ReplaceAll(json, "/", `\/`)[1:],
		"YAML 1.2":                "%YAML 1.2\n---\n" + text,
		"dates without quotes":    strings.ReplaceAll(text, `"2026-05-12"`, "2026-05-12"),
		"statuses without quotes": strings.ReplaceAll(text, `"200":`, "200:"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertSame(t, text, same)
			assert.NotEqual(t, text, same)
		})
	}
}

// Everything that is prose has the text "prose". Other values have the same names.
const odd = `openapi: 3.0.3
servers: [{url: "https://{region}.example.com", variables: {region: {default: eu, description: prose, enum: [eu, us]}}}]
paths:
  /sessions:
    post:
      security: [{oauth: [read, list]}]
      requestBody:
        content:
          application/json:
            schema:
              oneOf: [{type: object, properties: {kind: {type: string}}}]
              discriminator: {propertyName: kind, x-note: prose, mapping: {x-kind: "#/A", description: "#/B"}}
          text/plain: {schema: {type: integer, minimum: 3, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true}}
          multipart/form-data:
            schema: {type: object, dependentRequired: {title: [kind]}, prefixItems: [{type: string}, {type: number}]}
            encoding:
              title:
                contentType: text/plain
                headers: {X-Part: {description: prose, schema: {type: string, title: prose, enum: [one]}}}
      responses:
        "200":
          description: prose
          links:
            Next: {operationId: GetSession, description: prose, parameters: {summary: $id, example: {title: literal}}}
      callbacks:
        description:
          "{$request.body#/url}":
            summary: prose
            post:
              summary: prose
              tags: [prose]
              operationId: Called
              parameters: [{name: a, in: query, schema: {type: string, default: {title: default}}}]
              security: [{x-key: []}]
              requestBody:
                description: prose
                content: {a/b: {example: prose, schema: {type: object, required: [title, b], properties: {
                  title: {type: string, description: prose}, b: {type: string, nullable: true}}}}}
              responses:
                "200": {description: prose, headers: {x-trace: {description: prose, required: true}}}
                default: {$ref: "#/components/responses/Odd"}
components:
  responses:
    Odd: {description: prose, headers: {x-odd: {schema: {type: string, properties: {$ref: {type: string}}}}}}
  securitySchemes:
    x-key: {type: apiKey, in: header, name: a}
    x-other: {type: apiKey, in: header, name: b}
    a/b~c: {type: apiKey, in: header, name: c}
    oauth:
      type: oauth2
      description: prose
      flows: {implicit: {authorizationUrl: /authorize, x-note: prose, scopes: {read: prose, x-write: prose}}}
`

func TestProseAndSpellingsInRareParts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct{ old, new string }{
		"other prose":                  {"prose", "other words"},
		"exclusive minimum of 3.1":     {"minimum: 3, exclusiveMinimum: true", "exclusiveMinimum: 3"},
		"exclusive maximum of 3.1":     {"maximum: 9, exclusiveMaximum: true", "exclusiveMaximum: 9"},
		"order of a variable's enum":   {"[eu, us]", "[us, eu]"},
		"order of scopes":              {"[read, list]", "[list, read]"},
		"required in a callback":       {"[title, b]", "[b, title]"},
		"nullable in a callback":       {"type: string, nullable: true", "type: [string, 'null']"},
		"deprecated in a callback":     {"operationId: Called", "operationId: Called\n              deprecated: false"},
		"servers of a callback's path": {"            summary: prose\n", "            servers: []\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, odd, change.old)
			assertSame(t, odd, strings.ReplaceAll(odd, change.old, change.new))
		})
	}
}

func TestChangesInRareParts(t *testing.T) {
	t.Parallel()
	const (
		json      = "requestBody.content.application/json.discriminator"
		plain     = "requestBody.content.text/plain[integer]."
		multipart = "requestBody.content.multipart/form-data"
	)
	for name, change := range map[string]struct{ old, new, place string }{
		"discriminator's value":         {"x-kind: ", "x-sort: ", json},
		"discriminator's schema":        {`description: "#/B"`, `description: "#/C"`, json},
		"discriminator's property":      {"propertyName: kind", "propertyName: sort", json},
		"exclusive minimum":             {"minimum: 3", "minimum: 4", plain + "exclusiveMinimum"},
		"minimum not exclusive":         {"exclusiveMinimum: true", "exclusiveMinimum: false", plain + ""},
		"dependent property":            {"{title: [kind]}", "{description: [kind]}", multipart + "[object].dependentRequired"},
		"order of prefixItems":          {"{type: string}, {type: number}", "{type: number}, {type: string}", multipart + "[object].prefixItems["},
		"encoded property":              {"title:\n                contentType", "subtitle:\n                contentType", multipart + ".encoding"},
		"header of a part":              {"X-Part", "X-Other", multipart + ".encoding"},
		"enum of a header":              {"[one]", "[two]", multipart + ".encoding"},
		"link":                          {"GetSession", "GetClient", "responses.200.links.Next"},
		"parameter of a link":           {"summary: $id", "title: $id", "responses.200.links.Next"},
		"expression of a link":          {"$id", "$name", "responses.200.links.Next"},
		"literal of a link":             {"title: literal", "title: another", "responses.200.links.Next"},
		"name of a callback":            {"        description:\n", "        summary:\n", "callbacks"},
		"operation of a callback":       {"Called", "Rung", "callbacks"},
		"method of a callback":          {"            post:", "            put:", "callbacks"},
		"default in a callback":         {"title: default", "title: another", "callbacks"},
		"security of a callback":        {"[{x-key: []}]", "[{x-other: []}]", "callbacks"},
		"escaped security scheme":       {"[{x-key: []}]", "[{a/b~c: []}]", "callbacks"},
		"required in a callback":        {"[title, b]", "[b]", "callbacks"},
		"property of a callback":        {"title: {type: string", "description: {type: string", "callbacks"},
		"header of a callback":          {"x-trace", "x-other", "callbacks"},
		"required header of a callback": {"required: true", "required: false", "callbacks"},
		"referenced header":             {"x-odd", "x-even", "callbacks"},
		"value of a variable":           {"[eu, us]", "[eu, uk]", "servers[0].variables.region.enum["},
		"default of a variable":         {"default: eu", "default: us", "servers[0].variables.region.default"},
		"scope of the scheme":           {"x-write: ", "x-read: ", "security"},
		"another scope":                 {"oauth: [read, list]", "oauth: [read, x-write]", "security"},
		"one scope less":                {"oauth: [read, list]", "oauth: [read]", "security"},
		"authorization URL":             {"/authorize", "/other", "security"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, odd, change.old)
			found := compare(operationsOf(t, odd), operationsOf(t, strings.Replace(odd, change.old, change.new, 1)))
			assert.NotEmpty(t, found)
			for _, d := range found {
				assert.True(t, strings.HasPrefix(d.place, change.place), d.place)
			}
		})
	}
}

func TestNumbersThatAreNotJSON(t *testing.T) {
	t.Parallel()
	infinite, notANumber := operationsOf(t, minimal("{maximum: .inf}")), operationsOf(t, minimal("{maximum: .nan}"))
	assert.NotEmpty(t, compare(infinite, notANumber))
	assert.Empty(t, compare(notANumber, notANumber))
}

// A property may have the name of a keyword, or one that needs quotes in a place.
func TestUnusualPropertyNames(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	for name, printed := range map[string]string{
		"description": "description", "title": "title", "example": "example", "tags": "tags", "x-device": "x-device",
		"$ref": "$ref", "required": "required", "a.b[c]": `"a.b[c]"`, "a_b\tc": `"a_b\tc"`, `a"b`: `"a\"b"`, "": `""`,
	} {
		t.Run(printed, func(t *testing.T) {
			t.Parallel()
			var doc object
			require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
			put(doc, []string{"components", "schemas", "CreateSession", "properties", name, "type"}, "string")
			found := compare(operationsOf(t, text), operationsOf(t, string(textOf(doc))))
			var places []string
			for _, d := range found {
				assert.Equal(t, "POST /sessions", d.name)
				places = append(places, d.place)
			}
			at := body + ".properties." + printed
			assert.Equal(t, []string{at, at + ".required", at + ".type"}, places)
		})
	}
}

// The members of a union are named for what distinguishes them.
func TestLabelsOfUnions(t *testing.T) {
	t.Parallel()
	const a = "{type: object, properties: {x: {}, kind: {enum: [a]}}}"
	const b = "{type: object, properties: {x: {}, kind: {const: b}}}"
	for schema, labels := range map[string][]string{
		"{oneOf: [{type: string}, {type: integer}]}": {"integer", "string"},
		"{type: string}":                                          {"string"},
		"{}":                                                      {"any"},
		"{items: {}}":                                             {"array"},
		"{properties: {x: {}}}":                                   {"object"},
		"{type: [string, integer]}":                               {"integer|string"},
		"{oneOf: [" + a + ", " + b + "]}":                         {"kind=a", "kind=b"},
		"{oneOf: [" + a + ", " + a + "]}":                         {"object 1", "object 2"},
		"{oneOf: [" + a + ", {type: string}]}":                    {"object", "string"},
		"{oneOf: [{const: a}, {type: string}]}":                   {"any", "string"},
		"{oneOf: [" + a + ", {type: object}]}":                    {"object 1", "object 2"},
		"{oneOf: [" + a + ", " + b + ", {type: string}]}":         {"kind=a", "kind=b", "string"},
		"{anyOf: [{type: string}, {}], oneOf: [{items: {}}, {}]}": {"any"},
	} {
		t.Run(schema, func(t *testing.T) {
			t.Parallel()
			facts := operationsOf(t, minimal(schema))["GET /sessions"].facts
			var found []string
			for _, at := range slices.Sorted(maps.Keys(facts)) {
				if label, ok := strings.CutPrefix(at, ok+"["); ok && strings.HasSuffix(label, "]") && facts[at] == present {
					found = append(found, strings.Trim(label, `"]`))
				}
			}
			found = slices.DeleteFunc(found, func(label string) bool { return strings.Contains(label, "]") })
			assert.Equal(t, labels, found)
		})
	}
}
