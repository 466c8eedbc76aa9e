package sessionstest

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// params are the members of a request's body. The first thing found wrong with one
// of them is kept in err.
type params struct {
	members map[string]jsontext.Value
	err     *apiError
}

// params reads the body. Absent, empty, null and {} are the same, since Clerk's SDKs
// send each of them. A name that is not allowed is refused.
func (c *call) params(allowed ...string) *params {
	p := &params{}
	if strings.Trim(string(c.body), " \t\r\n") == "" {
		return p
	}
	sent := c.header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(sent)
	if media != "application/json" || c.header.Get("Content-Encoding") != "" {
		p.err = &apiError{status: http.StatusUnsupportedMediaType, code: "unsupported_content_type", message: "Media type not supported",
			long: "A body must be application/json, not encoded further; this one is " + shown(sent) + "."}
		return p
	}
	if json.Unmarshal(c.body, &p.members) != nil {
		p.err = bodyInvalid("The body has to be one JSON object in which no name comes twice.")
		return p
	}
	names := make([]string, 0, len(p.members))
	for name := range p.members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			p.err = unprocessable("form_param_unknown", shownName(name), "Parameter unknown", "%s is no parameter of this request.", shown(name))
			break
		}
	}
	return p
}

// shownName is a foreign name fit to stand in a reply.
func shownName(name string) string {
	if len(name) > 100 {
		name = name[:100]
	}
	return strings.ToValidUTF8(name, "?")
}

// value is the member, nil if it is absent or null.
func (p *params) value(name string) jsontext.Value {
	if v := p.members[name]; v.Kind() != 'n' {
		return v
	}
	return nil
}

// text reads a string; null and absent are empty.
func (p *params) text(name string) (v string) {
	if raw := p.value(name); raw != nil && json.Unmarshal(raw, &v) != nil {
		p.fail(invalid(name, "has to be a string."))
	}
	return v
}

// required reads a string that has to be there.
func (p *params) required(name string) string {
	v := p.text(name)
	if v == "" {
		p.fail(missing(name))
	}
	return v
}

// object checks that a member is an object or absent.
func (p *params) object(name string) {
	if raw := p.value(name); raw != nil && raw.Kind() != '{' {
		p.fail(invalid(name, "has to be an object."))
	}
}

func (p *params) fail(e *apiError) {
	if p.err == nil {
		p.err = e
	}
}

const (
	minLifetime = 30          // seconds
	maxLifetime = 315_360_000 // seconds: ten years
)

// lifetime reads expires_in_seconds; 0 means that it is absent.
func (p *params) lifetime() int64 {
	const name = "expires_in_seconds"
	raw := p.value(name)
	if raw == nil {
		return 0
	}
	var v float64
	switch err := json.Unmarshal(raw, &v); {
	case raw.Kind() != '0':
		p.fail(invalid(name, "has to be an integer."))
	case err != nil || v > maxLifetime: // an error is a number beyond float64
		p.fail(unprocessable("form_param_value_too_large", name, "Value too large", "%s must be at most %d.", name, maxLifetime))
	case v != float64(int64(v)):
		p.fail(invalid(name, "has to be an integer."))
	case v < minLifetime:
		p.fail(invalid(name, "must be at least %d.", minLifetime))
	}
	if p.err != nil {
		return 0
	}
	return int64(v)
}
