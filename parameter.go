package clerksessions

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/oapi-codegen/runtime"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// The generated code builds a request with the methods path, query, header, cookie,
// field and body. The package runtime serializes values in the styles of OpenAPI; this
// file rejects those that it would serialize but that no server should receive.

// path adds the value of the next parameter in the path's template.
func (c *call) path(name string, v value) {
	if !c.accepts(name, v) {
		return
	}
	if !v.isSet && !v.hasZero {
		c.invalid("%s is empty", name)
		return
	}
	escaped := c.style(name, v, runtime.ParamLocationPath)
	whole, _ := url.PathUnescape(escaped)
	if reason := segmentProblem(whole); reason != "" {
		c.invalid("%s %s", name, reason)
		return
	}
	c.segments = append(c.segments, escaped)
}

// query adds a parameter to the query if it is set.
func (c *call) query(name string, v value) {
	if !c.accepts(name, v) || !v.isSet {
		return
	}
	text := c.style(name, v, runtime.ParamLocationQuery)
	// spaceDelimited and pipeDelimited use separators that are invalid in a URL.
	text = strings.ReplaceAll(strings.ReplaceAll(text, " ", "%20"), "|", "%7C")
	c.fragments = append(c.fragments, rest.Field{Name: name, Value: text})
}

// header sets a header of the request if the value is set.
func (c *call) header(name string, v value) {
	if !c.accepts(name, v) || !v.isSet {
		return
	}
	text := c.style(name, v, runtime.ParamLocationHeader)
	if !validHeaderValue(text) {
		c.invalid("%s has a control character", name)
		return
	}
	c.headers = append(c.headers, rest.Field{Name: http.CanonicalHeaderKey(name), Value: text})
}

// cookie adds a cookie to the request if the value is set.
func (c *call) cookie(name string, v value) {
	if !c.accepts(name, v) || !v.isSet {
		return
	}
	text := c.style(name, v, runtime.ParamLocationCookie)
	if strings.ContainsFunc(text, notInCookie) {
		c.invalid("%s has a character that is not allowed in a cookie", name)
		return
	}
	for i, header := range c.headers {
		if header.Name == "Cookie" {
			c.headers[i].Value += "; " + text
			return
		}
	}
	c.headers = append(c.headers, rest.Field{Name: "Cookie", Value: text})
}

func notInCookie(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`";\`, r) }

// field checks a property of the body.
func (c *call) field(name string, v value) {
	c.hasBody = c.accepts(name, v) && v.isSet || c.hasBody
}

// body sets the body. A body with no field set is not sent.
func (c *call) body(v any) {
	if c.err != nil || !c.hasBody {
		return
	}
	payload, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		c.invalid("cannot encode the body as JSON; check that every string is valid UTF-8")
		return
	}
	c.payload = payload
}

// accepts reports whether v may be sent, and adds it to the secrets if it is one.
func (c *call) accepts(name string, v value) bool {
	if v.isSecret {
		c.redactor.Add(v.text)
		for name, values := range v.headers {
			for _, value := range values {
				c.addSecretHeader(http.CanonicalHeaderKey(name), value)
			}
		}
	}
	if v.problem != "" {
		c.invalid("%s %s", name, c.redactor.Text(v.problem))
	}
	return c.err == nil
}

// style serializes a parameter for its location, in the style of the contract.
func (c *call) style(name string, v value, in runtime.ParamLocation) string {
	if v.write != nil {
		text, err := v.write(v, name, in)
		if err != nil {
			c.invalid("%s cannot be encoded in the style %s", name, v.style)
		}
		return text
	}
	switch in {
	case runtime.ParamLocationPath:
		return url.PathEscape(v.text)
	case runtime.ParamLocationQuery:
		return name + "=" + url.QueryEscape(v.text)
	case runtime.ParamLocationCookie:
		return name + "=" + v.text
	}
	return v.text
}

// styled serializes v in its style, or in the default style of its location.
func styled(v value, name string, in runtime.ParamLocation) (string, error) {
	if v.style == "" {
		v.style = "simple"
		if v.explode = in == runtime.ParamLocationQuery || in == runtime.ParamLocationCookie; v.explode {
			v.style = "form"
		}
	}
	if v.wire == nil {
		v.wire = v.text
	}
	return runtime.StyleParamWithOptions(v.style, v.explode, name, v.wire,
		runtime.StyleParamOptions{ParamLocation: in, AllowReserved: v.reserved})
}
