package contract

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (k *checker) operations() {
	if k.doc.Paths == nil || k.doc.Paths.Len() == 0 {
		k.refuse("openapi.yaml, paths", "list at least one", "there is no operation")
		return
	}
	ids := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(k.doc.Paths.Map())) {
		item := k.doc.Paths.Value(path)
		k.follow(path, item.Ref)
		k.keys(path, item, "get", "post", "put", "patch", "delete", "parameters", "summary", "description")
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			op := item.Operations()[method]
			where := method + " " + path
			if k.operationID(where, op.OperationID, ids) {
				where = op.OperationID
			}
			ids[strings.ToLower(op.OperationID)] = method + " " + path
			k.operation(where, path, item, op)
		}
	}
}

var usableID = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// operationID checks an operationId and reports whether it is valid.
func (k *checker) operationID(where, id string, taken map[string]string) bool {
	switch {
	case id == "":
		k.refuse(where, "give it one, such as GetSession", "missing operationId")
	case !usableID.MatchString(id):
		k.refuse(where, "use letters and digits, beginning with a capital", "operationId %q is not a Go name", id)
	case taken[strings.ToLower(id)] != "":
		k.refuse(where, "give each its own", "operationId %s is taken by %s", id, taken[strings.ToLower(id)])
	default:
		return true
	}
	return false
}

func (k *checker) operation(where, path string, item *openapi3.PathItem, op *openapi3.Operation) {
	k.keys(where, op, "operationId", "summary", "description", "tags", "externalDocs", "deprecated",
		"parameters", "requestBody", "responses", "x-retry", "x-go-params")
	if op.Security != nil {
		k.refuse(where, "leave it out: every operation is sent with the secret key", "security of its own")
	}
	if strings.TrimSpace(op.Summary) == "" {
		k.refuse(where, "add one: it becomes the comment", "missing summary")
	}
	switch retry := op.Extensions["x-retry"]; retry {
	case "safe", "unsent":
	case nil:
		k.refuse(where, "set it to safe if the operation is idempotent, else to unsent", "missing x-retry")
	default:
		k.refuse(where, "set it to safe or unsent", "x-retry is %v", retry)
	}
	k.stringExtension(where, "x-go-params", op.Extensions)
	k.parameters(where, path, item, op)
	if op.RequestBody != nil {
		k.body(where, op.RequestBody)
	}
	k.allResponses(where, op)
}

// body refuses a request body that is not JSON of a component.
func (k *checker) body(where string, ref *openapi3.RequestBodyRef) {
	where += ", request body"
	k.follow(where, ref.Ref)
	k.keys(where, ref.Value, "required", "description", "content")
	media := k.media(where, ref.Value.Content)
	if media == nil {
		return
	}
	name := componentName(media.Schema)
	if name == "" || !media.Schema.Value.Type.Is("object") || len(media.Schema.Value.Properties) == 0 {
		k.refuse(where, "refer to an object of components.schemas with properties",
			"not an object of components.schemas")
		return
	}
	k.requests[name] = true
	k.component(media.Schema, inBody)
	required := len(media.Schema.Value.Required) > 0
	switch {
	case required && !ref.Value.Required:
		k.refuse(where, "set required: true", "it is optional, but %s has required properties", name)
	case !required && ref.Value.Required:
		k.refuse(where, "make a property required, or the body optional",
			"it is required, but no property of %s is", name)
	}
}

// media returns the only media type of a body, which must be application/json.
func (k *checker) media(where string, content openapi3.Content) *openapi3.MediaType {
	media := content["application/json"]
	if media == nil || len(content) != 1 {
		k.refuse(where, "declare application/json alone", "content type %s",
			strings.Join(slices.Sorted(maps.Keys(content)), ", "))
		return nil
	}
	k.keys(where, media, "schema", "example", "examples")
	if media.Schema == nil {
		k.refuse(where, "add one", "missing schema")
		return nil
	}
	return media
}

// successes are the supported statuses of a success.
var successes = []string{"200", "201", "202"}

func (k *checker) allResponses(where string, op *openapi3.Operation) {
	if op.Responses == nil {
		k.refuse(where, "declare its success and its errors", "no responses")
		return
	}
	count := 0
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		ref := op.Responses.Value(status)
		at := where + ", response " + status
		if slices.Contains(successes, status) {
			count++
		}
		if !k.follow(at, ref.Ref) {
			continue
		}
		k.keys(at, ref.Value, "description", "headers", "content")
		k.headers(at, ref.Value.Headers)
		switch {
		case slices.Contains(successes, status):
			k.success(at, ref.Value)
		case strings.HasPrefix(status, "4") || strings.HasPrefix(status, "5") || status == "default":
			if media := k.media(at, ref.Value.Content); media != nil {
				if componentName(media.Schema) != "ClerkErrors" {
					k.refuse(at, "refer to the schema ClerkErrors, which Error is made from",
						"an error that is not ClerkErrors")
				}
				k.component(media.Schema, inResponse)
			}
		default:
			k.refuse(at, "a success is 200, 201 or 202", "status %s is not supported", status)
		}
	}
	if count != 1 {
		k.refuse(where, "declare one of 200, 201 and 202, with a body", "%d successes", count)
	}
}

// success refuses a successful response that is not a component, or one of several, or that
// cannot be distinguished from other objects.
func (k *checker) success(where string, response *openapi3.Response) {
	media := k.media(where, response.Content)
	if media == nil {
		return
	}
	schema := media.Schema
	if goType := k.stringExtension(where, "x-go-type", merged(schema)); goType != "" {
		for _, one := range schema.Value.OneOf {
			k.component(one, inResponse)
		}
		k.keys(where, schema.Value, "type", "description", "oneOf", "x-go-type")
		return
	}
	kinds := openapi3.SchemaRefs{schema}
	if schema.Ref == "" && len(schema.Value.OneOf) > 0 {
		k.keys(where, schema.Value, "description", "oneOf")
		kinds = schema.Value.OneOf
	}
	for _, kind := range kinds {
		name := componentName(kind)
		if name == "" || !kind.Value.Type.Is("object") || len(kind.Value.Properties) == 0 {
			k.refuse(where, "refer to an object of components.schemas, or to one of several with oneOf",
				"a success that is not an object of components.schemas")
			continue
		}
		k.component(kind, inResponse)
		if !isDistinguishable(kind.Value) {
			k.refuse("components.schemas."+name, "mark a property with x-must in api/overlay.yaml",
				"it is a response of %s, but has no property that every response must have", where)
		}
	}
}

// isDistinguishable reports whether a response can be distinguished from other objects.
func isDistinguishable(schema *openapi3.Schema) bool {
	for name, property := range schema.Properties {
		if merged(property)["x-must"] == true || isFixed(property.Value, slices.Contains(schema.Required, name)) {
			return true
		}
	}
	return false
}

// readHeaders are the response headers that the client reads.
var readHeaders = []string{"CF-Ray", "Clerk-API-Version", "Retry-After", "X-Clerk-Trace-Id"}

func (k *checker) headers(where string, headers openapi3.Headers) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		at := where + ", header " + name
		if k.follow(at, headers[name].Ref) {
			k.keys(at, headers[name].Value, "description", "schema", "example")
		}
		if !slices.Contains(readHeaders, name) {
			k.refuse(at, "leave it out: callers find every header in Meta and Error", "the client does not read it")
		}
	}
}

// componentName returns the name of the component schema that ref refers to, or "".
func componentName(ref *openapi3.SchemaRef) string {
	return strings.TrimPrefix(ref.Ref, "#/components/schemas/")
}
