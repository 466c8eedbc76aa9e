package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/clerksessions/clerksessions"
	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json"
)

// clean makes text fit for a terminal: what does not print, such as the beginning of
// an escape sequence or a mark that reverses the writing, is shown as in JSON.
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

// printJSON prints a value on a line of its own.
func (a *app) printJSON(v any) error {
	line, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, clean(string(line)))
	return err
}

// printSessions prints a table of sessions, or each as JSON.
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
	rows := [][]string{{"SESSION", a.paint("STATUS", ""), "USER", "LAST ACTIVE", "EXPIRES", "DETAILS"}}
	for _, s := range sessions {
		rows = append(rows, []string{
			clean(s.ID), a.paint(clean(string(s.Status)), s.Status), clean(s.UserID),
			a.when(s.LastActiveAt.Time()), a.when(s.ExpireAt.Time()), cmp.Or(clean(details(s)), "-"),
		})
	}
	return a.printRows(rows)
}

// printRows prints aligned columns.
func (a *app) printRows(rows [][]string) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	return w.Flush()
}

// when tells a time the way a person asks for it, or exactly where none looks.
func (a *app) when(t time.Time) string {
	if a.outTTY {
		return humanize.RelTime(t, a.now(), "ago", "from now")
	}
	return t.UTC().Format(time.RFC3339)
}

// paint colors a cell by status. All colors are written with as many bytes, so that
// the columns stay aligned.
func (a *app) paint(cell string, status clerksessions.SessionStatus) string {
	if !a.outTTY || a.noColor || os.Getenv("NO_COLOR") != "" {
		return cell
	}
	color := 39 // the terminal's own
	switch status {
	case "":
	case clerksessions.SessionStatusActive:
		color = 32 // green
	case clerksessions.SessionStatusPending:
		color = 33 // yellow
	default:
		color = 90 // gray
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, cell)
}

// details is what else is worth knowing of a session.
func details(s *clerksessions.Session) string {
	var all []string
	add := func(text string) {
		if text != "" {
			all = append(all, text)
		}
	}
	if s.Actor != nil {
		add(fmt.Sprintf("impersonated by %v", s.Actor["sub"]))
	}
	for _, task := range s.Tasks {
		add("has to " + task.Key)
	}
	add(s.LastActiveOrganizationID)
	if at := s.LatestActivity; at != nil {
		add(strings.TrimSpace(at.BrowserName + " " + at.BrowserVersion))
		for _, text := range []string{at.DeviceType, at.City, at.Country, at.IPAddress} {
			add(text)
		}
	}
	return strings.Join(all, ", ")
}
