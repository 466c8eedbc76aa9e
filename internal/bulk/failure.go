package bulk

import (
	"fmt"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

const (
	maxIdle  = 10 * time.Minute // without a success, before giving up
	maxWait  = 5 * time.Minute  // that the server may ask for
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second // after a failure while the server seems to be down
)

// limited pauses all calls after one was refused, which is started first after that.
func (r *run[T]) limited(now time.Time, t *task[T]) {
	t.attempts--
	asked := rest.Backoff(r.pace.pauses + 1)
	if t.outcome.RetryAfter > 0 {
		asked = max(t.outcome.RetryAfter, minPause)
	}
	if reason := r.tooLong(now, asked); reason != "" {
		r.giveUp(reason, t.outcome.Err)
	}
	r.expire(now, t.outcome.Err)
	r.queue = append([]*task[T]{t}, r.queue...)
	if r.stopped != nil {
		return
	}
	wait := rest.Jitter(asked)
	if r.tooLong(now, wait) != "" {
		wait = asked
	}
	if r.pace.refuse(now, wait) {
		r.notifyPause(now, t)
	}
	r.notify(Event[T]{Kind: Retry, Wait: r.pace.until.Sub(now), Err: t.outcome.Err, Item: t.item})
}

// failed defers a task that failed transiently to the next round.
func (r *run[T]) failed(now time.Time, t *task[T]) {
	if t.attempts == 1 {
		r.streak++
		r.failing[r.group(t)] = true
	}
	if r.MaxRounds == 1 || r.tooLong(now, t.outcome.RetryAfter) != "" {
		r.report(t, t.outcome.Err)
	} else {
		t.ready = now.Add(t.outcome.RetryAfter)
		r.deferred = append(r.deferred, t)
	}
	r.expire(now, t.outcome.Err)
	if len(r.failing) >= r.MaxFailing {
		r.giveUp(fmt.Sprintf("%d failures without a success", r.streak), t.outcome.Err)
	}
	// The longer the server has been down, the longer the pause. A retry need not wait,
	// as it may be this item that always fails.
	if r.down() && t.attempts == 1 && r.stopped == nil {
		pause := max(minPause, min(now.Sub(r.since)/8, maxPause))
		if r.pace.hold(now.Add(pause)) {
			r.notifyPause(now, t)
		}
	}
}

// down reports whether the server seems to be down, rather than one group at fault.
func (r *run[T]) down() bool { return len(r.failing) > r.Concurrency || r.streak > 5*r.Concurrency }

// promising returns the index of the first queued task of a group that has not failed
// since the last success, -1 if there is none.
func (r *run[T]) promising() int {
	return slices.IndexFunc(r.queue, func(t *task[T]) bool { return !r.failing[r.group(t)] })
}

func (r *run[T]) group(t *task[T]) any {
	if r.Group != nil {
		return r.Group(t.item)
	}
	return t
}

// expire gives the run up if nothing has succeeded for too long.
func (r *run[T]) expire(now time.Time, err error) {
	if idle := now.Sub(r.since); idle > maxIdle {
		r.giveUp(fmt.Sprintf("nothing has succeeded for %s", idle.Round(time.Second)), err)
	}
}

// tooLong returns why a wait is too long, empty if it is not.
func (r *run[T]) tooLong(now time.Time, wait time.Duration) string {
	switch {
	case wait > maxWait:
		return fmt.Sprintf("the server asked to wait %s", wait)
	case wait > 0 && !r.deadline.IsZero() && now.Add(wait).After(r.deadline):
		return fmt.Sprintf("the server asked to wait %s, beyond the deadline", wait)
	}
	return ""
}

func (r *run[T]) giveUp(reason string, err error) {
	r.stop(fmt.Errorf("%w: %s: %w", ErrGaveUp, reason, err))
}
