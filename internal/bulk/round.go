package bulk

import (
	"slices"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// maxDeferred is how many failed items wait for the next round while others are read.
const maxDeferred = 1000

// full reports whether no more items are read before the next round.
func (r *run[T]) full() bool { return len(r.deferred) >= maxDeferred }

// nextRound queues what was deferred, a backoff after there was nothing else to do.
// Until then it returns how long that still takes.
func (r *run[T]) nextRound() time.Duration {
	if len(r.deferred) == 0 || len(r.queue) > 0 || r.inflight > 0 {
		return 0
	}
	now := time.Now()
	if r.roundAt.IsZero() {
		if r.dropHopeless(); len(r.deferred) == 0 {
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

// dropHopeless reports what was deferred after too many rounds without a success. It
// also reports, while items wait to be read, the tasks that have failed in many rounds.
func (r *run[T]) dropHopeless() {
	barren, blocking := r.fruitless >= r.MaxRounds, r.full() && r.reading
	r.deferred = slices.DeleteFunc(r.deferred, func(t *task[T]) bool {
		hopeless := barren || blocking && t.attempts >= 3*r.MaxRounds
		if hopeless {
			r.report(t, t.outcome.Err)
		}
		return hopeless
	})
	if barren {
		r.fruitless = 1
	}
}
