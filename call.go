package clerksessions

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// lowLevel is what the generated methods hang on: a configuration, or the reason
// why there is none.
type lowLevel struct {
	*config
	err error
}

// call gathers one request. Its first error ends it: nothing is sent then.
type call struct {
	*config
	ctx     context.Context
	op      *Operation
	escaped string // the path below the base URL
	values  url.Values
	payload []byte   // the body; nil for none
	secrets []string // tokens among what is sent
	err     error
}

func (c *lowLevel) call(ctx context.Context, op *Operation) *call {
	call := &call{config: c.config, ctx: ctx, op: op, escaped: op.Path, err: c.err}
	if ctx == nil {
		call.invalid("ctx is nil; pass context.Background() at least")
	}
	return call
}

func (c *call) invalid(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("clerksessions: %s: %w: %s", c.op.ID, ErrInvalidArgument, fmt.Sprintf(format, args...))
	}
}

// path puts value into the path as one escaped segment.
func (c *call) path(name, value string) {
	if reason := notASegment(value); reason != "" {
		c.invalid("%s %s", name, reason)
		return
	}
	before, after, _ := strings.Cut(c.escaped, "{"+name+"}")
	c.escaped = before + url.PathEscape(value) + after
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

// body sets the body. A body in which nothing is set is not sent at all.
func (c *call) body(value any) {
	if c.err != nil || reflect.ValueOf(value).IsZero() {
		return
	}
	payload, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		c.invalid("the body cannot be written as JSON; check that every string is valid UTF-8")
		return
	}
	c.payload = payload
}

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

// secret has the value left out of whatever a server's error quotes back.
func (p parameter) secret() parameter {
	switch v := p.value.Interface().(type) {
	case string:
		p.call.keepSecret(v)
	case map[string][]string:
		for _, values := range v {
			for _, value := range values {
				p.call.keepSecret(value)
			}
		}
	}
	return p
}

func (c *call) keepSecret(v string) {
	if len(v) >= shortestSecret {
		c.secrets = append(c.secrets, v)
	}
}

// maxSegment is far beyond any id Clerk gives out (under 40 bytes) and well below
// what servers take as a URL.
const maxSegment = 512

var escape = regexp.MustCompile("%[0-9a-fA-F]{2}")

// unescape undoes one layer of escapes, passing over what is none.
func unescape(v string) string {
	return escape.ReplaceAllStringFunc(v, func(triple string) string {
		plain, _ := url.PathUnescape(triple)
		return plain
	})
}

// notASegment says why v cannot stand as one segment of a path, or nothing. A
// server or proxy may decode a path more than once and then resolve "..", so a dot
// segment is refused under any number of escapes.
func notASegment(v string) string {
	switch {
	case v == "":
		return "is empty"
	case len(v) > maxSegment:
		return fmt.Sprintf("is %d bytes long, but must be at most %d", len(v), maxSegment)
	case !utf8.ValidString(v):
		return "is not valid UTF-8"
	case strings.ContainsFunc(v, unicode.IsControl):
		return "has a control character"
	case !strings.ContainsAny(v, ".%"):
		return "" // dots, plain or escaped, are all that is looked for below
	}
	for plain := v; ; {
		for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part == "." || part == ".." {
				return "has the path segment " + strconv.Quote(part) + ", which would lead elsewhere"
			}
		}
		next := unescape(plain)
		if next == plain {
			return ""
		}
		plain = next
	}
}

// quote shows a foreign string on one line, at a length fit for an error.
func quote(v string) string {
	const most = 64
	if len(v) > most {
		return strconv.Quote(v[:most]) + "..."
	}
	return strconv.Quote(v)
}
