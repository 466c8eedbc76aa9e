package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What oasdiff would judge otherwise, and what is nearly that.
func TestWhatIsBreaking(t *testing.T) {
	t.Parallel()
	text := contractText(t)
	before := operationsOf(t, text)
	for name, test := range map[string]struct {
		edit   func(doc object)
		judged string
	}{
		"a property of a reply is gone":   {schema("Session", withoutProperty("tasks")), "breaking"},
		"a nested one is":                 {schema("SessionActivity", withoutProperty("city")), "breaking"},
		"a header of a reply is":          {component("responses", "RateLimited", func(r object) { delete(get(r, "headers"), "Retry-After") }), "breaking"},
		"a property of a reply is new":    {schema("Session", withProperty("hint")), "compatible"},
		"a query may have any value":      {list("status", func(p object) { delete(get(p, "schema"), "enum") }), "compatible"},
		"a query may not have one":        {list("status", setSchema("enum", []any{"active"})), "breaking"},
		"a query may have these alone":    {list("limit", setSchema("enum", []any{10, 100})), "breaking"},
		"a body may have any value":       {property("RefreshSession", "format", unset("enum")), "compatible"},
		"a reply may have any value":      {schema("SessionStatus", unset("enum")), "breaking"},
		"a reply does not have one value": {schema("SessionStatus", func(s object) { s["enum"] = without(s["enum"], "pending") }), "compatible"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := changesOf(before, operationsOf(t, edited(t, text, test.edit)))
			assert.NotEmpty(t, found)
			for _, f := range found {
				assert.Equal(t, test.judged, f.Kind, f.Text)
			}
		})
	}
}
