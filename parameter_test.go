package clerksessions

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func testCall() *call { return &call{op: &Operation{ID: "Test"}} }

func TestAQueryParameterIsSentAsItsKindAsks(t *testing.T) {
	t.Parallel()
	type order string
	for name, test := range map[string]struct {
		set  func(*call)
		want string
	}{
		"string":                {func(c *call) { c.query("p", "a b") }, "p=a+b"},
		"a string's kind":       {func(c *call) { c.query("p", order("a")).enum("a") }, "p=a"},
		"boolean":               {func(c *call) { c.query("p", true) }, "p=true"},
		"integer":               {func(c *call) { c.query("p", int64(math.MaxInt64)) }, "p=9223372036854775807"},
		"number":                {func(c *call) { c.query("p", 1e7) }, "p=10000000"},
		"short number":          {func(c *call) { c.query("p", float32(0.1)) }, "p=0.1"},
		"time":                  {func(c *call) { c.query("p", time.Date(2026, 5, 12, 9, 30, 0, 1e6, time.UTC)) }, "p=2026-05-12T09%3A30%3A00.001Z"},
		"milliseconds":          {func(c *call) { c.query("p", UnixMilli(1794787215482)) }, "p=1794787215482"},
		"each of a list":        {func(c *call) { c.query("p", "a").required(); c.query("p", "b").required() }, "p=a&p=b"},
		"zero":                  {func(c *call) { c.query("p", 0).minimum(1); c.query("q", false); c.query("r", time.Time{}) }, ""},
		"zero that is required": {func(c *call) { c.query("p", 0).required(); c.query("q", false).required() }, "p=0&q=false"},
		"zero in the body":      {func(c *call) { c.field("p", 0).required() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			test.set(c)
			assert.NoError(t, c.err)
			assert.Equal(t, test.want, c.values.Encode())
		})
	}
}

func TestAParameterOutOfItsLimitsIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set  func(*call)
		want string
	}{
		"low number":          {func(c *call) { c.query("p", 0.25).minimum(0.5) }, "p is 0.25, but must be at least 0.5"},
		"high number":         {func(c *call) { c.field("p", 1e7).maximum(100) }, "p is 10000000, but must be at most 100"},
		"high unsigned":       {func(c *call) { c.query("p", uint64(math.MaxUint64)).maximum(100) }, "p is 18446744073709551615, but must be at most 100"},
		"zero, required":      {func(c *call) { c.query("p", 0).required().minimum(1) }, "p is 0, but must be at least 1"},
		"no time, required":   {func(c *call) { c.query("p", time.Time{}).required() }, "p is required but empty"},
		"no values, required": {func(c *call) { c.field("p", []string{}).required() }, "p is required but empty"},
		"bytes":               {func(c *call) { c.query("p", "\xff") }, "p is not valid UTF-8"},
		"bytes in a list":     {func(c *call) { c.field("p", []string{"a", "\xff"}) }, "p is not valid UTF-8"},
		"bytes in a key":      {func(c *call) { c.field("p", map[string][]string{"\xff": nil}) }, "p is not valid UTF-8"},
		"bytes in a value":    {func(c *call) { c.field("p", map[string][]string{"a": {"b", "\xff"}}) }, "p is not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testCall()
			test.set(c)
			assert.ErrorIs(t, c.err, ErrInvalidArgument)
			assert.EqualError(t, c.err, "clerksessions: Test: "+ErrInvalidArgument.Error()+": "+test.want)
		})
	}
}
