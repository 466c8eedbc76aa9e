package contract

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// valueOf returns the Go expression for a value with its checks, such as
// text(params.UserID).required().
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

// kind returns the name of the function in the root package's value.go for a schema.
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

// A constraint is a limit of a schema: a method of value and its argument.
type constraint struct{ method, argument string }

// constraints returns the limits of a schema without those of its items.
func constraints(s *openapi3.Schema) (all []constraint) {
	add := func(method, argument string) { all = append(all, constraint{method, argument}) }
	count := func(method string, n uint64) { add(method, strconv.FormatUint(n, 10)) }
	bound := func(n *float64, method string) {
		if n != nil {
			add(method, decimal(*n))
		}
	}
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = strconv.Quote(fmt.Sprint(v))
		}
		add("enum", strings.Join(values, ", "))
	}
	bound(s.Min, choose(s.ExclusiveMin.IsTrue(), "above", "minimum"))
	bound(s.Max, choose(s.ExclusiveMax.IsTrue(), "below", "maximum"))
	bound(s.MultipleOf, "multipleOf")
	if s.MinLength > 0 {
		count("minLength", s.MinLength)
	}
	if s.MaxLength != nil {
		count("maxLength", *s.MaxLength)
	}
	if s.Pattern != "" {
		add("pattern", strconv.Quote(s.Pattern))
	}
	if s.Format == "email" {
		add("email", "")
	}
	if s.MinItems > 0 {
		count("minItems", s.MinItems)
	}
	if s.MaxItems != nil {
		count("maxItems", *s.MaxItems)
	}
	return all
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// checks returns the limits of a schema as calls of value's methods.
func checks(s *openapi3.Schema) string {
	var b strings.Builder
	for _, c := range constraints(s) {
		argument := c.argument
		if c.method == "pattern" {
			argument += ", regexp.MatchString"
		}
		fmt.Fprintf(&b, ".%s(%s)", c.method, argument)
	}
	if s.Type.Is("array") {
		if each := checks(s.Items.Value); each != "" {
			fmt.Fprintf(&b, ".each(func(v value) value { return v%s })", each)
		}
	}
	return b.String()
}

// decimal returns a number in decimal notation without an exponent.
func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
