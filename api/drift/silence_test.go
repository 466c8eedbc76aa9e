package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reword changes every text under a key that is prose, and only those that are
// keys of OpenAPI's own: not a property that is named description.
func reword(v any, inProperties bool) {
	switch v := v.(type) {
	case object:
		for key, item := range v {
			switch {
			case inProperties:
				reword(item, false)
			case key == "description" || key == "summary" || key == "title":
				v[key] = fmt.Sprint(item) + " In other words."
			case key == "example" || key == "examples":
				v[key] = nil
			default:
				reword(item, key == "properties")
			}
		}
	case []any:
		for _, item := range v {
			reword(item, false)
		}
	}
}

// everySchema visits the components' schemas and all beneath them.
func everySchema(v any, edit func(s object)) {
	switch v := v.(type) {
	case object:
		for _, item := range v {
			everySchema(item, edit)
		}
		if v["type"] != nil && v["in"] == nil {
			edit(v)
		}
	case []any:
		for _, item := range v {
			everySchema(item, edit)
		}
	}
}

func schemas(edit func(s object)) func(object) {
	return func(doc object) { everySchema(get(doc, "components", "schemas"), edit) }
}

func TestWhatChangesNothingIsSilent(t *testing.T) {
	t.Parallel()
	tests := map[string]func(doc object){
		"every description, summary, title and example": func(doc object) { reword(doc, false) },
		"titles":                   schemas(set("title", "A title")),
		"comments":                 schemas(set("$comment", "A comment")),
		"extensions on schemas":    schemas(set("x-go-type", "string")),
		"extensions on operations": op("/sessions", "get", set("x-speakeasy-group", "sessions")),
		"extension at the top":     set("x-speakeasy-retries", object{"strategy": "backoff"}),
		"tags of an operation":     op(one_, "get", set("tags", []any{"Other"})),
		"tags of the document":     set("tags", []any{object{"name": "Sessions", "description": "x"}, object{"name": "Users"}}),
		"external documentation":   op(one_, "get", set("externalDocs", object{"url": "https://example.com"})),
		"document's information":   set("info", object{"title": "Other", "version": "9"}),
		"a scheme's description":   component("securitySchemes", "bearerAuth", set("description", "Get it elsewhere.")),
		"a scheme's name": func(doc object) {
			schemes := get(doc, "components", "securitySchemes")
			schemes["key"] = schemes["bearerAuth"]
			doc["security"] = []any{object{"key": []any{}}}
		},
		"a server's description": func(doc object) { doc["servers"].([]any)[0].(object)["description"] = "The server." },
		"another endpoint": func(doc object) {
			get(doc, "paths")["/users"] = object{"get": object{"responses": object{"200": object{"description": "x"}}}}
		},
		"a path that begins alike": func(doc object) {
			get(doc, "paths")["/sessions_count"] = object{"get": object{"responses": object{}}}
		},
		"an endpoint with broken references": func(doc object) {
			get(doc, "paths")["/users"] = object{"get": object{"$ref": "#/nowhere"}}
		},
		"a schema nobody uses": func(doc object) { get(doc, "components", "schemas")["Unused"] = object{"type": "wrong"} },
		"an unused schema in a circle": func(doc object) {
			get(doc, "components", "schemas")["Tree"] = object{"properties": object{"kids": object{"$ref": "#/components/schemas/Tree"}}}
		},
		"the order of parameters": op("/sessions", "get", func(op object) {
			l := op["parameters"].([]any)
			l[0], l[3] = l[3], l[0]
		}),
		"the order of enum values": schema("SessionStatus", func(s object) {
			l := s["enum"].([]any)
			l[0], l[5] = l[5], l[0]
		}),
		"the order of required": schema("Session", func(s object) {
			l := s["required"].([]any)
			l[0], l[5] = l[5], l[0]
		}),
		"the order of alternatives": func(doc object) {
			l := get(doc, "paths", refresh_, "post", "responses", "200", "content", "application/json", "schema")["oneOf"].([]any)
			l[0], l[1] = l[1], l[0]
		},
		"defaults that are spelt out": func(doc object) {
			o := get(doc, "paths", "/sessions", "get")
			o["deprecated"] = false
			o["security"] = doc["security"]
			o["servers"] = doc["servers"]
			for _, p := range o["parameters"].([]any) {
				p := p.(object)
				if p["in"] != "query" {
					continue
				}
				p["required"], p["style"], p["explode"], p["allowEmptyValue"] = false, "form", true, false
				get(p, "schema")["nullable"] = false
			}
			get(doc, "paths", tokens_, "post", "requestBody")["required"] = false
		},
		"numbers spelt otherwise": list("limit", setSchema("maximum", 500.0)),
		"a parameter of the path": func(doc object) {
			item := get(doc, "paths", revoke_)
			item["parameters"] = get(item, "post")["parameters"]
			delete(get(item, "post"), "parameters")
		},
		"a parameter of the path, overridden": func(doc object) {
			get(doc, "paths", revoke_)["parameters"] = []any{object{"name": "session_id", "in": "path", "required": true, "schema": object{"type": "integer", "minimum": 3}}}
		},
		"a reference inlined": func(doc object) {
			get(doc, "components", "schemas", "Session", "properties")["status"] = get(doc, "components", "schemas", "SessionStatus")
		},
		"a schema moved out": func(doc object) {
			all := get(doc, "components", "schemas")
			all["Limit"] = parameter(get(doc, "paths", "/sessions", "get"), "limit")["schema"]
			parameter(get(doc, "paths", "/sessions", "get"), "limit")["schema"] = object{"$ref": "#/components/schemas/Limit"}
		},
		"a reference to a reference": func(doc object) {
			all := get(doc, "components", "schemas")
			all["State"] = object{"$ref": "#/components/schemas/SessionStatus", "description": "x"}
			get(all, "Session", "properties")["status"] = object{"$ref": "#/components/schemas/State"}
		},
		"a reference into a list": func(doc object) {
			get(doc, "paths", revoke_, "post")["parameters"] = []any{
				object{"$ref": "#/paths/~1sessions~1{session_id}/get/parameters/0"},
				object{"$ref": "#/paths/~1sessions~1{session_id}/get/parameters/1"},
			}
		},
		"a reference wrapped in allOf": property("Session", "status", func(p object) {
			ref := p["$ref"]
			delete(p, "$ref")
			p["allOf"] = []any{object{"$ref": ref}}
		}),
		"nullable as a type list": schemas(func(s object) {
			if s["nullable"] == true {
				delete(s, "nullable")
				s["type"] = []any{s["type"], "null"}
			}
		}),
		"type as a list of one": schemas(func(s object) { s["type"] = []any{s["type"]} }),
		"nullable as an alternative": func(doc object) {
			delete(get(doc, "components", "schemas", "SessionActivity"), "nullable")
			get(doc, "components", "schemas", "Session", "properties")["latest_activity"] = object{
				"anyOf": []any{object{"$ref": "#/components/schemas/SessionActivity"}, object{"type": "null"}},
			}
		},
		"nullable beside the reference": func(doc object) {
			delete(get(doc, "components", "schemas", "SessionActivity"), "nullable")
			get(doc, "components", "schemas", "Session", "properties", "latest_activity")["nullable"] = true
		},
		"null among a nullable's values": property("RefreshSession", "format", func(p object) { p["enum"] = []any{"token", "cookie", nil} }),
		"const for a single value": property("Token", "object", func(p object) {
			delete(p, "enum")
			p["const"] = "token"
		}),
		"null as a const in a union": func(doc object) {
			delete(get(doc, "components", "schemas", "SessionActivity"), "nullable")
			get(doc, "components", "schemas", "Session", "properties")["latest_activity"] = object{
				"oneOf": []any{object{"$ref": "#/components/schemas/SessionActivity"}, object{"const": nil}},
			}
		},
		"null as an enum in a union": func(doc object) {
			delete(get(doc, "components", "schemas", "SessionActivity"), "nullable")
			get(doc, "components", "schemas", "Session", "properties")["latest_activity"] = object{
				"anyOf": []any{object{"$ref": "#/components/schemas/SessionActivity"}, object{"enum": []any{nil}}},
			}
		},
		"const beside an equal enum": property("Token", "object", func(p object) { p["const"] = "token" }),
		"scheme in capitals":         component("securitySchemes", "bearerAuth", set("scheme", "Bearer")),
		"a server's name":            func(doc object) { doc["servers"].([]any)[0].(object)["name"] = "production" },
		"limits of zero": schemas(func(s object) {
			switch s["type"] {
			case "string":
				s["minLength"] = 0
			case "array":
				s["minItems"], s["uniqueItems"] = 0, false
			case "object":
				s["minProperties"] = 0
			}
		}),
		"allowReserved false": list("user_id", set("allowReserved", false)),
		"limits not exclusive": list("limit", func(p object) {
			get(p, "schema")["exclusiveMinimum"], get(p, "schema")["exclusiveMaximum"] = false, false
		}),
		"free-form said otherwise": func(doc object) {
			get(doc, "components", "schemas", "ClerkError", "properties", "meta")["additionalProperties"] = object{}
		},
	}
	text := contractText(t)
	before := operationsOf(t, text)
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := edited(t, text, edit)
			assert.Empty(t, compare(before, operationsOf(t, changed)))
		})
	}
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		assert.Empty(t, compare(operationsOf(t, text), operationsOf(t, jsonOf(t, text))))
	})
	t.Run("JSON with escapes", func(t *testing.T) {
		t.Parallel()
		escaped := `{"x-face": "\ud83d\ude00", ` + strings.ReplaceAll(string(jsonOf(t, text)), "/", `\/`)[1:]
		assert.Empty(t, compare(operationsOf(t, text), operationsOf(t, escaped)))
	})
	t.Run("YAML 1.2", func(t *testing.T) {
		t.Parallel()
		assert.Empty(t, compare(operationsOf(t, text), operationsOf(t, "%YAML 1.2\n---\n"+text)))
	})
	t.Run("dates without quotes", func(t *testing.T) {
		t.Parallel()
		dated := edited(t, text, list("user_id", setSchema("default", "2026-05-12")))
		assert.Contains(t, dated, `"2026-05-12"`)
		assert.Empty(t, compare(operationsOf(t, dated), operationsOf(t, strings.ReplaceAll(dated, `"2026-05-12"`, "2026-05-12"))))
	})
	t.Run("statuses without quotes", func(t *testing.T) {
		t.Parallel()
		assert.Empty(t, compare(operationsOf(t, text), operationsOf(t, strings.ReplaceAll(text, `"200":`, "200:"))))
	})
}

func jsonOf(t *testing.T, text string) (json string) {
	edited(t, text, func(doc object) { json = string(textOf(doc)) })
	return json
}

// spellings are pairs of documents' parts that say the same.
func TestSpellingsThatSayTheSame(t *testing.T) {
	t.Parallel()
	const document = `openapi: 3.0.3
servers: [{url: "https://{region}.example.com", variables: {region: {default: eu, enum: [eu, us]}}}]
paths:
  /sessions:
    post:
      requestBody:
        content:
          application/json: {schema: {type: integer, minimum: 3, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true}}
      responses: {}
      callbacks:
        done:
          "{$request.body#/url}":
            post:
              requestBody: {content: {application/json: {schema: {type: object, required: [a, b], properties: {a: {type: string, nullable: true}, b: {type: string}}}}}}
              responses: {}
`
	before := operationsOf(t, document)
	for name, test := range map[string]struct{ old, new string }{
		"exclusive minimum of 3.1":      {"minimum: 3, exclusiveMinimum: true", "exclusiveMinimum: 3"},
		"exclusive maximum of 3.1":      {"maximum: 9, exclusiveMaximum: true", "exclusiveMaximum: 9"},
		"order of a variable's enum":    {"[eu, us]", "[us, eu]"},
		"required inside a callback":    {"[a, b]", "[b, a]"},
		"nullable inside a callback":    {"type: string, nullable: true", "type: [string, 'null']"},
		"prose inside a callback":       {"            post:\n", "            description: prose\n            post:\n"},
		"deprecated inside a callback":  {"            post:\n", "            post:\n              deprecated: false\n"},
		"description of a variable":     {"default: eu,", "default: eu, description: Where.,"},
		"boolean limit without a limit": {"type: integer, ", "type: integer, uniqueItems: false, "},
	} {
		require.Contains(t, document, test.old)
		assert.Empty(t, compare(before, operationsOf(t, strings.Replace(document, test.old, test.new, 1))), name)
	}
	for name, test := range map[string]struct{ old, new, place string }{
		"another exclusive minimum":   {"minimum: 3", "minimum: 4", "requestBody.content.application/json[integer].exclusiveMinimum"},
		"no longer exclusive":         {"exclusiveMinimum: true", "exclusiveMinimum: false", "requestBody.content.application/json[integer].minimum"},
		"another value of a variable": {"[eu, us]", "[eu, uk]", "servers[0].variables.region.enum[uk]"},
		"another type in a callback":  {"b: {type: string}", "b: {type: integer}", `callbacks.done."{$request.body#/url}".post.requestBody.content.application/json[object].properties.b.type`},
	} {
		require.Contains(t, document, test.old)
		var places []string
		for _, d := range compare(before, operationsOf(t, strings.Replace(document, test.old, test.new, 1))) {
			places = append(places, d.place)
		}
		assert.Contains(t, places, test.place, name)
	}
}

// A property may have a name that is prose elsewhere.
func TestPropertyNamedLikeProse(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	for _, name := range []string{"description", "title", "example", "tags", "x-device", "$ref", "required", "a.b[c]"} {
		changed := edited(t, text, schema("CreateSession", withProperty(name)))
		found := compare(operationsOf(t, text), operationsOf(t, changed))
		assert.NotEmpty(t, found, name)
		for _, d := range found {
			assert.Equal(t, "POST /sessions", d.name)
			var again place
			for _, segment := range parsePlace(d.place) {
				again = again.at(segment)
			}
			assert.Equal(t, d.place, string(again))
		}
	}
}

// Parts that have no rules of their own are one fact each, without their prose.
const odd = `openapi: 3.0.3
paths:
  /sessions:
    post:
      security: [{oauth: [read]}]
      requestBody:
        content:
          application/json:
            schema:
              oneOf: [{type: object, properties: {kind: {type: string}}}]
              discriminator: {propertyName: kind, x-note: prose, mapping: {x-kind: "#/A", description: "#/B"}}
          multipart/form-data:
            schema: {type: object}
            encoding:
              title:
                contentType: text/plain
                headers: {X-Part: {description: prose, schema: {type: string, title: prose, enum: [one]}}}
      responses:
        "200":
          description: prose
          links:
            Next: {operationId: GetSession, description: prose, parameters: {summary: $response.body#/id, example: {title: literal}}}
      callbacks:
        description:
          "{$request.body#/url}":
            summary: prose
            post:
              summary: prose
              description: prose
              tags: [prose]
              operationId: Called
              parameters: [{name: a, in: query, description: prose, schema: {type: string, default: {title: literal}}}]
              security: [{x-key: []}]
              requestBody: {description: prose, content: {a/b: {example: prose, schema: {required: [title], properties: {title: {type: string, description: prose}}}}}}
              responses: {"200": {description: prose, headers: {x-trace: {description: prose, required: true}}}, default: {$ref: "#/components/responses/Odd"}}
components:
  responses:
    Odd: {description: prose, headers: {x-odd: {schema: {type: string, properties: {$ref: {type: string}}}}}}
  securitySchemes:
    x-key: {type: apiKey, in: header, name: a}
    x-other: {type: apiKey, in: header, name: b}
    oauth:
      type: oauth2
      description: prose
      flows: {implicit: {authorizationUrl: /authorize, x-note: prose, scopes: {read: prose, x-write: prose}}}
`

func TestProseInPartsWithoutRules(t *testing.T) {
	t.Parallel()
	before := operationsOf(t, odd)
	assert.Empty(t, compare(before, operationsOf(t, strings.ReplaceAll(odd, "prose", "other words"))))
	for _, change := range []struct{ old, new, place string }{
		{"x-kind: ", "x-sort: ", "requestBody.content.application/json.discriminator"},
		{"description: \"#/B\"", "description: \"#/C\"", "requestBody.content.application/json.discriminator"},
		{"propertyName: kind", "propertyName: sort", "requestBody.content.application/json.discriminator"},
		{"              title:\n                contentType", "              subtitle:\n                contentType", "requestBody.content.multipart/form-data.encoding"},
		{"X-Part", "X-Other", "requestBody.content.multipart/form-data.encoding"},
		{"[one]", "[two]", "requestBody.content.multipart/form-data.encoding"},
		{"GetSession", "GetClient", "responses.200.links.Next"},
		{"summary: $response", "title: $response", "responses.200.links.Next"},
		{"#/id", "#/name", "responses.200.links.Next"},
		{"example: {title: literal}", "example: {title: another}", "responses.200.links.Next"},
		{"        description:\n", "        summary:\n", "callbacks"},
		{"Called", "Rung", "callbacks"},
		{"default: {title: literal}", "default: {title: another}", "callbacks"},
		{"x-key", "x-other", "callbacks"},
		{"required: [title]", "required: [name]", "callbacks"},
		{"{title: {type: string", "{title: {type: integer", "callbacks"},
		{"{title: {type: string", "{description: {type: string", "callbacks"},
		{"x-trace", "x-other", "callbacks"},
		{"required: true", "required: false", "callbacks"},
		{"x-odd", "x-even", "callbacks"},
		{"x-write: ", "x-read: ", "security"},
		{"oauth: [read]", "oauth: [x-write]", "security"},
		{"/authorize", "/other", "security"},
	} {
		found := compare(before, operationsOf(t, strings.Replace(odd, change.old, change.new, 1)))
		assert.NotEmpty(t, found, change.new)
		for _, d := range found {
			assert.True(t, strings.HasPrefix(d.place, change.place), d.place)
		}
	}
}
