package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What oasdiff would judge otherwise, and what is nearly that.
func TestWhatIsBreaking(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	before := operationsOf(t, text)
	for name, test := range map[string]struct {
		edit   func(doc object)
		judged string
	}{
		"a property of a response is gone":    {schema("Session", withoutProperty("tasks")), "breaking"},
		"a nested one is":                     {schema("SessionActivity", withoutProperty("city")), "breaking"},
		"a header of a response is":           {component("responses", "RateLimited", func(r object) { delete(get(r, "headers"), "Retry-After") }), "breaking"},
		"a property of a response is new":     {schema("Session", withProperty("hint")), "compatible"},
		"a query may have any value":          {list("status", func(p object) { delete(get(p, "schema"), "enum") }), "compatible"},
		"a query may not have one":            {list("status", setSchema("enum", []any{"active"})), "breaking"},
		"a query may have these alone":        {list("limit", setSchema("enum", []any{10, 100})), "breaking"},
		"a body may have any value":           {property("RefreshSession", "format", unset("enum")), "compatible"},
		"a response may have any value":       {schema("SessionStatus", unset("enum")), "breaking"},
		"a response has another sole value":   {schema("Token", func(s object) { get(s, "properties", "object")["enum"] = []any{"Token"} }), "breaking"},
		"a response of a union has any value": {editResponses(refresh_, "post", func(r object) { delete(get(r, "200", "content", "application/json"), "schema") }), "breaking"},
		"a union body has a limit":            {editResponses(refresh_, "post", func(r object) { get(r, "200", "content", "application/json", "schema")["maxProperties"] = 2 }), "compatible"},
		"a union body has none any more":      {editResponses(refresh_, "post", func(r object) { get(r, "200", "content", "application/json", "schema")["nullable"] = true }), "breaking"},
		"a response does not have one value":  {schema("SessionStatus", func(s object) { s["enum"] = without(s["enum"], "pending") }), "compatible"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := changesOf(before, operationsOf(t, edited(t, text, test.edit)))
			assert.NotEmpty(t, found)
			for _, f := range found {
				assert.Equal(t, test.judged, f.Kind, f.Text)
			}
		})
	}
}

// The worst verdict on a change of one schema, in a request and in a response.
func TestVerdictsOnSchemas(t *testing.T) {
	t.Parallel()
	document := func(schema string) string {
		return `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /sessions:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: ` + schema + `, b: {type: string}}}}}}
      responses: {"200": {description: x, content: {application/json: {schema: {type: object, properties: {a: ` + schema + `}}}}}}
`
	}
	for name, test := range map[string]struct{ old, new, request, response string }{
		"sole value replaced": {"{type: string, enum: [a]}", "{type: string, enum: [b]}", breaking, breaking},
		"value added":         {"{type: string, enum: [a]}", "{type: string, enum: [a, b]}", compatible, breaking},
		"value removed":       {"{type: string, enum: [a, b]}", "{type: string, enum: [a]}", breaking, compatible},
		"another type":        {"{type: string}", "{type: integer}", breaking, breaking},
		"lower maximum":       {"{type: integer, maximum: 9}", "{type: integer, maximum: 8}", breaking, compatible},
		"longer":              {"{type: string, maxLength: 9}", "{type: string, maxLength: 10}", compatible, breaking},
		"another default":     {"{type: string, default: a}", "{type: string, default: b}", compatible, compatible},
		"unknown to oasdiff":  {"{type: string}", "{type: string, unheardOf: 1}", unjudged, unjudged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := changesOf(operationsOf(t, document(test.old)), operationsOf(t, document(test.new)))
			worst := map[bool]string{}
			for _, f := range found {
				inRequest := strings.HasPrefix(f.Place, "requestBody")
				if before, ok := worst[inRequest]; !ok || f.rank() < (finding{Kind: before}).rank() {
					worst[inRequest] = f.Kind
				}
			}
			assert.Equal(t, map[bool]string{true: test.request, false: test.response}, worst)
		})
	}
}

// Each of several changes of one operation has its own verdict.
func TestVerdictsAreNotMixedUp(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	changed := edited(t, text, func(doc object) {
		list("limit", setSchema("maximum", 100))(doc)
		list("limit", setSchema("default", 20))(doc)
		list("paginated", setSchema("default", true))(doc)
		list("offset", set("required", true))(doc)
		list("status", set("explode", false))(doc)
		op("/sessions", "get", withParameter(object{"name": "new", "in": "query", "schema": object{"type": "string"}}))(doc)
		op("/sessions", "get", withoutParameter("client_id"))(doc)
	})
	kinds := map[string]string{}
	for _, f := range changesOf(operationsOf(t, text), operationsOf(t, changed)) {
		kinds[f.Place] = f.Kind
	}
	assert.Equal(t, map[string]string{
		"query.limit.schema.maximum":     breaking,
		"query.limit.schema.default":     compatible,
		"query.paginated.schema.default": compatible,
		"query.offset.required":          breaking,
		"query.status.explode":           unjudged,
		"query.new":                      compatible,
		"query.client_id":                breaking,
	}, kinds)
}
