package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/clerksessions/clerksessions"
	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json"
)

// clean makes text safe for a terminal: it escapes unprintable characters, such as ESC or
// a right-to-left mark, as in JSON.
func clean(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch high, low := utf16.EncodeRune(r); {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case high != unicode.ReplacementChar:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// printJSON prints a value as one line of JSON.
func (a *app) printJSON(v any) error {
	line, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, clean(string(line)))
	return err
}

// printRows prints aligned columns.
func (a *app) printRows(rows [][]string) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = clean(cell)
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// when formats a time: relative to now on a terminal, otherwise in RFC 3339 form.
func (a *app) when(t time.Time) string {
	if a.outTTY {
		return humanize.RelTime(t, a.now(), "ago", "from now")
	}
	return t.UTC().Format(time.RFC3339)
}

// paint colors the status in a row.
func (a *app) paint(row string, status clerksessions.SessionStatus) string {
	if !a.outTTY || a.noColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return row
	}
	color := "90" // gray
	switch status {
	case clerksessions.SessionStatusActive:
		color = "32" // green
	case clerksessions.SessionStatusPending:
		color = "33" // yellow
	}
	word := clean(string(status))
	return strings.Replace(row, " "+word, " \x1b["+color+"m"+word+"\x1b[0m", 1)
}

// details returns the text of the column DETAILS.
func details(s *clerksessions.Session) string {
	var all []string
	if s.Actor != nil {
		all = append(all, fmt.Sprintf("impersonated by %v", s.Actor["sub"]))
	}
	for _, task := range s.Tasks {
		all = append(all, "has to "+task.Key)
	}
	all = append(all, s.LastActiveOrganizationID)
	if at := s.LatestActivity; at != nil {
		browser := strings.TrimSpace(at.BrowserName + " " + at.BrowserVersion)
		all = append(all, browser, at.DeviceType, at.City, at.Country, at.IPAddress)
	}
	all = slices.DeleteFunc(all, func(text string) bool { return text == "" })
	return strings.Join(all, ", ")
}
