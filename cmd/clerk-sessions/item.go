package main

import (
	"cmp"
	"errors"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/bulk"
)

const pageAttempts = 5 // at each page of a list with several

// item is a session to revoke or, without a session, a user whose sessions to list.
type item struct {
	user, session string

	paged   bool   // the user's list has several pages
	traceID string // of the last response about the session
}

// outcomeOf classifies the error of one attempt.
func outcomeOf(err error) bulk.Outcome[*item] {
	out := bulk.Outcome[*item]{Err: err}
	var apiErr *clerksessions.Error
	var wrong wrongResponse
	switch {
	case err == nil, errors.Is(err, clerksessions.ErrInvalidArgument), errors.As(err, &wrong):
		return out
	case errors.Is(err, errReport):
		out.Class = bulk.Fatal
		return out
	case !errors.As(err, &apiErr):
		out.Class = bulk.Transient // the network
		return out
	}
	out.RetryAfter = apiErr.RetryAfter
	switch status := apiErr.StatusCode; {
	case status == 401:
		out.Class = bulk.Fatal
	case status == 429:
		out.Class = bulk.RateLimited
	case status == 408, status == 425, status >= 500, status < 300: // below 300: a truncated response
		out.Class = bulk.Transient
	}
	return out
}

// do lists a user or revokes a session.
func (r *revokeRun) do(it *item) bulk.Outcome[*item] {
	if it.session != "" {
		return r.revoke(it)
	}
	sessions, err := r.list(it, planned, listed)
	out := outcomeOf(err)
	if r.flags.dryRun {
		r.aside(func() { r.unshown = cmp.Or(r.unshown, r.printSessions(sessions...)) })
	}
	if r.flags.yes && out.Class != bulk.Fatal {
		sessions = sessions[:r.allowed(len(sessions))]
		for _, session := range sessions {
			out.Add = append(out.Add, &item{user: session.UserID, session: session.ID})
		}
		r.update(func() { r.progress.total.sessions += len(sessions) })
	}
	return out
}

// allowed returns how many of n more sessions --max allows.
func (r *revokeRun) allowed(n int) int {
	left := r.budget.Add(-int64(n))
	if left < 0 {
		r.exceeded.Store(true)
	}
	return max(0, n+int(min(0, left)))
}

// list lists the sessions of a user that match the selection. It returns those that the
// report does not have yet, and records them with the outcome found, and the user with
// the outcome done.
func (r *revokeRun) list(user *item, found, done outcome) (sessions []*clerksessions.Session, failure error) {
	attempts := 1 // bulk.Runner retries, since it coordinates all calls
	if user.paged {
		attempts = pageAttempts // bulk.Runner would start again at the first page
	}
	s := &r.flags.selection
	var entries []entry
	count, live, matching := 0, 0, 0
	params := clerksessions.ListParams{UserID: user.user, ClientID: s.client, Status: s.status}
	for session, err := range r.client.All(r.within, params, clerksessions.WithMaxAttempts(attempts)) {
		if err != nil {
			user.paged = count > 0
			failure = err
			break
		}
		count++
		if err := s.notAsked(user.user, session); err != nil {
			failure = err
			continue
		}
		if !s.live(session) {
			continue
		}
		live++
		if !s.matches(session) {
			continue
		}
		matching++
		if !r.report.knows(session.UserID, session.ID) {
			sessions = append(sessions, session)
			entries = append(entries, entry{SessionID: session.ID, UserID: session.UserID, Outcome: found})
		}
	}
	if failure == nil && (done == listed || matching == 0) {
		entries = append(entries, entry{UserID: user.user, Outcome: done, LiveSessions: live})
	}
	return sessions, cmp.Or(r.record(entries...), failure)
}

// revoke revokes a session. A session that Clerk no longer has counts as done.
func (r *revokeRun) revoke(it *item) bulk.Outcome[*item] {
	var meta clerksessions.Meta
	_, err := revokeSession(r.client, r.within, it.session, clerksessions.WithMeta(&meta))
	it.traceID = meta.TraceID
	done := revoked
	var apiErr *clerksessions.Error
	if errors.Is(err, clerksessions.ErrNotFound) && errors.As(err, &apiErr) && apiErr.HasCode("resource_not_found") {
		done, err = gone, nil
	}
	if err != nil {
		return outcomeOf(err)
	}
	return outcomeOf(r.record(entry{SessionID: it.session, UserID: it.user, Outcome: done, TraceID: it.traceID}))
}

// check lists a user again and reports sessions that are still live.
func (r *revokeRun) check(user *item) bulk.Outcome[*item] {
	survivors, err := r.list(user, stillLive, checked)
	for _, session := range survivors {
		r.note("error: %s of %s is still live", session.ID, session.UserID)
	}
	return outcomeOf(err)
}
