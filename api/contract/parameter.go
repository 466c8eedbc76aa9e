package contract

import (
	"cmp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// versionHeader is the name of a parameter that every operation has, with a single value.
const versionHeader = "Clerk-API-Version"

// clientHeaders are request headers that the client or net/http sets.
var clientHeaders = []string{
	"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "cookie", "host",
	"idempotency-key", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
	"x-idempotency-key",
}

func (k *checker) parameters(where, path string, item *openapi3.PathItem, op *openapi3.Operation) {
	hasVersion := false
	seen := map[string]bool{}
	for _, ref := range slices.Concat(op.Parameters, item.Parameters) {
		p := ref.Value
		key := p.In + " " + strings.ToLower(p.Name)
		if seen[key] {
			continue // kin-openapi refuses one that is declared twice; the operation overrides the path
		}
		seen[key] = true
		at := where + ", " + p.In + " parameter " + p.Name
		first := k.follow(at, ref.Ref)
		if p.In == "header" && p.Name == versionHeader {
			hasVersion = true
			if !p.Required || p.Schema == nil || len(p.Schema.Value.Enum) != 1 {
				k.refuse(at, "make it required, with an enum of the one version the operation is sent with",
					"not one value")
			}
		}
		if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") {
			k.refuse(at, "put it into the path", "the path %s does not have it", path)
		}
		if first {
			k.parameter(at, p)
		}
	}
	if !hasVersion {
		k.refuse(where, "refer to components.parameters.ClerkAPIVersion", "missing header parameter "+versionHeader)
	}
}

func (k *checker) parameter(at string, p *openapi3.Parameter) {
	k.keys(at, p, "name", "in", "description", "required", "deprecated", "style", "explode", "allowReserved",
		"schema", "example", "examples", "x-argument", "x-option", "x-secret", "x-go-name")
	if p.Schema == nil {
		k.refuse(at, "declare it with a schema", "a parameter without a schema")
		return
	}
	if strings.TrimSpace(p.Description) == "" {
		k.refuse(at, "add one: it becomes the comment", "missing description")
	}
	k.style(at, p)
	k.parameterSchema(at, p)
	k.parameterExtensions(at, p)
}

// parameterExtensions checks the overlay's extensions of a parameter.
func (k *checker) parameterExtensions(at string, p *openapi3.Parameter) {
	k.stringExtension(at, "x-go-name", p.Extensions)
	if k.boolExtension(at, "x-secret", p.Extensions) && (p.In == "query" || p.In == "path") {
		k.refuse(at, "send it in a header or a body", "a secret in a URL, which servers log")
	}
	if k.boolExtension(at, "x-argument", p.Extensions) && !isScalar(p.Schema.Value) {
		k.refuse(at, "leave x-argument out", "an argument that is not a string, number or boolean")
	}
	if option := k.stringExtension(at, "x-option", p.Extensions); option != "" {
		if p.In != "header" || p.Required {
			k.refuse(at, "leave x-option out", "x-option on a parameter that is not an optional header")
		}
		if !k.code.hasFunction(option) {
			k.refuse(at, "name a function that sets the header",
				"x-option names %s, which is not a function of the package", option)
		}
	}
	if p.In == "header" && slices.Contains(clientHeaders, strings.ToLower(p.Name)) {
		k.refuse(at, "leave it out", "the client sets this header itself")
	}
}

// style refuses a style that OpenAPI does not define for the type. [openapi3.T.Validate]
// refuses one that it does not define for the location.
func (k *checker) style(at string, p *openapi3.Parameter) {
	style, explode := styling(p)
	isArray, isObject := p.Schema.Value.Type.Is("array"), p.Schema.Value.Type.Is("object")
	if p.In == "cookie" && explode && (isArray || isObject) {
		k.refuse(at, "set explode: false", "an exploded list or object looks like several cookies")
	}
	isDelimited, isDeep := strings.HasSuffix(style, "Delimited"), style == "deepObject"
	if isDelimited && !isArray || isDeep && !(isObject && explode) {
		k.refuse(at, "choose one that OpenAPI 3.0 defines for it", "style %s with explode %t", style, explode)
	}
	if p.AllowReserved && (p.In != "query" || isObject) {
		k.refuse(at, "leave it out", "allowReserved on an object, or outside of the query")
	}
}

// styling returns the style of a parameter, with OpenAPI's defaults.
func styling(p *openapi3.Parameter) (style string, explode bool) {
	style = "simple"
	if p.In == "query" || p.In == "cookie" {
		style = "form"
	}
	style = cmp.Or(p.Style, style)
	explode = style == "form"
	if p.Explode != nil {
		explode = *p.Explode
	}
	return style, explode
}

// parameterSchema checks the schema of a parameter.
func (k *checker) parameterSchema(at string, p *openapi3.Parameter) {
	schema := p.Schema.Value
	if schema.Nullable {
		k.refuse(at, "leave it out: a parameter that is not set is not sent", "nullable")
	}
	switch {
	case schema.Type.Is("object"):
		name := componentName(p.Schema)
		if name == "" || len(schema.Properties) == 0 {
			k.refuse(at, "refer to an object of components.schemas with properties",
				"an object that is not a component")
			return
		}
		k.requests[name] = true
		k.component(p.Schema, inObjectParameter)
	case schema.Type.Is("array"):
		k.schema(at, p.Schema, inParameter)
		if schema.Items != nil && !isScalar(schema.Items.Value) {
			k.refuse(at, "list strings, numbers or booleans", "a list of lists or objects")
		}
	default:
		k.schema(at, p.Schema, inParameter)
	}
}

func isScalar(schema *openapi3.Schema) bool {
	return schema.Type.Is("string") || schema.Type.Is("integer") || schema.Type.Is("number") ||
		schema.Type.Is("boolean")
}
