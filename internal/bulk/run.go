package bulk

import (
	"cmp"
	"context"
	"iter"
	"sync"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// run is one run of a Runner. Only the goroutine that ranges over the results uses its
// fields; the others read items or make one call each.
type run[T any] struct {
	Runner[T]
	yield    func(T, error) bool
	deadline time.Time // of the context; zero if there is none

	pace     *Pace
	paused   bool       // a pause was notified, and not yet its end
	queue    []*task[T] // started next, in this order
	deferred []*task[T] // failed transiently; retried in the next round

	roundAt   time.Time // when the next round begins; zero if it is not scheduled
	fruitless int       // consecutive rounds without a success, including the current one

	since   time.Time    // the last success, or when there was something to do again
	failing map[any]bool // groups with a transient failure since then
	streak  int          // tasks whose first attempt failed transiently since then

	reading    bool // there may be more items to read
	panicked   any  // what items panicked with
	inflight   int
	goroutines sync.WaitGroup
	results    chan *task[T]
	stopped    error // why no more calls are started; nil while they are
	broken     bool  // the caller's loop has ended
}

// task is an item and its state.
type task[T any] struct {
	item     T
	failures int        // transient ones
	ready    time.Time  // no retry before
	outcome  Outcome[T] // of the last attempt
}

func newRun[T any](r *Runner[T], yield func(T, error) bool) *run[T] {
	now := time.Now()
	run := &run[T]{
		Runner: *r, yield: yield, since: now, failing: make(map[any]bool), fruitless: 1, reading: true,
	}
	run.Concurrency = max(1, r.Concurrency)
	run.MaxFailing = cmp.Or(r.MaxFailing, 50)
	run.results = make(chan *task[T], run.Concurrency) // so that sending a result never blocks
	run.pace = cmp.Or(r.Pace, new(Pace))
	run.pace.begin(now, run.Concurrency)
	return run
}

// do reads items, starts calls and reports results until nothing is left or the
// caller's loop ends.
func (r *run[T]) do(parent context.Context, items iter.Seq[T]) {
	ctx, cancel := context.WithCancel(parent)
	defer r.wait()
	defer cancel()
	r.deadline, _ = ctx.Deadline()
	source, stopReading := r.read(items)
	defer stopReading()

	for {
		if parent.Err() != nil {
			r.stop(rest.ContextError(parent))
		}
		if r.stopped != nil {
			r.abandon()
		}
		if r.broken {
			return
		}
		wait := r.start(ctx)
		idle := r.inflight == 0 && len(r.queue) == 0 && len(r.deferred) == 0
		if idle && !r.reading {
			return
		}
		ended, next := parent.Done(), source
		switch {
		case r.stopped != nil:
			ended = nil
		case r.full(), len(r.queue) >= r.Concurrency && (!r.down() || r.promising() >= 0):
			next = nil
		}
		select {
		case <-ended:
		case <-wait:
		case t := <-r.results:
			r.inflight--
			r.finish(ctx, t)
		case item, ok := <-next:
			if idle {
				r.since = time.Now()
			}
			if !ok {
				r.reading, source = false, nil
				break
			}
			r.queue = append(r.queue, &task[T]{item: item})
		}
	}
}

// read reads the items in a goroutine. The returned function stops it.
func (r *run[T]) read(items iter.Seq[T]) (<-chan T, func()) {
	source, done := make(chan T), make(chan struct{})
	r.goroutines.Go(func() {
		defer close(source)
		defer func() { r.panicked = recover() }()
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

// wait waits for the goroutines, and panics if items did.
func (r *run[T]) wait() {
	r.goroutines.Wait()
	if r.panicked != nil {
		panic(r.panicked)
	}
}

// start starts as many tasks as may be in flight. The returned channel fires when the
// next may start; it is nil if that does not depend on time.
func (r *run[T]) start(ctx context.Context) <-chan time.Time {
	if wait := r.nextRound(); wait > 0 {
		return time.After(wait)
	}
	limit := r.Concurrency
	if r.down() {
		limit = 1
	}
	for len(r.queue) > 0 && r.inflight < limit {
		now := time.Now()
		if wait := r.pace.wait(now); wait > 0 {
			return time.After(wait)
		}
		if r.paused {
			r.paused = false
			r.notify(Event[T]{Kind: Resume})
		}
		t := r.take()
		r.pace.start(now)
		r.inflight++
		r.goroutines.Go(func() {
			t.outcome = r.Do(ctx, t.item)
			r.results <- t
		})
	}
	return nil
}

// take takes the next task out of the queue. While the server seems to be down, groups
// that have failed wait for others.
func (r *run[T]) take() *task[T] {
	i := 0
	if r.down() {
		i = max(i, r.promising())
	}
	t := r.queue[i]
	copy(r.queue[1:], r.queue[:i])
	r.queue[0] = nil
	r.queue = r.queue[1:]
	return t
}

// finish handles the outcome of one attempt.
func (r *run[T]) finish(ctx context.Context, t *task[T]) {
	for _, item := range t.outcome.Add {
		r.queue = append(r.queue, &task[T]{item: item})
	}
	now := time.Now()
	switch {
	case t.outcome.Err == nil:
		r.pace.succeed()
		r.since, r.streak, r.fruitless = now, 0, 0
		clear(r.failing)
		r.report(t, nil)
	case ctx.Err() != nil:
		r.report(t, t.outcome.Err)
	case t.outcome.Class == RateLimited:
		r.rateLimited(now, t)
	case t.outcome.Class == Transient:
		r.failedTransiently(now, t)
	case t.outcome.Class == Fatal:
		r.stop(t.outcome.Err)
		r.report(t, t.outcome.Err)
	default:
		r.checkIdle(now, t.outcome.Err)
		r.report(t, t.outcome.Err)
	}
}

// stop prevents further calls. The first error is kept as the cause.
func (r *run[T]) stop(err error) { r.stopped = cmp.Or(r.stopped, err) }

// abandon reports all tasks that are not in flight as stopped.
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

// notifyPause notifies of a pause that t has caused or extended.
func (r *run[T]) notifyPause(now time.Time, t *task[T]) {
	r.paused = true
	r.notify(Event[T]{Kind: Pause, Wait: r.pace.until.Sub(now), Err: t.outcome.Err, Item: t.item})
}

func (r *run[T]) notify(e Event[T]) {
	if r.Notify != nil {
		r.Notify(e)
	}
}
