package main

import (
	"cmp"
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

// The kinds of changes. A change is unjudged if oasdiff does not report it.
const breaking, unjudged, compatible = "breaking", "to judge by hand", "compatible"

// judge returns the kind of each difference: oasdiff's verdict on the changes that match it best.
func judge(differences []difference, old, new operations) []string {
	changes := map[string]checker.Changes{} // by operation; a change of all operations has no key
	for _, c := range oasdiff(old, new) {
		key := strings.TrimSpace(keyOf(c.GetOperation() + " " + c.GetPath()))
		changes[key] = append(changes[key], c)
	}
	kinds := make([]string, len(differences))
	for i, d := range differences {
		best := fitting(d, slices.Concat(changes[d.key], changes[""]))
		isBreaking := func(c checker.Change) bool { return c.GetLevel() >= checker.WARN }
		switch {
		// oasdiff accepts removal of deprecated operations and optional fields; callers use them.
		case slices.ContainsFunc(best, isBreaking), d.new == absent && isRead(d.place):
			kinds[i] = breaking
		case len(best) > 0:
			kinds[i] = compatible
		default:
			kinds[i] = unjudged
		}
	}
	return kinds
}

// isRead reports whether callers depend on the presence of a place.
var isRead = regexp.MustCompile(`^operation$|^responses\..*\.(properties|headers)\.("[^"]*"|[^.\[]*)$`).MatchString

var word = regexp.MustCompile(`[^/.,:=\[\]{}"]+`)
var inUnion = regexp.MustCompile(`(one|any|all)Of\[[^\]]*\]|subschema #\d+|#/components/\S+`) // not in places

// fitting returns the changes of a difference's aspect whose names and values match it best.
func fitting(d difference, all checker.Changes) (best checker.Changes) {
	isAspect := aspect(d)
	other := map[bool]string{true: "request", false: "response"}[strings.HasPrefix(d.place, "responses")]
	known := map[string]bool{}
	for _, w := range word.FindAllString(d.place+"."+string(d.old+"."+d.new), -1) {
		known[w] = true
	}
	most := 0
	for _, c := range all {
		id := c.GetId()
		if !isAspect(id) || strings.Contains(id, other) {
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

// aspects maps the last two keys of a place to ids of changes. Other ids contain the key itself: max-length.
var aspects = map[string]string{
	"enum[": "enum|const", "properties.": "property(-added|-removed|-with-default|$)",
	"headers.":   "header-(added|removed)",
	"responses.": "status", "content.": "media-type-(added|removed)", "requestBody": "body-(added|removed)",
	"query.": parameters, "path.": parameters, "header.": parameters, "cookie.": parameters,
	"operation": "endpoint|removed", "required": "required|optional", "deprecated": "deprecated|reactivated",
	"type": "type", "format": "type",
	"minimum": "[a-z]-min-(set|unset|in|de)", "maximum": "[a-z]-max-(set|unset|in|de)",
	"exclusiveMinimum": "exclusive-min", "exclusiveMaximum": "exclusive-max",
}

const parameters = "parameter(-removed|-to-existing|$)|header-property"

var lastSegments = regexp.MustCompile(`([^.\[]*[.\[])?("[^"]*"|[^.\[]*)$`)
var capital = regexp.MustCompile(`[A-Z]`)

// aspect returns a function that reports whether a change, by its id, concerns the same aspect as a difference.
func aspect(d difference) func(id string) bool {
	m := lastSegments.FindStringSubmatch(d.place)
	pattern := cmp.Or(aspects[m[1]], aspects[m[2]])
	if pattern == "" && !strings.HasSuffix(d.place, "]") { // any change of a member of a union may change its label
		pattern = regexp.QuoteMeta(strings.ToLower(capital.ReplaceAllString(m[2], "-$0")))
	}
	return regexp.MustCompile(pattern).MatchString
}

// oasdiff returns the changes from one document to another, or none if they cannot be compared.
func oasdiff(old, new operations) (changes checker.Changes) {
	defer func() {
		if recover() != nil { // earlier versions panicked on some documents
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
	config := checker.NewConfig(checker.GetAllChecks())
	return checker.CheckBackwardCompatibilityUntilLevel(config, found, sources, checker.INFO)
}

// document returns an OpenAPI document with only these operations.
func (ops operations) document() map[string]any {
	doc, paths := map[string]any{}, map[string]any{}
	for _, o := range ops {
		if _, path, _ := strings.Cut(o.name, " "); o.err == nil {
			doc = maps.Clone(o.doc.root)
			paths[path] = doc["paths"].(map[string]any)[path]
		}
	}
	doc["paths"] = paths
	return doc
}
