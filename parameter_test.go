package clerksessions

import (
	"math"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/internal/rest"
)

func testCall() *call {
	return &call{config: &config{}, op: &Operation{ID: "Test"}}
}

// queryOf returns the query of a call with one parameter.
func queryOf(c *call) string {
	if len(c.fragments) == 0 {
		return ""
	}
	return c.fragments[0].Value
}

type order string

func TestQueryParametersAreSerializedByKindAndStyle(t *testing.T) {
	t.Parallel()
	type span struct {
		From string `json:"from,omitzero"`
		To   int64  `json:"to,omitzero"`
	}
	at := time.Date(2026, 5, 12, 9, 30, 0, 1e6, time.UTC)
	tests := map[string]struct {
		value value
		want  string
	}{
		"string":                        {text("a b&c=d"), "p=a+b%26c%3Dd"},
		"type of strings":               {text(order("a")).enum("a"), "p=a"},
		"boolean":                       {flag(true), "p=true"},
		"largest integer":               {number(int64(math.MaxInt64)), "p=9223372036854775807"},
		"number":                        {number(1e7), "p=10000000"},
		"short number":                  {number(float32(0.1)), "p=0.1"},
		"time":                          {scalar(at), "p=2026-05-12T09%3A30%3A00.001Z"},
		"date":                          {scalar(openapi_types.Date{Time: at}), "p=2026-05-12"},
		"UUID":                          {scalar(openapi_types.UUID{15: 1}), "p=00000000-0000-0000-0000-000000000001"},
		"email":                         {text(openapi_types.Email("a@b.example")), "p=a%40b.example"},
		"milliseconds":                  {number(UnixMilli(1794787215482)), "p=1794787215482"},
		"list":                          {list([]string{"a", "b&"}, text), "p=a&p=b%26"},
		"list of numbers":               {list([]int{0, 1}, number), "p=0&p=1"},
		"list, not exploded":            {list([]string{"a", "b,c"}, text).styled("form", false), "p=a,b%2Cc"},
		"list, space delimited":         {list([]string{"a", "b c"}, text).styled("spaceDelimited", false), "p=a%20b+c"},
		"list, pipe delimited":          {list([]string{"a", "b|c"}, text).styled("pipeDelimited", false), "p=a%7Cb%7Cc"},
		"object":                        {object(span{From: "a&b", To: math.MaxInt64}), "from=a%26b&to=9223372036854775807"},
		"object, not exploded":          {object(span{From: "a"}).styled("form", false), "p=from,a"},
		"deep object":                   {object(span{From: "a b", To: 2}).styled("deepObject", true), "p[from]=a+b&p[to]=2"},
		"reserved characters":           {text("a/b c").allowReserved(), "p=a/b%20c"},
		"zero number":                   {number(0).minimum(1), ""},
		"zero boolean":                  {flag(false), ""},
		"zero time":                     {scalar(time.Time{}), ""},
		"zero UUID":                     {scalar(openapi_types.UUID{}), ""},
		"empty list":                    {list([]string{}, text).minItems(1), ""},
		"empty object":                  {object(span{}), ""},
		"zero that is required":         {number(0).required(), "p=0"},
		"zero boolean that is required": {flag(false).required(), "p=false"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			c.query("p", test.value)
			require.NoError(t, c.err)
			assert.Equal(t, test.want, strings.NewReplacer("%5B", "[", "%5D", "]").Replace(queryOf(c)))
			_, err := url.ParseQuery(queryOf(c))
			assert.NoError(t, err)
		})
	}
}

func TestAPathParameterIsOneSegment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value      value
		want, fail string
	}{
		"string":                       {text("a/b c?"), "/a%2Fb%20c%3F", ""},
		"number":                       {number(7), "/7", ""},
		"zero number":                  {number(0), "/0", ""},
		"UUID":                         {scalar(openapi_types.UUID{15: 1}), "/00000000-0000-0000-0000-000000000001", ""},
		"list":                         {list([]string{"a", "b"}, text), "/a,b", ""},
		"list, label":                  {list([]string{"a", "b"}, text).styled("label", true), "/.a.b", ""},
		"matrix":                       {text("a;b").styled("matrix", false), "/;p=a%3Bb", ""},
		"zero UUID":                    {scalar(openapi_types.UUID{}), "", "p is empty"},
		"empty":                        {text(""), "", "p is empty"},
		"empty list":                   {list([]string{}, text), "", "p is empty"},
		"empty item":                   {list([]string{"a", ""}, text), "", "p has an item, number 2, that is required but empty"},
		"dot segment":                  {text(".."), "", `p contains a dot segment ("..")`},
		"escaped dot segment":          {text("%2e%2E"), "", `p contains a dot segment ("..")`},
		"dot after the dot of a label": {text(".").styled("label", false), "", `p contains a dot segment ("..")`},
		"dot segment of a list":        {list([]string{".."}, text), "", `p contains a dot segment ("..")`},
		"control character":            {text("a\x00"), "", "p has a control character"},
		"invalid UTF-8":                {text("\xff"), "", "p is not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			c.path("p", test.value)
			if test.fail != "" {
				assert.EqualError(t, c.err, "clerksessions: Test: "+ErrInvalidArgument.Error()+": "+test.fail)
				return
			}
			require.NoError(t, c.err)
			assert.Equal(t, []string{test.want[1:]}, c.segments)
		})
	}
}

func TestAHeaderAndACookieAreSentOrRefused(t *testing.T) {
	t.Parallel()
	c := testCall()
	c.header("x-list", list([]string{"a", "b"}, text))
	c.header("X-Empty", text(""))
	c.cookie("a", text("1"))
	c.cookie("b", number(2))
	c.cookie("empty", text(""))
	require.NoError(t, c.err)
	assert.Equal(t, []rest.Field{{Name: "X-List", Value: "a,b"}, {Name: "Cookie", Value: "a=1; b=2"}}, c.headers)

	c.header("X-Break", text("a\r\nX-Injected: b"))
	assert.EqualError(t, c.err, "clerksessions: Test: "+ErrInvalidArgument.Error()+": X-Break has a control character")
	c = testCall()
	c.cookie("p", text("!~"))
	assert.NoError(t, c.err)
	for _, v := range []string{"a\x7f", "a;b=c", "a b", "a\n", `"a"`, "é"} {
		c := testCall()
		c.cookie("p", text(v))
		assert.ErrorIs(t, c.err, ErrInvalidArgument, v)
	}
}

func TestLimitsOfAValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value value
		want  string // the error; "" for none
	}{
		"at the limits":           {number(5).minimum(5).maximum(5), ""},
		"between the limits":      {number(5).above(4).below(6), ""},
		"multiple":                {number(0.3).multipleOf(0.1), ""},
		"at the maximum length":   {text("éé").minLength(2).maxLength(2).pattern("^.{2}$", regexp.MatchString), ""},
		"email address":           {text("a@b.example").email(), ""},
		"empty email address":     {text("").email(), ""},
		"in the enum":             {text("a").enum("a", "b"), ""},
		"not set":                 {text("").enum("a").minLength(2).pattern("a", regexp.MatchString), ""},
		"at the maximum of items": {list([]string{"a"}, text).minItems(1).maxItems(1), ""},
		"number that is not set":  {number(0).maximum(-1).below(-1), ""},
		"zero number":             {number(0).minimum(1).above(1), ""},

		"below the minimum":               {number(0.25).minimum(0.5), "is 0.25, but must be at least 0.5"},
		"above the maximum":               {number(1e7).maximum(100), "is 10000000, but must be at most 100"},
		"largest integer":                 {number(int64(math.MaxInt64)).maximum(100), "is 9223372036854775807, but must be at most 100"},
		"at an exclusive minimum":         {number(1).above(1), "is 1, but must be above 1"},
		"at an exclusive integer maximum": {number(1).below(1), "is 1, but must be below 1"},
		"at an exclusive maximum":         {number(float32(0.1)).below(0.1), "is 0.1, but must be below 0.1"},
		"not a multiple":                  {number(7).multipleOf(5), "is 7, but must be a multiple of 5"},
		"zero, required":                  {number(0).required().minimum(1), "is 0, but must be at least 1"},
		"not a number":                    {number(math.NaN()), "is not a finite number"},
		"infinite":                        {number(math.Inf(1)), "is not a finite number"},
		"negative infinity":               {number(math.Inf(-1)), "is not a finite number"},
		"too short":                       {text("é").minLength(2), "has 1 characters, but must have at least 2"},
		"too long":                        {text("ééé").maxLength(2), "has 3 characters, but must have at most 2"},
		"pattern does not match":          {text("b").pattern("^a+$", regexp.MatchString), `is "b", but must match ^a+$`},
		"secret of another pattern":       {text(strings.Repeat("canary", 20)).pattern("^a+$", regexp.MatchString).secret(), `is "[redacted]"..., but must match ^a+$`},
		"not an email address":            {text("a").email(), "is not an email address"},
		"name and email address":          {text("Ann <a@b.example>").email(), "is not an email address"},
		"character that ends a parameter": {text("a&b=c").allowReserved(), "contains &, ;, # or +, which would be sent unescaped"},
		"the same in a list":              {list([]string{"a", "b#"}, text).allowReserved(), "contains &, ;, # or +, which would be sent unescaped"},
		"not in the enum":                 {text("c").enum("a", "b"), `is "c", but must be one of a, b`},
		"secret not in the enum":          {text("canary-of-a-secret").enum("a").secret(), `is "[redacted]", but must be one of a`},
		"too few items":                   {list([]string{"a"}, text).minItems(2), "has 1 items, but must have at least 2"},
		"too many items":                  {list([]string{"a", "b"}, text).maxItems(1), "has 2 items, but must have at most 1"},
		"item not in the enum":            {list([]string{"a", "c"}, text).each(func(v value) value { return v.enum("a") }), `has an item, number 2, that is "c", but must be one of a`},
		"no time, required":               {scalar(time.Time{}).required(), "is required but empty"},
		"no values, required":             {list([]string{}, text).required(), "is required but empty"},
		"invalid UTF-8":                   {text("\xff"), "is not valid UTF-8"},
		"invalid UTF-8 in a list":         {list([]string{"a", "\xff"}, text), "has an item, number 2, that is not valid UTF-8"},
		"invalid UTF-8 in a header name":  {headers(map[string][]string{"\xff": nil}), "is not valid UTF-8"},
		"invalid UTF-8 in a header":       {headers(map[string][]string{"a": {"b", "\xff"}}), "is not valid UTF-8"},
		"list for an object":              {object([]int{1}), "is not a JSON object"},
		"invalid UTF-8 in an object":      {object(map[string]string{"a": "\xff"}), "cannot be encoded as JSON; check that every string is valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			c.field("p", test.value)
			if test.want == "" {
				assert.NoError(t, c.err)
				return
			}
			assert.EqualError(t, c.err, "clerksessions: Test: "+ErrInvalidArgument.Error()+": p "+test.want)
		})
	}
}
