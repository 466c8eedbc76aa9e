package clerksessions

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// readable is a type of the contract that occurs in responses. Its method is generated.
type readable[T any] interface {
	*T
	read(r *reader, last *T)
}

// decode decodes a response. Names are case sensitive and must not repeat.
//
// It first tries the generated method read, which is fast but fails on anything
// unexpected. After a failure it starts over with the type's method decode, if it has
// one, or with the library, whose rules and errors are decisive.
func decode[T any, R readable[T]](body []byte, value R, opts ...json.Options) error {
	fast := reading[T, R]{reader{size: len(body)}, value}
	if json.Unmarshal(body, &fast, jsontext.AllowDuplicateNames(true)) == nil {
		return nil
	}
	*value = *new(T)
	if own, ok := any(value).(interface{ decode([]byte) error }); ok {
		return own.decode(body)
	}
	return json.Unmarshal(body, value, opts...)
}

// reading is a json.UnmarshalerFrom that decodes a value with its method read.
type reading[T any, R readable[T]] struct {
	reader
	value R
}

func (f *reading[T, R]) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	f.json = decoder
	f.value.read(&f.reader, f.value)
	if f.failed {
		return errors.ErrUnsupported
	}
	return nil
}

// describe returns the decode error and its position, without quoting a value. It does
// not use the error's own text, which escapes and truncates the position, so that
// secrets in it could not be redacted.
func describe(err error, response reflect.Type) string {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Sprintf(
			"duplicate name at byte %d%s",
			syntax.ByteOffset,
			place(syntax.JSONPointer.Parent(), response),
		)
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON at byte %d%s", syntax.ByteOffset, place(syntax.JSONPointer, response))
	case errors.As(err, &meaning):
		return fmt.Sprintf(
			"cannot decode %s into %s at byte %d%s",
			meaning.JSONKind,
			meaning.GoType,
			meaning.ByteOffset,
			place(meaning.JSONPointer, response),
		)
	}
	return "cannot be decoded"
}

// place returns the path of member names to a position, up to the first that the
// contract does not have, since the name of an unknown member may be a token.
func place(pointer jsontext.Pointer, response reflect.Type) string {
	var known []string
	for name := range pointer.Tokens() {
		var ok bool
		if response, ok = member(response, name); !ok {
			break
		}
		known = append(known, name)
	}
	if len(known) == 0 {
		return ""
	}
	return ", in " + strings.Join(known, ".")
}

// member returns the type of a member of a struct or an element of a list. A page may be
// a bare list.
func member(t reflect.Type, name string) (reflect.Type, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, err := strconv.ParseUint(name, 10, 64)
	if err == nil && t == reflect.TypeFor[SessionPage]() {
		return reflect.TypeFor[Session](), true
	}
	switch t.Kind() {
	case reflect.Slice:
		return t.Elem(), err == nil
	case reflect.Struct:
		for field := range t.Fields() {
			if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name {
				return field.Type, true
			}
		}
	}
	return nil, false
}
