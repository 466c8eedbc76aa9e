package sessionstest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/clerksessions/clerksessions"
)

// ReadSeed reads a Seed from JSON: one object with any of the members users,
// organizations, sessions, templates, refresh_tokens and deleted, each a list. A session
// has Clerk's form, of which only user_id is required; its times are in milliseconds.
// An unknown member is an error.
func ReadSeed(r io.Reader) (Seed, error) {
	var seed Seed
	if err := json.UnmarshalRead(r, &seed, json.RejectUnknownMembers(true)); err != nil {
		return Seed{}, fmt.Errorf("sessionstest: invalid seed: %w", jsonError("the seed", err))
	}
	for i, v := range seed.Sessions {
		if member := unknownMember(v); member != "" {
			member = fmt.Sprintf("/sessions/%d%s", i, member)
			return Seed{}, fmt.Errorf("sessionstest: invalid seed: unknown member %s", quote(member))
		}
	}
	return seed, nil
}

// unknownMember returns the place of a member of a session that Clerk does not have,
// empty if there is none. Decoding keeps such members in Extra.
func unknownMember(v clerksessions.Session) string {
	extra := map[string]map[string]any{"": v.Extra}
	if v.LatestActivity != nil {
		extra["/latest_activity"] = v.LatestActivity.Extra
	}
	for i, task := range v.Tasks {
		extra[fmt.Sprintf("/tasks/%d", i)] = task.Extra
	}
	for _, place := range slices.Sorted(maps.Keys(extra)) {
		for _, name := range slices.Sorted(maps.Keys(extra[place])) {
			return string(jsontext.Pointer(place).AppendToken(name))
		}
	}
	return ""
}

// jsonError says where a JSON document has the wrong form, and what is expected,
// without the Go types that package json names.
func jsonError(document string, err error) error {
	var e *json.SemanticError
	if !errors.As(err, &e) || e.GoType == nil {
		return err
	}
	where, got := document, forms[e.JSONKind]
	if e.JSONPointer != "" {
		where = quote(string(e.JSONPointer))
	}
	if e.JSONValue != nil {
		got = quote(string(e.JSONValue))
	}
	if errors.Is(e, json.ErrUnknownName) {
		return fmt.Errorf("unknown member %s", where)
	}
	want := "a whole number of 64 bits"
	switch e.GoType.Kind() {
	case reflect.Float64:
		want = forms['0']
	case reflect.Struct, reflect.Map:
		want = forms['{']
		if e.GoType == reflect.TypeFor[time.Time]() {
			want = "an RFC 3339 time"
		}
	case reflect.Slice:
		want = forms['[']
	case reflect.String:
		want = forms['"']
	case reflect.Bool:
		want = "true or false"
	}
	return fmt.Errorf("%s must be %s, is %s", where, want, got)
}

var forms = map[jsontext.Kind]string{
	'{': "an object", '[': "a list", '"': "a string", '0': "a number", 't': "true", 'f': "false", 'n': "null",
}
