package bulk_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/clerksessions/clerksessions/internal/bulk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errFinal     = errors.New("409")
	errTransient = errors.New("503")
)

type (
	runner  = bulk.Runner[int]
	outcome = bulk.Outcome[int]
	event   = bulk.Event[int]
)

func final() outcome     { return outcome{Err: errFinal} }
func transient() outcome { return outcome{Err: errTransient, Class: bulk.Transient} }
func fatal() outcome     { return outcome{Err: errFinal, Class: bulk.Fatal} }
func limited(wait time.Duration) outcome {
	return outcome{Err: errLimited, Class: bulk.RateLimited, RetryAfter: wait}
}
func unavailable(wait time.Duration) outcome {
	return outcome{Err: errTransient, Class: bulk.Transient, RetryAfter: wait}
}

// answer returns the outcome of an attempt at an item, given the number of earlier ones.
type answer func(item, attempts int) outcome

// always returns an answer of one outcome for the items below n, and success for others.
func always(n int, o outcome) answer {
	return func(item, _ int) outcome {
		if item < n {
			return o
		}
		return outcome{}
	}
}

// first returns an answer of one outcome for the first attempts at each item.
func first(attempts int, o outcome) answer {
	return func(_, n int) outcome {
		if n < attempts {
			return o
		}
		return outcome{}
	}
}

// once returns an answer of one outcome for the first attempt at item 0.
func once(o outcome) answer {
	return func(item, n int) outcome { return always(1, first(1, o)(0, n))(item, n) }
}

// server counts the attempts at each item.
type server struct {
	attempts [1000]atomic.Int32
	answer   answer
}

func (s *server) do(_ context.Context, item int) outcome {
	return s.answer(item, int(s.attempts[item].Add(1))-1)
}

func (s *server) total() (n int) {
	for i := range s.attempts {
		n += int(s.attempts[i].Load())
	}
	return n
}

// collect runs all items and returns the error of each. It fails on a duplicate result.
func collect(t *testing.T, ctx context.Context, r runner, items iter.Seq[int]) map[int]error {
	t.Helper()
	results := make(map[int]error)
	for item, err := range r.Run(ctx, items) {
		if _, again := results[item]; again {
			t.Errorf("item %d was yielded twice", item)
		}
		results[item] = err
	}
	return results
}

func failures(results map[int]error) (failed []int) {
	for item, err := range results {
		if err != nil {
			failed = append(failed, item)
		}
	}
	slices.Sort(failed)
	return failed
}

// test runs f in a bubble of virtual time.
func test(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer answer
		rounds int
		failed []int
		err    error // of the first
		calls  int
		takes  time.Duration
	}{
		"final":                {always(1, final()), 3, []int{0}, errFinal, 5, 0},
		"transient once":       {once(transient()), 3, nil, nil, 6, 0},
		"transient each time":  {always(1, transient()), 3, []int{0}, errTransient, 5 + 3, 0},
		"every item fails":     {always(5, transient()), 2, []int{0, 1, 2, 3, 4}, errTransient, 2 * 5, 0},
		"no retries":           {always(2, transient()), 1, []int{0, 1}, errTransient, 5, 0},
		"wait for a retry":     {once(unavailable(time.Minute)), 3, nil, nil, 6, time.Minute},
		"too long a wait":      {always(1, unavailable(time.Hour)), 3, []int{0}, errTransient, 5, 0},
		"429":                  {once(limited(time.Minute)), 1, nil, nil, 6, time.Minute},
		"429 for five minutes": {once(limited(5 * time.Minute)), 1, nil, nil, 6, 5 * time.Minute},
		"429 for too long":     {once(limited(5*time.Minute + 1)), 1, []int{0, 1, 2, 3, 4}, bulk.ErrGaveUp, 1, 0},
		"fatal":                {always(1, fatal()), 3, []int{0, 1, 2, 3, 4}, errFinal, 1, 0},
	} {
		test(t, name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			s := server{answer: row.answer}
			results := collect(t, ctx, runner{Do: s.do, MaxRounds: row.rounds}, numbers(5))
			assert.Len(t, results, 5)
			assert.Equal(t, row.failed, failures(results))
			assert.ErrorIs(t, results[0], row.err)
			assert.Equal(t, row.calls, s.total())
			assert.GreaterOrEqual(t, time.Since(began), row.takes)
			assert.Less(t, time.Since(began), 2*row.takes+30*time.Second)
		})
	}
}

func TestATransientFailureIsRetriedAfterTheRest(t *testing.T) {
	t.Parallel()
	order := func(t *testing.T, items iter.Seq[int]) (order []int) {
		s := server{answer: func(item, n int) outcome { return always(1, first(2, transient())(0, n))(item, n) }}
		for item, err := range (&runner{Do: s.do, MaxRounds: 3}).Run(t.Context(), items) {
			assert.NoError(t, err)
			order = append(order, item)
		}
		return order
	}
	test(t, "many items", func(t *testing.T) {
		assert.Equal(t, []int{1, 2, 3, 4, 0}, order(t, numbers(5)))
	})
	test(t, "while the next item is awaited", func(t *testing.T) {
		assert.Equal(t, []int{0, 1}, order(t, func(yield func(int) bool) {
			if yield(0) {
				time.Sleep(time.Hour)
				yield(1)
			}
		}))
	})
	test(t, "not while calls are in flight", func(t *testing.T) {
		began := time.Now()
		s := server{answer: func(item, n int) outcome {
			switch {
			case item == 1:
				time.Sleep(time.Minute)
			case n == 0:
				return transient()
			default:
				assert.GreaterOrEqual(t, time.Since(began), time.Minute)
			}
			return outcome{}
		}}
		collect(t, t.Context(), runner{Do: s.do, Concurrency: 2, MaxRounds: 3}, numbers(2))
	})
	test(t, "before more than 1000 are deferred", func(t *testing.T) {
		var failed, most atomic.Int32
		retried := make(map[int]bool)
		do := func(_ context.Context, item int) outcome {
			time.Sleep(time.Millisecond) // the next item is read meanwhile
			if item%2 == 1 && !retried[item] {
				retried[item] = true
				most.Store(max(most.Load(), failed.Add(1)))
				return transient()
			}
			failed.Add(-int32(item % 2))
			return outcome{}
		}
		results := collect(t, t.Context(), runner{Do: do, MaxRounds: 3}, numbers(10_000))
		assert.Len(t, results, 10_000)
		assert.Empty(t, failures(results))
		assert.EqualValues(t, 1000, most.Load())
	})
	test(t, "no earlier than others of its group, if there are others", func(t *testing.T) {
		var order []int
		do := func(_ context.Context, item int) outcome {
			order = append(order, item)
			switch len(order) {
			case 1:
				return outcome{Add: []int{1, 2, 3}}
			case 2:
				return transient()
			}
			return outcome{}
		}
		group := func(item int) string { return string(rune('a' + item/3)) }
		collect(t, t.Context(), runner{Do: do, Group: group, MaxRounds: 3}, numbers(1))
		assert.Equal(t, []int{0, 1, 2, 3, 1}, order, "the server seems to be up, so the group has its turn")
	})
}

// An item that always fails is retried as long as others succeed, unless so many fail
// that no more is read.
func TestHowOftenAnItemIsRetried(t *testing.T) {
	t.Parallel()
	test(t, "alone among successes", func(t *testing.T) {
		s := server{answer: always(1, transient())}
		results := collect(t, t.Context(), runner{Do: s.do, MaxRounds: 3}, func(yield func(int) bool) {
			for i := 0; i < 1000 && yield(i); i++ {
				time.Sleep(10 * time.Millisecond)
			}
		})
		assert.Equal(t, []int{0}, failures(results))
		assert.Greater(t, s.attempts[0].Load(), int32(10))
	})
	test(t, "one of many", func(t *testing.T) {
		attempts := make(map[int]int)
		do := func(_ context.Context, item int) outcome {
			if attempts[item]++; item%2 == 0 || item%4 == 3 && attempts[item] == 1 {
				return transient()
			}
			return outcome{}
		}
		group := func(int) string { return "one" }
		collect(t, t.Context(), runner{Do: do, Group: group, MaxRounds: 2}, numbers(4000))
		assert.Equal(t, 6, attempts[0])
	})
}

// Items that always fail, in one group or many, come before 200 that succeed.
func TestItemsThatAlwaysFailDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	owners := func(item int) string { return string(rune(item)) }
	for name, row := range map[string]struct {
		poisoned int
		answer   outcome
		group    func(int) string
		within   time.Duration
	}{
		"30 final failures":                   {30, final(), nil, 5 * time.Second},
		"300 final failures of 300 owners":    {300, final(), owners, 5 * time.Second},
		"20 transient failures":               {20, transient(), nil, 20 * time.Second},
		"40 transient failures of 40 owners":  {40, transient(), owners, 50 * time.Second},
		"30 transient failures of one owner":  {30, transient(), func(item int) string { return owners(max(30, item)) }, 20 * time.Second},
		"100 transient failures of one owner": {100, transient(), func(item int) string { return owners(max(100, item)) }, 3 * time.Minute},
		"500 transient failures of one owner": {500, transient(), func(item int) string { return owners(max(500, item)) }, 3 * time.Minute},
	} {
		test(t, name, func(t *testing.T) {
			s := server{answer: func(item, n int) outcome {
				time.Sleep(50 * time.Millisecond)
				return always(row.poisoned, row.answer)(item, n)
			}}
			began := time.Now()
			r := runner{Do: s.do, Concurrency: 8, MaxRounds: 3, Group: row.group}
			results := collect(t, t.Context(), r, numbers(row.poisoned+200))
			assert.Len(t, results, row.poisoned+200)
			assert.Len(t, failures(results), row.poisoned)
			for item := range row.poisoned {
				assert.Same(t, row.answer.Err, results[item])
			}
			assert.Less(t, time.Since(began), row.within)
		})
	}
	test(t, "more than wait for the next round", func(t *testing.T) {
		var calls atomic.Int32
		do := func(_ context.Context, item int) outcome {
			calls.Add(1)
			time.Sleep(50 * time.Millisecond)
			if item%20 == 0 {
				return transient()
			}
			return outcome{}
		}
		began := time.Now()
		results := collect(t, t.Context(), runner{Do: do, Concurrency: 8, MaxRounds: 3}, numbers(40_000))
		assert.Len(t, failures(results), 2000)
		assert.Less(t, int(calls.Load()), 40_000+2000*9)
		assert.Less(t, time.Since(began), 10*time.Minute)
	})
	test(t, "90 of 500 in any order", func(t *testing.T) {
		s := server{answer: func(item, _ int) outcome {
			time.Sleep(50 * time.Millisecond)
			return always(1, transient())(item*item%500/70, 0)
		}}
		began := time.Now()
		results := collect(t, t.Context(), runner{Do: s.do, Concurrency: 8, MaxRounds: 3}, numbers(500))
		assert.Len(t, failures(results), 90)
		for _, item := range failures(results) {
			assert.Same(t, errTransient, results[item], "not given up")
		}
		assert.Less(t, time.Since(began), time.Minute)
	})
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	down := transient()
	for name, row := range map[string]struct {
		runner  runner
		outcome outcome
		latency time.Duration
		calls   [2]int // at least and at most
		takes   [2]time.Duration
		last    string
	}{
		"the server is down": {runner{}, down, time.Millisecond, [2]int{50, 50}, [2]time.Duration{33 * time.Second, 36 * time.Second}, "not attempted: gave up: 50 failures without a success: 503"},
		"MaxFailing":         {runner{MaxFailing: 7}, down, 0, [2]int{7, 7}, [2]time.Duration{200 * time.Millisecond, 2 * time.Second}, "gave up: 7 failures"},
		"the server is down for one group": {runner{Concurrency: 8, Group: func(int) string { return "one" }}, down, 0,
			[2]int{300, 900}, [2]time.Duration{10 * time.Minute, 11 * time.Minute}, "gave up: nothing has succeeded for 10m"},
		"rate-limited forever":                              {runner{}, limited(time.Second), 0, [2]int{60, 600}, [2]time.Duration{10 * time.Minute, 11 * time.Minute}, "not attempted: gave up: nothing has succeeded for 10m"},
		"final failures forever":                            {runner{}, final(), time.Second, [2]int{601, 601}, [2]time.Duration{10 * time.Minute, 11 * time.Minute}, "not attempted: gave up: nothing has succeeded for 10m"},
		"rate-limited forever, for a millisecond each time": {runner{}, limited(time.Millisecond), 0, [2]int{60, 12_100}, [2]time.Duration{10 * time.Minute, 11 * time.Minute}, "not attempted: gave up: nothing has succeeded for 10m"},
	} {
		test(t, name, func(t *testing.T) {
			s := server{answer: func(_, _ int) outcome {
				time.Sleep(row.latency)
				return row.outcome
			}}
			began := time.Now()
			row.runner.Do, row.runner.MaxRounds = s.do, 3
			results := collect(t, t.Context(), row.runner, numbers(1000))
			assert.Len(t, failures(results), 1000, "each is reported")
			assert.GreaterOrEqual(t, s.total(), row.calls[0])
			assert.LessOrEqual(t, s.total(), row.calls[1])
			assert.GreaterOrEqual(t, time.Since(began), row.takes[0])
			assert.LessOrEqual(t, time.Since(began), row.takes[1])
			assert.ErrorIs(t, results[999], bulk.ErrGaveUp)
			assert.ErrorIs(t, results[999], row.outcome.Err)
			assert.Regexp(t, row.last, results[999].Error())
		})
	}
	for name, row := range map[string]struct {
		group func(int) string
		calls int // before the first pause, a success among them
	}{"many groups": {nil, 1 + 2}, "one group": {func(int) string { return "one" }, 1 + 6}} {
		test(t, name+" with repeated failures", func(t *testing.T) {
			s, calls := server{answer: func(item, n int) outcome { return always(20, transient())(20-item, n) }}, 0
			r := runner{Do: s.do, MaxRounds: 3, Group: row.group, Notify: func(e event) {
				if e.Kind == bulk.Pause && calls == 0 {
					calls = s.total()
					assert.Equal(t, 50*time.Millisecond, e.Wait)
				}
			}}
			collect(t, t.Context(), r, numbers(20))
			assert.Equal(t, row.calls, calls)
		})
	}
	test(t, "no pause after a retry", func(t *testing.T) {
		s, pauses := server{answer: always(20, transient())}, recorder{kind: bulk.Pause}
		group := func(int) string { return "one" }
		collect(t, t.Context(), runner{Do: s.do, MaxRounds: 3, Group: group, Notify: pauses.notify}, numbers(20))
		assert.Equal(t, 3*20, s.total())
		assert.LessOrEqual(t, len(pauses.waits), 20-5)
	})
	test(t, "one call at a time while all fail", func(t *testing.T) {
		var s server
		var inFlight atomic.Int32
		s.answer = func(int, int) outcome {
			inFlight.Add(1)
			defer inFlight.Add(-1)
			time.Sleep(time.Second)
			if s.total() > 2*4+1 { // the fifth failure says that the server is down
				assert.EqualValues(t, 1, inFlight.Load())
			}
			return transient()
		}
		assert.Len(t, collect(t, t.Context(), runner{Do: s.do, Concurrency: 4}, numbers(40)), 40)
	})
	test(t, "no pause is announced after it", func(t *testing.T) {
		s, pauses := server{answer: always(2, transient())}, recorder{kind: bulk.Pause}
		collect(t, t.Context(), runner{Do: s.do, MaxFailing: 2, Notify: pauses.notify}, numbers(2))
		assert.Empty(t, pauses.waits)
	})
	test(t, "a slow source does not count as idle", func(t *testing.T) {
		s := server{answer: always(2, transient())}
		results := collect(t, t.Context(), runner{Do: s.do, MaxRounds: 3}, func(yield func(int) bool) {
			for i := range 3 {
				if !yield(i) {
					return
				}
				time.Sleep(time.Hour)
			}
		})
		assert.Same(t, errTransient, results[1], "not given up")
		assert.Equal(t, 3+3+1, s.total(), "as many retries of the second as of the first")
	})
}

// recorder is a Notify that records the events of a kind.
type recorder struct {
	kind  bulk.EventKind
	waits []time.Duration
}

func (r *recorder) notify(e event) {
	if e.Kind == r.kind {
		r.waits = append(r.waits, e.Wait)
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	test(t, "all wait, a little longer than asked", func(t *testing.T) {
		began := time.Now()
		s := server{answer: func(item, n int) outcome {
			if item == 2 && n == 0 {
				return limited(40 * time.Second)
			}
			assert.True(t, item < 8 || time.Since(began) >= 40*time.Second)
			return outcome{}
		}}
		var events []bulk.EventKind
		r := runner{Do: s.do, Concurrency: 8, Notify: func(e event) {
			events = append(events, e.Kind)
			if e.Kind != bulk.Resume {
				assert.Same(t, errLimited, e.Err)
				assert.Equal(t, 2, e.Item)
				assert.InDelta(t, 42*time.Second, e.Wait, float64(2*time.Second-1))
			}
		}}
		assert.Empty(t, failures(collect(t, t.Context(), r, numbers(100))))
		assert.LessOrEqual(t, time.Since(began), 52*time.Second)
		assert.Equal(t, []bulk.EventKind{bulk.Pause, bulk.Retry, bulk.Resume}, events)
	})
	test(t, "the longest pause wins", func(t *testing.T) {
		s := server{answer: func(item, n int) outcome {
			time.Sleep(time.Second)
			return first(1, limited(time.Second*time.Duration(max(1, 40-40*item))))(item, n)
		}}
		began := time.Now()
		assert.Empty(t, failures(collect(t, t.Context(), runner{Do: s.do, Concurrency: 8}, numbers(8))))
		assert.GreaterOrEqual(t, time.Since(began), 40*time.Second)
		assert.LessOrEqual(t, time.Since(began), 60*time.Second)
	})
	test(t, "pauses grow until a success", func(t *testing.T) {
		longest := make([]time.Duration, 8)
		for range 60 {
			pauses := recorder{kind: bulk.Pause}
			s := server{answer: first(4, limited(0))}
			collect(t, t.Context(), runner{Do: s.do, Notify: pauses.notify}, numbers(2))
			for i, wait := range pauses.waits {
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
	test(t, "no jitter beyond the deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+1)
		defer cancel()
		pauses := recorder{kind: bulk.Pause}
		s := server{answer: first(1, limited(time.Minute))}
		assert.Len(t, failures(collect(t, ctx, runner{Do: s.do, Notify: pauses.notify}, numbers(1))), 1, "a call takes longer than what is left")
		assert.Equal(t, []time.Duration{time.Minute}, pauses.waits)
	})
	test(t, "retries come after a backoff that grows", func(t *testing.T) {
		longest := make([]time.Duration, 4)
		for range 50 {
			at := []time.Time{time.Now()}
			s := server{answer: func(_, n int) outcome {
				time.Sleep(time.Second)
				at = append(at, time.Now())
				return first(3, transient())(0, n)
			}}
			retries := recorder{kind: bulk.Retry}
			collect(t, t.Context(), runner{Do: s.do, MaxRounds: 5, Notify: retries.notify}, numbers(1))
			assert.Equal(t, make([]time.Duration, 3), retries.waits, "a retry is notified when it starts")
			for i := range longest {
				longest[i] = max(longest[i], at[i+1].Sub(at[i])-time.Second)
			}
		}
		for i, limit := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second} {
			assert.LessOrEqual(t, longest[i], limit, "round %d", i+1)
			assert.GreaterOrEqual(t, longest[i], limit/2, "round %d", i+1)
		}
	})
}

func TestStopping(t *testing.T) {
	t.Parallel()
	test(t, "the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3500*time.Millisecond, func() { cancel(errors.New("shutting down")) })
		do := func(ctx context.Context, item int) outcome {
			select {
			case <-ctx.Done():
				return outcome{Err: ctx.Err()}
			case <-time.After(time.Second):
				return outcome{}
			}
		}
		began := time.Now()
		results := collect(t, ctx, runner{Do: do, Concurrency: 8}, numbers(100))
		assert.Equal(t, 3500*time.Millisecond, time.Since(began), "at once")
		assert.Len(t, results, 100)
		assert.Len(t, failures(results), 100-24)
		for _, item := range failures(results) {
			assert.ErrorIs(t, results[item], context.Canceled)
		}
		assert.EqualError(t, results[99], "not attempted: context canceled: shutting down")
	})
	test(t, "the context ends after a failure", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := server{answer: first(9, unavailable(50*time.Second))}
		results := collect(t, ctx, runner{Do: s.do, MaxRounds: 9}, numbers(1))
		assert.EqualError(t, results[0], "503", "the next wait is too long")
		s = server{answer: first(9, limited(50*time.Second))}
		retries := recorder{kind: bulk.Retry}
		results = collect(t, ctx, runner{Do: s.do, Notify: retries.notify}, numbers(1))
		assert.ErrorIs(t, results[0], bulk.ErrGaveUp)
		assert.Empty(t, retries.waits, "no retry is announced")
	})
	test(t, "the loop ends", func(t *testing.T) {
		var read, canceled atomic.Int32
		items := func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
				read.Add(1)
			}
		}
		do := func(ctx context.Context, item int) outcome {
			if item == 0 {
				time.Sleep(time.Second)
				return outcome{}
			}
			<-ctx.Done()
			canceled.Add(1)
			return outcome{Err: ctx.Err()}
		}
		began := time.Now()
		for item := range (&runner{Do: do, Concurrency: 2}).Run(t.Context(), items) {
			assert.Zero(t, item)
			break
		}
		assert.Equal(t, time.Second, time.Since(began))
		assert.EqualValues(t, 1, canceled.Load(), "the call in flight was canceled and has returned")
		assert.LessOrEqual(t, read.Load(), int32(5))
	})
	test(t, "the loop ends while items are abandoned", func(t *testing.T) {
		s := server{answer: func(item, _ int) outcome {
			if item == 9 {
				return fatal()
			}
			return transient()
		}}
		seen := 0
		for range (&runner{Do: s.do, MaxRounds: 3, Concurrency: 10}).Run(t.Context(), numbers(10)) {
			if seen++; seen == 2 {
				break
			}
		}
		assert.Equal(t, 2, seen)
	})
	test(t, "the loop panics", func(t *testing.T) {
		defer func() { assert.Equal(t, "the caller's", recover()) }()
		s := server{answer: always(0, outcome{})}
		for range (&runner{Do: s.do, Concurrency: 2}).Run(t.Context(), numbers(100)) {
			panic("the caller's")
		}
	})
	test(t, "the first of two causes is kept", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := server{answer: func(item, _ int) outcome {
			time.Sleep(time.Duration(item) * time.Second)
			return outcome{Err: []error{errFinal, errTransient}[item], Class: bulk.Fatal}
		}}
		items := func(yield func(int) bool) {
			for i := 0; i < 5 && yield(i); i++ {
				time.Sleep(time.Duration(i) * time.Minute)
			}
		}
		for item, err := range (&runner{Do: s.do, Concurrency: 2}).Run(ctx, items) {
			cancel()
			if item > 1 {
				assert.EqualError(t, err, "not attempted: 409")
			}
		}
	})
}

func TestAPanicOfItemsIsPassedOn(t *testing.T) {
	t.Parallel()
	items := func(yield func(int) bool) {
		if yield(0) {
			time.Sleep(time.Second)
		}
		panic("reading")
	}
	for name, breaks := range map[string]bool{"at the end": false, "after the loop has ended": true} {
		test(t, name, func(t *testing.T) {
			var results int
			assert.PanicsWithValue(t, "reading", func() {
				for range (&runner{Do: (&server{answer: first(0, outcome{})}).do}).Run(t.Context(), items) {
					results++
					if breaks {
						break
					}
				}
			})
			assert.Equal(t, 1, results)
		})
	}
}

func TestStoppedError(t *testing.T) {
	t.Parallel()
	err := &bulk.StoppedError{Cause: context.Canceled}
	assert.EqualError(t, err, "not attempted: context canceled")
	assert.Equal(t, []error{context.Canceled}, err.Unwrap())
	err.Last = errFinal
	assert.EqualError(t, err, "not retried: context canceled; last error: 409")
	assert.ErrorIs(t, err, errFinal)
	assert.ErrorIs(t, err, context.Canceled)
}

// For example directories that add their files.
func TestItemsThatAddOthers(t *testing.T) {
	t.Parallel()
	test(t, "nothing is read far ahead", func(t *testing.T) {
		const parents, each = 2000, 3
		var read atomic.Int32
		done, most := 0, 0
		items := func(yield func(int) bool) {
			for i := range parents {
				if read.Add(1); !yield(i) {
					return
				}
			}
		}
		do := func(ctx context.Context, item int) (o outcome) {
			time.Sleep(50 * time.Millisecond)
			if item < parents {
				for i := range each {
					o.Add = append(o.Add, parents+each*item+i)
				}
			}
			return o
		}
		for item, err := range (&runner{Do: do, Concurrency: 8}).Run(t.Context(), items) {
			assert.NoError(t, err)
			if item >= parents {
				done++
			}
			most = max(most, int(read.Load())-done/each)
		}
		assert.Equal(t, each*parents, done)
		assert.LessOrEqual(t, most, 5*8, "parents read whose children are not done")
	})
	for name, row := range map[string]struct {
		n   int
		err error
	}{"one that adds many": {100_000, nil}, "one that adds some and fails": {2, errFinal}} {
		test(t, name, func(t *testing.T) {
			do := func(_ context.Context, item int) (o outcome) {
				if item == 0 {
					return outcome{Err: row.err, Add: slices.Collect(numbers(row.n + 1))[1:]}
				}
				return outcome{}
			}
			results := collect(t, t.Context(), runner{Do: do}, numbers(1))
			assert.Len(t, results, row.n+1)
			assert.Equal(t, row.err, results[0])
		})
	}
}

func TestHowFarAheadItemsAreRead(t *testing.T) {
	t.Parallel()
	test(t, "while all fail", func(t *testing.T) {
		read, most := 0, 0
		s := server{answer: func(int, int) outcome { time.Sleep(time.Second); return transient() }}
		for range (&runner{Do: s.do}).Run(t.Context(), func(yield func(int) bool) {
			for i := 0; i < 1000 && yield(i); i++ {
				if read++; s.total() < 50 { // later the run is given up
					most = max(most, read-s.total())
				}
			}
		}) {
		}
		assert.LessOrEqual(t, most, 2)
	})
	test(t, "while calls are in flight", func(t *testing.T) {
		read := 0
		counted := func(yield func(int) bool) {
			for i := range 100 {
				if read++; !yield(i) {
					return
				}
			}
		}
		blocked := make(chan struct{})
		r := runner{Concurrency: 2, Do: func(context.Context, int) outcome { <-blocked; return outcome{} }}
		go func() {
			synctest.Wait()
			assert.Equal(t, 2+2+1, read, "in flight, waiting, and the one that the reader holds")
			close(blocked)
		}()
		assert.Len(t, collect(t, t.Context(), r, counted), 100)
	})
}
