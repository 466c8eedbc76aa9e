package bulk

import (
	"slices"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// maxDeferred is the maximum number of deferred tasks while items are still read.
const maxDeferred = 1000

// full reports whether reading stops until the next round.
func (r *run[T]) full() bool { return len(r.deferred) >= maxDeferred }

// nextRound starts the next round: it queues the deferred tasks once everything else is
// done and a backoff has passed. It returns the rest of that backoff, zero if there is
// nothing to wait for.
func (r *run[T]) nextRound() time.Duration {
	if len(r.deferred) == 0 || len(r.queue) > 0 || r.inflight > 0 {
		return 0
	}
	now := time.Now()
	if r.roundAt.IsZero() {
		if r.giveUpTasks(); len(r.deferred) == 0 {
			return 0
		}
		r.roundAt = now.Add(rest.Backoff(r.fruitless + 1))
	}
	for _, t := range r.deferred {
		if t.ready.After(r.roundAt) {
			r.roundAt = t.ready
		}
	}
	if wait := r.roundAt.Sub(now); wait > 0 {
		return wait
	}
	r.queue, r.deferred, r.roundAt = r.deferred, nil, time.Time{}
	r.fruitless++
	for _, t := range r.queue {
		r.notify(Event[T]{Kind: Retry, Err: t.outcome.Err, Item: t.item})
	}
	return 0
}

// giveUpTasks reports deferred tasks as failed: all of them after MaxRounds rounds
// without a success, and while they keep items from being read, those that have failed
// three times as often.
func (r *run[T]) giveUpTasks() {
	all, some := r.fruitless >= r.MaxRounds, r.full()
	r.deferred = slices.DeleteFunc(r.deferred, func(t *task[T]) bool {
		given := all || some && t.failures >= 3*r.MaxRounds
		if given {
			r.report(t, t.outcome.Err)
		}
		return given
	})
	if all {
		r.fruitless = 1
	}
}
