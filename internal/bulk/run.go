package bulk

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// maxDeferred is how many failed items wait for the next round while others are read.
const maxDeferred = 1000

// run is one run of a Runner. Only the goroutine that ranges over the results
// touches it; the others read items or make one call each.
type run[T any] struct {
	Runner[T]
	yield func(T, error) bool

	pace     pacer
	paused   bool
	queue    []*task[T] // started next, in this order
	deferred []*task[T] // failed transiently, wait for the next round

	roundAt   time.Time // when that begins; zero while there is something else to do
	announced bool      // whether Notify knows
	rounds    int       // consecutive rounds without a success, before this one
	progress  bool      // whether there was one in this round

	idle    bool         // there is nothing to do but to wait for items
	since   time.Time    // the last success, or when there was something to do again
	failing map[any]bool // groups that failed transiently since then
	streak  int          // transient failures since then

	reading  bool
	inflight int
	calls    sync.WaitGroup
	results  chan *task[T]
	stopped  error // why no more is started
	broken   bool  // the caller's loop has ended
}

// task is an item and what is known of it.
type task[T any] struct {
	item     T
	attempts int       // without those that were refused by the rate limit
	ready    time.Time // no retry before
	outcome  Outcome[T]
}

func newRun[T any](r *Runner[T], yield func(T, error) bool) *run[T] {
	run := &run[T]{Runner: *r, yield: yield, since: time.Now(), failing: make(map[any]bool), reading: true}
	run.Concurrency = max(1, r.Concurrency)
	run.MaxRounds = max(1, r.MaxRounds)
	run.MaxPause = cmp.Or(r.MaxPause, 5*time.Minute)
	run.MaxIdle = cmp.Or(r.MaxIdle, 10*time.Minute)
	run.MaxFailing = cmp.Or(r.MaxFailing, 50)
	run.results = make(chan *task[T], run.Concurrency) // no call ever waits to deliver its result
	run.pace = newPacer(run.Concurrency, time.Now())
	return run
}

// do reads, starts and reports until nothing is left or the caller's loop ends.
func (r *run[T]) do(parent context.Context, items iter.Seq[T]) {
	ctx, cancel := context.WithCancel(parent)
	defer r.calls.Wait()
	defer cancel()
	source, unread := r.read(items)
	defer unread()

	for {
		if parent.Err() != nil && r.stopped == nil {
			r.stopped = rest.ContextError(parent)
		}
		if r.stopped != nil {
			r.abandon()
		}
		if r.broken {
			return
		}
		wait := r.start(ctx)
		if r.idle = r.inflight == 0 && len(r.queue) == 0 && len(r.deferred) == 0; r.idle && !r.reading {
			return
		}
		ended, next := parent.Done(), source
		switch {
		case r.stopped != nil:
			ended = nil
		case len(r.queue) >= r.Concurrency || r.full():
			next = nil
		}
		select {
		case <-ended:
		case item, ok := <-next:
			if ok {
				r.queue = append(r.queue, &task[T]{item: item})
			} else {
				r.reading, source = false, nil
			}
		case t := <-r.results:
			r.inflight--
			r.finish(ctx, t)
		case <-wait:
		}
	}
}

// read reads the items in a goroutine. The function it returns ends that.
func (r *run[T]) read(items iter.Seq[T]) (<-chan T, func()) {
	source, done := make(chan T), make(chan struct{})
	r.calls.Go(func() {
		defer close(source)
		for item := range items {
			select {
			case source <- item:
			case <-done:
				return
			}
		}
	})
	return source, func() { close(done) }
}

// start starts as many tasks as may be in flight. It returns a channel that says when
// the next may start, nil if that is not a matter of time.
func (r *run[T]) start(ctx context.Context) <-chan time.Time {
	if wait := r.nextRound(); wait > 0 {
		return time.After(wait)
	}
	for len(r.queue) > 0 && r.inflight < r.width() {
		now := time.Now()
		if wait := r.pace.wait(now); wait > 0 {
			return time.After(wait)
		}
		if r.idle {
			r.idle, r.since = false, now
		}
		if r.paused {
			r.paused = false
			r.notify(Event[T]{Kind: Resume})
		}
		t := r.queue[0]
		r.queue[0] = nil
		r.queue = r.queue[1:]
		t.attempts++
		r.pace.start(now)
		r.inflight++
		r.roundAt = time.Time{}
		r.calls.Go(func() {
			t.outcome = r.Do(ctx, t.item)
			r.results <- t
		})
	}
	return nil
}

// width is how many calls may be in flight: one while nothing but failures comes.
func (r *run[T]) width() int {
	if r.down() > 0 {
		return 1
	}
	return int(r.pace.width)
}

// down returns by how many failures the server seems to be down, rather than one group
// at fault; zero or less if it does not.
func (r *run[T]) down() int { return max(len(r.failing)-r.Concurrency, r.streak-5*r.Concurrency) }

// finish decides what one attempt means.
func (r *run[T]) finish(ctx context.Context, t *task[T]) {
	for _, item := range t.outcome.Add {
		r.queue = append(r.queue, &task[T]{item: item})
	}
	t.outcome.Add = nil
	now := time.Now()
	switch {
	case t.outcome.Err == nil:
		r.pace.succeed(now)
		r.since, r.streak, r.progress = now, 0, true
		clear(r.failing)
		r.report(t, nil)
	case ctx.Err() != nil:
		r.report(t, t.outcome.Err)
	case t.outcome.Class == RateLimited:
		r.limited(ctx, now, t)
	case t.outcome.Class == Transient:
		r.failed(ctx, now, t)
	case t.outcome.Class == Fatal:
		r.stop(t.outcome.Err)
		r.report(t, t.outcome.Err)
	default:
		r.expire(now, t.outcome.Err)
		r.report(t, t.outcome.Err)
	}
}

// limited pauses all calls after one was refused, and has that one started again.
func (r *run[T]) limited(ctx context.Context, now time.Time, t *task[T]) {
	t.attempts--
	asked := cmp.Or(t.outcome.RetryAfter, rest.Backoff(r.pace.pauses+1))
	if reason := r.tooLong(ctx, now, asked); reason != "" {
		r.giveUp(reason, t.outcome.Err)
	}
	r.expire(now, t.outcome.Err)
	r.queue = append([]*task[T]{t}, r.queue...)
	if r.stopped != nil {
		return
	}
	if r.pace.refuse(now, r.jitter(ctx, now, asked)) {
		r.paused = true
		r.notify(Event[T]{Kind: Pause, Wait: r.pace.until.Sub(now), Err: t.outcome.Err, Item: t.item})
	}
	r.notify(Event[T]{Kind: Retry, Wait: r.pace.until.Sub(now), Err: t.outcome.Err, Item: t.item})
}

// failed defers a task that failed transiently to the next round. If the server seems
// to be down, all calls pause.
func (r *run[T]) failed(ctx context.Context, now time.Time, t *task[T]) {
	r.streak++
	if t.attempts == 1 {
		r.failing[r.group(t)] = true
	}
	asked := t.outcome.RetryAfter
	if r.MaxRounds == 1 || r.tooLong(ctx, now, asked) != "" {
		r.report(t, t.outcome.Err)
	} else {
		t.ready = now.Add(asked)
		r.deferred = append(r.deferred, t)
	}
	r.expire(now, t.outcome.Err)
	if len(r.failing) >= r.MaxFailing {
		r.giveUp(fmt.Sprintf("%d failures without a success", r.streak), t.outcome.Err)
	}
	if down := r.down(); down > 0 && r.stopped == nil && !now.Before(r.pace.until) {
		pause := max(rest.Backoff(min(3, down)), min(asked, r.MaxPause))
		r.pace.hold(now.Add(pause))
		r.paused = true
		r.notify(Event[T]{Kind: Pause, Wait: pause, Err: t.outcome.Err, Item: t.item})
	}
}

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

func (r *run[T]) group(t *task[T]) any {
	if r.Group != nil {
		return r.Group(t.item)
	}
	return t
}

// expire gives the run up if nothing has succeeded for too long.
func (r *run[T]) expire(now time.Time, err error) {
	if idle := now.Sub(r.since); idle > r.MaxIdle {
		r.giveUp(fmt.Sprintf("nothing has succeeded for %s", idle.Round(time.Second)), err)
	}
}

// tooLong returns why the server asks for too long a wait, empty if it does not.
func (r *run[T]) tooLong(ctx context.Context, now time.Time, wait time.Duration) string {
	deadline, ok := ctx.Deadline()
	switch {
	case wait > r.MaxPause:
		return fmt.Sprintf("the server asked to wait %s", wait)
	case wait > 0 && ok && now.Add(wait).After(deadline):
		return fmt.Sprintf("the server asked to wait %s, beyond the deadline", wait)
	}
	return ""
}

// jitter returns a wait a little longer than asked for, if the deadline allows that.
func (r *run[T]) jitter(ctx context.Context, now time.Time, asked time.Duration) time.Duration {
	wait := rest.Jitter(asked)
	if deadline, ok := ctx.Deadline(); ok && now.Add(wait).After(deadline) {
		return asked
	}
	return wait
}

func (r *run[T]) giveUp(reason string, err error) {
	r.stop(fmt.Errorf("%w: %s: %w", ErrGaveUp, reason, err))
}

func (r *run[T]) stop(err error) {
	if r.stopped == nil {
		r.stopped = err
	}
}

// abandon reports what is not started any more.
func (r *run[T]) abandon() {
	tasks := append(r.queue, r.deferred...)
	r.queue, r.deferred = nil, nil
	for _, t := range tasks {
		r.report(t, &StoppedError{Cause: r.stopped, Last: t.outcome.Err})
	}
}

// report yields the result of one task.
func (r *run[T]) report(t *task[T], err error) {
	if !r.broken {
		r.broken = !r.yield(t.item, err)
	}
}

func (r *run[T]) notify(e Event[T]) {
	if r.Notify != nil {
		r.Notify(e)
	}
}
