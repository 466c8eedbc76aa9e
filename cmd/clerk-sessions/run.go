package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
	"sync/atomic"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/bulk"
	"github.com/dustin/go-humanize/english"
)

const (
	maxRounds    = 4   // consecutive rounds of retries without a success
	maxFailing   = 200 // different users that fail without a success, before giving up
	pageAttempts = 5   // at each page of a long list
)

// item is a session to revoke or, without a session, a user whose sessions to list.
type item struct {
	user, session string

	seen  map[string]bool // the user's sessions listed before
	paged bool            // the user's list has several pages

	outcome outcomeKind // of the session
	traceID string
}

// revokeRun lists and revokes sessions. Listing a user and revoking a session are items of
// one stream, so that they share one rate and one pause.
type revokeRun struct {
	*app
	*selection
	client      *clerksessions.Client
	concurrency int
	report      *report

	within   context.Context // of calls in flight
	inFlight atomic.Int64
	budget   atomic.Int64 // revocations that --max still allows
	errMax   error        // of one more

	found sync.Mutex // guards what listing finds
	todo  []*item    // sessions to revoke after the question
	check []string   // users with a session to revoke

	showPlan bool            // print the sessions found
	failures map[string]bool // sessions that failed
	failing  map[string]bool // users with a failure since the last success
	sum      summary
	stopped  error // why the run ended early
	unshown  error // why stdout cannot be written any more
}

func newRun(within context.Context, a *app, client *clerksessions.Client, f *revokeAllFlags) *revokeRun {
	r := &revokeRun{app: a, selection: &f.selection, client: client, concurrency: int(f.concurrency), within: within,
		errMax: fmt.Errorf("--max %d reached", f.max), failures: map[string]bool{}, failing: map[string]bool{}}
	r.budget.Store(math.MaxInt64)
	if f.max > 0 {
		r.budget.Store(int64(f.max))
	}
	return r
}

// pass does items until none is left or the run is stopped.
func (r *revokeRun) pass(
	ctx context.Context,
	what string,
	users, sessions int,
	items iter.Seq[*item],
	do func(*item) bulk.Outcome[*item],
) {
	noted := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(noted)
		r.note("stopping; %s in flight; again to quit", english.Plural(int(r.inFlight.Load()), "call", ""))
	})
	defer func() {
		if !cancel() {
			<-noted
		}
	}()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := r.begin(what, users, sessions)
	defer p.end()
	engine := bulk.Runner[*item]{
		Do: func(_ context.Context, it *item) bulk.Outcome[*item] {
			r.inFlight.Add(1)
			defer r.inFlight.Add(-1)
			return do(it)
		},
		Group:       func(it *item) string { return it.user },
		Notify:      r.notify,
		Concurrency: r.concurrency,
		MaxRounds:   maxRounds,
		MaxFailing:  maxFailing,
	}
	for it, err := range engine.Run(ctx, items) {
		r.update(func() { p.add(it) })
		if fatal := r.record(ctx, it, err); fatal != nil {
			stop(fatal)
		}
	}
}

// notify shows a pause.
func (r *revokeRun) notify(e bulk.Event[*item]) {
	if e.Kind != bulk.Pause {
		return
	}
	r.update(func() { r.progress.pause(e.Wait) })
	if errors.Is(e.Err, clerksessions.ErrRateLimited) && !r.redraws() {
		r.note("Rate limited by Clerk; resuming in %s.", short(e.Wait))
	}
}

// outcomeOf classifies the error of one attempt.
func outcomeOf(err error) bulk.Outcome[*item] {
	out := bulk.Outcome[*item]{Err: err}
	var apiErr *clerksessions.Error
	var wrong wrongResponse
	switch {
	case err == nil, errors.Is(err, clerksessions.ErrInvalidArgument), errors.As(err, &wrong):
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
	case status == 408, status == 425, status >= 500, status < 300: // or a truncated response
		out.Class = bulk.Transient
	}
	return out
}

// listAndRevoke does an item of either kind.
func (r *revokeRun) listAndRevoke(it *item) bulk.Outcome[*item] {
	if it.session != "" {
		return r.revoke(it)
	}
	found, out := r.list(it)
	out.Add = found
	r.update(func() { r.progress.sessions += len(found) })
	return out
}

// listOnly lists the sessions of a user for later.
func (r *revokeRun) listOnly(it *item) bulk.Outcome[*item] {
	found, out := r.list(it)
	r.found.Lock()
	defer r.found.Unlock()
	r.todo = append(r.todo, found...)
	return out
}

// list lists the sessions of a user, adds them to the report, and returns those that
// were not listed before.
func (r *revokeRun) list(user *item) (found []*item, out bulk.Outcome[*item]) {
	var sessions []*clerksessions.Session
	var lines []any
	live, err := r.eachLive(user, func(session *clerksessions.Session) {
		if r.showPlan {
			sessions = append(sessions, session)
		}
		found = append(found, &item{user: session.UserID, session: session.ID})
		lines = append(lines, entry{SessionID: session.ID, UserID: session.UserID, Outcome: planned})
	})
	if err == nil {
		lines = append(lines, entry{UserID: user.user, Outcome: listed})
	}
	if unwritten := r.report.write(lines...); unwritten != nil {
		return nil, bulk.Outcome[*item]{Err: unwritten, Class: bulk.Fatal}
	}
	r.found.Lock()
	defer r.found.Unlock()
	if err == nil && live == 0 {
		r.sum.Empty++
	}
	if err == nil && len(user.seen) > 0 {
		r.check = append(r.check, user.user)
		user.seen = nil
	}
	if r.showPlan {
		r.aside(func() { r.unshown = cmp.Or(r.unshown, r.printSessions(sessions...)) })
	}
	return found, outcomeOf(err)
}

// eachLive lists the sessions of a user and calls found for each to revoke that was not
// listed before. It returns how many are live.
func (r *revokeRun) eachLive(user *item, found func(*clerksessions.Session)) (live int, err error) {
	attempts := 1 // retries are up to the engine, which sees all calls
	if user.paged {
		attempts = pageAttempts // the engine would start again with the first page
	}
	if user.seen == nil {
		user.seen = map[string]bool{}
	}
	var foreign error
	count := 0
	for session, err := range r.client.All(r.within, r.params(user.user), clerksessions.WithMaxAttempts(attempts)) {
		if err != nil {
			user.paged = count > 0
			return live, err
		}
		count++
		switch err := r.notAsked(user.user, session); {
		case err != nil:
			foreign = err
		case r.live(session):
			live++
			if r.matches(session, r.now()) && !user.seen[session.ID] {
				user.seen[session.ID] = true
				found(session)
			}
		}
	}
	return live, foreign
}

// revoke revokes a session. A 404 about it counts as done.
func (r *revokeRun) revoke(it *item) bulk.Outcome[*item] {
	if r.budget.Add(-1) < 0 {
		return bulk.Outcome[*item]{Err: r.errMax, Class: bulk.Fatal}
	}
	var meta clerksessions.Meta
	_, err := revokeSession(r.client, r.within, it.session, clerksessions.WithMeta(&meta))
	it.outcome, it.traceID = revoked, meta.TraceID
	var apiErr *clerksessions.Error
	switch {
	case err == nil:
	case errors.Is(err, clerksessions.ErrNotFound) && errors.As(err, &apiErr) && apiErr.HasCode("resource_not_found"):
		it.outcome, err = gone, nil
	default:
		it.outcome = failed
		r.budget.Add(1)
	}
	return outcomeOf(err)
}

// listAgain reports the sessions of a user that are still live.
func (r *revokeRun) listAgain(user *item) bulk.Outcome[*item] {
	var survivors []entry
	_, err := r.eachLive(user, func(session *clerksessions.Session) {
		if !r.failures[session.ID] {
			survivors = append(survivors, entry{SessionID: session.ID, UserID: session.UserID, Outcome: stillLive})
		}
	})
	r.found.Lock()
	defer r.found.Unlock()
	for _, e := range survivors {
		r.sum.Live++
		r.note("error: %s of %s is still live", e.SessionID, e.UserID)
		r.show(e)
		_ = r.report.write(e) // a failure shows when the report is closed
	}
	if err == nil && len(user.seen) == 0 {
		_ = r.report.write(entry{UserID: user.user, Outcome: checked})
	}
	return outcomeOf(err)
}
