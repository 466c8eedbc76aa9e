package main

import (
	"cmp"
	"slices"
	"strings"
)

// parameters takes those of the path and those of the operation, which win.
func (w *walker) parameters(ofPath, ofOperation any) {
	for _, declared := range []any{ofPath, ofOperation} {
		seen := map[string]bool{}
		for _, v := range w.list(place{"parameters"}, declared) {
			w.parameter(v, seen)
		}
	}
}

func (w *walker) parameter(v any, seen map[string]bool) {
	defer w.leave(len(w.refs))
	p := w.mapping(place{"parameters"}, v)
	in, _ := p["in"].(string)
	name, _ := p["name"].(string)
	if in == "" || name == "" {
		w.fail("%s has a parameter without name or in: %s; give a valid document", w.doc.name, textOf(p))
		return
	}
	if in == "header" {
		name = strings.ToLower(name)
	}
	at := place{in, name}
	if seen[at.String()] {
		w.fail("%s declares the parameter %s twice in one operation; give a valid document", w.doc.name, at)
		return
	}
	seen[at.String()] = true
	w.drop(at)
	w.add(at, present)

	style := "simple"
	if in == "query" || in == "cookie" {
		style = "form"
	}
	if s, ok := p["style"]; ok {
		style, _ = s.(string)
	}
	explode, ok := p["explode"]
	if !ok {
		explode = style == "form"
	}
	w.add(at.at("required"), textOf(p["required"] == true))
	w.add(at.at("style"), textOf(style))
	w.add(at.at("explode"), textOf(explode))
	for key, v := range p {
		switch key {
		case "name", "in", "required", "style", "explode":
		default:
			w.carrier(at, key, v)
		}
	}
}

// drop forgets what the path said of a parameter the operation declares too.
func (w *walker) drop(at place) {
	for printed := range w.facts {
		if printed == at.String() || below(printed, at.String()) {
			delete(w.facts, printed)
		}
	}
}

// carrier records a key that parameters and headers share.
func (w *walker) carrier(at place, key string, v any) {
	switch key {
	case "schema":
		w.schema(at.at("schema"), v)
	case "content":
		w.content(at.at("content"), v)
	case "deprecated", "allowEmptyValue", "allowReserved":
		if v != false {
			w.add(at.at(key), textOf(v))
		}
	default:
		w.other(at.at(key), key, v)
	}
}

func (w *walker) requestBody(v any) {
	defer w.leave(len(w.refs))
	at := place{"requestBody"}
	body := w.mapping(at, v)
	w.add(at, present)
	w.add(at.at("required"), textOf(body["required"] == true))
	for key, v := range body {
		switch key {
		case "required":
		case "content":
			w.content(at.at("content"), v)
		default:
			w.other(at.at(key), key, v)
		}
	}
}

func (w *walker) responses(v any) {
	if v == nil {
		return
	}
	for status, v := range w.named(place{"responses"}, v) {
		if strings.HasPrefix(status, "x-") {
			continue
		}
		if len(status) == 3 {
			status = strings.ToUpper(status) // 5xx is 5XX
		}
		w.response(place{"responses", status}, v)
	}
}

func (w *walker) response(at place, v any) {
	defer w.leave(len(w.refs))
	w.add(at, present)
	for key, v := range w.mapping(at, v) {
		switch key {
		case "headers":
			for name, v := range w.named(at.at("headers"), v) {
				w.header(at.at("headers", strings.ToLower(name)), v)
			}
		case "content":
			w.content(at.at("content"), v)
		case "links":
			for name, v := range w.named(at.at("links"), v) {
				w.add(at.at("links", name), textOf(w.resolved(v, false)))
			}
		default:
			w.other(at.at(key), key, v)
		}
	}
}

func (w *walker) header(at place, v any) {
	defer w.leave(len(w.refs))
	h := w.mapping(at, v)
	w.add(at, present)
	w.add(at.at("required"), textOf(h["required"] == true))
	for key, v := range h {
		switch key {
		case "required":
		case "style":
			if v != "simple" {
				w.add(at.at(key), textOf(v))
			}
		case "explode":
			if v != false {
				w.add(at.at(key), textOf(v))
			}
		default:
			w.carrier(at, key, v)
		}
	}
}

// content treats the schema of a body as a list of alternatives, mostly of one:
// content.application/json[object].properties… That a body may also be
// something else then is one difference, not a hundred.
func (w *walker) content(at place, v any) {
	for mediaType, v := range w.named(at, v) {
		at := at.at(strings.ToLower(strings.ReplaceAll(mediaType, " ", "")))
		depth := len(w.refs)
		media := w.mapping(at, v)
		w.add(at, present)
		for key, v := range media {
			if key == "schema" {
				w.bodySchema(at, v)
			} else {
				w.other(at.at(key), key, v)
			}
		}
		w.leave(depth)
	}
}

// security is one fact: the alternatives, each the schemes it takes together.
// A scheme's name is nothing to the wire, what it names is.
func (w *walker) security(v any) {
	alternatives := []any{}
	for _, v := range w.list(place{"security"}, v) {
		together := []any{}
		for name, scopes := range w.mapping(place{"security"}, v) {
			together = append(together, w.scheme(name, scopes))
		}
		alternatives = append(alternatives, sorted(together))
	}
	w.add(place{"security"}, textOf(sorted(alternatives)))
}

func (w *walker) scheme(name string, scopes any) map[string]any {
	defer w.leave(len(w.refs))
	ref := "#/components/securitySchemes/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	kept := map[string]any{}
	for key, v := range w.mapping(place{"security"}, map[string]any{"$ref": ref}) {
		if !isProse(key) {
			kept[key] = w.resolvedPart(key, v)
		}
	}
	if l, _ := scopes.([]any); len(l) > 0 {
		kept["scopes"] = sorted(slices.Clone(l))
	}
	return kept
}

// sorted orders what has no order of its own.
func sorted(l []any) []any {
	slices.SortFunc(l, func(a, b any) int { return cmp.Compare(textOf(a), textOf(b)) })
	return l
}

// servers keep their order: the first is the one clients use.
func (w *walker) servers(v any) {
	declared := w.list(place{"servers"}, v)
	if len(declared) == 0 {
		declared = []any{map[string]any{"url": "/"}}
	}
	for i, v := range declared {
		at := place{"servers", one(string(textOf(i)))}
		server := w.mapping(at, v)
		w.add(at, present)
		for key, v := range server {
			if key != "variables" {
				w.other(at.at(key), key, v)
				continue
			}
			for name, v := range w.named(at.at("variables"), v) {
				for key, v := range w.mapping(at.at("variables", name), v) {
					w.other(at.at("variables", name, key), key, v)
				}
			}
		}
	}
}
