package contract

import (
	"maps"
	"slices"
	"strconv"
)

// named are the keys of OpenAPI below which keys are names, and so no extensions.
var named = []string{"properties", "schemas", "parameters", "responses", "headers", "requestBodies", "examples",
	"securitySchemes", "content", "variables", "callbacks", "links", "encoding", "mapping", "scopes"}

// walk calls visit for each node of a tree, but for those in examples.
func walk(tree any, path []string, visit func(tree any, path []string)) {
	visit(tree, path)
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			if !slices.Contains([]string{"example", "examples", "default", "enum"}, key) {
				walk(tree[key], append(slices.Clip(path), key), visit)
			}
		}
	case []any:
		for i, item := range tree {
			walk(item, append(slices.Clip(path), strconv.Itoa(i)), visit)
		}
	}
}

// isTrue reports whether the extension is the boolean true, and refuses other values.
func (k *checker) isTrue(where, name string, extensions map[string]any) bool {
	v, ok := extensions[name]
	if ok && v != true {
		k.refuse(where, "set it to true or leave it out", "%s is %v", name, v)
	}
	return ok
}

// isText returns an extension that is a string, and refuses other values.
func (k *checker) isText(where, name string, extensions map[string]any) string {
	v, ok := extensions[name]
	s, isString := v.(string)
	if ok && (!isString || s == "") {
		k.refuse(where, "set it to a name", "%s is %v", name, v)
	}
	return s
}
