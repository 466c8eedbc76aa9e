package contract

import "strings"

// Texts of the contract at which mutations are made.
const (
	atOperation  = "      operationId: GetSession\n      x-retry: safe\n"
	atParameter  = "        - name: user_id\n          in: query\n"
	atBody       = "      required: [user_id]\n      properties:\n"
	atToken      = "        expires_in_seconds:\n          type: integer\n"
	atTask       = "      required: [key]\n      properties:\n"
	atJWT        = "        jwt:\n          type: string\n"
	atSchema     = "    SessionTask:\n"
	atSuccess    = `        "200": {$ref: "#/components/responses/Session"}` + "\n"
	atServer     = "servers:\n  - url: https://api.clerk.com/v1\n"
	atSecurity   = "security:\n  - bearerAuth: []\n"
	atTemplate   = "        - name: template_name\n          in: path\n          required: true\n          description: The template's name as set in the Clerk Dashboard.\n          schema: {type: string}\n"
	atPath       = "  /sessions/{session_id}:\n    get:\n"
	atComponents = "  headers:\n    APIVersion:\n"
)

// insert is a mutation that inserts text before another.
func insert(name, at, text string, m mutation) mutation {
	m.name, m.old, m.new = name, at, text+at
	return m
}

// parameter adds a parameter to GetSessionList.
func parameter(name, text string, m mutation) mutation {
	return insert("parameter: "+name, atParameter, "        - {name: p, description: Further., "+text+"}\n", m)
}

// bodyProperty adds a property to the body of CreateSession.
func bodyProperty(name, text string, m mutation) mutation {
	return insert("body: "+name, atBody, "", mutation{}).with(atBody+"        further: {description: Further., "+text+"}\n", m)
}

// property adds a property to SessionTask, which is part of a response.
func property(name, text string, m mutation) mutation {
	return insert("response: "+name, atTask, "", mutation{}).with(atTask+"        further: {description: Further., "+text+"}\n", m)
}

func (m mutation) with(text string, result mutation) mutation {
	result.name, result.old, result.new = m.name, m.old, text
	return result
}

// replace is a mutation that replaces one text.
func replace(name, old, text string, m mutation) mutation {
	m.name, m.old, m.new = name, old, text
	return m
}

// and makes a second change.
func (m mutation) and(old, text string) mutation {
	m.also = [2]string{old, text}
	return m
}

func reaches(texts ...string) mutation              { return mutation{reached: texts} }
func refusedAs(text string) mutation                { return mutation{refused: text} }
func (m mutation) follows(text string) mutation     { m.adapt = text; return m }
func (m mutation) removes(texts ...string) mutation { m.gone = texts; return m }

// touch is a new operation as Clerk would publish it.
const touch = `  /sessions/{session_id}/touch:
    post:
      operationId: TouchSession
      x-retry: unsent
      tags: [Sessions]
      summary: Mark a session as used
      parameters:
        - $ref: "#/components/parameters/ClerkAPIVersion"
        - $ref: "#/components/parameters/SessionID"
      responses:
        "200": {$ref: "#/components/responses/Session"}

`

// span is an object for parameters.
const span = "    Span: {type: object, description: Span is., properties: {from: {type: string, description: From.}}}\n"

var mutations = []mutation{
	// Operations.
	insert("operation added", "components:\n  securitySchemes", touch, reaches(`func (c *lowLevel) touchSession(ctx context.Context, sessionID string) (*Session, error)`, `opTouchSession = Operation{ID: "TouchSession", Method: "POST", Path: "/sessions/{session_id}/touch", APIVersion: "2026-05-12", Retry: RetryUnsent}`)),
	replace("path renamed", "  /sessions/{session_id}/revoke:", "  /sessions/{session_id}/end:", reaches(`Path: "/sessions/{session_id}/end"`).removes("/revoke")),
	replace("method changed", "  /sessions/{session_id}/revoke:\n    post:", "  /sessions/{session_id}/revoke:\n    delete:", reaches(`Method: "DELETE"`)),
	replace("method that has no body", "  /sessions/{session_id}/revoke:\n    post:", "  /sessions/{session_id}/revoke:\n    trace:", refusedAs("/sessions/{session_id}/revoke: trace is not supported")),
	replace("operation renamed", "operationId: RevokeSession", "operationId: EndSession", reaches("endSession(ctx context.Context, sessionID string)").follows("revokeSession")),
	replace("operation deprecated", atOperation, atOperation+"      deprecated: true\n", reaches("// read one session.\n//\n// Deprecated: The contract marks it as deprecated.")),
	replace("x-retry missing", atOperation, "      operationId: GetSession\n", refusedAs("GetSession: missing x-retry; set it to safe")),
	replace("x-retry misspelt", atOperation, "      operationId: GetSession\n      x-rety: safe\n", refusedAs("extension x-rety")),
	replace("x-retry with another value", atOperation, "      operationId: GetSession\n      x-retry: always\n", refusedAs("GetSession: x-retry is always; set it to safe or unsent")),
	replace("x-retry changed", atOperation, "      operationId: GetSession\n      x-retry: unsent\n", reaches(`Path: "/sessions/{session_id}", APIVersion: "2026-05-12", Retry: RetryUnsent`)),
	replace("another extension", atOperation, atOperation+"      x-go-params: Get\n", refusedAs("extension x-go-params")),
	replace("extension on a schema", atSchema, atSchema+"      x-private: true\n", refusedAs("components.schemas.SessionTask: extension x-private; only x-retry on an operation is allowed here")),
	replace("operationId missing", "      operationId: GetSession\n", "", refusedAs("GET /sessions/{session_id}: missing operationId")),
	replace("operationId taken", "operationId: RevokeSession", "operationId: GetSession", refusedAs("operationId GetSession is taken by GET /sessions/{session_id}")),
	replace("operationId taken in another case", "operationId: RevokeSession", "operationId: Getsession", refusedAs("is taken by")),
	replace("operationId with a space", "operationId: RevokeSession", "operationId: Revoke Session", refusedAs(`operationId "Revoke Session" is not a Go name`)),
	replace("operationId with a small letter", "operationId: RevokeSession", "operationId: revokeSession", refusedAs(`operationId "revokeSession" is not a Go name`)),
	replace("operationId of a method", "operationId: RevokeSession", "operationId: Call", refusedAs("call: the generated code does not compile: method lowLevel.call already declared")),
	replace("misspelt key of an operation", "      summary: Read one session\n", "      summary: Read one session\n      sumary: Read\n", refusedAs("GetSession: sumary is not supported")),
	replace("summary missing", "      summary: Read one session\n", "", refusedAs("GetSession: missing summary")),
	replace("summary changed", "summary: Read one session", "summary: Look at one session", reaches("// look at one session.")),
	replace("callbacks", atOperation, atOperation+"      callbacks: {done: {'{$request.query.url}': {post: {responses: {'200': {description: Done.}}}}}}\n", refusedAs("GetSession: callbacks is not supported")),
	replace("no security", atOperation, atOperation+"      security: []\n", refusedAs("GetSession: security of its own")),
	replace("servers of an operation", atOperation, atOperation+"      servers: [{url: https://other.example/v1}]\n", refusedAs("GetSession: servers is not supported")),
	replace("servers of a path", atPath, "  /sessions/{session_id}:\n    servers: [{url: https://other.example/v1}]\n    get:\n", refusedAs("/sessions/{session_id}: servers is not supported")),
	replace("parameter of a path", atPath, "  /sessions/{session_id}:\n    parameters: [{name: deep, in: query, description: Deep., schema: {type: boolean}}]\n    get:\n", reaches("type GetSessionParams struct", `call.query("deep", flag(params.Deep))`).follows("not enough arguments in call to c.with(opts).getSession")),

	// The document.
	replace("server changed", atServer, "servers:\n  - url: https://api.clerk.dev/v2\n", reaches(`const defaultBaseURL = "https://api.clerk.dev/v2"`)),
	replace("second server", atServer, atServer+"    description: One.\n  - url: https://eu.clerk.com/v1\n", refusedAs("openapi.yaml, servers: 2 servers; name one")),
	replace("no server", atServer, "servers: []\nx-was:\n  - url: x\n", refusedAs("openapi.yaml, servers: 0 servers")),
	replace("server with a variable", atServer, "servers:\n  - url: https://{region}.clerk.com/v1\n    variables: {region: {default: eu}}\n", refusedAs("openapi.yaml, servers: variables in https://{region}.clerk.com/v1")),
	replace("server without a version", atServer, "servers:\n  - url: https://api.clerk.com\n", refusedAs("is not an https URL with the API's version as its path")),
	replace("relative server", atServer, "servers:\n  - url: /v1\n", refusedAs(`"/v1" is not an https URL`)),
	replace("second security scheme", atSecurity, atSecurity+"  - other: []\n", refusedAs("openapi.yaml, security: the client sends the secret key as a bearer token and nothing else")),
	replace("no security at all", atSecurity, "security: []\n", refusedAs("openapi.yaml, security")),
	replace("key in a header", "      type: http\n      scheme: bearer\n", "      type: apiKey\n      in: header\n      name: X-Key\n      x-was: y\n", refusedAs("openapi.yaml, security: the scheme bearerAuth is not a bearer token")),
	replace("basic authentication", "      scheme: bearer\n", "      scheme: basic\n", refusedAs("the scheme bearerAuth is not a bearer token")),
	replace("OpenAPI 3.1", "openapi: 3.0.3", "openapi: 3.1.0", refusedAs("OpenAPI 3.1.0 is not supported; write it in OpenAPI 3.0")),
	replace("webhooks", "tags:\n  - name: Sessions", "webhooks: {a: {post: {responses: {'200': {description: Done.}}}}}\ntags:\n  - name: Sessions", refusedAs("openapi.yaml: webhooks is not supported")),
	replace("empty response", "    Token:\n      description: The token.\n", "    Empty:\n    Token:\n      description: The token.\n", refusedAs("openapi.yaml, components.responses.Empty: it is empty")),
	insert("schema that nothing uses", atSchema, "    Unused: {type: object, description: Unused is., properties: {a: {type: string, description: A.}}}\n", refusedAs("components.schemas.Unused: nothing refers to it; use it or remove it")),
	insert("header that nothing uses", atComponents, "  headers:\n    Unused: {description: Unused., schema: {type: string}}\n    APIVersion:\n", refusedAs("")).with("  headers:\n    Unused: {description: Unused., schema: {type: string}}\n    APIVersion:\n", refusedAs("components.headers.Unused: nothing refers to it")),
	replace("reference to a file", `"#/components/parameters/Origin"`, `"other.yaml#/Origin"`, refusedAs("openapi.yaml:")),

	// Parameters.
	parameter("string", "in: query, schema: {type: string}", reaches("// Further. P string", `call.query("p", text(params.P))`)),
	parameter("required string", "in: query, required: true, schema: {type: string}", reaches(`call.query("p", text(params.P).required())`)),
	parameter("integer", "in: query, schema: {type: integer, minimum: 1, maximum: 315360000}", reaches("P int", `call.query("p", number(params.P).minimum(1).maximum(315360000))`, "const maxListParamsP = 315360000")),
	parameter("32 bits", "in: query, schema: {type: integer, format: int32}", reaches("P int32")),
	parameter("number", "in: query, schema: {type: number, exclusiveMinimum: true, minimum: 0.1, exclusiveMaximum: true, maximum: 0.5}", reaches("P float64", "number(params.P).above(0.1).below(0.5)")),
	parameter("float", "in: query, schema: {type: number, format: float, multipleOf: 0.25}", reaches("P float32", "number(params.P).multipleOf(0.25)")),
	parameter("required boolean", "in: query, required: true, schema: {type: boolean}", reaches("P bool", "flag(params.P).required()")),
	parameter("date-time", "in: query, schema: {type: string, format: date-time}", reaches("P time.Time", "scalar(params.P)", `"time"`)),
	parameter("date", "in: query, schema: {type: string, format: date}", reaches("P openapi_types.Date", "scalar(params.P)", `openapi_types "github.com/oapi-codegen/runtime/types"`)),
	parameter("UUID", "in: query, schema: {type: string, format: uuid}", reaches("P openapi_types.UUID", "scalar(params.P)")),
	parameter("email", "in: query, schema: {type: string, format: email}", reaches("P openapi_types.Email", "text(params.P).email()")),
	parameter("format without a type", "in: query, schema: {type: string, format: ipv4}", refusedAs("GetSessionList, query parameter p: format ipv4 is not supported; leave it out, or use one of date-time, date, uuid, email")),
	parameter("format of a number", "in: query, schema: {type: integer, format: uint8}", refusedAs("format uint8 is not supported")),
	parameter("enum", "in: query, schema: {type: string, enum: [newest, oldest]}", reaches("P ListP", "type ListP string", `ListPNewest ListP = "newest"`, `text(params.P).enum("newest", "oldest")`)),
	parameter("enum of a component", "in: query, schema: {$ref: '#/components/schemas/SessionStatus'}", reaches("P SessionStatus", "text(params.P).enum(")),
	parameter("enum of one value", "in: query, schema: {type: string, enum: [only]}", reaches("P ListP", `ListPOnly ListP = "only"`, `.enum("only")`)),
	parameter("constant", "in: query, required: true, schema: {type: string, enum: [v2]}", reaches(`call.query("p", text("v2").required().enum("v2"))`)),
	parameter("enum of numbers", "in: query, schema: {type: integer, enum: [1, 2]}", refusedAs("GetSessionList, query parameter p: an enum that is not of strings; use minimum and maximum")),
	parameter("enum with an empty string", "in: query, schema: {type: string, enum: ['', a]}", refusedAs("query parameter p: an enum with ")),
	parameter("length and pattern", "in: query, schema: {type: string, minLength: 2, maxLength: 4, pattern: '^a+$'}", reaches(`text(params.P).minLength(2).maxLength(4).pattern("^a+$", regexp.MatchString)`)),
	parameter("pattern that Go does not have", "in: query, schema: {type: string, pattern: '(?=a)'}", refusedAs("write it in the syntax of Go's regexp")),
	parameter("list", "in: query, schema: {type: array, minItems: 1, maxItems: 3, items: {type: string, enum: [red, blue]}}", reaches("P []ListP", "type ListP string", `list(params.P, text).minItems(1).maxItems(3).each(func(v value) value { return v.enum("red", "blue") })`)),
	parameter("list of numbers", "in: query, schema: {type: array, items: {type: integer, minimum: 1}}", reaches("P []int", "list(params.P, number).each(func(v value) value { return v.minimum(1) })")),
	parameter("list of dates", "in: query, schema: {type: array, items: {type: string, format: date}}", reaches("P []openapi_types.Date", "list(params.P, scalar)")),
	parameter("list with commas", "in: query, explode: false, schema: {type: array, items: {type: string}}", reaches(`list(params.P, text).styled("form", false)`)),
	parameter("list with pipes", "in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: string}}", reaches(`.styled("pipeDelimited", false)`)),
	parameter("list with spaces", "in: query, style: spaceDelimited, explode: false, schema: {type: array, items: {type: string}}", reaches(`.styled("spaceDelimited", false)`)),
	parameter("list of lists", "in: query, schema: {type: array, items: {type: array, items: {type: string}}}", refusedAs("query parameter p: a list of")),
	parameter("list of different items", "in: query, schema: {type: array, uniqueItems: true, items: {type: string}}", refusedAs("uniqueItems is not supported")),
	parameter("list without items", "in: query, schema: {type: array}", refusedAs("query parameter p: ")),
	parameter("reserved characters", "in: query, allowReserved: true, schema: {type: string}", reaches("text(params.P).allowReserved()")),
	parameter("empty value", "in: query, allowEmptyValue: true, schema: {type: string}", refusedAs("query parameter p: allowEmptyValue is not supported")),
	parameter("JSON", "in: query, content: {application/json: {schema: {type: string}}}", refusedAs("query parameter p: content is not supported")),
	parameter("null", "in: query, schema: {type: string, nullable: true}", refusedAs("query parameter p: nullable")),
	parameter("without a type", "in: query, schema: {}", refusedAs("query parameter p: missing type")),
	parameter("oneOf", "in: query, schema: {oneOf: [{type: string}, {type: integer}]}", refusedAs("query parameter p: oneOf is not supported")),
	parameter("style of another place", "in: query, style: label, schema: {type: string}", refusedAs(`style="label" and explode=true is not supported by a query parameter`)),
	parameter("object in place", "in: query, schema: {type: object, properties: {a: {type: string}}}", refusedAs("query parameter p: an object that is not a component")),
	parameter("default", "in: query, schema: {type: string, default: a}", reaches("// The default is a.")),
	parameter("deprecated", "in: query, deprecated: true, schema: {type: string}", reaches("// Further. // // Deprecated: The contract marks it as deprecated. P string")),
	parameter("header", "in: header, schema: {type: string}", reaches(`call.header("p", text(params.P))`)),
	parameter("required header", "in: header, required: true, schema: {type: array, items: {type: integer}}", reaches(`call.header("p", list(params.P, number).required())`)),
	parameter("cookie", "in: cookie, schema: {type: string}", reaches(`call.cookie("p", text(params.P))`)),
	parameter("exploded list in a cookie", "in: cookie, schema: {type: array, items: {type: string}}", refusedAs("cookie parameter p: an exploded list or object looks like several cookies; set explode: false")),
	parameter("description missing", "in: query, description: ' ', schema: {type: string}", refusedAs("")).with("        - {name: p, in: query, schema: {type: string}}\n"+atParameter, refusedAs("query parameter p: missing description")),
	insert("parameter declared twice", atParameter, atParameter+"          description: Once.\n          schema: {type: string}\n", refusedAs("openapi.yaml: not valid OpenAPI")),
	parameter("style of a header", "in: header, style: matrix, schema: {type: string}", refusedAs(`style="matrix" and explode=false is not supported by a header parameter`)),
	insert("header of the client", atParameter, "        - {name: Authorization, in: header, description: Key., schema: {type: string}}\n", refusedAs("header parameter Authorization: the client sets this header itself")),
	insert("two parameters of one Go name", atParameter, "        - {name: user-id, in: query, description: Other., schema: {type: string}}\n", refusedAs("ListParams: the generated code does not compile: UserID redeclared")),
	insert("deep object", atParameter, "        - {name: span, in: query, style: deepObject, explode: true, description: Span., schema: {$ref: '#/components/schemas/Span'}}\n", mutation{}).with("        - {name: span, in: query, style: deepObject, explode: true, description: Span., schema: {$ref: '#/components/schemas/VerifySession'}}\n"+atParameter, refusedAs("the members of an object in a parameter are not checked")),
	insert("object", atParameter, "        - {name: span, in: query, style: deepObject, explode: true, description: Span., schema: {$ref: '#/components/schemas/Span'}}\n",
		reaches("Span Span", "type Span struct { // From. From string `json:\"from,omitzero\"` }", `call.query("span", object(params.Span).styled("deepObject", true))`).and(atSchema, span+atSchema)),
	insert("object in the query, exploded", atParameter, "        - {name: span, in: query, description: Span., schema: {$ref: '#/components/schemas/Span'}}\n",
		reaches(`call.query("span", object(params.Span))`).and(atSchema, span+atSchema)),
	insert("object in a header", atParameter, "        - {name: X-Span, in: header, description: Span., schema: {$ref: '#/components/schemas/Span'}}\n",
		reaches("XSpan Span", `call.header("X-Span", object(params.XSpan))`).and(atSchema, span+atSchema)),
	insert("deep object that is not exploded", atParameter, "        - {name: span, in: query, style: deepObject, description: Span., schema: {$ref: '#/components/schemas/Span'}}\n",
		refusedAs("query parameter span: style deepObject with explode false").and(atSchema, span+atSchema)),
	insert("object with a list", atParameter, "        - {name: span, in: query, description: Span., schema: {$ref: '#/components/schemas/Span'}}\n",
		refusedAs("the members of an object in a parameter are not checked").and(atSchema, strings.Replace(span, "type: string", "type: array, items: {type: string}", 1)+atSchema)),
	insert("component parameter", atParameter, "        - $ref: '#/components/parameters/Order'\n",
		reaches("OrderBy ListOrderBy", "type ListOrderBy string", `ListOrderByNewest ListOrderBy = "newest"`).and("  parameters:\n    ClerkAPIVersion:\n", "  parameters:\n    Order: {name: order_by, in: query, description: Order., schema: {type: string, enum: [newest, oldest]}}\n    ClerkAPIVersion:\n")),
	replace("parameter removed", "        - name: offset\n", "        - name: skip\n", reaches("Skip int", `call.query("skip"`).removes(`call.query("offset"`).follows("params.Offset undefined")),
	replace("limit changed", "minimum: 1, maximum: 500", "minimum: 1, maximum: 250", reaches("number(params.Limit).minimum(1).maximum(250)", "maxListParamsLimit = 250").removes("maximum(500)")),
	replace("default changed", "default: 10, minimum: 1", "default: 20, minimum: 1", reaches("// The default is 20.")),
	replace("filter value added", "enum: [abandoned, active,", "enum: [abandoned, pending, active,", reaches(`.enum("abandoned", "pending", "active",`)),
	replace("argument renamed", "        - name: paginated\n", "        - name: in_pages\n", refusedAs("paginated")),
	replace("number in the path", atTemplate, strings.Replace(atTemplate, "{type: string}", "{type: integer, minimum: 1}", 1), reaches("sessionID string, templateName int", `call.path("template_name", number(templateName).minimum(1))`).follows("cannot use template")),
	replace("UUID in the path", atTemplate, strings.Replace(atTemplate, "{type: string}", "{type: string, format: uuid}", 1), reaches("templateName openapi_types.UUID", "scalar(templateName)").follows("cannot use template")),
	replace("enum in the path", atTemplate, strings.Replace(atTemplate, "{type: string}", "{type: string, enum: [a, b]}", 1), reaches(`call.path("template_name", text(templateName).enum("a", "b"))`)),
	replace("list in the path", atTemplate, strings.Replace(atTemplate, "schema: {type: string}", "style: label\n          explode: true\n          schema: {type: array, items: {type: string}}", 1), reaches("templateName []string", `list(templateName, text).styled("label", true)`).follows("cannot use template")),
	replace("matrix in the path", atTemplate, strings.Replace(atTemplate, "schema", "style: matrix\n          schema", 1), reaches(`text(templateName).styled("matrix", false)`)),
	replace("parameter missing in the path", "name: template_name\n", "name: template\n", refusedAs("does not have it")),
	replace("version missing", "      parameters:\n        - $ref: \"#/components/parameters/ClerkAPIVersion\"\n        - name: user_id", "      parameters:\n        - name: user_id", refusedAs("GetSessionList: missing header parameter Clerk-API-Version; refer to components.parameters.ClerkAPIVersion")),
	replace("version changed", `schema: {type: string, enum: ["2026-05-12"]}`, `schema: {type: string, enum: ["2026-09-01"]}`, reaches(`APIVersion: "2026-09-01"`)),
	replace("version of two values", `schema: {type: string, enum: ["2026-05-12"]}`, `schema: {type: string, enum: ["2026-05-12", "2026-09-01"]}`, refusedAs("header parameter Clerk-API-Version: not one value")),
	replace("version optional", "      name: Clerk-API-Version\n      in: header\n      required: true\n", "      name: Clerk-API-Version\n      in: header\n", refusedAs("not one value; make it required")),
	replace("option required", "      name: Origin\n      in: header\n", "      name: Origin\n      in: header\n      required: true\n", refusedAs("x-option on a parameter that is not an optional header")),

	// Request bodies.
	bodyProperty("string", "type: string, minLength: 1", reaches("Further string `json:\"further,omitzero\"`", `call.field("further", text(body.Further).minLength(1))`)),
	bodyProperty("integer", "type: integer, minimum: 5", reaches(`call.field("further", number(body.Further).minimum(5))`)),
	bodyProperty("list", "type: array, maxItems: 2, items: {type: string}", reaches("Further []string", "list(body.Further, text).maxItems(2)")),
	bodyProperty("map", "type: object, additionalProperties: {type: string}", reaches("Further map[string]string", `call.field("further", object(body.Further))`)),
	bodyProperty("enum", "type: string, enum: [a, b]", reaches("Further CreateSessionFurther", `text(body.Further).enum("a", "b")`)),
	bodyProperty("time", "type: string, format: date-time", reaches("Further time.Time", "scalar(body.Further)")),
	bodyProperty("deprecated", "type: string, deprecated: true", reaches("// Further. // // Deprecated: The contract marks it as deprecated. Further string")),
	bodyProperty("read only", "type: string, readOnly: true", refusedAs("components.schemas.CreateSession, property further: readOnly is not supported")),
	bodyProperty("write only", "type: string, writeOnly: true", refusedAs("writeOnly is not supported")),
	bodyProperty("object", "type: object, properties: {a: {type: string, description: A.}}", refusedAs("property further: an object in what is sent")),
	bodyProperty("oneOf", "oneOf: [{type: string}, {type: integer}]", refusedAs("property further: oneOf is not supported")),
	bodyProperty("enum of numbers", "type: integer, enum: [1, 2]", refusedAs("property further: an enum that is not of strings")),
	bodyProperty("object without properties", "type: object", refusedAs("property further: an object without properties; set additionalProperties: true")),
	replace("required property", atBody, "      required: [user_id, further]\n      properties:\n        further: {type: string, description: Further.}\n", reaches(`call.field("further", text(body.Further).required())`, "Further string `json:\"further\"`")),
	replace("required property that does not exist", "      required: [user_id]\n", "      required: [user_id, further]\n", refusedAs("required property further does not exist")),
	replace("more properties", atBody, "      additionalProperties: true\n"+atBody, refusedAs("components.schemas.CreateSession: additionalProperties beside properties")),
	insert("second property of a token", atToken, "        audience: {type: string, description: Audience.}\n", reaches("Audience string `json:\"audience,omitzero\"`", `call.field("audience", text(body.Audience))`)),
	insert("second property of a verification", "        token:\n          type: string\n          description: A session token", "        audience: {type: string, description: Audience.}\n", reaches("Audience string `json:\"audience,omitzero\"`", `call.field("audience", text(body.Audience))`)),
	insert("second property of a refresh", "        refresh_token:\n          type: string\n", "        audience: {type: string, description: Audience.}\n", reaches(`call.field("audience", text(body.Audience))`)),
	replace("lifetime changed", "maximum: 315360000", "maximum: 31536000", reaches("maximum(31536000)").removes("maximum(315360000)")),
	replace("form body", "          application/json:\n            schema: {$ref: \"#/components/schemas/CreateSession\"}", "          application/x-www-form-urlencoded:\n            schema: {$ref: \"#/components/schemas/CreateSession\"}", refusedAs("CreateSession, request body: content type application/x-www-form-urlencoded; declare application/json alone")),
	replace("body in place", `schema: {$ref: "#/components/schemas/CreateSession"}`, "schema: {type: object, properties: {user_id: {type: string}}}", refusedAs("CreateSession, request body: not an object of components.schemas")),
	replace("list as the body", `schema: {$ref: "#/components/schemas/CreateSession"}`, "schema: {type: array, items: {type: string}}", refusedAs("CreateSession, request body: not an object of components.schemas")),
	replace("optional body with required properties", "        required: true\n        description: The user to create a session for.", "        description: The user to create a session for.", refusedAs("CreateSession, request body: it is optional, but CreateSession has required properties; set required: true")),
	replace("required body without required properties", "      requestBody:\n        description: The token's", "      requestBody:\n        required: true\n        description: The token's", refusedAs("it is required, but no property of CreateToken is")),

	// Responses.
	replace("status 201", atSuccess, "        \"201\": {$ref: \"#/components/responses/Session\"}\n", mutation{}).created(),
	replace("status 204", atSuccess, "        \"204\": {description: Done.}\n", refusedAs("CreateSession, response 204: status 204 is not supported; a success is 200, 201 or 202")),
	replace("status 2XX", atSuccess, "        2XX: {$ref: \"#/components/responses/Session\"}\n", refusedAs("CreateSession, response 2XX: status 2XX is not supported")),
	replace("two successes", atSuccess, atSuccess+"        \"202\": {$ref: \"#/components/responses/Session\"}\n", refusedAs("CreateSession: 2 successes")),
	replace("redirect", atSuccess, atSuccess+"        \"302\": {description: Elsewhere.}\n", refusedAs("response 302: status 302 is not supported")),
	replace("success without a body", atSuccess, "        \"200\": {description: Done.}\n", refusedAs("CreateSession, response 200: content type ")),
	replace("text", atSuccess, "        \"200\": {description: Done., content: {text/plain: {schema: {type: string}}}}\n", refusedAs("CreateSession, response 200: content type text/plain; declare application/json alone")),
	replace("two content types", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/Session'}}, text/plain: {schema: {type: string}}}}\n", refusedAs("content type application/json, text/plain")),
	replace("list of a component", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Session'}}}}}\n", refusedAs("CreateSession, response 200: a success that is not an object of components.schemas")),
	replace("map", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {type: object, additionalProperties: {type: string}}}}}\n", refusedAs("CreateSession, response 200: a success that is not an object of components.schemas")),
	replace("object in place of a response", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}\n", refusedAs("a success that is not an object of components.schemas")),
	replace("one of two", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/Session'}, {$ref: '#/components/schemas/Token'}]}}}}\n", reaches("func createSession[T any, R response[T]](ctx context.Context, c *lowLevel, body CreateParams)").follows("createSession")),
	replace("any of two", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {anyOf: [{$ref: '#/components/schemas/Session'}, {$ref: '#/components/schemas/Token'}]}}}}\n", refusedAs("a success that is not an object of components.schemas")),
	replace("another component", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/Token'}}}}\n", reaches("createSession(ctx context.Context, body CreateParams) (*Token, error)").follows("cannot use")),
	replace("component that cannot be told", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/SessionTask'}}}}\n", refusedAs("components.schemas.SessionTask: it is a response of CreateSession, response 200, but has no property that every response must have; mark a property with x-must")),
	replace("component told by an optional constant", atSuccess, "        \"200\": {description: Done., content: {application/json: {schema: {$ref: '#/components/schemas/SessionTask'}}}}\n", refusedAs("but has no property that every response must have").and(atTask, atTask+"        further: {type: string, enum: [a], description: Further.}\n")),
	replace("no success", atSuccess, "", refusedAs("CreateSession: 0 successes")),
	replace("error of another schema", "        \"404\": {$ref: \"#/components/responses/NotFound\"}\n", "        \"404\": {description: No., content: {application/json: {schema: {$ref: '#/components/schemas/Token'}}}}\n", refusedAs("response 404: an error that is not ClerkErrors")),
	replace("links", "      description: The session in its current state.\n", "      description: The session in its current state.\n      links: {a: {operationId: GetSession}}\n", refusedAs("response 200: links is not supported")),
	replace("another header", "      description: The session in its current state.\n      headers:\n", "      description: The session in its current state.\n      headers:\n        X-Other: {description: Other., schema: {type: string}}\n", refusedAs("header X-Other: the client does not read it; leave it out")),

	// Schemas of responses.
	property("string", "type: string", reaches("Further string `json:\"further,omitzero\"`")),
	property("limits", "type: string, minLength: 2", reaches("// Responses are not checked against the limits of the contract: minLength 2.")),
	property("null", "type: string, nullable: true", reaches("// Further. // // A null in the response becomes the zero value. Further string")),
	property("pattern", "type: string, pattern: '^a.(b)$'", reaches(`Responses are not checked against the limits of the contract: pattern "^a.(b)$".`)),
	property("misspelt keyword", "type: integer, minimun: 5", refusedAs("property further: minimun is not supported")),
	property("integer", "type: integer, format: int64", reaches("Further int64")),
	property("enum", "type: string, enum: [a, b]", reaches("type SessionTaskFurther string", `SessionTaskFurtherA SessionTaskFurther = "a"`)),
	property("enum of numbers", "type: integer, enum: [1, 2]", reaches("type SessionTaskFurther int", "SessionTaskFurtherN2 SessionTaskFurther = 2")),
	property("enum of one number", "type: integer, enum: [1]", refusedAs("components.schemas.SessionTask, property further: an enum that is not of strings")),
	property("enum of booleans", "type: boolean, enum: [true]", refusedAs("an enum that is not of strings")),
	property("date", "type: string, format: date", reaches("Further openapi_types.Date")),
	property("email that may be null", "type: string, format: email, nullable: true", refusedAs("property further: a email that may be null")),
	property("list of components", "type: array, items: {$ref: '#/components/schemas/ClerkError'}", reaches("Further []ClerkError")),
	property("list of strings", "type: array, items: {type: string}", reaches("Further []string")),
	property("list of objects in place", "type: array, items: {type: object, properties: {a: {type: string, description: A.}}}", refusedAs("property further: a list of object")),
	property("map", "type: object, additionalProperties: {type: integer}", reaches("Further map[string]int")),
	property("map of anything", "type: object, additionalProperties: true", reaches("Further map[string]interface{}")),
	property("object", "type: object, properties: {a: {type: string, description: A.}}", refusedAs("property further: an object that is not a component; move it to components.schemas")),
	property("component", "allOf: [{$ref: '#/components/schemas/SessionActivity'}]", refusedAs("property further: allOf is not supported")),
	insert("response: component that is a string", atTask, "", mutation{}).with(atTask+"        further: {$ref: '#/components/schemas/UserID'}\n",
		reaches("type UserID = string", "// See [UserID]. Further UserID").and(atSchema, "    UserID: {type: string, description: UserID is an id.}\n"+atSchema)),
	insert("response: component that is a list", atTask, "", mutation{}).with(atTask+"        further: {$ref: '#/components/schemas/SessionList'}\n", refusedAs("property further: a component that is a list; write it in place")),
	insert("response: component that is an object", atTask, "", mutation{}).with(atTask+"        further: {$ref: '#/components/schemas/Place'}\n",
		reaches("type Place struct { // A. A string `json:\"a,omitzero\"` // Extra", "// See [Place]. Further Place `json:\"further,omitzero\"`").and(atSchema, "    Place: {type: object, description: Place is., properties: {a: {type: string, description: A.}}}\n"+atSchema)),
	insert("response: component that may be null", atTask, "", mutation{}).with(atTask+"        further: {$ref: '#/components/schemas/Place'}\n",
		reaches("Further *Place `json:\"further,omitzero\"`").and(atSchema, "    Place: {type: object, nullable: true, description: Place is., properties: {a: {type: string, description: A.}}}\n"+atSchema)),
	insert("response: component that holds itself", atTask, "", mutation{}).with(atTask+"        further: {type: array, description: Further., items: {$ref: '#/components/schemas/SessionTask'}}\n", reaches("Further []SessionTask")),
	property("oneOf", "oneOf: [{type: string}, {type: integer}]", refusedAs("property further: oneOf is not supported")),
	property("binary", "type: string, format: binary", refusedAs("format binary is not supported")),
	property("deprecated", "type: string, deprecated: true", reaches("// Further. // // Deprecated: The contract marks it as deprecated. Further string")),
	property("read only", "type: string, readOnly: true", refusedAs("readOnly is not supported")),
	insert("response: property without a description", atTask, "", mutation{}).with(atTask+"        further: {type: string}\n", refusedAs("property further: missing description")),
	insert("response: property named like a method", atJWT, "        format: {type: string, description: Format.}\n", refusedAs("Format: the generated code does not compile: field and method with the same name Format")),
	insert("response: property named extra", atJWT, "        extra: {type: string, description: More.}\n", refusedAs("Token: the generated code does not compile: Extra redeclared")),
	insert("response: two properties of one Go name", atTask, "", mutation{}).with(atTask+"        a_b: {type: string, description: A.}\n        a-b: {type: string, description: A.}\n", refusedAs("SessionTask: the generated code does not compile: AB redeclared")),
	replace("response: required changed", "      required: [object, id, is_mobile]", "      required: [object, id]", reaches("IsMobile bool `json:\"is_mobile,omitzero\"`")),
	replace("response: enum value added", "enum: [active, revoked,", "enum: [active, frozen, revoked,", reaches(`SessionStatusFrozen SessionStatus = "frozen"`)),
	replace("response: enum value removed", ", replaced, pending]", ", pending]", mutation{}.removes("SessionStatusReplaced").follows("undefined: SessionStatusReplaced")),
	replace("response: constant changed", "enum: [token]", "enum: [session_token]", reaches("v.Object != \"session_token\"")),
	replace("response: constant optional", "required: [object, jwt]", "required: [jwt]", mutation{}.removes(`v.Object != "token"`)),
	replace("response: constant or null", "enum: [token]\n", "enum: [token]\n          nullable: true\n", mutation{}.removes(`v.Object != "token"`)),
	replace("schema of the package's name", "    SessionTask:\n      description: SessionTask is", "    Meta:\n      description: Meta is", mutation{}).renamed(),
	replace("schema deprecated", "    SessionTask:\n", "    SessionTask:\n      deprecated: true\n", reaches("becomes active. // // Deprecated: The contract marks it as deprecated. type SessionTask struct")),
	replace("description changed", "SessionTask is what", "SessionTask is something", reaches("// SessionTask is something")),
	replace("discriminator", "                oneOf:\n                  - $ref: \"#/components/schemas/Token\"\n", "                discriminator: {propertyName: object}\n                oneOf:\n                  - $ref: \"#/components/schemas/Token\"\n", refusedAs("RefreshSession, response 200: discriminator is not supported")),
}

// created expects that a success of 201 changes nothing in the code, since every status
// from 200 to 299 is decoded in the same way.
func (m mutation) created() mutation {
	m.name = "status 201 and another component"
	m.new = "        \"201\": {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Token'}}}}\n"
	m.reached = []string{"createSession(ctx context.Context, body CreateParams) (*Token, error)"}
	m.adapt = "cannot use"
	return m
}

// renamed expects a schema with the name of a hand-written type to be refused.
func (m mutation) renamed() mutation {
	m.old, m.new = `$ref: "#/components/schemas/SessionTask"`, `$ref: "#/components/schemas/Meta"`
	m.refused = "openapi.yaml"
	return m
}
