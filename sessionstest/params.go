package sessionstest

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// query reads the parameters of a query. The first error is kept in err. That a repeated
// parameter has its first value, unless it is a list, is inferred.
type query struct {
	url.Values
	err *apiError
}

// integer reads an integer of 32 bits, to which larger ones are clamped.
func (q *query) integer(name string, missing int) int {
	value := q.Get(name)
	if value == "" {
		return missing
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		q.err = cmp.Or(q.err, invalid(name, "is %s, but must be an integer.", quote(value)))
	}
	return int(max(math.MinInt32, min(n, math.MaxInt32)))
}

// boolean returns a boolean parameter, false if it is missing.
func (q *query) boolean(name string) bool {
	value := q.Get(name)
	v, err := strconv.ParseBool(value)
	if value != "" && err != nil {
		q.err = cmp.Or(q.err, invalid(name, "is %s, but must be true or false.", quote(value)))
	}
	return v
}

// oneOf reads a string that must be one of a list.
func (q *query) oneOf(name string, allowed []string) string {
	value := q.Get(name)
	if value != "" && !slices.Contains(allowed, value) {
		e := invalid(name, "is %s, but must be one of %s.", quote(value), strings.Join(allowed, ", "))
		q.err = cmp.Or(q.err, e)
	}
	return value
}

const (
	defaultLimit = 10
	maxLimit     = 500
)

// page returns limit and offset. A limit above 500 falls back to 10; it is inferred that a
// limit below 1 does so too.
func (q *query) page() (limit, offset int) {
	limit, offset = q.integer("limit", defaultLimit), q.integer("offset", 0)
	if limit < 1 || limit > maxLimit {
		limit = defaultLimit
	}
	return limit, max(0, offset)
}

// decode reads the body into v. A missing or empty body, null and {} are the same, since
// Clerk's SDKs send each of them. An unknown member is refused.
func (c *call) decode(v any) *apiError {
	if len(bytes.Trim(c.body, " \t\r\n")) == 0 {
		return nil
	}
	sent := c.header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(sent); media != "application/json" || c.header.Get("Content-Encoding") != "" {
		return newError(http.StatusUnsupportedMediaType, "unsupported_content_type", "Unsupported media type",
			"The body must be application/json without an encoding, not %s.", quote(sent))
	}
	body := jsontext.Value(c.body)
	malformed := bodyInvalid("The body must be one JSON object without duplicate names.")
	if !body.IsValid() || body.Kind() != '{' && body.Kind() != 'n' {
		return malformed
	}
	err := decode(body, v)
	form, ok := errors.AsType[*formError](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return malformed
	case form.want == "":
		return unknownParam(form.member())
	}
	return unprocessable("form_param_value_invalid", form.member(), "Invalid value", "%v.", form)
}

const (
	minLifetime = 30          // seconds
	maxLifetime = 315_360_000 // seconds: ten years
)

// lifetime reads the body of a request for a token. 0 means that it sets no lifetime.
func (c *call) lifetime() (int64, *apiError) {
	const name = "expires_in_seconds"
	var body struct {
		ExpiresIn jsontext.Value `json:"expires_in_seconds"`
	}
	if e := c.decode(&body); e != nil || body.ExpiresIn == nil || body.ExpiresIn.Kind() == 'n' {
		return 0, e
	}
	var v float64
	switch err := json.Unmarshal(body.ExpiresIn, &v); {
	case body.ExpiresIn.Kind() != '0':
		return 0, invalid(name, "must be an integer.")
	case err != nil || v > maxLifetime: // an error is a number beyond float64
		return 0, unprocessable("form_param_value_too_large", name, "Value too large", "%s must be at most %d.", name,
			maxLifetime)
	case v != math.Trunc(v):
		return 0, invalid(name, "must be an integer.")
	case v < minLifetime:
		return 0, invalid(name, "must be at least %d.", minLifetime)
	}
	return int64(v), nil
}
