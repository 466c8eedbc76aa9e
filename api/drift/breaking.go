package main

import (
	"maps"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

// judge asks oasdiff about one difference: breaking, compatible, or unjudged
// where oasdiff has nothing to say. It gets the operation as it was and with
// this difference alone, so that its answer is about nothing else.
func judge(d difference, old, new *operation) string {
	if d.place == wholeOperation && d.new == absent {
		return "breaking" // oasdiff lets a deprecated operation go
	}
	if d.vanishedFromReply() {
		return "breaking" // oasdiff lets go what is optional, but callers read it
	}
	root := judgedPlace(d, new)
	after := maps.Clone(old.all())
	if after == nil {
		after = map[string]value{}
	}
	for _, at := range union(old.all(), new.all()) {
		if at != root && !below(at, root) {
			continue
		}
		if v := new.value(at); v == absent {
			delete(after, at)
		} else {
			after[at] = v
		}
	}
	changes, err := oasdiff(rebuild(old.all()), rebuild(after))
	if err != nil || len(changes) == 0 {
		return "unjudged"
	}
	for _, c := range changes {
		if c.GetLevel() >= checker.WARN {
			return "breaking"
		}
	}
	return "compatible"
}

// vanishedFromReply tells whether a property or header of a reply is gone.
func (d difference) vanishedFromReply() bool {
	p := parsePlace(d.place)
	n := len(p)
	return n > 2 && p[0] == "responses" && (p[n-2] == "properties" || p[n-2] == "headers") && d.old == present && d.new == absent
}

// judgedPlace is the place of a difference, or of the whole enum once no value
// is left: that any value will do is not that each one is refused.
func judgedPlace(d difference, new *operation) string {
	p := parsePlace(d.place)
	if n := len(p); n < 2 || p[n-2] != "enum" || !strings.HasPrefix(p[n-1], one("")) {
		return d.place
	}
	enum := p[:len(p)-1].String()
	for at := range new.all() {
		if below(at, enum) {
			return d.place
		}
	}
	return enum
}

func oasdiff(old, new map[string]any) (checker.Changes, error) {
	a, err := loaded(old)
	if err != nil {
		return nil, err
	}
	b, err := loaded(new)
	if err != nil {
		return nil, err
	}
	found, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), a, b)
	if err != nil {
		return nil, err
	}
	return checker.CheckBackwardCompatibilityUntilLevel(checker.NewConfig(checker.GetAllChecks()), found, sources, checker.INFO), nil
}

func loaded(doc map[string]any) (*load.SpecInfo, error) {
	spec, err := openapi3.NewLoader().LoadFromData(encode(doc))
	return &load.SpecInfo{Spec: spec, Url: "sessions"}, err
}
