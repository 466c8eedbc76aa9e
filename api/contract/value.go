package contract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// valueOf is the Go expression for a value with its checks: text(params.UserID).required().
func valueOf(expression string, schema *openapi3.Schema, required bool) string {
	value := kind(schema) + "(" + expression
	if schema.Type.Is("array") {
		value += ", " + kind(schema.Items.Value)
	}
	value += ")"
	if required {
		value += ".required()"
	}
	return value + checks(schema)
}

// kind names the function in the root package's value.go that takes a schema's Go type.
func kind(schema *openapi3.Schema) string {
	switch {
	case schema.Extensions["x-go-type"] == "map[string][]string":
		return "headers"
	case schema.Type.Is("array"):
		return "list"
	case schema.Type.Is("boolean"):
		return "flag"
	case schema.Type.Is("integer"), schema.Type.Is("number"):
		return "number"
	case schema.Type.Is("object"):
		return "object"
	case schema.Format == "date-time", schema.Format == "date", schema.Format == "uuid":
		return "scalar"
	}
	return "text"
}

// checks are the limits of a schema as calls of value's methods.
func checks(s *openapi3.Schema) string {
	var b strings.Builder
	call := func(method, argument string) { fmt.Fprintf(&b, ".%s(%s)", method, argument) }
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = strconv.Quote(fmt.Sprint(v))
		}
		call("enum", strings.Join(values, ", "))
	}
	bound := func(n *float64, exclusive bool, method, otherwise string) {
		if exclusive {
			method = otherwise
		}
		if n != nil {
			call(method, plain(*n))
		}
	}
	bound(s.Min, s.ExclusiveMin.IsTrue(), "minimum", "above")
	bound(s.Max, s.ExclusiveMax.IsTrue(), "maximum", "below")
	bound(s.MultipleOf, false, "multipleOf", "")
	count := func(method string, n uint64) {
		if n > 0 {
			call(method, strconv.FormatUint(n, 10))
		}
	}
	count("minLength", s.MinLength)
	if s.MaxLength != nil {
		call("maxLength", strconv.FormatUint(*s.MaxLength, 10))
	}
	if s.Pattern != "" {
		call("pattern", strconv.Quote(s.Pattern))
	}
	count("minItems", s.MinItems)
	if s.MaxItems != nil {
		call("maxItems", strconv.FormatUint(*s.MaxItems, 10))
	}
	if s.Type.Is("array") {
		if each := checks(s.Items.Value); each != "" {
			call("each", "func(v value) value { return v"+each+" }")
		}
	}
	return b.String()
}

// plain is a limit in plain digits.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
