package main

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

// TestNothingFallsThrough takes out, or alters, each single thing the contract
// says that is not prose, and requires that it is seen or refused.
func TestNothingFallsThrough(t *testing.T) {
	t.Parallel()
	var root object
	require.NoError(t, yaml.Unmarshal([]byte(contractText(t)), &root))
	doc := &document{name: "openapi.yaml", root: root}
	before := doc.operations()
	require.Empty(t, before.errors())

	tried := 0
	seen := func(what string) {
		tried++
		after := doc.operations()
		if len(after.errors()) == 0 && len(compare(before, after)) == 0 {
			assert.Fail(t, "not seen: "+what)
		}
	}
	var visit func(v any, at string, names bool)
	visit = func(v any, at string, names bool) {
		switch v := v.(type) {
		case object:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				item, at := v[key], at+"/"+key
				if !names && isProse(key) {
					continue
				}
				delete(v, key)
				seen("without " + at)
				v[key] = item
				if other, ok := altered(item); ok {
					v[key] = other
					seen(fmt.Sprintf("%s as %v", at, other))
					v[key] = item
				}
				visit(item, at, !names && (key == "properties" || key == "headers" || key == "content" || key == "responses"))
			}
		case []any:
			for i, item := range v {
				at := fmt.Sprintf("%s/%d", at, i)
				if other, ok := altered(item); ok {
					v[i] = other
					seen(fmt.Sprintf("%s as %v", at, other))
					v[i] = item
				}
				visit(item, at, false)
			}
		}
	}
	visit(root["paths"], "paths", true)
	visit(root["servers"], "servers", false)
	visit(root["security"], "security", true)
	for _, kind := range slices.Sorted(maps.Keys(get(root, "components"))) {
		visit(root["components"].(object)[kind], "components/"+kind, true)
	}
	assert.Greater(t, tried, 500)
}

func altered(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v + "x", true
	case bool:
		return !v, true
	case int:
		return v + 1, true
	}
	return nil, false
}
