package clerksessions

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// parameter is a value with the checks the contract asks for. Zero means not
// given, which only required minds.
type parameter struct {
	call    *call
	name    string
	value   reflect.Value
	inQuery bool
	given   bool // zero is a value, too
}

// required minds an empty text, time or list. A number or a boolean is never
// missing: its zero is sent as well.
func (p parameter) required() parameter {
	p.given = true
	switch v := p.value; {
	case v.Kind() == reflect.Bool, v.CanInt(), v.CanUint(), v.CanFloat():
		if p.inQuery && v.IsZero() {
			p.call.addQuery(p)
		}
	case v.IsZero(), v.Kind() == reflect.Slice && v.Len() == 0:
		p.call.invalid("%s is required but empty", p.name)
	}
	return p
}

func (p parameter) enum(allowed ...string) parameter {
	if v := p.value.String(); v != "" && !slices.Contains(allowed, v) {
		p.call.invalid("%s is %s, but must be one of %s", p.name, rest.Quote(v), strings.Join(allowed, ", "))
	}
	return p
}

func (p parameter) minimum(least float64) parameter {
	if v := p.float(); (v != 0 || p.given) && v < least {
		p.call.invalid("%s is %s, but must be at least %s", p.name, p.text(), strconv.FormatFloat(least, 'f', -1, 64))
	}
	return p
}

func (p parameter) maximum(most float64) parameter {
	if p.float() > most {
		p.call.invalid("%s is %s, but must be at most %s", p.name, p.text(), strconv.FormatFloat(most, 'f', -1, 64))
	}
	return p
}

func (p parameter) float() float64 {
	switch v := p.value; {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	default:
		return v.Float()
	}
}

// query adds a parameter to the query unless it is zero; a time goes as RFC 3339.
func (c *call) query(name string, value any) parameter {
	if at, ok := value.(time.Time); ok {
		value = ""
		if !at.IsZero() {
			value = at.Format(time.RFC3339Nano)
		}
	}
	p := c.field(name, value)
	p.inQuery = true
	if !p.value.IsZero() {
		c.addQuery(p)
	}
	return p
}

func (c *call) addQuery(p parameter) {
	if c.values == nil {
		c.values = make(url.Values)
	}
	c.values.Add(p.name, p.text())
}

// text is the value as a query has it, numbers in plain digits.
func (p parameter) text() string {
	switch v := p.value; {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits())
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	default:
		return v.String()
	}
}

// field names a value of the body so that it can be checked, first of all for being
// valid UTF-8.
func (c *call) field(name string, value any) parameter {
	p := parameter{call: c, name: name, value: reflect.ValueOf(value)}
	valid := p.value.Kind() != reflect.String || utf8.ValidString(p.value.String())
	switch list := value.(type) {
	case []string:
		valid = allValid(list)
	case map[string][]string:
		for key, values := range list {
			valid = valid && utf8.ValidString(key) && allValid(values)
		}
	}
	if !valid {
		c.invalid("%s is not valid UTF-8", name)
	}
	return p
}

func allValid(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) })
}
