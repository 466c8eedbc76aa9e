package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// A report is what a run found.
type report struct {
	Mode     string    `json:"mode,omitempty"`
	Exit     int       `json:"exit"`
	Findings []finding `json:"findings,omitempty"`
	// NewVersions are published API versions newer than any the contract follows.
	NewVersions []string `json:"new_versions,omitempty"`
	// Notes are what else a person should know; they are no drift.
	Notes []string `json:"notes,omitempty"`
	Error string   `json:"error,omitempty"`
}

func (r *report) exit() int {
	switch {
	case r.Error != "":
		return couldNotTell
	case len(r.Findings) > 0:
		return drift
	}
	return noDrift
}

func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// headings are the parts of a report, in the order a person should read them.
var headings = []struct{ kind, title string }{
	{"difference", "Differences nobody has explained"},
	{"deviation", "Deviations that are not true"},
	{"breaking", "Breaking changes"},
	{"unjudged", "Changes to judge by hand"},
	{"compatible", "Compatible changes"},
}

func (r *report) write(w io.Writer) error {
	if r.Error != "" {
		return nil
	}
	out := &printer{w: w}
	for _, h := range headings {
		var all []finding
		for _, f := range r.Findings {
			if f.Kind == h.kind {
				all = append(all, f)
			}
		}
		if len(all) > 0 {
			out.line("## %s\n", h.title)
			out.writeFindings(all)
			out.line("")
		}
	}
	for _, version := range r.NewVersions {
		out.line("Clerk also publishes API version %s, newer than any the contract follows.", version)
	}
	for _, note := range r.Notes {
		out.line("%s", note)
	}
	switch n := len(r.Findings); n {
	case 0:
		out.line("%s: no drift.", r.Mode)
	case 1:
		out.line("%s: 1 finding.", r.Mode)
	default:
		out.line("%s: %d findings.", r.Mode, n)
	}
	return out.err
}

// A printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
