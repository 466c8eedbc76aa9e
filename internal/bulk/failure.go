package bulk

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

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

// down returns by how many failures the server seems to be down, rather than one group
// at fault; zero or less if it does not.
func (r *run[T]) down() int { return max(len(r.failing)-r.Concurrency, r.streak-5*r.Concurrency) }

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
