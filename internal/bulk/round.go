package bulk

import (
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// maxDeferred is how many failed items wait for the next round while others are read.
const maxDeferred = 1000

// nextRound queues what was deferred, once there has been nothing else to do for the
// time of a backoff. Until then it returns how long that still takes.
func (r *run[T]) nextRound() time.Duration {
	if len(r.deferred) == 0 || len(r.queue) > 0 || r.inflight > 0 {
		return 0
	}
	now := time.Now()
	if r.roundAt.IsZero() && !r.planRound(now) {
		return 0
	}
	if wait := r.roundAt.Sub(now); wait > 0 {
		return wait
	}
	r.announce(0)
	r.rounds, r.progress = r.fruitless(), false
	r.queue, r.deferred = r.deferred, nil
	return 0
}

// fruitless is the number of consecutive rounds without a success so far.
func (r *run[T]) fruitless() int {
	if r.progress {
		return 0
	}
	return r.rounds + 1
}

// planRound decides when the next round begins. If there were too many without a
// success, it reports what was deferred, and there is no next round.
func (r *run[T]) planRound(now time.Time) bool {
	if r.fruitless() >= r.MaxRounds {
		failed := r.deferred
		r.rounds, r.progress, r.deferred = 0, false, nil
		for _, t := range failed {
			r.report(t, t.outcome.Err)
		}
		return false
	}
	r.roundAt = now.Add(rest.Backoff(r.fruitless() + 1))
	for _, t := range r.deferred {
		if t.ready.After(r.roundAt) {
			r.roundAt = t.ready
		}
	}
	r.announced = false
	if !r.reading || r.full() { // nothing can come in between
		r.announce(r.roundAt.Sub(now))
	}
	return true
}

// announce tells of each retry of the next round, once.
func (r *run[T]) announce(wait time.Duration) {
	if r.announced {
		return
	}
	r.announced = true
	for _, t := range r.deferred {
		r.notify(Event[T]{Kind: Retry, Wait: wait, Err: t.outcome.Err, Item: t.item})
	}
}

// full reports whether no more items are read before the next round.
func (r *run[T]) full() bool { return len(r.deferred) >= maxDeferred }
