package clerksessions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

const (
	growth     = 35              // successes before one more call may be under way again
	maxPause   = 5 * time.Minute // what Clerk may ask RevokeAll to wait
	maxFailing = 20              // pauses for failures in a row before giving up, a minute or two
	maxLimited = 100             // pauses for 429s without a success between before giving up
)

// revoker revokes many sessions. Only the goroutine that ranges over the sequence
// touches it; the others make one call each and report it.
type revoker struct {
	*config
	yield func(*Session, error) bool

	limit, most float64   // how many calls may be under way, now and at best
	until       time.Time // nothing is sent before
	limited     int       // pauses for a 429 since the last success
	failing     int       // failures in passing since the last success

	inflight int
	results  chan revocation
	stopped  error // why no more is tried
	broken   bool  // the caller's loop has ended
}

// revocation is what is known of one session: how often it was tried, and what came
// of it last.
type revocation struct {
	listed, revoked *Session
	tries           int
	err             error
}

// run revokes todo and returns whether the caller still listens.
func (r *revoker) run(ctx context.Context, todo []revocation) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for idle := 0; len(todo) > 0; {
		failed := r.round(ctx, cancel, todo)
		if idle++; len(failed) < len(todo) {
			idle = 0
		}
		again := len(failed) > 0 && r.stopped == nil && !r.broken && r.MaxAttempts > 1 && idle < r.MaxAttempts
		wait := rest.Backoff(idle + 1)
		for _, f := range failed {
			switch {
			case again:
				r.logRetry(ctx, &opRevokeSession, f.tries, wait, f.err)
			case r.stopped != nil:
				r.giveUp(f)
			default:
				r.report(f)
			}
		}
		if !again {
			break
		}
		_ = rest.Sleep(ctx, wait) // an ended context shows in the next round
		todo = failed
	}
	return !r.broken
}

// round tries each session once, not counting answers 429, and returns what failed
// in passing. It ends with no call under way.
func (r *revoker) round(ctx context.Context, cancel func(), todo []revocation) (failed []revocation) {
	todo = slices.Clone(todo)
	for {
		ended := ctx.Done()
		if ctx.Err() != nil && r.stopped == nil {
			r.stopped = rest.ContextError(ctx)
		}
		if r.stopped != nil || r.broken {
			ended = nil
			for _, left := range todo {
				r.giveUp(left)
			}
			todo = nil
		}
		now := time.Now()
		for len(todo) > 0 && r.inflight < int(r.limit) && !now.Before(r.until) {
			r.start(ctx, todo[0])
			todo = todo[1:]
		}
		if len(todo) == 0 && r.inflight == 0 {
			return failed
		}
		var reopened <-chan time.Time
		if len(todo) > 0 && now.Before(r.until) {
			reopened = time.After(r.until.Sub(now))
		}
		select {
		case <-ended:
		case <-reopened:
		case res := <-r.results:
			r.inflight--
			switch {
			case r.pace(ctx, res):
				r.logRetry(ctx, &opRevokeSession, res.tries, time.Until(r.until), res.err)
				todo = append(todo, res)
			case res.err != nil && transient(res.err) && ctx.Err() == nil:
				failed = append(failed, res)
			default:
				r.report(res)
			}
		}
		if r.broken {
			cancel()
		}
	}
}

// start makes one call. Repeating it is up to the revoker, which sees them all.
func (r *revoker) start(ctx context.Context, item revocation) {
	r.inflight++
	once := *r.config
	once.MaxAttempts, once.tried = 1, item.tries
	item.tries++
	go func() {
		item.revoked, item.err = (&lowLevel{config: &once}).revokeSession(ctx, item.listed.ID)
		if item.err == nil && (item.revoked.ID != item.listed.ID || isLive(item.revoked)) {
			item.err = fmt.Errorf("clerksessions: %s: Clerk answered with session %s, %s, instead of revoking it",
				opRevokeSession.ID, rest.OneLine(item.revoked.ID), rest.OneLine(string(item.revoked.Status)))
		}
		r.results <- item
	}()
}

// pace adapts to what one call brought, and tells whether that was a 429, to be tried
// again. As many are refused as are under way when a shared limit is used up, so it
// goes on with half as many and each refusal counts.
func (r *revoker) pace(ctx context.Context, res revocation) (again bool) {
	var answer *Error
	errors.As(res.err, &answer)
	paused := time.Now().Before(r.until) // this was under way when the pause began
	switch {
	case res.err == nil:
		r.limited, r.failing = 0, 0
		r.limit = min(r.most, r.limit+1.0/growth)
	case answer != nil && answer.StatusCode == http.StatusTooManyRequests:
		if paused {
			r.limit = max(1, r.limit-1)
		} else {
			r.limit = max(1, r.limit/2)
			r.limited++
		}
		r.pause(ctx, cmp.Or(answer.RetryAfter, rest.Backoff(r.limited)), answer)
		return r.stopped == nil
	case transient(res.err):
		if !paused {
			r.failing++
		}
		switch inARow := r.failing - int(r.most); {
		case answer != nil && answer.RetryAfter > 0:
			r.pause(ctx, answer.RetryAfter, res.err)
		case inARow > 0 && !paused:
			r.limit = max(1, r.limit/2)
			r.pause(ctx, rest.Backoff(inARow), res.err)
		}
	}
	return false
}

// pause has nothing sent for a while, or nothing any more if that would take too long.
func (r *revoker) pause(ctx context.Context, wait time.Duration, err error) {
	until := time.Now().Add(wait)
	deadline, bounded := ctx.Deadline()
	if r.stopped == nil && (wait > maxPause || bounded && until.After(deadline) || r.limited >= maxLimited || r.failing >= int(r.most)+maxFailing) {
		r.stopped = fmt.Errorf("waiting for Clerk would take too long: %w", err)
	}
	if until.After(r.until) {
		r.until = until
	}
}

// giveUp reports a session that is not tried (again).
func (r *revoker) giveUp(item revocation) {
	if item.tries == 0 {
		item.err = fmt.Errorf("not tried: %w", r.stopped)
	} else {
		item.err = fmt.Errorf("not tried again: %w; the last try brought: %w", r.stopped, item.err)
	}
	r.report(item)
}

// report yields what became of one session.
func (r *revoker) report(res revocation) {
	var answer *Error
	switch {
	case r.broken:
	case res.err == nil:
		r.broken = !r.yield(res.revoked, nil)
	case errors.Is(res.err, ErrNotFound) && errors.As(res.err, &answer) && answer.HasCode("resource_not_found"):
		r.broken = !r.yield(res.listed, nil)
	default:
		r.broken = !r.yield(nil, &RevokeError{SessionID: res.listed.ID, Err: res.err})
	}
}
