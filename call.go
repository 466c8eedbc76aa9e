package clerksessions

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// lowLevel has the generated methods. It holds the configuration of a call, or the error
// that prevents it.
type lowLevel struct {
	*config
	err error
}

// call builds and makes one call. The first error is sticky; if set, nothing is sent.
type call struct {
	*config
	ctx       context.Context
	op        *Operation
	segments  []string     // the escaped path parameters, in order
	fragments []rest.Field // the encoded query parameters
	headers   []rest.Field
	hasBody   bool   // a property of the body is set
	payload   []byte // the body; nil for none
	redactor  rest.Redactor
	err       error

	scratch struct { // allocated with the call, to save allocations
		segments  [2]string
		fragments [3]rest.Field
		headers   [3]rest.Field
	}
}

// calls is a pool of calls. They are cleared, as they hold secrets.
var calls = sync.Pool{New: func() any { return new(call) }}

func (c *lowLevel) call(ctx context.Context, op *Operation) *call {
	call := calls.Get().(*call)
	call.config, call.ctx, call.op, call.err = c.config, ctx, op, c.err
	call.segments = call.scratch.segments[:0]
	call.fragments = call.scratch.fragments[:0]
	call.headers = append(call.scratch.headers[:0],
		rest.Field{Name: "Accept", Value: "application/json"},
		rest.Field{Name: "Clerk-Api-Version", Value: op.APIVersion})
	if c.err == nil { // an error may be for a zero Client, which has no key
		call.redactor.Add(strings.TrimPrefix(c.Authorization(), bearer))
	}
	if ctx == nil {
		call.invalid("ctx is nil; use context.Background()")
	}
	if c.forRevoking != "" {
		call.invalid("%s is for RevokeAll and RevokeEach", c.forRevoking)
	}
	return call
}

// release clears the call and returns it to the pool. It must not be used afterwards.
func (c *call) release() {
	*c = call{}
	calls.Put(c)
}

// invalid sets the error of an invalid argument, unless an error is set already.
func (c *call) invalid(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("clerksessions: %s: %w: %s", c.op.ID, ErrInvalidArgument, fmt.Sprintf(format, args...))
	}
}

// do makes the call and returns the response.
func (c *call) do() (*rest.Response, error) {
	if c.meta != nil {
		*c.meta = Meta{} // of an earlier call
	}
	if c.err != nil {
		return nil, c.err
	}
	if c.payload != nil {
		c.headers = append(c.headers, rest.Field{Name: "Content-Type", Value: "application/json"})
	}
	return c.Client.Do(c.ctx, &rest.Request{
		Method:     c.op.Method,
		Path:       c.op.Path,
		Segments:   c.segments,
		Query:      c.fragments,
		Header:     c.headers,
		Body:       c.payload,
		Operation:  c.op,
		Idempotent: c.op.Retry == RetrySafe,
		Redactor:   &c.redactor,
		KeepBody:   c.meta != nil,
		Attempts:   c.tried,
	}, (*observer)(c))
}

// maxSegment is the maximum length of a path parameter. Clerk's ids have less than 40
// bytes; servers accept much longer URLs.
const maxSegment = 512

// segmentProblem returns why v cannot be one segment of a path, or "". A server or proxy
// may decode a path more than once and then resolve "..", so dot segments are refused at
// every level of escaping.
func segmentProblem(v string) string {
	switch {
	case v == "":
		return "is empty"
	case len(v) > maxSegment:
		return fmt.Sprintf("is %d bytes long, but must be at most %d", len(v), maxSegment)
	case !strings.ContainsFunc(v, suspicious):
		return ""
	case !utf8.ValidString(v):
		return "is not valid UTF-8"
	case strings.ContainsFunc(v, unicode.IsControl):
		return "has a control character"
	}
	for plain := v; ; {
		for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part == "." || part == ".." {
				return "contains a dot segment (" + strconv.Quote(part) + ")"
			}
		}
		next := unescape(plain)
		if next == plain {
			return ""
		}
		plain = next
	}
}

// suspicious reports whether r is invalid or may be a part of a dot segment.
func suspicious(r rune) bool {
	return r == '.' || r == '%' || r == utf8.RuneError || unicode.IsControl(r)
}

// unescape decodes one level of percent-encoding and ignores invalid escapes.
func unescape(v string) string {
	var plain strings.Builder
	for {
		before, after, found := strings.Cut(v, "%")
		plain.WriteString(before)
		if !found {
			return plain.String()
		}
		decoded := "%"
		if len(after) >= 2 {
			if char, err := strconv.ParseUint(after[:2], 16, 8); err == nil {
				decoded, after = string([]byte{byte(char)}), after[2:]
			}
		}
		plain.WriteString(decoded)
		v = after
	}
}
