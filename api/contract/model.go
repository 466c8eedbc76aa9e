package contract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// models returns the types of components.schemas that are generated.
func (c *Contract) models(types []codegen.TypeDefinition) (all []codegen.TypeDefinition) {
	for _, t := range types {
		component, _, _ := strings.Cut(t.JsonName, ".")
		ref := c.doc.Components.Schemas[component]
		if ref != nil && !(t.IsAlias() && (ref.Value.Type.Is("array") || ref.Value.Extensions["x-go-type"] != nil)) {
			all = append(all, t)
		}
	}
	return all
}

// enumOf returns the enum of a component or of a property, or nil.
func enumOf(t codegen.TypeDefinition) *enum {
	if len(t.Schema.EnumValues) < 2 { // an enum of one value stays a string
		return nil
	}
	return &enum{Type: t.TypeName, Values: constants(t.TypeName, t.Schema.EnumValues, t.Schema.GoType == "string")}
}

// A model is a struct of the contract.
type model struct {
	Name       string
	Plain      string // a name for the same struct without methods
	Comment    string
	Fields     []field
	IsResponse bool
	Musts      []must
	Secrets    []string // names of fields
}

// A must is a requirement on a response of this type: a Go condition for its violation,
// and what is missing then.
type must struct{ Condition, Text string }

// model returns the model of a struct, or nil if all its properties are arguments.
func (c *Contract) model(t codegen.TypeDefinition) *model {
	m := &model{Name: t.TypeName, Plain: codegen.LowercaseFirstCharacter(t.TypeName),
		IsResponse: c.responses[t.JsonName]}
	m.Comment = t.Schema.OAPISchema.Description
	if t.Schema.OAPISchema.Extensions["x-private"] != nil {
		m.Name, m.Plain, m.Comment = m.Plain, "plain", codegen.LowercaseFirstCharacter(m.Comment)
	}
	for _, p := range t.Schema.Properties {
		if p.Extensions["x-argument"] != nil {
			continue
		}
		schema := p.Schema.OAPISchema
		if t.Schema.OAPISchema.Properties[p.JsonFieldName].Ref != "" && p.Extensions["x-go-type"] == nil {
			p.Description = "See [" + p.Schema.GoType + "]." // instead of the comment on the type
		}
		f := field{Name: p.GoFieldName(), Type: p.GoTypeDef(), Comment: comment(p.Description, schema),
			Deprecated: p.Deprecated, JSON: p.JsonFieldName, Tag: p.JsonFieldName}
		if p.Nullable && schema.Type.Is("object") && len(schema.Properties) > 0 && p.Extensions["x-go-type"] == nil {
			f.Type = "*" + strings.TrimPrefix(f.Type, "*") // null differs from an empty object
		}
		if m.IsResponse {
			f.Comment += limits(p, strings.HasPrefix(f.Type, "*"))
			f.Read = fmt.Sprintf(read(p, f.Type), f.Name)
		}
		if len(p.Schema.EnumValues) == 1 {
			f.Type = "string"
		}
		switch {
		case isFixed(schema, p.Required):
			m.Musts = append(m.Musts, must{fmt.Sprintf("v.%s != %q", f.Name, schema.Enum[0]),
				fmt.Sprintf("%q: %q", f.Tag, schema.Enum[0])})
		case p.Extensions["x-must"] != nil:
			m.Musts = append(m.Musts, must{fmt.Sprintf("len(v.%s) == 0", f.Name), strconv.Quote(f.Tag)})
		}
		if p.Extensions["x-secret"] != nil {
			m.Secrets = append(m.Secrets, f.Name)
		}
		if !p.Required {
			f.Tag += ",omitzero"
		}
		m.Fields = append(m.Fields, f)
	}
	if len(m.Fields) == 0 {
		return nil
	}
	return m
}

// isFixed reports whether a property has the same value in every response.
func isFixed(schema *openapi3.Schema, required bool) bool {
	return required && len(schema.Enum) == 1 && !schema.Nullable
}

// read returns the Go statement that reads a member of a response, as a format of the Go
// name.
func read(p codegen.Property, goType string) string {
	schema, isOwn := p.Schema.OAPISchema, p.Extensions["x-go-type"] != nil
	switch {
	case schema.Type.Is("integer"):
		return "v.%s = readInteger[" + goType + "](r)"
	case isOwn:
	case len(p.Schema.EnumValues) == 1:
		return "v.%s = readText(r, " + strconv.Quote(fmt.Sprint(schema.Enum[0])) + ")"
	case schema.Type.Is("string") && schema.Format == "":
		return "v.%[1]s = readText(r, last.%[1]s)"
	case schema.Type.Is("boolean"):
		return "v.%s = r.boolean()"
	case schema.Type.Is("object") && len(schema.Properties) > 0 && strings.HasPrefix(goType, "*"):
		return "v.%[1]s = readPointer(r, last.%[1]s)"
	case schema.Type.Is("object") && len(schema.Properties) > 0:
		return "v.%[1]s.read(r, &last.%[1]s)"
	case schema.Type.Is("array") && len(schema.Items.Value.Properties) > 0:
		return "v.%s = readList[" + strings.TrimPrefix(goType, "[]") + "](r)"
	}
	return "r.other(&v.%s)"
}

// comment returns a description with the default value.
func comment(description string, schema *openapi3.Schema) string {
	description = strings.TrimSpace(description)
	if schema != nil && schema.Default != nil {
		description += fmt.Sprintf("\n\nThe default is %v.", schema.Default)
	}
	return description
}

// limits returns paragraphs on the limits of a member of a response, which are not
// checked.
func limits(p codegen.Property, isPointer bool) (text string) {
	var all []string
	for _, c := range constraints(withoutEnum(p.Schema.OAPISchema)) {
		all = append(all, strings.TrimSpace(c.method+" "+c.argument))
	}
	if len(all) > 0 {
		text += "\n\nResponses are not checked against the limits of the contract: " + strings.Join(all, ", ") + "."
	}
	if p.Nullable && !isPointer {
		text += "\n\nA null in the response becomes the zero value."
	}
	return text
}
