package clerksessions

import (
	"errors"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const readableSession = `{"object":"session","id":"sess_1","user_id":"user_1","client_id":"client_1","status":"active","actor":{"sub":"user_2"},` +
	`"last_active_organization_id":null,"latest_activity":{"id":"act_1","browser_name":"A\u0026B","is_mobile":true,"asn":{"number":1}},` +
	`"tasks":[{"key":"setup-mfa"}],"created_at":1,"updated_at":-2,"last_active_at":3,"expire_at":4,"abandon_at":null,"risk":["low"]}`

// quickly decodes with the generated code alone, and fails where that does.
func quickly[T any, R readable[T]](body string, value R) error {
	text := []byte(body)
	defer clear(text) // the value must not refer to it
	return json.Unmarshal(text, &reading[T, R]{reader{size: len(body)}, value}, jsontext.AllowDuplicateNames(true))
}

// decoders decode with the generated code alone, with it and the library, and with the
// library alone.
var decoders = []func(body string) (value [3]any, err [3]error){
	decoder[Session], decoder[SessionPage], decoder[Token], decoder[cookies], decoder[clerkErrors],
}

func decoder[T any, R readable[T]](body string) (value [3]any, err [3]error) {
	alone, both, library := new(T), new(T), new(T)
	err[0] = quickly[T, R](body, alone)
	text := []byte(body)
	err[1] = decode[T, R](text, both)
	clear(text)
	if page, ok := any(library).(*SessionPage); ok {
		err[2] = page.decode([]byte(body))
	} else {
		err[2] = json.Unmarshal([]byte(body), library)
	}
	return [3]any{alone, both, library}, err
}

// FuzzDecode compares the generated code with the library.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		readableSession, `{"data":[` + readableSession + `,` + readableSession + `],"total_count":2,"next":null}`,
		`{"object":"token","jwt":"x"}`, `{"object":"cookies","cookies":["a",null]}`, `{"errors":[{"code":"a","meta":{"b":1}}]}`,
		`{"data":[],"total_count":0}`, `{"data":null}`, `{"data":[null,{}]}`, `null`, `[]`, ` {} `, `{}{}`, `{"id":1}`, `{"id":"\ud800"}`,
		`{"id":"a","id":"b"}`, `{"id":"a","\u0069d":"b"}`, `{"x":1,"x":2}`, `{"x":{"a":1,"a":2}}`, `{"\u0078":1}`, `{"ID":"a"}`,
		`{"created_at":1.0}`, `{"created_at":1e3}`, `{"created_at":"1"}`, `{"created_at":-0}`, `{"created_at":-5}`, `{"created_at":999999999999999999}`, `{"total_count":9223372036854775807}`, `{"created_at":9223372036854775808}`,
		`{"latest_activity":{}}`, `{"latest_activity":[]}`, `{"latest_activity":{"is_mobile":"true"}}`, `{"tasks":{}}`, `{"actor":[]}`,
		`{"data":[{"latest_activity":{"city":"a"}},{"latest_activity":{"city":"a"}},{"latest_activity":null}]}`, "{\"id\":\"\xff\"}",
		`{"data":[{"id":"a\\b"},{"id":"a\b"}]}`, `{"a":{{`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, decoder := range decoders {
			value, err := decoder(body)
			require.Equal(t, err[2], err[1])
			require.Equal(t, value[2], value[1])
			if err[0] == nil {
				require.NoError(t, err[2])
				require.Equal(t, value[2], value[0])
			}
		}
	})
}

func TestResponsesThatTheGeneratedCodeDecodes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want bool
	}{
		"session":                     {readableSession, true},
		"only unknown members":        {`{"a":1,"b":{"c":[]}}`, true},
		"duplicate name":              {`{"id":"a","id":"a"}`, false},
		"duplicate unknown name":      {`{"a":1,"a":1}`, false},
		"duplicate name deeper":       {`{"a":{"b":1,"b":1}}`, false},
		"duplicate name in a struct":  {`{"latest_activity":{"id":"a","id":"a"}}`, false},
		"name with an escape":         {`{"\u0069d":"a"}`, false},
		"number that is not integral": {`{"created_at":1.5}`, false},
		"number out of range":         {`{"created_at":9223372036854775808}`, false},
		"another type":                {`{"id":1}`, false},
		"text after the end":          {`{}x`, false},
		"truncated":                   {`{"id":"a"`, false},
	} {
		assert.Equal(t, test.want, quickly(test.body, new(Session)) == nil, name)
	}
}

// dated has a member of a type that decodes itself, as a date or what x-go-type names.
type dated struct {
	Day date `json:"day"`
}

func (v *dated) read(r *reader, _ *dated) {
	for r.delimiter('{'); r.more('}'); {
		r.value()
		r.other(&v.Day)
	}
}

type date string

func (d *date) UnmarshalJSON(text []byte) error {
	*d = date(text)
	if *d == "null" {
		return errors.ErrUnsupported
	}
	return nil
}

func TestATypeThatDecodesItselfSeesNull(t *testing.T) {
	t.Parallel()
	var value dated
	require.NoError(t, decode([]byte(`{"day":1}`), &value))
	assert.EqualValues(t, "1", value.Day)
	assert.Error(t, decode([]byte(`{"day":null}`), &value))
}
