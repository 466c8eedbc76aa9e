package main

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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

	// dropped are the columns to leave out on a narrow terminal, in this order.
	dropped = []int{colExpires, colUser, colLastActive, colDetails, colStatus}
)

const (
	gap        = 2
	minDetails = 12 // details are truncated to no less
)

// table prints rows of sessions in columns that fit the terminal. The first rows choose
// the columns and their widths.
type table struct {
	columns []int // nil before the first row
	widths  []int
}

// printSessions prints sessions as rows of a table, or each as JSON. It may be called
// again to print more.
func (a *app) printSessions(sessions ...*clerksessions.Session) error {
	if a.asJSON {
		for _, session := range sessions {
			if err := a.printJSON(session); err != nil {
				return err
			}
		}
		return nil
	}
	if len(sessions) == 0 {
		return nil
	}
	var rows [][]string
	for _, s := range sessions {
		rows = append(rows, []string{
			clean(s.ID), clean(string(s.Status)), clean(s.UserID),
			a.when(s.LastActiveAt.Time()), a.when(s.ExpireAt.Time()), cmp.Or(clean(details(s)), "-"),
		})
	}
	var b strings.Builder
	if a.table.columns == nil {
		a.table.fit(rows, a.width())
		a.writeRow(&b, titles, "")
	}
	for i, row := range rows {
		a.writeRow(&b, row, sessions[i].Status)
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
	t.columns = []int{colSession, colStatus, colUser, colLastActive, colExpires, colDetails}
	if terminal <= 0 {
		t.widths[colDetails] = math.MaxInt
		return
	}
	for _, drop := range dropped {
		spare := terminal + gap
		for _, i := range t.columns {
			spare -= t.widths[i] + gap
		}
		details := t.widths[colDetails] + spare
		if spare >= 0 || slices.Contains(t.columns, colDetails) && details >= minDetails {
			t.widths[colDetails] = details
			return
		}
		t.columns = slices.DeleteFunc(t.columns, func(i int) bool { return i == drop })
	}
}

// writeRow writes a row; the last column is not padded.
func (a *app) writeRow(b *strings.Builder, row []string, status clerksessions.SessionStatus) {
	for n, i := range a.table.columns {
		cell := row[i]
		if i == colDetails {
			cell = truncate(cell, a.table.widths[i])
		}
		pad := a.table.widths[i] - cells(cell) + gap
		if i == colStatus && status != "" {
			cell = a.paint(cell, status)
		}
		b.WriteString(cell)
		if n < len(a.table.columns)-1 {
			b.WriteString(strings.Repeat(" ", max(pad, gap)))
		}
	}
	b.WriteString("\n")
}

// cells returns how many columns of a terminal text takes.
func cells(text string) (n int) {
	for _, r := range text {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch kind := width.LookupRune(r).Kind(); {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// truncate shortens text to at most n columns.
func truncate(text string, n int) string {
	used, end := 0, 0 // end is where an ellipsis still fits
	for i, r := range text {
		if used += runeCells(r); used > n {
			return text[:end] + "…"
		}
		if used < n {
			end = i + utf8.RuneLen(r)
		}
	}
	return text
}
