package contract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// role is where a schema is used.
type role int

const (
	inResponse role = iota
	inBody
	inParameter
	inObjectParameter
)

func (r role) isSent() bool { return r != inResponse }

// formats are the supported formats of each type. kind in value.go depends on them.
var formats = map[string][]string{
	"string":  {"", "date-time", "date", "uuid", "email"},
	"integer": {"", "int32", "int64"},
	"number":  {"", "float", "double"},
}

// merged returns the extensions of a schema, including those beside its reference.
func merged(ref *openapi3.SchemaRef) map[string]any {
	all := map[string]any{}
	maps.Copy(all, ref.Value.Extensions)
	maps.Copy(all, ref.Extensions)
	return all
}

// component checks a component schema once for each role.
func (k *checker) component(ref *openapi3.SchemaRef, in role) {
	name := componentName(ref)
	k.follow("components.schemas", ref.Ref)
	if in == inResponse {
		k.responses[name] = true
	}
	key := fmt.Sprint(name, in)
	if k.seen[key] {
		return
	}
	k.seen[key] = true
	where := "components.schemas." + name
	k.schemaExtensions(where, ref)
	if ref.Value.Type.Is("object") && len(ref.Value.Properties) > 0 {
		k.object(where, ref.Value, in)
	} else {
		k.schema(where, &openapi3.SchemaRef{Value: ref.Value}, in)
	}
	if strings.TrimSpace(ref.Value.Description) == "" {
		k.refuse(where, "add one: it becomes the comment", "missing description")
	}
}

// object checks a component that becomes a struct.
func (k *checker) object(where string, schema *openapi3.Schema, in role) {
	k.keys(where, schema, "type", "description", "title", "nullable", "deprecated", "required", "properties",
		"additionalProperties", "example", "externalDocs", "x-go-name", "x-private")
	if len(schema.Properties) > 64 {
		k.refuse(where, "split it", "%d properties, but at most 64 are supported", len(schema.Properties))
	}
	more := schema.AdditionalProperties
	if more.Schema != nil || in.isSent() && more.Has != nil && *more.Has {
		k.refuse(where, "declare each property", "additionalProperties beside properties")
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		k.property(where+", property "+name, name, schema.Properties[name], schema, in)
	}
	for _, name := range schema.Required {
		if schema.Properties[name] == nil {
			k.refuse(where, "declare it", "required property %s does not exist", name)
		}
	}
}

var usableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

func (k *checker) property(at, name string, ref *openapi3.SchemaRef, parent *openapi3.Schema, in role) {
	k.follow(at, ref.Ref)
	schema := ref.Value
	if !usableName.MatchString(name) {
		k.refuse(at, "leave it out", "the name cannot become a Go name")
	}
	if strings.TrimSpace(schema.Description) == "" {
		k.refuse(at, "add one: it becomes the comment", "missing description")
	}
	if ref.Ref != "" {
		k.schemaExtensions(at, ref)
	}
	if in == inObjectParameter && (len(parent.Required) > 0 || hasChecks(schema) || !isScalar(schema)) {
		k.refuse(at, "leave limits and required out, and use strings, numbers or booleans",
			"the members of an object in a parameter are not checked")
	}
	if schema.Type.Is("object") && len(schema.Properties) > 0 && merged(ref)["x-go-type"] == nil {
		switch {
		case in.isSent():
			k.refuse(at, "use strings, numbers, lists of them or maps",
				"an object in what is sent, whose members are not checked")
		case ref.Ref == "":
			k.refuse(at, "move it to components.schemas", "an object that is not a component")
		case merged(ref)["x-private"] != nil:
			k.refuse(at, "leave x-private out", "its type is private")
		default:
			k.component(ref, in)
		}
		return
	}
	switch {
	case ref.Ref == "" || merged(ref)["x-go-type"] != nil:
		k.schema(at, ref, in)
	case schema.Type.Is("array"):
		k.refuse(at, "write it in place", "a component that is a list")
	default:
		k.component(ref, in)
	}
}

func hasChecks(s *openapi3.Schema) bool {
	return len(s.Enum) > 0 || s.Min != nil || s.Max != nil || s.MultipleOf != nil || s.MinLength > 0 ||
		s.MaxLength != nil || s.Pattern != ""
}

// schema checks a schema that becomes a field, an argument or an item.
func (k *checker) schema(at string, ref *openapi3.SchemaRef, in role) {
	k.follow(at, ref.Ref)
	k.schemaExtensions(at, ref)
	schema := ref.Value
	common := []string{"type", "format", "description", "title", "default", "example", "externalDocs", "deprecated",
		"nullable", "enum", "x-order", "x-must", "x-secret", "x-argument", "x-go-type", "x-go-name"}
	switch {
	case schema.Type == nil:
		k.keys(at, schema, common...)
		k.refuse(at, "add one", "missing type")
		return
	case schema.Type.Is("string"):
		k.keys(at, schema, append(common, "minLength", "maxLength", "pattern")...)
	case schema.Type.Is("integer"), schema.Type.Is("number"):
		k.keys(at, schema, append(common, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
			"multipleOf")...)
	case schema.Type.Is("array"):
		k.keys(at, schema, append(common, "items", "minItems", "maxItems")...)
		k.items(at, schema, in)
	case schema.Type.Is("object"):
		k.keys(at, schema, append(common, "additionalProperties")...)
		k.mapping(at, schema)
	default:
		k.keys(at, schema, common...)
	}
	k.enum(at, schema, in)
	k.format(at, schema, in)
	if schema.ExclusiveMin.IsTrue() && schema.Min == nil || schema.ExclusiveMax.IsTrue() && schema.Max == nil {
		k.refuse(at, "add the limit", "an exclusive limit without the limit")
	}
	if schema.Pattern != "" {
		if _, err := regexp.Compile(schema.Pattern); err != nil {
			k.refuse(at, "write it in the syntax of Go's regexp", "pattern %s: %s", schema.Pattern, err)
		}
	}
}

func (k *checker) items(at string, schema *openapi3.Schema, in role) {
	items := schema.Items
	switch {
	case items == nil:
		k.refuse(at, "add them", "missing items")
	case items.Ref != "" && items.Value.Type.Is("object") && !in.isSent():
		k.component(items, in)
	case items.Value.Type.Is("object"), items.Value.Type.Is("array"):
		k.refuse(at, "list strings, numbers, booleans or, in responses, components", "a list of %s",
			items.Value.Type.Slice()[0])
	case items.Value.Nullable:
		k.refuse(at, "leave nullable out", "a list of null")
	case items.Ref != "" && len(items.Value.Enum) > 0:
		k.component(items, in)
	default:
		k.schema(at+", items", items, in)
	}
}

// mapping checks an object without properties, which becomes a map.
func (k *checker) mapping(at string, schema *openapi3.Schema) {
	more := schema.AdditionalProperties
	switch {
	case more.Schema != nil && !isScalar(more.Schema.Value):
		k.refuse(at, "map to strings, numbers or booleans, or set additionalProperties: true",
			"a map of lists or objects")
	case more.Schema != nil:
		k.schema(at+", additionalProperties", more.Schema, inResponse)
	case more.Has == nil || !*more.Has:
		k.refuse(at, "set additionalProperties: true", "an object without properties")
	}
}

func (k *checker) enum(at string, schema *openapi3.Schema, in role) {
	if len(schema.Enum) == 0 {
		return
	}
	switch {
	case schema.Type.Is("string"):
		for _, v := range schema.Enum {
			if s, ok := v.(string); !ok || s == "" {
				k.refuse(at, "list strings that are not empty", "an enum with %v", v)
			}
		}
	case schema.Type.Is("integer") && !in.isSent() && len(schema.Enum) > 1:
	default:
		k.refuse(at, "use minimum and maximum, or strings", "an enum that is not of strings")
	}
}

func (k *checker) format(at string, schema *openapi3.Schema, in role) {
	known, ok := formats[strings.Join(schema.Type.Slice(), "")]
	if ok && !slices.Contains(known, schema.Format) {
		k.refuse(at, "leave it out, or use one of "+strings.Join(known[1:], ", "), "format %s is not supported",
			schema.Format)
	}
	if !in.isSent() && schema.Nullable && (schema.Format == "date" || schema.Format == "email") {
		k.refuse(at, "leave the format out", "a %s that may be null", schema.Format)
	}
	if schema.Format != "" && schema.Format != "email" && (len(schema.Enum) > 0 || schema.MinLength > 0 ||
		schema.MaxLength != nil || schema.Pattern != "") && schema.Type.Is("string") {
		k.refuse(at, "leave one of them out", "limits of a string with the format %s", schema.Format)
	}
}

// schemaExtensions checks the overlay's extensions of a schema.
func (k *checker) schemaExtensions(at string, ref *openapi3.SchemaRef) {
	extensions, schema := merged(ref), ref.Value
	for _, name := range []string{"x-private", "x-argument"} {
		k.boolExtension(at, name, extensions)
	}
	goType := k.stringExtension(at, "x-go-type", extensions)
	k.stringExtension(at, "x-go-name", extensions)
	if k.boolExtension(at, "x-secret", extensions) && !(schema.Type.Is("string") && schema.Format == "") &&
		goType != "map[string][]string" {
		k.refuse(at, "use a string", "a secret that cannot be redacted")
	}
	if k.boolExtension(at, "x-must", extensions) && !(schema.Type.Is("string") && schema.Format == "") &&
		!schema.Type.Is("array") {
		k.refuse(at, "mark a string or a list", "x-must on a %s", strings.Join(schema.Type.Slice(), ""))
	}
	if extensions["x-argument"] == true && !isScalar(schema) {
		k.refuse(at, "leave x-argument out", "an argument that is not a string, number or boolean")
	}
}
