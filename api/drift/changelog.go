package main

import (
	"regexp"
	"slices"
)

var anyStatus = regexp.MustCompile(`^responses\.[^.]+\.`)

// writeFindings writes one line for each finding, or for one change that hits
// many places: a schema that every error has changes in forty at once.
func (p *printer) writeFindings(all []finding) {
	var order []string
	same := map[string][]finding{}
	for _, f := range all {
		key := f.Text
		if f.what != "" {
			key = f.Document + ": " + anyStatus.ReplaceAllString(f.what, "responses.*.")
		}
		if same[key] == nil {
			order = append(order, key)
		}
		same[key] = append(same[key], f)
	}
	for _, key := range order {
		if len(same[key]) == 1 {
			p.line("- %s", same[key][0].Text)
			continue
		}
		p.line("- %s, in", key)
		var titles []string
		for _, f := range same[key] {
			titles = append(titles, f.title())
		}
		for _, title := range slices.Compact(titles) {
			p.line("  - %s", title)
		}
	}
}
