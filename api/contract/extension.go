package contract

import (
	"maps"
	"slices"
	"strconv"
)

// keysOfMaps are the keys of OpenAPI whose values are maps by name. A name that begins with
// x- is not an extension.
var keysOfMaps = []string{"properties", "schemas", "parameters", "responses", "headers", "requestBodies", "examples",
	"securitySchemes", "content", "variables", "callbacks", "links", "encoding", "mapping", "scopes"}

// walk calls visit for each node of a tree, except those in examples, defaults and enums.
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

// boolExtension reports whether an extension is set. It refuses values other than true.
func (k *checker) boolExtension(where, name string, extensions map[string]any) bool {
	v, ok := extensions[name]
	if ok && v != true {
		k.refuse(where, "set it to true or leave it out", "%s is %v", name, v)
	}
	return ok
}

// stringExtension returns an extension, or "" if it is not set. It refuses values other
// than a non-empty string.
func (k *checker) stringExtension(where, name string, extensions map[string]any) string {
	v, ok := extensions[name]
	s, isString := v.(string)
	if ok && (!isString || s == "") {
		k.refuse(where, "set it to a name", "%s is %v", name, v)
	}
	return s
}
