package sessionjwt

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode decodes one JSON object into v. Names are case-sensitive, duplicate
// names are an error, and unknown members are ignored. The error says where the
// problem is without quoting the value, which may be of any size.
func decode(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	switch {
	case jsontext.Value(data).Kind() != '{':
		return errors.New("not a JSON object")
	case err == nil:
		return nil
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errors.New("duplicate name")
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return fmt.Errorf("member %s is not of the expected type", quoted(string(semantic.JSONPointer)))
	}
	if semantic != nil {
		return errors.New("not of the expected type")
	}
	return errors.New("not a JSON object")
}
