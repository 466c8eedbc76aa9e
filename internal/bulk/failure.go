package bulk

import (
	"fmt"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

const (
	maxIdle = 10 * time.Minute // the run is given up after so long without a success
	maxWait = 5 * time.Minute  // the longest wait that the server may ask for

	// The pause after a failure while the server seems to be down.
	minPause = 50 * time.Millisecond
	maxPause = 2 * time.Second
)

// rateLimited pauses all calls after one was rate-limited, and queues that one first.
func (r *run[T]) rateLimited(now time.Time, t *task[T]) {
	asked := rest.Backoff(r.pace.pauses + 1)
	if t.outcome.RetryAfter > 0 {
		asked = max(t.outcome.RetryAfter, minPause)
	}
	if reason := r.tooLong(now, asked); reason != "" {
		r.giveUp(reason, t.outcome.Err)
	}
	r.checkIdle(now, t.outcome.Err)
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

// failedTransiently defers a task to the next round, or reports its failure if it is
// not retried.
func (r *run[T]) failedTransiently(now time.Time, t *task[T]) {
	t.failures++
	if t.failures == 1 {
		r.streak++
		r.failing[r.group(t)] = true
	}
	if r.MaxRounds <= 1 || r.tooLong(now, t.outcome.RetryAfter) != "" {
		r.report(t, t.outcome.Err)
	} else {
		t.ready = now.Add(t.outcome.RetryAfter)
		r.deferred = append(r.deferred, t)
	}
	r.checkIdle(now, t.outcome.Err)
	if len(r.failing) >= r.MaxFailing {
		r.giveUp(fmt.Sprintf("%d failures without a success", r.streak), t.outcome.Err)
	}
	// The longer the server has been down, the longer the pause. A failed retry causes
	// none: the fault may lie with this one item.
	if r.down() && t.failures == 1 && r.stopped == nil {
		pause := max(minPause, min(now.Sub(r.since)/8, maxPause))
		if r.pace.hold(now.Add(pause)) {
			r.notifyPause(now, t)
		}
	}
}

// down reports whether the server seems to be down, as opposed to a few failing items.
func (r *run[T]) down() bool { return len(r.failing) > r.Concurrency || r.streak > 5*r.Concurrency }

// promising returns the index of the first queued task of a group without a transient
// failure since the last success, -1 if there is none.
func (r *run[T]) promising() int {
	return slices.IndexFunc(r.queue, func(t *task[T]) bool { return !r.failing[r.group(t)] })
}

// group returns the key of the task's group: without Group, the task itself.
func (r *run[T]) group(t *task[T]) any {
	if r.Group != nil {
		return r.Group(t.item)
	}
	return t
}

// checkIdle gives up the run if nothing has succeeded for too long.
func (r *run[T]) checkIdle(now time.Time, err error) {
	if idle := now.Sub(r.since); idle > maxIdle {
		r.giveUp(fmt.Sprintf("nothing has succeeded for %s", idle.Round(time.Second)), err)
	}
}

// tooLong returns the reason why a wait is too long, or "" if it is acceptable.
func (r *run[T]) tooLong(now time.Time, wait time.Duration) string {
	switch {
	case wait > maxWait:
		return fmt.Sprintf("the server asked to wait %s", wait)
	case !r.deadline.IsZero() && now.Add(wait).After(r.deadline):
		return fmt.Sprintf("the server asked to wait %s, beyond the deadline", wait)
	}
	return ""
}

func (r *run[T]) giveUp(reason string, err error) {
	r.stop(fmt.Errorf("%w: %s: %w", ErrGaveUp, reason, err))
}
