package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/dustin/go-humanize/english"
	"golang.org/x/sync/errgroup"
)

// giveUp is after how many failures in a row no more is tried.
const giveUp = 20

// revoking lists and revokes, some calls at a time. The client waits for the shorter
// limits by itself; for what it leaves all calls pause. Sessions are revoked one by one
// rather than user by user, so that what happens is what was confirmed, and one user
// with many sessions is as fast as many users with one.
type revoking struct {
	*app
	client      *clerksessions.Client
	status      clerksessions.SessionStatus
	concurrency int
	report      *report // nil without one

	mu       sync.Mutex // guards what follows and what is written
	progress *progress
	counts   map[outcomeKind]int
	unlisted int
	streak   int       // failures since the last success
	until    time.Time // when the pause for a 429 ends
	unshown  error     // why stdout cannot be written any more
}

// list returns the sessions to revoke in the order of users, and for which users it
// failed. What would fail for all of them is an error.
func (r *revoking) list(ctx context.Context, users []string) (listed []*clerksessions.Session, unlisted []entry, err error) {
	r.progress = r.app.progress("Listing", len(users))
	defer r.progress.end()
	byUser := make([][]*clerksessions.Session, len(users))
	calls, within := errgroup.WithContext(ctx)
	calls.SetLimit(r.concurrency)
	for i, user := range users {
		if within.Err() != nil {
			break
		}
		calls.Go(func() error {
			var sessions []*clerksessions.Session
			err := r.patiently(within, func() (err error) {
				sessions, err = r.listUser(within, user)
				return err
			})
			if within.Err() != nil || hopeless(err) {
				return cmp.Or(err, within.Err())
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.progress.add()
			byUser[i] = sessions
			if err != nil {
				unlisted = append(unlisted, failedEntry("", user, err))
				r.progress.aside(func() { r.complain(fmt.Errorf("the sessions of %s cannot be listed: %w", user, err)) })
			}
			return r.tooMany(err)
		})
	}
	err = calls.Wait()
	if err = cmp.Or(context.Cause(ctx), err); err != nil {
		return nil, nil, fmt.Errorf("nothing was revoked, as the sessions cannot be listed: %w", err)
	}
	for _, sessions := range byUser {
		listed = append(listed, sessions...)
	}
	return listed, unlisted, nil
}

func (r *revoking) listUser(ctx context.Context, user string) ([]*clerksessions.Session, error) {
	var sessions []*clerksessions.Session
	for session, err := range r.client.All(ctx, clerksessions.ListParams{UserID: user, Status: r.status}) {
		if err != nil {
			return nil, err
		}
		if r.status != "" || isLive(session) {
			sessions = append(sessions, session)
		}
	}
	return sessions, nil
}

// hopeless tells whether no other call can do better.
func hopeless(err error) bool {
	return errors.Is(err, clerksessions.ErrUnauthorized) || errors.Is(err, clerksessions.ErrForbidden) ||
		errors.Is(err, clerksessions.ErrInvalidArgument)
}

// revoke revokes the sessions. The error is why not all of them were tried.
func (r *revoking) revoke(ctx context.Context, todo []*clerksessions.Session) error {
	r.counts = map[outcomeKind]int{}
	r.streak = 0
	r.progress = r.app.progress("Revoking", len(todo))
	defer r.progress.end()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	var calls errgroup.Group
	calls.SetLimit(r.concurrency)
	for _, session := range todo {
		if ctx.Err() != nil {
			break
		}
		calls.Go(func() error {
			var e entry
			err := r.patiently(ctx, func() (err error) {
				e, err = r.revokeOne(ctx, session)
				return err
			})
			if ctx.Err() != nil && errors.Is(err, context.Canceled) {
				return nil // it stays planned
			}
			if fatal := r.record(e, err); fatal != nil {
				stop(fatal)
			}
			return nil
		})
	}
	_ = calls.Wait()
	return context.Cause(ctx)
}

func (r *revoking) revokeOne(ctx context.Context, s *clerksessions.Session) (entry, error) {
	var meta clerksessions.Meta
	_, err := revokeSession(r.client, ctx, s.ID, clerksessions.WithMeta(&meta))
	var answer *clerksessions.Error
	switch {
	case err == nil:
		return entry{SessionID: s.ID, UserID: s.UserID, Outcome: revoked, TraceID: meta.TraceID}, nil
	case errors.As(err, &answer) && errors.Is(err, clerksessions.ErrNotFound) && answer.HasCode("resource_not_found"):
		return entry{SessionID: s.ID, UserID: s.UserID, Outcome: gone, TraceID: meta.TraceID}, nil
	}
	return failedEntry(s.ID, s.UserID, err), err
}

// failedEntry is the entry for an error.
func failedEntry(sessionID, userID string, err error) entry {
	e := entry{SessionID: sessionID, UserID: userID, Outcome: failed, ErrorCode: "no_reply", Error: sentence(err)}
	var answer *clerksessions.Error
	switch {
	case errors.As(err, &answer):
		e.TraceID = answer.TraceID
		e.ErrorCode = fmt.Sprintf("http_%d", answer.StatusCode)
		if len(answer.Errors) > 0 {
			e.ErrorCode = answer.Errors[0].Code
		}
	}
	return e
}

// record writes down what became of a session, and returns why to stop.
func (r *revoking) record(e entry, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[e.Outcome]++
	r.progress.add()
	if err != nil {
		r.progress.aside(func() { r.complain(fmt.Errorf("%s of %s was not revoked: %w", e.SessionID, e.UserID, err)) })
	}
	r.show(e)
	if err := r.report.write(e); err != nil {
		return err
	}
	if hopeless(err) {
		return err
	}
	return r.tooMany(err)
}

// tooMany counts failures in a row, and is an error when going on makes no sense.
func (r *revoking) tooMany(err error) error {
	if r.streak++; err == nil {
		r.streak = 0
	}
	if r.streak < giveUp {
		return nil
	}
	return fmt.Errorf("%d failures in a row, the last of them: %w", r.streak, err)
}

// show prints a line for a session where no bar tells of it.
func (r *revoking) show(e entry) {
	switch {
	case r.unshown != nil:
	case r.asJSON:
		r.unshown = r.printJSON(e)
	case !r.outTTY:
		_, r.unshown = fmt.Fprintln(r.out, clean(string(e.Outcome)), clean(e.SessionID), clean(e.UserID))
	}
}

// summary is the last line of a run.
type summary struct {
	Revoked  int `json:"revoked"`
	Gone     int `json:"gone"`
	Failed   int `json:"failed"`
	NotDone  int `json:"not_done"`
	Unlisted int `json:"users_not_listed"`
	Before   int `json:"done_before"`
}

// conclude closes the report, prints the last line and settles the exit code.
func (r *revoking) conclude(stopped error, total, before int, f revokeAllFlags) error {
	s := summary{Revoked: r.counts[revoked], Gone: r.counts[gone], Failed: r.counts[failed], Unlisted: r.unlisted, Before: before}
	s.NotDone = total - s.Revoked - s.Gone - s.Failed
	if stopped != nil && s.NotDone > 0 {
		r.complain(fmt.Errorf("stopped with %s not done: %w", english.PluralWord(s.NotDone, fmt.Sprint(s.NotDone, " session"), fmt.Sprint(s.NotDone, " sessions")), stopped))
	}
	left := s.Failed + s.NotDone + s.Unlisted
	unwritten := r.report.close()
	switch file := cmp.Or(f.report, f.resume); {
	case unwritten != nil:
		r.complain(fmt.Errorf("what was done last is missing from the report: %w", unwritten))
		r.note("Make room for it, then run the same command with --resume %s: it tries again what is missing.", file)
	case left > 0 && file != "":
		r.note("Some are left: run the same command with --resume %s.", file)
	}
	if r.unshown = cmp.Or(r.unshown, r.printSummary(s)); r.unshown != nil {
		r.complain(fmt.Errorf("not all of stdout could be written: %w; its last line is: %s", r.unshown, s))
	}
	switch {
	case left == 0 && unwritten == nil && r.unshown == nil:
		return nil
	case s.Revoked+s.Gone == 0, left == 0 && unwritten == nil:
		return &exitError{code: exitFailed}
	}
	return &exitError{code: exitPartly}
}

func (r *revoking) printSummary(s summary) error {
	if r.asJSON {
		return r.printJSON(s)
	}
	_, err := fmt.Fprintln(r.out, s)
	return err
}

// String is the line for people; what is none is left out after the first three.
func (s summary) String() string {
	text := fmt.Sprintf("Sessions: %d revoked, %d already gone, %d failed", s.Revoked, s.Gone, s.Failed)
	for _, more := range []struct {
		n    int
		what string
	}{{s.NotDone, "not done"}, {s.Before, "done before"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	if s.Unlisted > 0 {
		text += fmt.Sprintf("; the sessions of %s could not be listed", english.Plural(s.Unlisted, "user", ""))
	}
	return text + "."
}
