package sessionstest

import (
	"math"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oapi-codegen/runtime"
)

// params are the parameters of a request: its query, and the members of its body. The
// first invalid one is kept in err.
type params struct {
	query   url.Values
	members map[string]jsontext.Value
	err     *apiError
}

func (p *params) fail(e *apiError) {
	if p.err == nil {
		p.err = e
	}
}

// queryParams returns the parameters in the query. A repeated parameter that is not a
// list has its first value: inferred.
func (c *call) queryParams() *params { return &params{query: c.query} }

// first returns the first value of a query parameter.
func (p *params) first(name string) string {
	if values := p.query[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// bind reads a value from the query into v, which stays as it is if there is none.
func (p *params) bind(name, form string, v any) {
	value := p.first(name)
	if value == "" {
		return
	}
	raw := url.Values{name: {value}}.Encode()
	if runtime.BindRawQueryParameter("form", true, false, name, raw, v) != nil {
		p.fail(invalid(name, "is %s, must be %s.", quote(value), form))
	}
}

// integer reads an integer from the query.
func (p *params) integer(name string, missing int) int {
	n := int64(missing)
	p.bind(name, "an integer", &n)
	return int(max(math.MinInt32, min(n, math.MaxInt32))) // int has 32 bits on some platforms
}

// boolean reads a boolean from the query.
func (p *params) boolean(name string) (v bool) {
	p.bind(name, "true or false", &v)
	return v
}

// oneOf reads a string from the query that must be one of a list.
func (p *params) oneOf(name string, allowed []string) string {
	value := p.first(name)
	if value != "" && !slices.Contains(allowed, value) {
		p.fail(invalid(name, "is %s, must be one of %s.", quote(value), strings.Join(allowed, ", ")))
	}
	return value
}

const (
	defaultLimit = 10
	maxLimit     = 500
)

// page reads limit and offset. A limit above 500 falls back to 10; that one below 1
// does so too is inferred.
func (p *params) page() (limit, offset int) {
	limit, offset = p.integer("limit", defaultLimit), p.integer("offset", 0)
	if limit < 1 || limit > maxLimit {
		limit = defaultLimit
	}
	return limit, max(0, offset)
}

// bodyParams returns the parameters in the body. A missing or empty body, null and {}
// are the same, since Clerk's SDKs send each of them. An unknown name is refused.
func (c *call) bodyParams(allowed ...string) *params {
	p := &params{}
	if strings.Trim(string(c.body), " \t\r\n") == "" {
		return p
	}
	sent := c.header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(sent)
	if media != "application/json" || c.header.Get("Content-Encoding") != "" {
		p.err = newError(415, "unsupported_content_type", "Unsupported media type",
			"The body must be application/json without an encoding, not "+quote(sent)+".")
		return p
	}
	if json.Unmarshal(c.body, &p.members) != nil {
		p.err = bodyInvalid("The body must be one JSON object without duplicate names.")
		return p
	}
	names := make([]string, 0, len(p.members))
	for name := range p.members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			p.err = unprocessable("form_param_unknown", shortName(name), "Unknown parameter",
				"%s is not a parameter of this request.", quote(name))
			break
		}
	}
	return p
}

// shortName returns an untrusted name truncated for a response.
func shortName(name string) string {
	if len(name) > 100 {
		name = name[:100]
	}
	return strings.ToValidUTF8(name, "?")
}

// value returns a member, nil if it is missing or null.
func (p *params) value(name string) jsontext.Value {
	if v := p.members[name]; v.Kind() != 'n' {
		return v
	}
	return nil
}

// decode reads a member into v, which stays as it is if the member is missing or null.
func (p *params) decode(name, form string, v any) {
	if raw := p.value(name); raw != nil && json.Unmarshal(raw, v) != nil {
		p.fail(invalid(name, "must be %s.", form))
	}
}

// text reads a string; null and missing are empty.
func (p *params) text(name string) (v string) {
	p.decode(name, "a string", &v)
	return v
}

// required reads a string that must not be empty.
func (p *params) required(name string) string {
	v := p.text(name)
	if v == "" {
		p.fail(missing(name))
	}
	return v
}

// texts reads a list of strings.
func (p *params) texts(name string) (v []string) {
	p.decode(name, "a list of strings", &v)
	return v
}

// object reads an object.
func (p *params) object(name string) (v map[string]any) {
	p.decode(name, "an object", &v)
	return v
}

// flag reads a boolean.
func (p *params) flag(name string) (v bool) {
	p.decode(name, "true or false", &v)
	return v
}

const (
	minLifetime = 30          // seconds
	maxLifetime = 315_360_000 // seconds: ten years
)

// lifetime reads expires_in_seconds; 0 means that it is missing.
func (p *params) lifetime() int64 {
	const name = "expires_in_seconds"
	raw := p.value(name)
	if raw == nil {
		return 0
	}
	var v float64
	switch err := json.Unmarshal(raw, &v); {
	case raw.Kind() != '0':
		p.fail(invalid(name, "must be an integer."))
	case err != nil || v > maxLifetime: // an error is a number beyond float64
		p.fail(unprocessable("form_param_value_too_large", name, "Value too large", "%s must be at most %d.", name,
			maxLifetime))
	case v != float64(int64(v)):
		p.fail(invalid(name, "must be an integer."))
	case v < minLifetime:
		p.fail(invalid(name, "must be at least %d.", minLifetime))
	}
	if p.err != nil {
		return 0
	}
	return int64(v)
}
