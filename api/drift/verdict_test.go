package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// These include verdicts in which oasdiff is overruled or could be taken for another change.
func TestVerdictsOnTheContract(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	for name, test := range map[string]struct{ edits, verdict string }{
		"operation removed":                     {"refresh =", breaking},
		"deprecated operation removed":          {"verify =", breaking},
		"operation added":                       {"paths /sessions delete responses 204 description = x", compatible},
		"deprecated":                            {"list deprecated = true", compatible},
		"optional response property removed":    {"Session properties tasks =", breaking},
		"nested response property removed":      {"Activity properties city =", breaking},
		"response header removed":               {"components responses RateLimited headers =", breaking},
		"response property added":               {"Session properties hint type = string", compatible},
		"response allows any value":             {"Status enum =", breaking},
		"response has another single value":     {"Token properties object enum = [Token]", breaking},
		"response has a value less":             {"Status enum 1 =", compatible},
		"response of a union has any value":     {"refresh " + okIn + " =", breaking},
		"response of a union has a limit":       {"refresh " + okIn + " maxProperties = 2", compatible},
		"response of a union is nullable":       {"refresh " + okIn + " nullable = true", breaking},
		"parameter allows any value":            {"list parameters status schema enum =", compatible},
		"parameter allows fewer values":         {"list parameters status schema enum = [active]", breaking},
		"parameter allows only certain values":  {"list parameters limit schema enum = [10, 100]", breaking},
		"lower minimum of a parameter":          {"list parameters limit schema minimum = 0", compatible},
		"lower maximum of a body":               {"CreateToken properties expires_in_seconds maximum = 60", breaking},
		"higher minimum of a response":          {"SessionPage properties total_count minimum = 1", compatible},
		"no minimum of a response":              {"SessionPage properties total_count minimum =", breaking},
		"maximum length of a body":              {"CreateSession properties user_id maxLength = 9", breaking},
		"maximum length of a response":          {"Task properties key maxLength = 9", compatible},
		"another type of a body":                {"CreateSession properties user_id type = integer", breaking},
		"another type of a response":            {"Task properties key type = integer", breaking},
		"another default of a body":             {"RefreshSession properties format default = cookie", compatible},
		"another default of a response":         {"SessionPage properties total_count default = 1", compatible},
		"unknown keyword":                       {"CreateSession unheardOf = 1; Task unheardOf = 1", unjudged},
		"union of a response has a member more": {"list " + okIn + " oneOf + = {type: string}", breaking},
		"union of a response has a member less": {"list " + okIn + " oneOf 1 =", compatible},
		"response is a union": {
			"Session properties actor = {nullable: true, anyOf: [{$ref: '#/components/schemas/Task'}, {type: string}]}", breaking,
		},
		"body is a union":       {"CreateSession properties user_id = {oneOf: [{type: string}, {type: integer}]}", compatible},
		"body allows any value": {"RefreshSession properties format enum =", compatible},
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
