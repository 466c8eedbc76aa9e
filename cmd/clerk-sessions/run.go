package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/bulk"
	"github.com/dustin/go-humanize/english"
)

const (
	maxRounds  = 4   // consecutive rounds of retries without a success
	maxFailing = 200 // different users that may fail without a success before the run is given up
	maxAlike   = 5   // equal errors that are printed in a pass
)

// revokeRun lists and revokes sessions. Listings and revocations are items of the same
// bulk run, so that they share the rate and the pauses.
type revokeRun struct {
	*app
	report *report
	flags  *revokeAllFlags
	client *clerksessions.Client
	pace   bulk.Pace // shared by all passes

	within   context.Context // the context of calls; see withGrace
	inFlight atomic.Int64
	budget   atomic.Int64    // sessions that --max still allows
	exceeded atomic.Bool     // there are more sessions than --max
	failing  map[string]bool // users with a failure since the last success
	alike    map[string]int  // equal errors of the pass; see few. Nil if all are printed
	reasons  map[string]int  // equal reasons of pauses
	stopped  error           // why the run ended early
	unshown  error           // the error of writing to stdout
}

func newRun(ctx context.Context, a *app, client *clerksessions.Client, f *revokeAllFlags) *revokeRun {
	r := &revokeRun{app: a, report: newReport(f.users), flags: f, client: client, within: ctx}
	r.failing, r.reasons = map[string]bool{}, map[string]int{}
	r.budget.Store(int64(cmp.Or(f.max, math.MaxInt)))
	return r
}

// pass processes items with do until none is left or the run is stopped.
func (r *revokeRun) pass(ctx context.Context, what string, items []*item, do func(*item) bulk.Outcome[*item]) {
	if r.stopped != nil || len(items) == 0 {
		return
	}
	noted := make(chan struct{})
	parent := ctx
	unhook := context.AfterFunc(parent, func() {
		defer close(noted)
		calls, then := english.Plural(int(r.inFlight.Load()), "call", ""), "again to quit"
		if errors.Is(parent.Err(), context.DeadlineExceeded) {
			then = context.Cause(parent).Error()
		}
		r.note("stopping; %s in flight; %s", calls, then)
	})
	defer func() {
		if !unhook() {
			<-noted
		}
	}()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p := r.begin(what, items)
	defer p.end()
	if r.report.file != nil || r.asJSON && !r.flags.dryRun { // which have all errors
		r.alike = map[string]int{}
	}
	defer r.printAlike()
	runner := bulk.Runner[*item]{
		Do: func(_ context.Context, it *item) bulk.Outcome[*item] {
			r.inFlight.Add(1)
			defer r.inFlight.Add(-1)
			return do(it)
		},
		Group:       func(it *item) string { return it.user },
		Notify:      r.notify,
		Concurrency: r.flags.concurrency,
		Pace:        &r.pace,
		MaxRounds:   maxRounds,
		MaxFailing:  maxFailing,
	}
	for it, err := range runner.Run(ctx, r.withinMax(items)) {
		if !errors.As(err, new(*bulk.StoppedError)) {
			r.update(func() { p.done.add(it) })
		}
		if err == nil {
			clear(r.failing)
		} else if r.fail(ctx, it, err); r.stopped != nil {
			stop(r.stopped)
		}
	}
	if r.exceeded.Load() {
		r.stop(ctx, fmt.Errorf("--max %d reached", r.flags.max))
	}
}

// withinMax yields items until there are more sessions than --max allows.
func (r *revokeRun) withinMax(items []*item) iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for _, it := range items {
			if r.exceeded.Load() || it.session != "" && r.allowed(1) == 0 || !yield(it) {
				return
			}
		}
	}
}

// fail prints and records the error of an item. It stops the run after an interruption, a
// fatal error or too many failures.
func (r *revokeRun) fail(ctx context.Context, it *item, err error) {
	if ended, ok := errors.AsType[*bulk.StoppedError](err); ok {
		r.stop(ctx, ended.Cause)
		err = ended.Last
	}
	full := err
	switch {
	case err == nil, errors.Is(err, clerksessions.ErrRateLimited): // not attempted
		return
	case ctx.Err() != nil && errors.Is(err, context.Canceled), outcomeOf(err).Class == bulk.Fatal:
		r.stop(ctx, err)
		return
	case it.session != "":
		full = fmt.Errorf("%s of %s was not revoked: %w", it.session, it.user, err)
	case !errors.As(err, new(wrongResponse)):
		full = fmt.Errorf("cannot list the sessions of %s: %w", cmp.Or(it.user, r.flags.client), err)
	}
	text := describe(full)
	for _, id := range []string{it.session, cmp.Or(it.user, r.flags.client)} {
		if id != "" {
			text = strings.ReplaceAll(text, id, "…")
		}
	}
	if r.alike == nil || r.unshown != nil || few(r.alike, text, maxAlike) {
		r.printError(full)
	}
	e := entry{SessionID: it.session, UserID: it.user, Outcome: failed, TraceID: it.traceID,
		ErrorCode: "no_response", Error: describe(err)}
	if apiErr, ok := errors.AsType[*clerksessions.Error](err); ok {
		e.TraceID, e.ErrorCode = apiErr.TraceID, fmt.Sprintf("http_%d", apiErr.StatusCode)
		if len(apiErr.Errors) > 0 {
			e.ErrorCode = apiErr.Errors[0].Code
		}
	}
	_ = r.record(e) // closing the report returns the error
	if r.failing[it.user] = true; len(r.failing) >= maxFailing {
		r.stop(ctx, fmt.Errorf("gave up: %d users failed and nothing succeeded; last error: %w", maxFailing, err))
	}
}

// stop records why the run ends early. The first reason is kept.
func (r *revokeRun) stop(ctx context.Context, err error) {
	r.stopped = cmp.Or(r.stopped, context.Cause(ctx), err)
}

// varying matches the parts in which equal errors differ: trace ids and ports.
var varying = regexp.MustCompile(`trace [^\]]+|\d{4,}`)

// few counts an error and reports whether at most n equal ones have been counted.
func few(counts map[string]int, text string, n int) bool {
	text = varying.ReplaceAllString(text, "…")
	counts[text]++
	return counts[text] <= n
}

// printAlike prints how many equal errors of the pass have not been printed.
func (r *revokeRun) printAlike() {
	for _, text := range slices.Sorted(maps.Keys(r.alike)) {
		if n := r.alike[text] - maxAlike; n > 0 {
			r.note("error: %d more: %s", n, text)
		}
	}
}

// record adds outcomes to the report. It prints those of sessions and, as JSON, of users
// that could not be listed.
func (r *revokeRun) record(entries ...entry) error {
	err := r.report.add(entries...)
	for _, e := range entries {
		unlisted := e.Outcome == failed && r.asJSON && !r.flags.dryRun
		shown := e.SessionID != "" && e.Outcome != planned || unlisted
		if shown && !r.report.file.onStdout() {
			r.show(e)
		}
	}
	return err
}

// show prints an outcome, unless stdout is a terminal, which shows the progress.
func (r *revokeRun) show(e entry) {
	if !r.asJSON && r.outTTY {
		return
	}
	r.aside(func() {
		switch {
		case r.unshown != nil:
		case r.asJSON:
			r.unshown = r.printJSON(e)
		default:
			_, r.unshown = fmt.Fprintln(r.out, clean(string(e.Outcome)), clean(e.SessionID), clean(e.UserID))
		}
	})
}

// notify shows a pause. A reason other than the rate limit is shown once.
func (r *revokeRun) notify(e bulk.Event[*item]) {
	if e.Kind != bulk.Pause {
		return
	}
	r.update(func() { r.progress.pause(e.Wait) })
	switch limited := errors.Is(e.Err, clerksessions.ErrRateLimited); {
	case limited && !r.redraws():
		r.note("Rate limited by Clerk; resuming in %s.", shortDuration(e.Wait))
	case !limited && few(r.reasons, describe(e.Err), 1):
		r.note("Calls fail; retrying: %s", describe(e.Err))
	}
}
