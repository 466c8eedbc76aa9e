package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An operation is an operation of a document, reduced to the facts that affect generated code or requests.
type operation struct {
	name  string // GET /sessions/{session_id}
	doc   *document
	facts map[string]value // by place
	err   error            // why the facts are unknown
}

// operations maps keys to operations, see keyOf. The method * stands for a path that cannot be read.
type operations map[string]*operation

// operations reads the operations under /sessions.
func (d *document) operations() operations {
	found, parts := operations{}, 0
	paths := d.root["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if path != "/sessions" && !strings.HasPrefix(path, "/sessions/") {
			continue
		}
		all := &operation{name: path}
		w, item := walker{doc: d, parts: &parts, err: &all.err}.mapping(place(path), paths[path])
		if all.err != nil {
			found[keyOf("* "+path)] = all
		}
		for _, method := range slices.Sorted(maps.Keys(item)) {
			if !isOperation(method) {
				continue
			}
			o := &operation{name: strings.ToUpper(method) + " " + path, doc: d}
			w.err = &o.err
			o.facts = map[string]value{wholeOperation: present, "request": textOf(o.name)}
			flatten(o.facts, "", w.operation(method, item, d.root))
			if other := found[keyOf(o.name)]; other != nil {
				w.fail("has both %s and %s, which are the same request", other.name, o.name)
			}
			found[keyOf(o.name)] = o
		}
	}
	return found
}

// unreadable reports whether the facts of an operation are unknown.
func (ops operations) unreadable(key string) bool {
	_, path, _ := strings.Cut(key, " ")
	o := ops[key]
	return o != nil && o.err != nil || ops["* "+path] != nil
}

// errors returns why operations are unreadable.
func (ops operations) errors() (all []error) {
	for _, key := range slices.Sorted(maps.Keys(ops)) {
		if o := ops[key]; o.err != nil {
			all = append(all, fmt.Errorf("%s: %w", o.name, o.err))
		}
	}
	return all
}

// keyOf returns a request, such as GET /sessions/{}, without the names of its path parameters, which are not sent.
func keyOf(request string) string { return placeholder.ReplaceAllString(request, "{}") }

var placeholder = regexp.MustCompile(`\{[^/]*\}`)

// isOperation reports whether a key of a path item is a method.
func isOperation(key string) bool {
	return !isProse(key) && key != "parameters" && key != "servers" && key != "$ref"
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

// operation normalizes an operation of a path item. See [flatten] for the form.
func (w walker) operation(method string, item, root map[string]any) group {
	if !slices.Contains(methods, method) {
		w.fail("has the unknown method %q; add support for it to api/drift", method)
	}
	w, op := w.mapping(place(method), item[method])
	o := group(w.object("", "operation", op))
	w.parameters(o, item["parameters"])
	w.parameters(o, op["parameters"])
	inherited := maps.Clone(root)
	maps.Copy(inherited, item)
	maps.Copy(inherited, op)
	o["security"] = w.security(inherited["security"])
	o["servers"] = w.several("servers", "", "server", byIndex(w.list("servers", inherited["servers"])))
	return o
}

// parameters adds parameters, which override those with the same location and name.
func (w walker) parameters(o group, v any) {
	seen := map[place]bool{}
	for _, v := range w.list("parameters", v) {
		w, p := w.mapping("parameters", v)
		in, _ := p["in"].(string)
		name, _ := p["name"].(string)
		if in == "header" {
			name = strings.ToLower(name)
		}
		at := place(in).at(name)
		if in == "" || name == "" || seen[at] {
			w.fail("has a parameter that has no name or location, or is a duplicate: %s", textOf(p))
			return
		}
		seen[at] = true
		if o[in] == nil {
			o[in] = group{}
		}
		o[in].(group)[name] = w.object(at, in, p)
	}
}

// A kind of object: the kinds of its parts, where "*" means a mapping of names to parts, and its default values.
type kind struct{ parts, defaults map[string]string }

var kinds = map[string]kind{
	"operation": {
		map[string]string{"requestBody": "requestBody", "responses": "*response", "callbacks": "*callback",
			"parameters": "-", "servers": "-", "security": "-"}, // inherited, see operation
		map[string]string{"deprecated": "false"},
	},
	"query":       {carried, styled(`"form"`, "true")},
	"cookie":      {carried, styled(`"form"`, "true")},
	"path":        {carried, styled(`"simple"`, "false")},
	"header":      {carried, styled(`"simple"`, "false")},
	"requestBody": {carried, map[string]string{"required": "false"}},
	"response":    {parts: map[string]string{"content": "*media", "headers": "*header", "links": "*link"}},
	"media":       {parts: map[string]string{"schema": "body schema", "encoding": "*encoding", "itemSchema": "schema"}},
	"encoding":    {map[string]string{"headers": "*header"}, styled(`"form"`, "true")},
	"server":      {parts: map[string]string{"variables": "*variable"}},
	"variable":    {parts: map[string]string{"enum": "enum"}},
}
var carried = map[string]string{"schema": "schema", "content": "*media"}

func styled(style, explode string) map[string]string {
	return map[string]string{"style": style, "explode": explode, "required": "false", "deprecated": "false",
		"allowEmptyValue": "false", "allowReserved": "false"}
}

// object normalizes an object of a kind.
func (w walker) object(at place, name string, v any) part {
	if name == "callback" {
		return w.callback(at, v)
	}
	k, o := kinds[name], part{}
	for key, text := range k.defaults {
		o[key] = value(text)
	}
	w, m := w.mapping(at, v)
	if s := m["style"]; s != nil {
		o["explode"] = textOf(s == "form")
	}
	for key, v := range m {
		inner := k.parts[key]
		several, named := strings.CutPrefix(inner, "*")
		switch at := at.at(key); {
		case isProse(key), inner == "-", key == "name", key == "in": // of a server or parameter
		case named:
			o[key] = w.several(at, key, several, v)
		case inner == "body schema":
			maps.Copy(o, w.bodySchema(at, v))
		case inner == "schema":
			o[key] = w.schema(at, v)
		case inner == "enum":
			o[key] = w.enum(at, v)
		case inner != "":
			o[key] = w.object(at, inner, v)
		default:
			o[key] = textOf(w.plain(key, v))
		}
	}
	return o
}

// several normalizes a mapping of names to objects of a kind.
func (w walker) several(at place, key, kind string, v any) group {
	all := group{}
	for name, v := range w.names(at, v) {
		switch {
		case key == "headers":
			name = strings.ToLower(name)
		case key == "content":
			name = strings.ToLower(strings.ReplaceAll(name, " ", ""))
		case key == "responses" && strings.HasPrefix(name, "x-"):
			continue
		case key == "responses" && len(name) == 3:
			name = strings.ToUpper(name) // 5xx is 5XX
		}
		all[name] = w.object(at.at(name), kind, v)
	}
	return all
}

// callback normalizes a callback: operations by expression and method.
func (w walker) callback(at place, v any) part {
	all := part{}
	w, expressions := w.mapping(at, v)
	for expression, v := range expressions {
		w, item := w.mapping(at.at(expression), v)
		ops := group{}
		for method := range item {
			if isOperation(method) {
				ops[method] = part(w.operation(method, item, map[string]any{}))
			}
		}
		all[expression] = ops
	}
	return all
}

// security normalizes the alternatives, each a set of schemes. A scheme is its definition: its name is not sent.
func (w walker) security(v any) value {
	alternatives := []any{}
	for _, v := range w.list("security", v) {
		together := []any{}
		for name, scopes := range w.names("security", v) {
			ref := "#/components/securitySchemes/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			scheme, _ := w.plain("", map[string]any{"$ref": ref}).(map[string]any)
			if s, ok := scheme["scheme"].(string); ok {
				scheme["scheme"] = strings.ToLower(s)
			}
			if l := w.list("security", scopes); len(l) > 0 && *w.err == nil {
				scheme["scopes"] = sorted(l)
			}
			together = append(together, scheme)
		}
		alternatives = append(alternatives, sorted(together))
	}
	return textOf(sorted(alternatives))
}
