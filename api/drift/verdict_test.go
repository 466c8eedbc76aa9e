package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// These include verdicts in which oasdiff is overruled or could be taken for another change.
func TestVerdictsOnTheContract(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	for name, test := range map[string]struct{ edits, verdict string }{
		"operation removed":                    {"refresh =", breaking},
		"deprecated operation removed":         {"verify =", breaking},
		"operation added":                      {"paths /sessions delete responses 204 description = x", compatible},
		"deprecated":                           {"list deprecated = true", compatible},
		"optional response property removed":   {"Session properties tasks =", breaking},
		"nested response property removed":     {"Activity properties city =", breaking},
		"response header removed":              {"components responses RateLimited headers =", breaking},
		"response property added":              {"Session properties hint type = string", compatible},
		"response allows any value":            {"Status enum =", breaking},
		"response has another single value":    {"Token properties object enum = [Token]", breaking},
		"response has a value less":            {"Status enum 1 =", compatible},
		"response of a union has any value":    {"refresh " + okIn + " =", breaking},
		"response of a union has a limit":      {"refresh " + okIn + " maxProperties = 2", compatible},
		"response of a union is nullable":      {"refresh " + okIn + " nullable = true", breaking},
		"parameter allows any value":           {"list parameters status schema enum =", compatible},
		"parameter allows fewer values":        {"list parameters status schema enum = [active]", breaking},
		"parameter allows only certain values": {"list parameters limit schema enum = [10, 100]", breaking},
		"body allows any value":                {"RefreshSession properties format enum =", compatible},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := changesOf(t, text, edited(t, text, test.edits))
			assert.NotEmpty(t, found)
			for _, f := range found {
				assert.Equal(t, test.verdict, f.Kind, f.Text)
			}
		})
	}
}

// The most urgent verdict on a change of one schema, in a request and in a response.
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
		"single value replaced": {"{type: string, enum: [a]}", "{type: string, enum: [b]}", breaking, breaking},
		"value added":           {"{type: string, enum: [a]}", "{type: string, enum: [a, b]}", compatible, breaking},
		"value removed":         {"{type: string, enum: [a, b]}", "{type: string, enum: [a]}", breaking, compatible},
		"another type":          {"{type: string}", "{type: integer}", breaking, breaking},
		"lower maximum":         {"{type: integer, maximum: 9}", "{type: integer, maximum: 8}", breaking, compatible},
		"longer":                {"{type: string, maxLength: 9}", "{type: string, maxLength: 10}", compatible, breaking},
		"another default":       {"{type: string, default: a}", "{type: string, default: b}", compatible, compatible},
		"unknown to oasdiff":    {"{type: string}", "{type: string, unheardOf: 1}", unjudged, unjudged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worst := map[bool]string{}
			for _, f := range changesOf(t, document(test.old), document(test.new)) {
				inRequest := strings.HasPrefix(f.Place, "requestBody")
				if before, ok := worst[inRequest]; !ok || f.rank() < (finding{Kind: before}).rank() {
					worst[inRequest] = f.Kind
				}
			}
			assert.Equal(t, map[bool]string{true: test.request, false: test.response}, worst)
		})
	}
}

func TestVerdictsOnSeveralChangesOfOneOperation(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	changed := edited(t, text, "list parameters limit schema maximum = 100; list parameters limit schema default = 20; "+
		"list parameters paginated schema default = true; list parameters offset required = true; "+
		"list parameters status explode = false; list parameters client_id =; "+
		"list parameters + = {name: new, in: query, schema: {type: string}}")
	kinds := map[string]string{}
	for _, f := range changesOf(t, text, changed) {
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
