package clerksessions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode is json.Unmarshal unless the type knows better. Names are matched by case
// and may not repeat, unknown ones are passed over.
func decode(body []byte, value any) error {
	if own, ok := value.(interface{ decode([]byte) error }); ok {
		return own.decode(body)
	}
	return json.Unmarshal(body, value)
}

// misfit says what is wrong with a reply, and where. The library's own text has the
// place escaped and cut short, in which no secret could be found any more.
func misfit(err error) string {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		return fmt.Sprintf("a name comes twice at byte %d%s", syntax.ByteOffset, place(syntax.JSONPointer.Parent()))
	case errors.As(err, &syntax):
		return fmt.Sprintf("no JSON at byte %d%s", syntax.ByteOffset, place(syntax.JSONPointer))
	case errors.As(err, &meaning):
		return fmt.Sprintf("a %s that cannot be a %s at byte %d%s", meaning.JSONKind, meaning.GoType, meaning.ByteOffset, place(meaning.JSONPointer))
	}
	return "it cannot be read"
}

func place(pointer jsontext.Pointer) string {
	if pointer == "" {
		return ""
	}
	return ", in " + strings.Join(slices.Collect(pointer.Tokens()), ".")
}
