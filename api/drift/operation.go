package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An operation is what a document says of an operation that changes code or what is sent, or why that is unknown.
type operation struct {
	name  string // GET /sessions/{session_id}
	doc   *document
	facts map[string]value // by printed place
	err   error
}

// operations holds operations by key, see keyOf. The method * stands for all of a path that cannot be read.
type operations map[string]*operation

// operations reads the operations under /sessions.
func (d *document) operations() operations {
	found, parts := operations{}, 0
	paths := d.root["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if path != "/sessions" && !strings.HasPrefix(path, "/sessions/") {
			continue
		}
		w := &walker{doc: d, parts: &parts}
		item := w.mapping(place(path), paths[path])
		if w.err != nil {
			found[keyOf("* "+path)] = &operation{name: path, err: w.err}
		}
		for _, method := range slices.Sorted(maps.Keys(item)) {
			if !isOperation(method) {
				continue
			}
			w := &walker{doc: d, parts: &parts, refs: slices.Clip(w.refs)}
			o := &operation{name: strings.ToUpper(method) + " " + path, doc: d}
			o.facts = map[string]value{wholeOperation: present, "request": textOf(o.name)}
			flatten(o.facts, "", w.operation(method, item, d.root))
			key := keyOf(o.name)
			if before := found[key]; before != nil {
				w.fail("has both %s and %s, which are the same request", before.name, o.name)
			}
			o.err = w.err
			found[key] = o
		}
	}
	return found
}

// unreadable reports whether it is unknown what the document says of an operation.
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

// keyOf returns a request, such as GET /sessions/{id}, with unnamed placeholders: renaming one hides no operation.
func keyOf(request string) string { return placeholder.ReplaceAllString(request, "{}") }

var placeholder = regexp.MustCompile(`\{[^/]*\}`)

// isOperation reports whether an operation lies beneath a key of a path item.
func isOperation(key string) bool {
	return !isProse(key) && key != "parameters" && key != "servers" && key != "$ref"
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

// operation returns an operation of a path item in its normal form, see [flatten]. It inherits from root.
func (w *walker) operation(method string, item, root map[string]any) group {
	defer w.leave(len(w.refs))
	if !slices.Contains(methods, method) {
		w.fail("has the unknown method %q; add support for it to api/drift", method)
	}
	op := w.mapping(place(method), item[method])
	rest := maps.Clone(op)
	maps.DeleteFunc(rest, func(key string, _ any) bool { return key == "parameters" || key == "servers" || key == "security" })
	o := group(w.object("", "operation", rest))
	w.parameters(o, item["parameters"])
	w.parameters(o, op["parameters"])
	from := map[string]any{}
	for _, m := range []map[string]any{root, item, op} {
		maps.Copy(from, m)
	}
	o["security"], o["servers"] = w.security(from["security"]), w.servers(from["servers"])
	return o
}

// parameters adds parameters, which override those of the same location and name.
func (w *walker) parameters(o group, v any) {
	seen := map[place]bool{}
	for _, v := range w.list("parameters", v) {
		depth := len(w.refs)
		p := w.mapping("parameters", v)
		in, _ := p["in"].(string)
		name, _ := p["name"].(string)
		if in == "header" {
			name = strings.ToLower(name)
		}
		at := place(in).at(name)
		if in == "" || name == "" || seen[at] {
			w.fail("has a parameter without name or in, or twice: %s", textOf(p))
			return
		}
		seen[at] = true
		if o[in] == nil {
			o[in] = group{}
		}
		o[in].(group)[name] = w.object(at, in, p)
		w.leave(depth)
	}
}

// A kind of object: what lies beneath its keys, where "*" means several by name, and values that apply if not given.
type kind struct{ parts, defaults map[string]string }

var kinds = map[string]kind{
	"operation": {
		map[string]string{"requestBody": "requestBody", "responses": "*response", "callbacks": "*callback"},
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

// object returns an object of a kind in its normal form.
func (w *walker) object(at place, name string, v any) part {
	defer w.leave(len(w.refs))
	if name == "callback" {
		return w.callback(at, v)
	}
	k, o := kinds[name], part{}
	for key, text := range k.defaults {
		o[key] = value(text)
	}
	m := w.mapping(at, v)
	if s := m["style"]; s != nil {
		o["explode"] = textOf(s == "form")
	}
	for key, v := range m {
		inner := k.parts[key]
		several, named := strings.CutPrefix(inner, "*")
		switch at := at.at(key); {
		case isProse(key), key == "name", key == "in": // of a server or parameter
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

// several returns objects of a kind by name.
func (w *walker) several(at place, key, kind string, v any) group {
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

// callback returns the operations of a callback.
func (w *walker) callback(at place, v any) part {
	defer w.leave(len(w.refs))
	all := part{}
	for expression, v := range w.mapping(at, v) {
		depth := len(w.refs)
		item, ops := w.mapping(at.at(expression), v), group{}
		for method := range item {
			if isOperation(method) {
				ops[method] = part(w.operation(method, item, nil))
			}
		}
		all[expression] = ops
		w.leave(depth)
	}
	return all
}

// security returns the alternatives, each with the schemes it combines, by definition: their names are not sent.
func (w *walker) security(v any) value {
	alternatives := []any{}
	for _, v := range w.list("security", v) {
		together := []any{}
		for name, scopes := range w.names("security", v) {
			ref := "#/components/securitySchemes/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			scheme, _ := w.plain("", map[string]any{"$ref": ref}).(map[string]any)
			if s, ok := scheme["scheme"].(string); ok {
				scheme["scheme"] = strings.ToLower(s)
			}
			if l := w.list("security", scopes); len(l) > 0 && w.err == nil {
				scheme["scopes"] = sorted(l)
			}
			together = append(together, scheme)
		}
		alternatives = append(alternatives, sorted(together))
	}
	return textOf(sorted(alternatives))
}

// servers keep their order: the first is the one clients use.
func (w *walker) servers(v any) group {
	declared := w.list("servers", v)
	if len(declared) == 0 {
		declared = []any{map[string]any{"url": "/"}}
	}
	return w.several("servers", "", "server", byIndex(declared))
}
