package bulk_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions/internal/bulk"
)

// waits returns a Notify that records the waits of the events of a kind.
func waits(kind bulk.EventKind, to *[]time.Duration) func(bulk.Event[int]) {
	return func(e bulk.Event[int]) {
		if e.Kind == kind {
			*to = append(*to, e.Wait)
		}
	}
}

func TestRetriesAreAnnouncedOnce(t *testing.T) {
	t.Parallel()
	fails := func(_, attempts int) outcome {
		if attempts < 2 {
			return transient()
		}
		return outcome{}
	}
	test(t, "with the wait, if nothing can come in between", func(t *testing.T) {
		var seen []time.Duration
		s := server{answer: fails}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxRounds: 5, Notify: waits(bulk.Retry, &seen)}, numbers(2))
		assert.Empty(t, failures(results))
		assert.Len(t, seen, 4)
		for _, wait := range seen {
			assert.Positive(t, wait)
		}
	})
	test(t, "when it comes, if more items may precede it", func(t *testing.T) {
		var seen []time.Duration
		s := server{answer: fails}
		slowly := func(yield func(int) bool) {
			if yield(0) {
				time.Sleep(time.Hour)
			}
		}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxRounds: 5, Notify: waits(bulk.Retry, &seen)}, slowly)
		assert.Empty(t, failures(results))
		assert.Equal(t, []time.Duration{0, 0}, seen)
	})
}

func TestARoundWaitsForCallsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var again time.Duration
		s := server{answer: func(item, attempts int) outcome {
			switch {
			case item == 1:
				time.Sleep(time.Minute)
			case attempts == 0:
				return transient()
			default:
				again = time.Since(began)
			}
			return outcome{}
		}}
		collect(t, t.Context(), bulk.Runner[int]{Do: s.do, Concurrency: 2, MaxRounds: 3}, numbers(2))
		assert.GreaterOrEqual(t, again, time.Minute)
	})
}

func TestBackoffBetweenRounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			var seen []time.Duration
			s := server{answer: func(_, attempts int) outcome {
				if attempts < 3 {
					return transient()
				}
				return outcome{}
			}}
			collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxRounds: 5, Notify: waits(bulk.Retry, &seen)}, numbers(1))
			assert.Len(t, seen, 3)
			for i, limit := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
				assert.Less(t, seen[i], limit, "round %d", i+1)
			}
		}
	})
}

func TestWhenARunIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ max, want int }{"50 by default": {0, 50}, "at MaxFailing": {7, 7}} {
		test(t, name, func(t *testing.T) {
			var pauses []time.Duration
			s := server{answer: func(_, _ int) outcome { return transient() }}
			runner := bulk.Runner[int]{Do: s.do, MaxRounds: 3, MaxFailing: row.max, Notify: waits(bulk.Pause, &pauses)}
			results := collect(t, t.Context(), runner, numbers(200))
			assert.Equal(t, row.want, s.total())
			assert.Len(t, pauses, row.want-2, "after each failure but the first and the last")
			assert.ErrorIs(t, results[199], bulk.ErrGaveUp)
		})
	}
}

// A single group counts as a failing server after 5 failures a call in flight.
func TestAGroupThatFailsAndFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s server
		s.answer = func(item, _ int) outcome {
			if item == 0 {
				return outcome{}
			}
			return transient()
		}
		pausedAfter := 0
		runner := bulk.Runner[int]{Do: s.do, MaxRounds: 3, Group: func(int) string { return "user_1" }, Notify: func(e bulk.Event[int]) {
			if e.Kind == bulk.Pause && pausedAfter == 0 {
				pausedAfter = s.total()
			}
		}}
		collect(t, t.Context(), runner, numbers(20))
		assert.Equal(t, 1+6, pausedAfter)
	})
}

func TestAWaitThatEndsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]outcome{
		"429": limited(time.Minute),
		"503": {Err: errTransient, Class: bulk.Transient, RetryAfter: time.Minute},
	} {
		test(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			s := server{answer: func(_, attempts int) outcome {
				if attempts == 0 {
					return failure
				}
				return outcome{}
			}}
			var pauses []time.Duration
			runner := bulk.Runner[int]{Do: s.do, MaxRounds: 3, Notify: waits(bulk.Pause, &pauses)}
			assert.Empty(t, failures(collect(t, ctx, runner, numbers(1))))
			for _, wait := range pauses {
				assert.Greater(t, wait, time.Minute, "with jitter")
			}
		})
	}
}

func TestTheLongestPause(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		asked time.Duration
		err   error
	}{"five minutes": {5 * time.Minute, nil}, "longer": {5*time.Minute + 1, bulk.ErrGaveUp}} {
		test(t, name, func(t *testing.T) {
			s := server{answer: func(_, attempts int) outcome {
				if attempts == 0 {
					return limited(row.asked)
				}
				return outcome{}
			}}
			assert.ErrorIs(t, collect(t, t.Context(), bulk.Runner[int]{Do: s.do}, numbers(1))[0], row.err)
		})
	}
}

func TestHowFarAheadItemsAreRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := 0
		counted := func(yield func(int) bool) {
			for i := range 100 {
				if read++; !yield(i) {
					return
				}
			}
		}
		blocked := make(chan struct{})
		runner := bulk.Runner[int]{Concurrency: 2, Do: func(context.Context, int) outcome { <-blocked; return outcome{} }}
		go func() {
			synctest.Wait()
			assert.Equal(t, 2+2+1, read, "in flight, waiting, and the one that the reader holds")
			close(blocked)
		}()
		assert.Len(t, collect(t, t.Context(), runner, counted), 100)
	})
}

func TestStoppedError(t *testing.T) {
	t.Parallel()
	err := &bulk.StoppedError{Cause: context.Canceled}
	assert.EqualError(t, err, "not attempted: context canceled")
	assert.ErrorIs(t, err, context.Canceled)
	err.Last = errFinal
	assert.EqualError(t, err, "not retried: context canceled; last error: 409")
	assert.ErrorIs(t, err, errFinal)
	assert.ErrorIs(t, err, context.Canceled)
}

// Without a Retry-After, pauses grow until something succeeds.
func TestPausesGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		longest := make([]time.Duration, 8)
		for range 60 {
			var seen []time.Duration
			s := server{answer: func(item, attempts int) outcome {
				if attempts < 4 {
					return limited(0)
				}
				return outcome{}
			}}
			collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxRounds: 3, Notify: waits(bulk.Pause, &seen)}, numbers(2))
			assert.Len(t, seen, 8)
			for i, wait := range seen {
				longest[i] = max(longest[i], wait)
			}
		}
		for i, limit := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second} {
			for _, got := range []time.Duration{longest[i], longest[4+i]} {
				assert.LessOrEqual(t, got, limit*11/10+1, "pause %d", i+1)
				assert.Greater(t, got, limit/2, "pause %d", i+1)
			}
		}
	})
}

// The first reason to stop is the one that counts.
func TestTheFirstCauseIsKept(t *testing.T) {
	t.Parallel()
	test(t, "two fatal errors", func(t *testing.T) {
		first, second := errors.New("401"), errors.New("another 401")
		s := server{answer: func(item, _ int) outcome {
			if item == 0 {
				return outcome{Err: first, Class: bulk.Fatal}
			}
			time.Sleep(time.Second)
			return outcome{Err: second, Class: bulk.Fatal}
		}}
		unread := func(yield func(int) bool) {
			for i := range 5 {
				if i == 2 {
					time.Sleep(time.Minute)
				}
				if !yield(i) {
					return
				}
			}
		}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, Concurrency: 2}, unread)
		assert.ErrorIs(t, results[4], first)
		assert.NotErrorIs(t, results[4], second)
	})
	test(t, "the context ends after that", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := server{answer: func(_, _ int) outcome { return outcome{Err: errFinal, Class: bulk.Fatal} }}
		runner := bulk.Runner[int]{Do: s.do}
		for item, err := range runner.Run(ctx, numbers(10)) {
			cancel()
			assert.ErrorIs(t, err, errFinal, "item %d", item)
			assert.NotErrorIs(t, err, context.Canceled, "item %d", item)
		}
	})
}

func TestBreakingOutWhileItemsAreAbandoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return transient() }}
		fatal := func(ctx context.Context, item int) outcome {
			if item == 9 {
				return outcome{Err: errFinal, Class: bulk.Fatal}
			}
			return s.do(ctx, item)
		}
		seen := 0
		for range runs(t, bulk.Runner[int]{Do: fatal, MaxRounds: 3, MaxFailing: 100, Concurrency: 10}) {
			if seen++; seen == 2 {
				break
			}
		}
		assert.Equal(t, 2, seen)
	})
}

func runs(t *testing.T, r bulk.Runner[int]) iter.Seq2[int, error] {
	return r.Run(t.Context(), numbers(10))
}
