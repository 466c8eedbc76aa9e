package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

// The kinds of changes. What oasdiff has no opinion on is unjudged.
const (
	breaking   = "breaking"
	unjudged   = "to judge by hand"
	compatible = "compatible"
)

// A change is one that oasdiff found.
type change struct {
	checker.Change
	fits bool // some difference
}

// judge returns the kind of each difference: what oasdiff says of the changes it fits best.
func judge(differences []difference, old, new operations) []string {
	changes := map[string][]*change{} // by operation; those of all operations have no key
	for _, c := range oasdiff(old, new) {
		key := strings.TrimSpace(keyOf(c.GetOperation() + " " + c.GetPath()))
		changes[key] = append(changes[key], &change{Change: c})
	}
	kinds := make([]string, len(differences))
	for i, d := range differences {
		kinds[i] = unjudged
		for _, c := range fitting(d, slices.Concat(changes[d.key], changes[""])) {
			c.fits = true
			if c.GetLevel() >= checker.WARN {
				kinds[i] = breaking
			} else if kinds[i] == unjudged {
				kinds[i] = compatible
			}
		}
		// oasdiff permits removing deprecated operations and optional fields, which callers use.
		if d.old == present && d.new == absent && isRead(d.place) {
			kinds[i] = breaking
		}
	}
	for i, d := range differences {
		missed := func(c *change) bool { return c.GetLevel() >= checker.WARN && !c.fits }
		if kinds[i] == unjudged && slices.ContainsFunc(changes[d.key], missed) {
			kinds[i] = breaking // by a change of this operation that fits no difference
		}
	}
	return kinds
}

// isRead reports whether callers read what is at a place.
var isRead = regexp.MustCompile(`^operation$|^responses\..*\.(properties|headers)\.("[^"]*"|[^.\[]*)$`).MatchString

var (
	word    = regexp.MustCompile(`[^/.,:\[\]{}"]+`)
	inUnion = regexp.MustCompile(`(one|any|all)Of\[[^\]]*\]`)
)

// fitting returns the changes that fit a difference best: of its aspect, with most of the names and values they
// mention found in its place and values.
func fitting(d difference, all []*change) (best []*change) {
	isAspect, inResponse := aspect(d), strings.HasPrefix(d.place, "responses")
	known := map[string]bool{}
	for _, w := range word.FindAllString(d.place+"."+string(d.old+"."+d.new), -1) {
		known[w] = true
	}
	most := 0
	for _, c := range all {
		id := c.GetId()
		if !isAspect(id) || strings.Contains(id, "request") && inResponse || strings.Contains(id, "response") && !inResponse {
			continue
		}
		score := 0
		for _, arg := range c.GetArgs() {
			for _, w := range word.FindAllString(inUnion.ReplaceAllString(fmt.Sprint(arg), ""), -1) {
				if known[w] || known[strings.ToLower(w)] {
					score++
				} else {
					score--
				}
			}
		}
		if score > most {
			best, most = nil, score
		}
		if score == most {
			best = append(best, c)
		}
	}
	return best
}

// aspects are the ids of the changes that concern a part of an object, by its key or by that of the mapping it is in.
// For other keys the id has the key itself, as in max-length.
var aspects = map[string]string{
	"enum[": "enum|const", "properties.": "property(-added|-removed|-with-default|$)", "headers.": "header-(added|removed)",
	"responses.": "status", "content.": "media-type-(added|removed)", "requestBody": "body-(added|removed)",
	"query.": parameters, "path.": parameters, "header.": parameters, "cookie.": parameters,
	"operation": "endpoint|removed", "required": "required|optional", "deprecated": "deprecated|reactivated",
	"type": "type", "format": "type", "minimum": "[a-z]-min-(set|unset|in|de)", "maximum": "[a-z]-max-(set|unset|in|de)",
	"exclusiveMinimum": "exclusive-min", "exclusiveMaximum": "exclusive-max",
}

const parameters = "parameter(-removed|-to-existing|$)|header-property"

var (
	lastSegments = regexp.MustCompile(`([^.\[]*[.\[])?("[^"]*"|[^.\[]*)$`)
	capital      = regexp.MustCompile(`[A-Z]`)
)

// aspect returns a test for the ids of changes that are of the same kind as a difference.
func aspect(d difference) func(id string) bool {
	m := lastSegments.FindStringSubmatch(d.place)
	pattern, ok := aspects[m[1]]
	if !ok {
		pattern, ok = aspects[m[2]]
	}
	switch {
	case ok:
	case strings.HasSuffix(d.place, "]"):
		pattern = "(one|any|all)-of|types|type-changed|type-compatible|-schema-|prefix"
	default:
		pattern = regexp.QuoteMeta(capital.ReplaceAllStringFunc(m[2], func(s string) string { return "-" + strings.ToLower(s) }))
	}
	return regexp.MustCompile(pattern).MatchString
}

// oasdiff returns what changed from one document to another, or nothing if it cannot tell.
func oasdiff(old, new operations) (changes checker.Changes) {
	defer func() {
		if recover() != nil { // of a document it did not expect
			changes = nil
		}
	}()
	var specs [2]*load.SpecInfo
	for i, ops := range []operations{old, new} {
		spec, err := openapi3.NewLoader().LoadFromData([]byte(textOf(ops.document())))
		if err != nil {
			return nil
		}
		specs[i] = &load.SpecInfo{Spec: spec, Url: "sessions"}
	}
	found, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), specs[0], specs[1])
	if err != nil {
		return nil
	}
	return checker.CheckBackwardCompatibilityUntilLevel(checker.NewConfig(checker.GetAllChecks()), found, sources, checker.INFO)
}

// document returns an OpenAPI document of the operations alone.
func (ops operations) document() map[string]any {
	doc, paths := map[string]any{}, map[string]any{}
	for _, o := range ops {
		if _, path, _ := strings.Cut(o.name, " "); o.err == nil {
			maps.Copy(doc, o.doc.root)
			paths[path] = o.doc.root["paths"].(map[string]any)[path]
		}
	}
	doc["paths"] = paths
	return doc
}
