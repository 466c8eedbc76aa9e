package clerksessions

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parameter is a value with the checks the contract asks for. Zero means not
// given, which only required minds.
type parameter struct {
	call  *call
	name  string
	value reflect.Value
}

func (p parameter) required() parameter {
	if p.value.IsZero() {
		p.call.invalid("%s is required but empty", p.name)
	}
	return p
}

func (p parameter) enum(allowed ...string) parameter {
	if v := p.value.String(); v != "" && !slices.Contains(allowed, v) {
		p.call.invalid("%s is %s, but must be one of %s", p.name, quote(v), strings.Join(allowed, ", "))
	}
	return p
}

func (p parameter) minimum(least float64) parameter {
	if v := p.value.Int(); v != 0 && float64(v) < least {
		p.call.invalid("%s is %d, but must be at least %s", p.name, v, strconv.FormatFloat(least, 'f', -1, 64))
	}
	return p
}

func (p parameter) maximum(most float64) parameter {
	if v := p.value.Int(); float64(v) > most {
		p.call.invalid("%s is %d, but must be at most %s", p.name, v, strconv.FormatFloat(most, 'f', -1, 64))
	}
	return p
}

// query adds a parameter to the query unless it is zero.
func (c *call) query(name string, value any) parameter {
	p := c.field(name, value)
	if !p.value.IsZero() {
		if c.values == nil {
			c.values = make(url.Values)
		}
		c.values.Set(name, fmt.Sprint(value))
	}
	return p
}

// field names a value of the body so that it can be checked, first of all for being
// valid UTF-8.
func (c *call) field(name string, value any) parameter {
	p := parameter{c, name, reflect.ValueOf(value)}
	if p.value.Kind() == reflect.String && !utf8.ValidString(p.value.String()) {
		c.invalid("%s is not valid UTF-8", name)
	}
	return p
}
