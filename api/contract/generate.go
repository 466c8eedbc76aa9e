package contract

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// What this package uses of oapi-codegen v2.8.2, besides what the templates list in
// api/templates/imports.tmpl: of an OperationDefinition PathParams, HeaderParams,
// Params and Bodies; of a ParameterDefinition ParamName, In, Required, Spec, GoName and
// GoVariableName; of a Schema EnumValues, ArrayType, GoType, TypeDecl and OAPISchema;
// and GenerateGoSchema, which decides on the Go type of a schema.

// Generate returns the code of a contract that Check has not refused. It is not safe
// for concurrent use, as oapi-codegen is not.
func (c *Contract) Generate() (string, error) {
	maps.Copy(codegen.TemplateFunctions, c.functions())
	code, err := codegen.Generate(c.doc, c.config.Configuration.UpdateDefaults())
	if err != nil {
		return "", Refused{{"openapi.yaml", "oapi-codegen cannot generate from it: " + oneLine(err.Error()),
			"correct it"}}
	}
	return code, nil
}

// functions returns the functions that the templates call. Decisions on Go types are made
// here and in model.go, not in the templates.
func (c *Contract) functions() map[string]any {
	return map[string]any{
		"bodyFields":     bodyFields,
		"enumOf":         enumOf,
		"fields":         fields,
		"model":          c.model,
		"models":         c.models,
		"otherArguments": otherArguments,
		"parameters":     parameters,
		"paramsName":     func(op codegen.OperationDefinition) string { return prefix(op) + "Params" },
		"pathArguments":  func(op codegen.OperationDefinition) []argument { return arguments(op.PathParams) },
		"response":       response,
		"version":        version,
	}
}

// prefix returns the prefix of the names of an operation's types: List for ListParams and
// ListOrder.
func prefix(op codegen.OperationDefinition) string {
	if name, ok := op.Spec.Extensions["x-go-params"].(string); ok {
		return name
	}
	return op.OperationId
}

// version returns the API version that an operation is sent with.
func version(op codegen.OperationDefinition) string {
	for _, p := range op.HeaderParams {
		if p.ParamName == versionHeader {
			return fmt.Sprint(p.Spec.Schema.Value.Enum[0])
		}
	}
	return ""
}

// isConstant reports whether a parameter is required and has only one value.
func isConstant(p *openapi3.Parameter) bool { return p.Required && len(p.Schema.Value.Enum) == 1 }

// A field is a field of a struct: a property, or a parameter that callers set.
type field struct {
	Name, Type, Comment string
	Deprecated          bool
	JSON, Tag           string // the name and the tag of a property
	Read                string // the Go statement that reads a property of a response
	Enum                *enum  // of a parameter, if it has its own type
	Maximum             string // of a parameter
}

// An enum is a type and its constants.
type enum struct {
	Type   string
	Values map[string]string // Go literals by the constants' names
}

// fields returns the parameters that are fields of an operation's params: those not in the
// path, not arguments, not constant and not set by an option.
func fields(op codegen.OperationDefinition) (all []field) {
	for _, p := range op.Params() {
		if isConstant(p.Spec) || p.Spec.Extensions["x-argument"] != nil || p.Spec.Extensions["x-option"] != nil {
			continue
		}
		schema := p.Spec.Schema.Value
		f := field{Name: p.GoName(), Comment: comment(p.Spec.Description, schema),
			Deprecated: p.Spec.Deprecated || schema.Deprecated}
		f.Type, f.Enum = typeOf(p.Spec.Schema, prefix(op)+p.GoName())
		if schema.Max != nil && op.Spec.Extensions["x-go-params"] != nil {
			f.Maximum = decimal(*schema.Max)
		}
		all = append(all, f)
	}
	return all
}

// typeOf returns the Go type of a parameter. If it is an enum, its type is called name.
func typeOf(ref *openapi3.SchemaRef, name string) (string, *enum) {
	schema, err := codegen.GenerateGoSchema(ref, []string{name, "value"})
	if err != nil {
		panic(err) // Check lets only known types through
	}
	values := schema.EnumValues
	if schema.ArrayType != nil {
		values = schema.ArrayType.EnumValues
	}
	if len(values) == 0 {
		return schema.TypeDecl(), nil
	}
	declared := &enum{Type: name, Values: constants(name, values, true)}
	if schema.ArrayType != nil {
		name = "[]" + name
	}
	return name, declared
}

// constants returns the Go literals of an enum's values by the constants' names.
func constants(name string, values map[string]string, quoted bool) map[string]string {
	all := map[string]string{}
	for key, value := range values {
		if quoted {
			value = strconv.Quote(value)
		}
		all[name+codegen.UppercaseFirstCharacter(key)] = value
	}
	return all
}

// A line is a statement of a generated method for one parameter or property, such as
// call.query("limit", ...).
type line struct{ Place, Name, Value string }

// parameters returns the lines for the parameters of an operation.
func parameters(op codegen.OperationDefinition) (all []line) {
	for _, p := range slices.Concat(op.PathParams, op.Params()) {
		if p.ParamName == versionHeader || p.Spec.Extensions["x-option"] != nil {
			continue // set from the table of operations, or by an option
		}
		expression := "params." + p.GoName()
		switch {
		case isConstant(p.Spec):
			expression = fmt.Sprintf("%q", p.Spec.Schema.Value.Enum[0])
		case p.In == "path" || p.Spec.Extensions["x-argument"] != nil:
			expression = variable(p.GoVariableName())
		}
		value := valueOf(expression, p.Spec.Schema.Value, p.Required && p.In != "path")
		style, explode := styling(p.Spec)
		if usual, _ := styling(&openapi3.Parameter{In: p.In}); style != usual || explode != (style == "form") {
			value += fmt.Sprintf(".styled(%q, %t)", style, explode)
		}
		if p.Spec.AllowReserved {
			value += ".allowReserved()"
		}
		if p.Spec.Extensions["x-secret"] != nil {
			value += ".secret()"
		}
		all = append(all, line{p.In, p.ParamName, value})
	}
	return all
}

// An argument is a parameter or property that is an argument of the generated method,
// since the wrapper sets it.
type argument struct{ Name, Type, Field, JSON string }

// otherArguments returns the parameters marked with x-argument.
func otherArguments(op codegen.OperationDefinition) []argument {
	unmarked := func(p codegen.ParameterDefinition) bool { return p.Spec.Extensions["x-argument"] == nil }
	return arguments(slices.DeleteFunc(slices.Clone(op.Params()), unmarked))
}

func arguments(parameters []codegen.ParameterDefinition) (all []argument) {
	for _, p := range parameters {
		goType, _ := typeOf(&openapi3.SchemaRef{Value: withoutEnum(p.Spec.Schema.Value)}, "")
		all = append(all, argument{Name: variable(p.GoVariableName()), Type: goType})
	}
	return all
}

// withoutEnum returns the schema without its enum, so that its Go type is string.
func withoutEnum(schema *openapi3.Schema) *openapi3.Schema {
	plain := *schema
	plain.Enum = nil
	if plain.Items != nil {
		plain.Items = &openapi3.SchemaRef{Value: withoutEnum(plain.Items.Value)}
	}
	return &plain
}

// A requestBody is the body of an operation.
type requestBody struct {
	Type      string // the struct of the properties that callers set; "" for none
	Lines     []line
	Arguments []argument
}

// bodyFields describes the body of an operation, or nil.
func bodyFields(op codegen.OperationDefinition) *requestBody {
	if len(op.Bodies) == 0 {
		return nil
	}
	ref := op.Spec.RequestBody.Value.Content["application/json"].Schema
	body := &requestBody{}
	for _, name := range slices.Sorted(maps.Keys(ref.Value.Properties)) {
		property := ref.Value.Properties[name]
		schema := *property.Value
		schema.Extensions = merged(property) // with those beside its reference
		goName, _ := schema.Extensions["x-go-name"].(string)
		goName = codegen.SchemaNameToTypeName(cmp.Or(goName, name))
		expression := "body." + goName
		required := slices.Contains(ref.Value.Required, name)
		if schema.Extensions["x-argument"] != nil {
			expression = variable(codegen.LowercaseFirstCharacters(goName))
			goType, _ := typeOf(&openapi3.SchemaRef{Value: withoutEnum(property.Value)}, "")
			tag := name
			if !required {
				tag += ",omitzero"
			}
			body.Arguments = append(body.Arguments, argument{expression, goType, goName, tag})
		} else {
			body.Type = typeName(ref)
		}
		value := valueOf(expression, &schema, required)
		if schema.Extensions["x-secret"] != nil {
			value += ".secret()"
		}
		body.Lines = append(body.Lines, line{"field", name, value})
	}
	return body
}

// typeName returns the Go name of a component.
func typeName(ref *openapi3.SchemaRef) string {
	name, _ := ref.Value.Extensions["x-go-name"].(string)
	name = codegen.SchemaNameToTypeName(cmp.Or(name, componentName(ref)))
	if ref.Value.Extensions["x-private"] != nil {
		return codegen.LowercaseFirstCharacter(name)
	}
	return name
}

// response returns the Go type of a successful response. If there are several, it is T: the
// generated method is generic.
func response(op codegen.OperationDefinition) string {
	for _, status := range successes {
		response := op.Spec.Responses.Value(status)
		if response == nil {
			continue
		}
		schema := response.Value.Content["application/json"].Schema
		if name, ok := merged(schema)["x-go-type"].(string); ok {
			return name
		}
		if schema.Ref == "" {
			return "T"
		}
		return typeName(schema)
	}
	return ""
}

// variable returns the name for a variable that shadows nothing in the generated code.
func variable(name string) string {
	taken := []string{"ctx", "c", "call", "params", "body", "text", "number", "flag", "scalar", "list",
		"headers", "object", "send"}
	if slices.Contains(taken, name) {
		return name + "Value"
	}
	return strings.TrimPrefix(name, "_")
}
