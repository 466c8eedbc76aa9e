package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A report is the result of a run.
type report struct {
	Mode      string    `json:"mode,omitempty"`
	Exit      int       `json:"exit"`
	Documents []string  `json:"documents,omitempty"` // that changed, with both commits
	Findings  []finding `json:"findings,omitempty"`
	Notes     []string  `json:"notes,omitempty"`
	Errors    []string  `json:"errors,omitempty"`
}

// A finding is one thing that needs attention.
type finding struct {
	Kind      string `json:"kind"`                // one of those in order
	Operation string `json:"operation,omitempty"` // request and id
	Document  string `json:"document"`
	Place     string `json:"place,omitempty"`
	Before    value  `json:"before,omitempty"`
	Theirs    value  `json:"theirs"`
	Ours      value  `json:"ours,omitempty"`
	Text      string `json:"text"`
}

// order lists the kinds of findings, most urgent first.
var order = []string{breaking, "difference", "deviation", "withdrawn", "new version", unjudged, compatible}

func (f finding) rank() int { return slices.Index(order, f.Kind) }

func (r *report) add(kind, document string, f finding, format string, args ...any) {
	f.Kind, f.Document, f.Text = kind, document, fmt.Sprintf(format, args...)
	r.Findings = append(r.Findings, f)
}

func (r *report) fail(errs ...error) {
	for _, err := range errs {
		r.Errors = append(r.Errors, oneLine(err).Error())
	}
}

const notation = `How to read this: query.limit.schema.maximum is the maximum of the query parameter limit.
[object] is the member of a union with that type, enum[active] a value of an enum, items the elements of an array.
responses.{400,401} means both statuses. present and absent mean that a part exists or does not.
breaking: may break callers; compatible: does not; to judge by hand: oasdiff, which judges changes, has no verdict.
`

// write writes the report as JSON or as Markdown. Text from documents is in code spans.
func (r *report) write(w io.Writer, asJSON bool) error {
	slices.SortStableFunc(r.Findings, func(a, b finding) int { return cmp.Compare(a.rank(), b.rank()) })
	if asJSON {
		return json.MarshalWrite(w, r, jsontext.WithIndent("  "))
	}
	var b strings.Builder
	b.WriteString(strings.Join(append(r.Documents, ""), "\n\n"))
	var titles []string
	sections := map[string][]finding{}
	for _, f := range r.Findings {
		title := strings.TrimPrefix(f.Operation+" in ", " in ") + f.Document
		if sections[title] == nil {
			titles = append(titles, title)
		}
		sections[title] = append(sections[title], f)
	}
	if len(sections) > 0 {
		b.WriteString(notation + "\n")
	}
	for _, title := range titles {
		fmt.Fprintf(&b, "## %s\n\n%s\n", strings.Trim(code(title), "`"), strings.Join(lines(sections[title]), ""))
	}
	if len(r.Errors) > 0 && len(r.Findings) > 0 {
		fmt.Fprintf(&b, "## Could not be compared\n\n- %s\n\n", strings.Join(r.Errors, "\n- "))
	}
	b.WriteString(strings.Join(append(r.Notes, ""), "\n"))
	switch n := len(r.Findings); {
	case n == 1:
		fmt.Fprintf(&b, "%s: 1 finding.\n", r.Mode)
	case n > 1:
		fmt.Fprintf(&b, "%s: %d findings.\n", r.Mode, n)
	case len(r.Errors) == 0:
		fmt.Fprintf(&b, "%s: no drift.\n", r.Mode)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "`", `\u0060`) + "`" }

var status = regexp.MustCompile(`^responses\.([^.\[ ]+)`)

// lines returns a line for each finding. Findings that differ only in the status share a line.
func lines(all []finding) (found []string) {
	statuses := map[string][]string{}
	for _, f := range all {
		line := "- " + f.Kind + ": " + code(f.Text)
		if m := status.FindStringSubmatch(f.Text); m != nil {
			line = strings.ReplaceAll(line, m[0], "responses.\x00")
			statuses[line] = append(statuses[line], m[1])
		}
		if len(statuses[line]) < 2 {
			found = append(found, line)
		}
	}
	for i, line := range found {
		s := strings.Join(statuses[line], ",")
		if len(statuses[line]) > 1 {
			s = "{" + s + "}"
		}
		found[i] = strings.ReplaceAll(line, "\x00", s) + "\n"
	}
	return found
}

// sentence describes the change, given the operation as it is now.
func (d difference) sentence(o *operation) string {
	subject := d.place
	if d.place == wholeOperation {
		subject = "this operation"
	}
	switch {
	case !d.isRoot():
		return fmt.Sprintf("%s was %s and is now %s", d.place, d.old, d.new)
	case d.new == present:
		return subject + " was added" + describe(o, d.place)
	}
	return subject + " was removed"
}

// describe lists the values of a part, such as type and default, and then its parts.
func describe(o *operation, at string) string {
	var values, parts []string
	for _, fact := range slices.Sorted(maps.Keys(o.facts)) {
		name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(fact, at), ".schema"), ".")
		switch v := o.facts[fact]; {
		case !below(fact, at), v == "false" && name != "required":
		case name == "style", name == "explode", name == "request":
		case v == present && strings.Count(name, ".")+strings.Count(name, "[") <= 1:
			parts = append(parts, name)
		case v != present && !strings.ContainsAny(name, ".["):
			values = append(values, name+" "+string(v))
		}
	}
	slices.Sort(values)
	return strings.TrimSuffix(": "+strings.Join(append(values, parts...), ", "), ": ")
}
