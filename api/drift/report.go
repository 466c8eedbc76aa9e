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

// A report is what a run found.
type report struct {
	Mode      string    `json:"mode,omitempty"`
	Exit      int       `json:"exit"`
	Documents []string  `json:"documents,omitempty"` // that changed, from which to which commit
	Findings  []finding `json:"findings,omitempty"`
	Notes     []string  `json:"notes,omitempty"`
	Unknown   []string  `json:"could_not_tell,omitempty"`
}

// A finding is one thing that needs attention.
type finding struct {
	Kind      string `json:"kind"`                // one of order
	Operation string `json:"operation,omitempty"` // and its id
	Document  string `json:"document"`
	Place     string `json:"place,omitempty"`
	Before    value  `json:"before,omitempty"`
	Theirs    value  `json:"theirs"`
	Ours      value  `json:"ours,omitempty"`
	Text      string `json:"text"`
}

// order ranks the kinds of findings: what needs attention first.
var order = []string{breaking, "difference", "deviation", "withdrawn", "new version", unjudged, compatible}

func (f finding) rank() int { return slices.Index(order, f.Kind) }

func (r *report) add(kind, document string, f finding, format string, args ...any) {
	f.Kind, f.Document, f.Text = kind, document, fmt.Sprintf(format, args...)
	r.Findings = append(r.Findings, f)
}

func (r *report) cannotTell(errs ...error) {
	for _, err := range errs {
		r.Unknown = append(r.Unknown, oneLine(err).Error())
	}
}

const notation = `How to read it: query.limit.schema.maximum is the maximum in the schema of the query parameter limit;
[object] is that member of a union, enum[active] that value of an enum, items what a list consists of;
responses.{400,401} stands for two statuses. present and absent: something is there, or is not.
breaking: may break callers, as oasdiff judges; compatible: does not; to judge by hand: oasdiff has no opinion.
`

// write writes the report as JSON or as Markdown, where what documents say stands in code spans.
func (r *report) write(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.MarshalWrite(w, r, jsontext.WithIndent("  "))
	}
	var b strings.Builder
	b.WriteString(strings.Join(append(r.Documents, ""), "\n\n"))
	sections := map[string][]finding{}
	for _, f := range r.Findings {
		title := strings.TrimPrefix(f.Operation+" in ", " in ") + f.Document
		sections[title] = append(sections[title], f)
	}
	if len(sections) > 0 {
		b.WriteString(notation + "\n")
	}
	for _, all := range sections {
		slices.SortStableFunc(all, func(a, b finding) int { return cmp.Compare(a.rank(), b.rank()) })
	}
	for _, title := range slices.SortedFunc(maps.Keys(sections), func(a, b string) int {
		return cmp.Or(cmp.Compare(sections[a][0].rank(), sections[b][0].rank()), cmp.Compare(a, b))
	}) {
		fmt.Fprintf(&b, "## %s\n\n%s\n", strings.Trim(code(title), "`"), strings.Join(lines(sections[title]), ""))
	}
	if len(r.Unknown) > 0 && len(r.Findings) > 0 {
		fmt.Fprintf(&b, "## Could not tell\n\n- %s\n\n", strings.Join(r.Unknown, "\n- "))
	}
	b.WriteString(strings.Join(append(r.Notes, ""), "\n"))
	if len(r.Findings) > 0 {
		fmt.Fprintf(&b, "%s: findings: %d.\n", r.Mode, len(r.Findings))
	} else if len(r.Unknown) == 0 {
		fmt.Fprintf(&b, "%s: no drift.\n", r.Mode)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func code(text string) string { return "`" + strings.ReplaceAll(text, "`", `\u0060`) + "`" }

var status = regexp.MustCompile(`^responses\.([^.\[ ]+)`)

// lines returns a line for each finding, or for several that differ in the status alone.
func lines(all []finding) (found []string) {
	statuses := map[string][]string{}
	for _, f := range all {
		line := "- " + f.Kind + ": " + code(f.Text)
		if m := status.FindStringSubmatch(f.Text); m != nil {
			line = strings.Replace(line, m[0], "responses.\x00", 1)
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
		found[i] = strings.Replace(line, "\x00", s, 1) + "\n"
	}
	return found
}

// sentence says what changed, given the operation as it is now.
func (d difference) sentence(o *operation) string {
	subject := d.place
	if d.place == wholeOperation {
		subject = "this operation"
	}
	switch {
	case d.isRoot() && d.new == present:
		return subject + " was added" + describe(o, d.place)
	case d.isRoot():
		return subject + " was removed"
	}
	return fmt.Sprintf("%s was %s and is now %s", d.place, d.old, d.new)
}

// describe lists what a part says of itself, such as type and default, and the parts of it.
func describe(o *operation, at string) string {
	var said, parts []string
	for _, fact := range slices.Sorted(maps.Keys(o.facts)) {
		name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(fact, at), ".schema"), ".")
		switch v := o.facts[fact]; {
		case !below(fact, at) || v == "false" && name != "required" || name == "style" || name == "explode":
		case v == present && strings.Count(name, ".")+strings.Count(name, "[") <= 1:
			parts = append(parts, name)
		case v != present && !strings.ContainsAny(name, ".["):
			said = append(said, name+" "+string(v))
		}
	}
	slices.Sort(said)
	return strings.TrimSuffix(": "+strings.Join(append(said, parts...), ", "), ": ")
}
