package sessionstest

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object that the Server sends.
type object map[string]any

var null = jsontext.Value("null")

// orNull returns v, or null if it is the zero value.
func orNull(v any) any {
	if reflect.ValueOf(v).IsZero() {
		return null
	}
	return v
}

// encode returns the status and the body of a response with a value or an error.
func encode(value any, e *apiError, traceID string) (status int, body []byte) {
	status = 200
	if e != nil {
		status, value = e.status, e.body(traceID)
	}
	body, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return encode(nil, ofStatus(500), traceID)
	}
	return status, body
}

// decode reads a JSON document into v. An unknown member is an error. A value of the
// wrong form is a *formError.
func decode(document []byte, v any) error {
	err := json.Unmarshal(document, v, json.RejectUnknownMembers(true))
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok || e.GoType == nil {
		return err
	}
	if errors.Is(e, json.ErrUnknownName) {
		return &formError{at: e.JSONPointer}
	}
	form := &formError{at: e.JSONPointer, want: wanted(e.GoType), got: forms[e.JSONKind]}
	if e.JSONValue != nil {
		form.got = quote(string(e.JSONValue))
	}
	return form
}

// formError is an unknown member of a JSON document, or a value of the wrong form. Unlike
// the errors of package json it names no Go types.
type formError struct {
	at        jsontext.Pointer // empty for the whole document
	want, got string           // empty for an unknown member
}

func (e *formError) Error() string {
	where := "the top level"
	if e.at != "" {
		where = quote(string(e.at))
	}
	if e.want == "" {
		return "unknown member " + where
	}
	return fmt.Sprintf("%s must be %s, but is %s", where, e.want, e.got)
}

// member returns the name of the top-level member that is wrong, or that contains the wrong
// value.
func (e *formError) member() string {
	for name := range e.at.Tokens() {
		return name
	}
	return ""
}

var forms = map[jsontext.Kind]string{
	'{': "an object", '[': "a list", '"': "a string", '0': "a number", 't': "true", 'f': "false", 'n': "null",
}

// wanted describes the JSON that is decoded into a Go type.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Float64:
		return forms['0']
	case reflect.Struct, reflect.Map:
		if t == reflect.TypeFor[time.Time]() {
			return "an RFC 3339 time"
		}
		return forms['{']
	case reflect.Slice:
		return forms['[']
	case reflect.String:
		return forms['"']
	case reflect.Bool:
		return "true or false"
	}
	return "a 64-bit integer"
}
