package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/bulk"
	"github.com/dustin/go-humanize/english"
)

// record records the result of an item, and returns why to stop the run, if so.
func (r *revokeRun) record(ctx context.Context, it *item, err error) error {
	var stopped *bulk.StoppedError
	switch {
	case errors.As(err, &stopped):
		r.stop(ctx, stopped.Cause)
		r.skip(it)
		if stopped.Last != nil && !errors.Is(stopped.Last, clerksessions.ErrRateLimited) {
			// A run that resumes the report does this item last.
			e := entry{SessionID: it.session, UserID: it.user, TraceID: it.traceID}
			return r.report.write(failedEntry(e, stopped.Last))
		}
		return nil
	case err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled),
		errors.Is(err, r.errMax),
		errors.Is(err, errReport),
		errors.Is(err, clerksessions.ErrUnauthorized):
		r.stop(ctx, err)
		r.skip(it)
		return nil
	case err == nil:
		clear(r.failing)
		if it.session == "" {
			return nil
		}
	default:
		r.failing[it.user] = true
	}
	e := entry{SessionID: it.session, UserID: it.user, Outcome: it.outcome, TraceID: it.traceID}
	switch {
	case err == nil && e.Outcome == gone:
		r.sum.Gone++
	case err == nil:
		r.sum.Revoked++
	case it.session == "":
		r.sum.Unlisted++
		e = failedEntry(e, err)
		r.printError(fmt.Errorf("cannot list the sessions of %s: %w", cmp.Or(it.user, r.selection.client), err))
	default:
		r.sum.Failed++
		r.failures[it.session] = true
		e = failedEntry(e, err)
		r.printError(fmt.Errorf("%s of %s was not revoked: %w", it.session, it.user, err))
	}
	if it.session != "" {
		r.show(e)
	}
	if unwritten := r.report.write(e); unwritten != nil {
		return unwritten
	}
	if len(r.failing) >= maxFailing {
		return fmt.Errorf("gave up: %d users failed and nothing succeeded; last error: %w", maxFailing, err)
	}
	return nil
}

// stop notes why the run ended early: the first reason, or that it was interrupted.
func (r *revokeRun) stop(ctx context.Context, err error) {
	if r.stopped == nil {
		r.stopped = cmp.Or(context.Cause(ctx), err)
	}
}

// skip counts an item that was not done.
func (r *revokeRun) skip(it *item) {
	if it.session == "" {
		r.sum.Unlisted++
	} else {
		r.sum.NotDone++
	}
}

// failedEntry returns the entry for an error.
func failedEntry(e entry, err error) entry {
	e.Outcome, e.ErrorCode, e.Error = failed, "no_response", describe(err)
	var apiErr *clerksessions.Error
	if errors.As(err, &apiErr) {
		e.TraceID = apiErr.TraceID
		e.ErrorCode = fmt.Sprintf("http_%d", apiErr.StatusCode)
		if len(apiErr.Errors) > 0 {
			e.ErrorCode = apiErr.Errors[0].Code
		}
	}
	return e
}

// show prints a line for a session, unless a terminal shows the progress.
func (r *revokeRun) show(e entry) {
	if r.unshown != nil || r.report.onStdout() {
		return
	}
	r.aside(func() {
		if r.asJSON {
			r.unshown = r.printJSON(e)
		} else if !r.outTTY {
			_, r.unshown = fmt.Fprintln(r.out, clean(string(e.Outcome)), clean(e.SessionID), clean(e.UserID))
		}
	})
}

// summary is the last line of a run.
type summary struct {
	Revoked  int `json:"revoked"`
	Gone     int `json:"gone"`
	Failed   int `json:"failed"`
	NotDone  int `json:"not_done"`
	Live     int `json:"still_live"`
	Unlisted int `json:"users_not_listed"`
	Empty    int `json:"users_without_session"`
	Before   int `json:"done_before"`
}

func (s summary) left() int { return s.Failed + s.NotDone + s.Live + s.Unlisted }

// String omits what is zero, but for the first three.
func (s summary) String() string {
	text := fmt.Sprintf("Sessions: %d revoked, %d already gone, %d failed", s.Revoked, s.Gone, s.Failed)
	for _, more := range []struct {
		n    int
		what string
	}{{s.NotDone, "not done"}, {s.Live, "still live"}, {s.Before, "done before"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	if s.Unlisted > 0 {
		text += fmt.Sprintf("; the sessions of %s were not listed", english.Plural(s.Unlisted, "user", ""))
	}
	if s.Empty > 0 {
		text += fmt.Sprintf("; %s no live session", english.Plural(s.Empty, "user has", "users have"))
	}
	return text + "."
}

// conclude closes the report, prints the last line and returns the error for the exit
// code.
func (r *revokeRun) conclude(users int) error {
	s := r.sum
	none := r.stopped == nil && s.Empty == users && s.Before == 0
	switch {
	case r.stopped != nil && s.Revoked+s.Gone == 0:
		r.printError(fmt.Errorf("nothing was revoked: %w", r.stopped))
	case r.stopped != nil:
		r.printError(fmt.Errorf("stopped with %s not done: %w", english.Plural(s.NotDone, "session", ""), r.stopped))
	case none:
		r.printError(errNone(users, r.selection))
	}
	unwritten := r.closeReport()
	if r.unshown = cmp.Or(r.unshown, r.printSummary(s)); r.unshown != nil {
		r.printError(fmt.Errorf("cannot write to stdout: %w; its last line is: %s", r.unshown, s))
	}
	switch {
	case s.left() == 0 && unwritten == nil && r.unshown == nil && !none:
		return nil
	case s.Revoked+s.Gone == 0, s.left() == 0 && unwritten == nil:
		return &exitError{code: exitFailed}
	}
	return &exitError{code: exitPartly}
}

// errNone is the error for users that have no live session, all of them.
func errNone(users int, s *selection) error {
	who := fmt.Sprintf("none of the %d users has a", users)
	if users == 1 {
		who = "the user has no"
		if s.client != "" {
			who = "the client has no"
		}
	}
	what := "live session"
	if s.status != "" {
		what = fmt.Sprintf("session with status %q", s.status)
	}
	return fmt.Errorf("%s %s; check that the secret key belongs to the same instance as the ids", who, what)
}

// closeReport closes the report, or removes a new one that says nothing.
func (r *revokeRun) closeReport() error {
	if r.report.empty() {
		return r.report.discard()
	}
	err := r.report.close()
	switch {
	case err != nil:
		r.printError(fmt.Errorf("the last outcomes are missing from the report: %w", err))
		r.note("Free disk space, then run the same command with --resume %s: it does what is missing.", r.report.name)
	case r.sum.left() > 0 && r.report != nil && !r.report.onStdout():
		r.note("Some are left: run the same command with --resume %s.", r.report.name)
	}
	return err
}

func (r *revokeRun) printSummary(s summary) error {
	switch {
	case r.report.onStdout():
		r.note("%s", s)
		return nil
	case r.asJSON:
		return r.printJSON(s)
	}
	_, err := fmt.Fprintln(r.out, s)
	return err
}
