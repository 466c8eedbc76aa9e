package clerksessions

import (
	"context"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
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
