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

// table formats rows of sessions in columns that fit the terminal. The rows printed first
// determine the columns and their widths.
type table struct {
	widths []int // zero for an omitted column; nil before the first row
}

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
	if a.table.widths == nil {
		a.table.fit(rows, a.width())
		b.WriteString(a.table.row(titles))
	}
	for i, row := range rows {
		b.WriteString(a.paint(a.table.row(row), sessions[i].Status))
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// fit chooses columns for a terminal of this width, 0 for no limit.
func (t *table) fit(rows [][]string, terminal int) {
	t.widths = make([]int, len(titles))
	for _, row := range append(rows, titles) {
		for i, cell := range row {
			t.widths[i] = max(t.widths[i], cells(cell))
		}
	}
	if terminal <= 0 {
		t.widths[colDetails] = math.MaxInt
		return
	}
	for _, drop := range dropped {
		spare := terminal + gap
		for _, width := range t.widths {
			if width > 0 {
				spare -= width + gap
			}
		}
		details := &t.widths[colDetails]
		if spare >= 0 || *details+spare >= minDetails {
			if *details > 0 {
				*details += spare
			}
			return
		}
		t.widths[drop] = 0
	}
}

// row returns a line of the table.
func (t *table) row(row []string) string {
	var line strings.Builder
	for i, cell := range row {
		switch width := t.widths[i]; {
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
