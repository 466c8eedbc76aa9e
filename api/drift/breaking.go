package main

import (
	"maps"

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
	after := maps.Clone(old.all())
	if after == nil {
		after = map[string]value{}
	}
	for _, at := range union(old.all(), new.all()) {
		if at != d.place && !below(at, d.place) {
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
