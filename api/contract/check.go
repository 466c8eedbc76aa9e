package contract

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Refusal is something in the contract that generated code cannot express.
type Refusal struct {
	Where string // the operation or component, and the place in it
	What  string // what is not supported
	Do    string // what to do about it
}

func (r Refusal) String() string { return fmt.Sprintf("%s: %s; %s", r.Where, r.What, r.Do) }

// Refused is the error of a contract that is refused.
type Refused []Refusal

func (r Refused) Error() string {
	lines := make([]string, len(r))
	for i, one := range r {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// checker walks the contract and collects refusals.
type checker struct {
	*Contract
	refused  Refused
	used     map[string]bool // references followed
	seen     map[string]bool // component schemas checked, by name and role
	requests map[string]bool // component schemas that are sent
}

// Check returns a [Refused] if the contract has something that would not reach the
// generated code.
func (c *Contract) Check() error {
	c.responses = map[string]bool{}
	k := &checker{Contract: c, used: map[string]bool{}, seen: map[string]bool{}, requests: map[string]bool{}}
	k.ownExtensions()
	k.document()
	k.operations()
	k.components()
	if len(k.refused) > 0 {
		return k.refused
	}
	if err := c.doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return Refused{{"openapi.yaml", "not valid OpenAPI: " + oneLine(err.Error()), "correct it"}}
	}
	return nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// refuse adds a refusal, unless it is a duplicate.
func (k *checker) refuse(where, do, what string, args ...any) {
	r := Refusal{where, fmt.Sprintf(what, args...), do}
	if !slices.Contains(k.refused, r) {
		k.refused = append(k.refused, r)
	}
}

// keys refuses the keys of an OpenAPI object that are not allowed.
func (k *checker) keys(where string, object interface{ MarshalYAML() (any, error) }, allowed ...string) {
	tree, err := object.MarshalYAML()
	if inner, isParameter := tree.(openapi3.Parameter); isParameter { // kin-openapi's form of a header
		tree, err = inner.MarshalYAML()
	}
	fields, ok := tree.(map[string]any)
	if err != nil || !ok {
		k.refuse(where, "correct it", "not an OpenAPI object")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		switch {
		case slices.Contains(allowed, key):
		case strings.HasPrefix(key, "x-"):
			k.refuse(where, "use one of those listed in api/overlay.yaml", "unknown extension %s", key)
		default:
			k.refuse(where, "leave it out, or add support to api/contract and api/templates",
				"%s is not supported", key)
		}
	}
}

// follow records a reference, and refuses one to another document. It reports whether
// ref is empty or its target has not been checked yet.
func (k *checker) follow(where, ref string) bool {
	if ref == "" {
		return true
	}
	if !strings.HasPrefix(ref, "#/components/") {
		k.refuse(where, "write it in openapi.yaml", "reference to another document, %s", ref)
		return false
	}
	first := !k.used[ref]
	k.used[ref] = true
	return first
}

// ownExtensions refuses extensions in openapi.yaml other than x-retry. They belong in the
// overlay.
func (k *checker) ownExtensions() {
	walk(k.own, nil, func(_ any, path []string) {
		if len(path) == 0 {
			return
		}
		parents, name := path[:len(path)-1], path[len(path)-1]
		isName := len(parents) > 0 && slices.Contains(keysOfMaps, parents[len(parents)-1])
		inOperation := len(parents) == 3 && parents[0] == "paths"
		if isName || !strings.HasPrefix(name, "x-") || inOperation && name == "x-retry" {
			return
		}
		k.refuse("openapi.yaml, "+strings.Join(parents, "."),
			"only x-retry on an operation is allowed here; settings for Go belong in api/overlay.yaml",
			"extension %s", name)
	})
}

func (k *checker) document() {
	doc := k.doc
	k.keys("openapi.yaml", doc, "openapi", "info", "servers", "security", "tags", "paths", "components",
		"externalDocs")
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		k.refuse("openapi.yaml", "write it in OpenAPI 3.0", "OpenAPI %s is not supported", doc.OpenAPI)
	}
	if len(doc.Servers) != 1 {
		k.refuse("openapi.yaml, servers", "name one; callers choose another with WithBaseURL", "%d servers",
			len(doc.Servers))
	} else {
		k.server(doc.Servers[0])
	}
	k.security()
}

func (k *checker) server(server *openapi3.Server) {
	const where = "openapi.yaml, servers"
	k.keys(where, server, "url", "description")
	u, err := url.Parse(server.URL)
	switch {
	case len(server.Variables) > 0 || strings.Contains(server.URL, "{"):
		k.refuse(where, "write the URL in full", "variables in %s", server.URL)
	case err != nil || u.Scheme != "https" || u.Host == "" || strings.Count(u.Path, "/") != 1 ||
		len(u.Path) < 2 || u.RawQuery != "":
		k.refuse(where, "write it like https://api.clerk.com/v1",
			"%q is not an https URL with the API's version as its path", server.URL)
	}
}

// security refuses everything but one bearer token for all operations.
func (k *checker) security() {
	const where, do = "openapi.yaml, security", "ask for one http scheme with bearer on the whole document"
	if len(k.doc.Security) != 1 || len(k.doc.Security[0]) != 1 {
		k.refuse(where, do, "the client sends the secret key as a bearer token and nothing else")
		return
	}
	for name, scopes := range k.doc.Security[0] {
		k.used["#/components/securitySchemes/"+name] = true
		var scheme *openapi3.SecurityScheme
		if k.doc.Components != nil && k.doc.Components.SecuritySchemes[name] != nil {
			scheme = k.doc.Components.SecuritySchemes[name].Value
		}
		if scheme == nil || scheme.Type != "http" || !strings.EqualFold(scheme.Scheme, "bearer") || len(scopes) > 0 {
			k.refuse(where, do, "the scheme %s is not a bearer token", name)
		}
	}
}

// components refuses unused components, and schemas that are both sent and received.
func (k *checker) components() {
	components := k.doc.Components
	if components == nil {
		return
	}
	k.keys("openapi.yaml, components", components, "schemas", "parameters", "responses", "headers",
		"requestBodies", "securitySchemes")
	walk(k.own, nil, func(_ any, path []string) {
		if len(path) == 3 && path[0] == "components" && !k.used["#/"+strings.Join(path, "/")] {
			k.refuse(strings.Join(path, "."), "use it or remove it", "nothing refers to it")
		}
	})
	for name := range k.responses {
		if k.requests[name] {
			k.refuse("components.schemas."+name, "split it into two schemas", "it is both sent and received")
		}
	}
}
