package sessionstest

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/clerksessions/clerksessions"
)

// ReadSeed reads a Seed from JSON: one object with any of the members users,
// organizations, sessions, templates and refresh_tokens, each a list. A session has
// Clerk's form, of which only user_id is needed; its times are in milliseconds. A
// member that is not known is an error.
func ReadSeed(r io.Reader) (Seed, error) {
	var seed Seed
	err := json.UnmarshalRead(r, &seed, json.RejectUnknownMembers(true))
	if err == nil {
		err = unknownMember(seed.Sessions)
	}
	if err != nil {
		return Seed{}, fmt.Errorf("sessionstest: the seed is not of the right form: %w", inFileTerms(err))
	}
	return seed, nil
}

// inFileTerms says where in the file something does not fit, and what would, without
// the Go types that the JSON package names.
func inFileTerms(err error) error {
	var e *json.SemanticError
	if !errors.As(err, &e) || e.GoType == nil {
		return err
	}
	where, came := "the seed", forms[e.JSONKind]
	if e.JSONPointer != "" {
		where = shown(string(e.JSONPointer))
	}
	if e.JSONValue != nil {
		came = string(e.JSONValue)
	}
	if errors.Is(e, json.ErrUnknownName) {
		return fmt.Errorf("there is no member %s; check its spelling", where)
	}
	want := "a whole number of 64 bits"
	switch e.GoType.Kind() {
	case reflect.Struct, reflect.Map:
		want = forms['{']
	case reflect.Slice:
		want = forms['[']
	case reflect.String:
		want = forms['"']
	case reflect.Bool:
		want = "true or false"
	}
	return fmt.Errorf("%s must be %s, but is %s", where, want, came)
}

var forms = map[jsontext.Kind]string{
	'{': "an object", '[': "a list", '"': "a string", '0': "a number", 't': "true", 'f': "false", 'n': "null",
}

// unknownMember returns an error for a member of a session that the contract does not
// have. Decoding keeps such members in Extra.
func unknownMember(sessions []clerksessions.Session) error {
	reject := func(extra map[string]any, format string, args ...any) error {
		for name := range extra {
			at := jsontext.Pointer(fmt.Sprintf(format, args...)).AppendToken(name)
			return &json.SemanticError{JSONPointer: at, GoType: reflect.TypeFor[clerksessions.Session](), Err: json.ErrUnknownName}
		}
		return nil
	}
	for i, session := range sessions {
		err := reject(session.Extra, "/sessions/%d", i)
		if activity := session.LatestActivity; err == nil && activity != nil {
			err = reject(activity.Extra, "/sessions/%d/latest_activity", i)
		}
		for j, task := range session.Tasks {
			if err == nil {
				err = reject(task.Extra, "/sessions/%d/tasks/%d", i, j)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
