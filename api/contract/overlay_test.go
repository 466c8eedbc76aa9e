package contract

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAMistakeInTheOverlayIsRefused(t *testing.T) {
	contract, overlay := ours(t, "openapi.yaml"), ours(t, "overlay.yaml")
	for name, test := range map[string]struct{ old, new, want string }{
		"unknown extension":                {"{x-go-params: List}", "{x-go-params: List, x-go-parms: List}", "GetSessionList: unknown extension x-go-parms"},
		"unknown extension of a parameter": {"{x-option: WithOrigin}", "{x-options: WithOrigin}", "header parameter Origin: unknown extension x-options"},
		"unknown extension of a property":  {"user_id: {x-order: 3}", "user_id: {x-ordre: 3}", "property user_id: unknown extension x-ordre"},
		"option that does not exist":       {"x-option: WithOrigin", "x-option: WithOrigins", "x-option names WithOrigins, which is not a function of the package"},
		"mark that is not a boolean":       {"id: {x-order: 2, x-must: true}", "id: {x-order: 2, x-must: yes please}", "property id: x-must is yes please; set it to true or leave it out"},
		"secret that cannot be redacted":   {"update: {x-go-params: List}", "update: {x-go-params: List}\n  - target: $.components.schemas.CreateToken.properties.expires_in_seconds\n    update: {x-secret: true}", "property expires_in_seconds: a secret that cannot be redacted"},
		"secret in the query":              {"update: {x-go-params: List}", "update: {x-go-params: List}\n  - target: $.paths['/sessions'].get.parameters[?(@.name == 'user_id')]\n    update: {x-secret: true}", "query parameter user_id: a secret in a URL, which servers log"},
		"argument that is a list":          {"jwt: {x-order: 2, x-must: true, x-secret: true}", "jwt: {x-order: 2, x-must: true, x-secret: true}\n  - target: $.components.schemas.RefreshSession.properties.request_headers\n    update: {x-argument: true}", "property request_headers: an argument that is not a string, number or boolean"},
		"target that matches nothing":      {"$.components.parameters.Origin", "$.components.parameters.Origins", "Origins"},
		"type that does not exist":         {"x-go-type: UnixMilli", "x-go-type: UnixMillis", "the generated code does not compile"},
		"name of the package":              {"x-go-name: CreateParams", "x-go-name: Meta", "Meta: the generated code does not compile: Meta redeclared"},
		"private type of a property":       {"update: {x-go-params: List}", "update: {x-go-params: List}\n  - target: $.components.schemas.SessionActivity\n    update: {x-private: true}", "property latest_activity: its type is private"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, overlay, test.old)
			o := outcomeOf(t, contract, strings.Replace(overlay, test.old, test.new, 1))
			if test.want == "" {
				assert.NoError(t, o.err)
				return
			}
			require.Error(t, o.err)
			assert.Contains(t, o.err.Error(), test.want)
		})
	}
}
