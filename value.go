package clerksessions

import (
	stdjson "encoding/json"
	"fmt"
	"math"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/oapi-codegen/runtime"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// value is the value of a parameter or of a property of a body, to be checked and sent.
// The generated code makes one with the function for its kind (text, number, flag,
// scalar, list, headers or object) and chains the checks of the contract. A zero value
// counts as not set: it is not sent, and only required rejects it.
type value struct {
	// write serializes a parameter. It is nil for a string in the default style, so that
	// only a program that needs another style links the package runtime.
	write func(v value, name string, in runtime.ParamLocation) (string, error)

	wire     any // the value to serialize; nil for text
	isSet    bool
	hasZero  bool    // zero is a valid value, so a required number or boolean is always set
	number   float64 // for the limits of a number
	text     string  // for the checks of a string
	items    []value // of a list
	headers  map[string][]string
	style    string // of a parameter; "" for the default style of its location
	explode  bool
	reserved bool   // allowReserved
	isSecret bool   // to be redacted
	problem  string // the first violation, to follow the name in an error
}

// text returns the value of a string.
func text[T ~string](v T) value {
	s := string(v)
	p := value{text: s, isSet: s != ""}
	if !utf8.ValidString(s) {
		return p.fail("is not valid UTF-8")
	}
	return p
}

// number returns the value of an integer or a floating-point number.
func number[T ~int | ~int32 | ~int64 | ~float32 | ~float64](v T) value {
	p := value{write: styled, wire: v, number: float64(v), isSet: v != 0, hasZero: true}
	if math.IsNaN(p.number) || math.IsInf(p.number, 0) {
		return p.fail("is not a finite number")
	}
	return p
}

// flag returns the value of a boolean.
func flag[T ~bool](v T) value {
	return value{write: styled, wire: bool(v), isSet: bool(v), hasZero: true}
}

// scalar returns the value of a time, a date or a UUID.
func scalar[T comparable](v T) value {
	var zero T
	return value{write: styled, wire: v, isSet: v != zero}
}

// list returns the value of an array. item returns the value of an element.
func list[T any](elements []T, item func(T) value) value {
	p := value{write: styled, isSet: len(elements) > 0, items: make([]value, 0, len(elements))}
	wire := make([]any, 0, len(elements))
	for _, element := range elements {
		one := item(element).required()
		p.items = append(p.items, one)
		if one.wire == nil {
			one.wire = one.text
		}
		wire = append(wire, one.wire)
	}
	p.wire = wire
	return p.each(func(item value) value { return item })
}

// headers returns the value of an object of header fields, like http.Header.
func headers(v map[string][]string) value {
	p := value{wire: v, isSet: len(v) > 0, headers: v}
	invalid := func(s string) bool { return !utf8.ValidString(s) }
	for name, values := range v {
		if invalid(name) || slices.ContainsFunc(values, invalid) {
			return p.fail("is not valid UTF-8")
		}
	}
	return p
}

// object returns the value of a struct or a map. Only its members that are set are sent.
func object(v any) value {
	encoded, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return value{}.fail("cannot be encoded as JSON; check that every string is valid UTF-8")
	}
	var members map[string]any
	decoder := stdjson.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber() // 64 bits do not fit a float64
	if err := decoder.Decode(&members); err != nil {
		return value{}.fail("is not a JSON object")
	}
	return value{write: styled, wire: members, isSet: len(members) > 0}
}

// fail sets the problem, if there is none yet.
func (v value) fail(format string, args ...any) value {
	if v.problem == "" {
		v.problem = fmt.Sprintf(format, args...)
	}
	return v
}

// required rejects an empty string, time, list or object. A number or a boolean is
// never missing: its zero is sent.
func (v value) required() value {
	if v.hasZero {
		v.isSet = true
	}
	if !v.isSet {
		return v.fail("is required but empty")
	}
	return v
}

// secret redacts the value from errors that echo it.
func (v value) secret() value {
	v.isSecret = true
	return v
}

// styled sets a style other than the default of the parameter's location.
func (v value) styled(style string, explode bool) value {
	v.write, v.style, v.explode = styled, style, explode
	return v
}

// allowReserved leaves the reserved characters of RFC 3986 unescaped in the query. It
// rejects those that would end or change the parameter.
func (v value) allowReserved() value {
	v.write, v.reserved = styled, true
	for _, one := range append(v.items, v) {
		if strings.ContainsAny(one.text, "&;#+") {
			return v.fail("contains &, ;, # or +, which would be sent unescaped")
		}
	}
	return v
}

func (v value) enum(allowed ...string) value {
	if v.isSet && !slices.Contains(allowed, v.text) {
		return v.fail("is %s, but must be one of %s", rest.Quote(v.text), strings.Join(allowed, ", "))
	}
	return v
}

func (v value) minimum(n float64) value { return v.limit(v.number < n, "at least", n) }
func (v value) maximum(n float64) value { return v.limit(v.number > n, "at most", n) }
func (v value) above(n float64) value   { return v.limit(v.number <= n, "above", n) }
func (v value) below(n float64) value   { return v.limit(v.number >= n, "below", n) }

func (v value) multipleOf(n float64) value {
	const tolerance = 1e-9 // 0.3 is a multiple of 0.1
	quotient := v.number / n
	return v.limit(math.Abs(quotient-math.Round(quotient)) > tolerance, "a multiple of", n)
}

// limit rejects a number that violates a limit.
func (v value) limit(violated bool, relation string, n float64) value {
	if v.isSet && violated {
		return v.fail("is %s, but must be %s %s", v.decimal(), relation, decimal(n))
	}
	return v
}

func (v value) minLength(n int) value {
	if got := utf8.RuneCountInString(v.text); v.isSet && got < n {
		return v.fail("has %d characters, but must have at least %d", got, n)
	}
	return v
}

func (v value) maxLength(n int) value {
	if got := utf8.RuneCountInString(v.text); got > n {
		return v.fail("has %d characters, but must have at most %d", got, n)
	}
	return v
}

// each applies check to the items of a list.
func (v value) each(check func(value) value) value {
	for i, item := range v.items {
		if item = check(item); item.problem != "" {
			return v.fail("has an item, number %d, that %s", i+1, item.problem)
		}
	}
	return v
}

func (v value) minItems(n int) value {
	if v.isSet && len(v.items) < n {
		return v.fail("has %d items, but must have at least %d", len(v.items), n)
	}
	return v
}

func (v value) maxItems(n int) value {
	if len(v.items) > n {
		return v.fail("has %d items, but must have at most %d", len(v.items), n)
	}
	return v
}

func (v value) email() value {
	if address, err := mail.ParseAddress(v.text); v.isSet && (err != nil || address.Address != v.text) {
		return v.fail("is not an email address")
	}
	return v
}

// pattern checks a regular expression with match, which is [regexp.MatchString]: passing it
// in links regexp only if the contract has a pattern.
func (v value) pattern(expression string, match func(pattern, s string) (bool, error)) value {
	if !v.isSet {
		return v
	}
	if ok, _ := match(expression, v.text); !ok {
		return v.fail("is %s, but must match %s", rest.Quote(v.text), expression)
	}
	return v
}

// decimal returns the number in decimal notation without an exponent.
func (v value) decimal() string {
	digits, _ := runtime.StyleParamWithOptions("simple", false, "", v.wire, runtime.StyleParamOptions{})
	return digits
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
