package bulk

import (
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// maxDeferred is the maximum number of deferred tasks while items are still read.
const maxDeferred = 1000

// full reports whether reading stops until the next round.
func (r *run[T]) full() bool { return len(r.deferred) >= maxDeferred }

// nextRound starts the next round: it queues the deferred tasks once everything else is
// done and a backoff has passed. It returns the rest of that backoff, zero if there is
// nothing to wait for. After MaxRounds rounds without a success it reports the deferred
// tasks as failed instead.
func (r *run[T]) nextRound() time.Duration {
	if len(r.deferred) == 0 || len(r.queue) > 0 || r.inflight > 0 {
		return 0
	}
	deferred := r.deferred
	if r.fruitless >= r.MaxRounds {
		r.deferred, r.fruitless = nil, 1
		for _, t := range deferred {
			r.report(t, t.outcome.Err)
		}
		return 0
	}
	now := time.Now()
	if r.roundAt.IsZero() {
		r.roundAt = now.Add(rest.Backoff(r.fruitless + 1))
	}
	for _, t := range deferred {
		if t.ready.After(r.roundAt) {
			r.roundAt = t.ready
		}
	}
	if wait := r.roundAt.Sub(now); wait > 0 {
		return wait
	}
	r.queue, r.deferred, r.roundAt = deferred, nil, time.Time{}
	r.fruitless++
	for _, t := range r.queue {
		r.notify(Event[T]{Kind: Retry, Err: t.outcome.Err, Item: t.item})
	}
	return 0
}
