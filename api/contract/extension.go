package contract

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// extension is an extension of OpenAPI and the path of the object that has it.
type extension struct {
	path []string
	name string
}

// named are the keys of OpenAPI below which keys are names, and so no extensions.
var named = []string{"properties", "schemas", "parameters", "responses", "headers", "requestBodies", "examples",
	"securitySchemes",
	"content", "variables", "callbacks", "links", "encoding", "mapping", "scopes"}

// extensions lists the extensions in a tree, but for those in examples.
func extensions(tree any, path []string) (found []extension) {
	switch tree := tree.(type) {
	case map[string]any:
		isNames := len(path) > 0 && slices.Contains(named, path[len(path)-1])
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			switch {
			case !isNames && strings.HasPrefix(key, "x-"):
				found = append(found, extension{path, key})
			case key == "example" || key == "examples" || key == "default":
			default:
				found = append(found, extensions(tree[key], append(slices.Clip(path), key))...)
			}
		}
	case []any:
		for i, item := range tree {
			found = append(found, extensions(item, append(slices.Clip(path), strconv.Itoa(i)))...)
		}
	}
	return found
}

// firstNull is the path of the first null in a tree, but for those in examples.
func firstNull(tree any, path []string) []string {
	switch tree := tree.(type) {
	case nil:
		return append([]string{}, path...)
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			if slices.Contains([]string{"example", "examples", "default", "enum"}, key) {
				continue
			}
			if at := firstNull(tree[key], append(slices.Clip(path), key)); at != nil {
				return at
			}
		}
	case []any:
		for i, item := range tree {
			if at := firstNull(item, append(slices.Clip(path), strconv.Itoa(i))); at != nil {
				return at
			}
		}
	}
	return nil
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
