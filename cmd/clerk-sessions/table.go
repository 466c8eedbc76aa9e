package main

import (
	"cmp"
	"io"
	"math"
	"strings"
	"unicode"

	"github.com/clerksessions/clerksessions"
	"golang.org/x/text/width"
)

// The columns of a table of sessions.
const (
	colSession = iota
	colStatus
	colUser
	colLastActive
	colExpires
	colDetails
)

var (
	titles = []string{"SESSION", "STATUS", "USER", "LAST ACTIVE", "EXPIRES", "DETAILS"}

	// dropped are the columns to omit on a narrow terminal, in this order.
	dropped = []int{colExpires, colUser, colLastActive, colDetails, colStatus}
)

const (
	gap        = 2  // between columns
	minDetails = 12 // the minimum width of the column DETAILS
)

// table holds the widths of the columns of a table of sessions, zero for an omitted one. The
// rows printed first determine them.
type table []int

// printSessions prints sessions as rows of a table, or each as JSON. It may be called
// again to print more.
func (a *app) printSessions(sessions ...*clerksessions.Session) error {
	var rows [][]string
	for _, s := range sessions {
		if a.asJSON {
			if err := a.printJSON(s); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, []string{
			clean(s.ID), clean(string(s.Status)), clean(s.UserID),
			a.when(s.LastActiveAt.Time()), a.when(s.ExpireAt.Time()), cmp.Or(clean(details(s)), "-"),
		})
	}
	if len(rows) == 0 {
		return nil
	}
	var b strings.Builder
	if a.table == nil {
		a.table = fit(rows, a.width())
		b.WriteString(a.table.row(titles))
	}
	for i, row := range rows {
		b.WriteString(a.paint(a.table.row(row), sessions[i].Status))
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// fit chooses columns for a terminal of this width, 0 for no limit.
func fit(rows [][]string, terminal int) table {
	t := make(table, len(titles))
	for _, row := range append(rows, titles) {
		for i, cell := range row {
			t[i] = max(t[i], cells(cell))
		}
	}
	if terminal <= 0 {
		t[colDetails] = math.MaxInt
		return t
	}
	for _, drop := range dropped {
		spare := terminal + gap
		for _, width := range t {
			if width > 0 {
				spare -= width + gap
			}
		}
		if spare >= 0 || t[colDetails]+spare >= minDetails {
			if t[colDetails] > 0 {
				t[colDetails] += spare
			}
			break
		}
		t[drop] = 0
	}
	return t
}

// row returns a line of the table.
func (t table) row(row []string) string {
	var line strings.Builder
	for i, cell := range row {
		switch width := t[i]; {
		case width == 0:
		case i == colDetails:
			line.WriteString(truncate(cell, width))
		default:
			line.WriteString(cell + strings.Repeat(" ", gap+max(0, width-cells(cell))))
		}
	}
	return strings.TrimRight(line.String(), " ") + "\n"
}

// cells returns how many columns of a terminal text takes.
func cells(text string) (n int) {
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// truncate shortens text to at most n columns.
func truncate(text string, n int) string {
	if cells(text) <= n {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && cells(string(runes)) >= n { // leave a column for the ellipsis
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
