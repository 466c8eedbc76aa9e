package clerksessions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode decodes body with the type's own method or with json.Unmarshal. Names are case
// sensitive and must not repeat; unknown ones are ignored.
func decode(body []byte, value any) error {
	if own, ok := value.(interface{ decode([]byte) error }); ok {
		return own.decode(body)
	}
	return json.Unmarshal(body, value)
}

// describe returns what is wrong with a response and at which position, without quoting
// a value. The library's own text has the position escaped and truncated, so that
// secrets in it could not be redacted.
func describe(err error) string {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Sprintf("duplicate name at byte %d%s", syntax.ByteOffset, place(syntax.JSONPointer.Parent()))
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON at byte %d%s", syntax.ByteOffset, place(syntax.JSONPointer))
	case errors.As(err, &meaning):
		return fmt.Sprintf("cannot decode %s into %s at byte %d%s", meaning.JSONKind, meaning.GoType, meaning.ByteOffset, place(meaning.JSONPointer))
	}
	return "cannot be decoded"
}

func place(pointer jsontext.Pointer) string {
	if pointer == "" {
		return ""
	}
	return ", in " + strings.Join(slices.Collect(pointer.Tokens()), ".")
}
