package main

import (
	"cmp"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// summary is the last line that revoke-all prints.
type summary struct {
	Revoked  int    `json:"revoked"`
	Gone     int    `json:"gone"`
	Failed   int    `json:"failed"`
	NotDone  int    `json:"not_done"`
	Live     int    `json:"still_live"`
	Unlisted int    `json:"users_not_listed"`
	Empty    int    `json:"users_without_session"`
	Before   int    `json:"done_before"`
	wanted   string // what the users of Empty do not have
}

// String returns the line as text. Of the counts, only the first three are included if
// zero.
func (s summary) String() string {
	num := func(n int) string { return humanize.Comma(int64(n)) }
	text := "Sessions: " + num(s.Revoked) + " revoked, " + num(s.Gone) + " already gone, " + num(s.Failed) + " failed"
	add := func(n int, more string) {
		if n > 0 {
			text += more
		}
	}
	add(s.NotDone, ", "+num(s.NotDone)+" not done")
	add(s.Live, ", "+num(s.Live)+" still live")
	add(s.Before, ", "+num(s.Before)+" done before")
	add(s.Unlisted, fmt.Sprintf("; the sessions of %s were not listed", english.Plural(s.Unlisted, "user", "")))
	add(s.Empty, "; "+english.Plural(s.Empty, "user has", "users have")+" no "+cmp.Or(s.wanted, "live session"))
	return text + "."
}

// conclude closes the report, prints the summary and returns the error for the exit code.
func (r *revokeRun) conclude() error {
	s := r.report.summary()
	none := r.stopped == nil && s.Empty == len(r.report.users) && s.Before == 0
	if s.wanted = r.flags.wanted(); r.report.users[0] == "" {
		s.Empty = 0 // it is not a user
	}
	switch {
	case r.stopped != nil && s.Revoked+s.Gone == 0:
		r.printError(fmt.Errorf("nothing was revoked: %w", r.stopped))
	case r.stopped != nil && s.NotDone == 0:
		r.printError(fmt.Errorf("stopped: %w", r.stopped))
	case r.stopped != nil:
		r.printError(fmt.Errorf("stopped with %s not done: %w", english.Plural(s.NotDone, "session", ""), r.stopped))
	case none:
		r.printError(r.errNone())
	}
	left := r.stopped != nil || s.Failed+s.NotDone+s.Live+s.Unlisted > 0
	left = r.closeReport(left) != nil || left
	if r.unshown = cmp.Or(r.unshown, r.printSummary(s)); r.unshown != nil {
		r.printError(fmt.Errorf("cannot write to stdout: %w; the summary is: %s", r.unshown, s))
	}
	switch {
	case !left && !none && r.unshown == nil:
		return nil
	case !left, s.Revoked+s.Gone == 0:
		return &exitError{code: exitFailed}
	}
	return &exitError{code: exitPartly}
}

// closeReport closes the report, or removes a new one without entries. left reports
// whether something is left for --resume.
func (r *revokeRun) closeReport(left bool) error {
	f := r.report.file
	if f == nil {
		return nil
	}
	if !f.used {
		return f.discard()
	}
	err := f.close()
	switch {
	case err != nil:
		r.printError(fmt.Errorf("the last outcomes are missing from the report: %w", err))
		if !f.onStdout() {
			r.note("Free disk space, then run the same command with --resume %s to continue.", f.name)
		}
	case left && f.file != nil:
		r.note("Not everything is done: run the same command with --resume %s.", f.name)
	}
	return err
}

func (r *revokeRun) printSummary(s summary) (err error) {
	switch {
	case r.report.file.onStdout():
		r.note("%s", s)
	case r.asJSON:
		err = r.printJSON(s)
	default:
		_, err = fmt.Fprintln(r.out, s)
	}
	return err
}

// errNone returns the error for a run in which no user has a live session.
func (r *revokeRun) errNone() error {
	who := "the user has no"
	switch n := len(r.report.users); {
	case n > 1:
		who = "none of the " + english.Plural(n, "user", "") + " has a"
	case r.report.users[0] == "":
		who = "no user has a"
	}
	return fmt.Errorf("%s %s; check that the secret key belongs to the same instance as the ids",
		who, r.flags.wanted())
}
