package sessionjwt

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decode reads one JSON object into v: names are case-sensitive, none may come
// twice, and members unknown to v are skipped. The error names the place but
// quotes nothing of the value, which may be of any size.
func decode(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errors.New("a member is named twice")
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
