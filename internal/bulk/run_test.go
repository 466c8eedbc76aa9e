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
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clerksessions/clerksessions/internal/bulk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errFinal     = errors.New("409")
	errTransient = errors.New("503")
)

type outcome = bulk.Outcome[int]

func final() outcome     { return outcome{Err: errFinal} }
func transient() outcome { return outcome{Err: errTransient, Class: bulk.Transient} }
func limited(wait time.Duration) outcome {
	return outcome{Err: errLimited, Class: bulk.RateLimited, RetryAfter: wait}
}

// server counts the attempts at each item. Its answer decides; zero attempts precede
// the first.
type server struct {
	attempts [1000]atomic.Int32
	answer   func(item, attempts int) outcome
}

func (s *server) do(ctx context.Context, item int) outcome {
	n := int(s.attempts[item].Add(1)) - 1
	if s.answer == nil {
		return outcome{}
	}
	return s.answer(item, n)
}

func (s *server) total() (n int) {
	for i := range s.attempts {
		n += int(s.attempts[i].Load())
	}
	return n
}

// collect runs all items and returns the error of each, which has to come once.
func collect(t *testing.T, ctx context.Context, runner bulk.Runner[int], items iter.Seq[int]) map[int]error {
	t.Helper()
	results := make(map[int]error)
	for item, err := range runner.Run(ctx, items) {
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
	test(t, "a final failure is not retried", func(t *testing.T) {
		s := server{answer: func(item, _ int) outcome {
			if item == 3 {
				return final()
			}
			return outcome{}
		}}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, Concurrency: 4, MaxRounds: 3}, numbers(10))
		assert.Len(t, results, 10)
		assert.Equal(t, []int{3}, failures(results))
		assert.Same(t, errFinal, results[3])
		assert.Equal(t, 10, s.total())
	})
	test(t, "a transient failure is retried after the rest", func(t *testing.T) {
		s := server{answer: func(item, attempts int) outcome {
			if item == 0 && attempts < 2 {
				return transient()
			}
			return outcome{}
		}}
		var order []int
		for item, err := range (&bulk.Runner[int]{Do: s.do, MaxRounds: 3}).Run(t.Context(), numbers(5)) {
			assert.NoError(t, err)
			order = append(order, item)
		}
		assert.Equal(t, []int{1, 2, 3, 4, 0}, order)
	})
	test(t, "what never succeeds is given up", func(t *testing.T) {
		s := server{answer: func(item, _ int) outcome {
			if item == 0 {
				return transient()
			}
			return outcome{}
		}}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxRounds: 3}, numbers(5))
		assert.Equal(t, []int{0}, failures(results))
		assert.Same(t, errTransient, results[0])
		assert.EqualValues(t, 4, s.attempts[0].Load(), "once, and three rounds without a success")
	})
	test(t, "no retries", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return transient() }}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do}, numbers(5))
		assert.Len(t, failures(results), 5)
		assert.Equal(t, 5, s.total())
	})
	test(t, "a retry waits for Retry-After", func(t *testing.T) {
		s := server{answer: func(item, attempts int) outcome {
			if item == 0 && attempts == 0 {
				return outcome{Err: errTransient, Class: bulk.Transient, RetryAfter: time.Minute}
			}
			return outcome{}
		}}
		began := time.Now()
		for item, err := range (&bulk.Runner[int]{Do: s.do, MaxRounds: 3}).Run(t.Context(), numbers(5)) {
			assert.NoError(t, err)
			assert.Equal(t, item == 0, time.Since(began) >= time.Minute, "only that one waits")
		}
	})
	test(t, "too long a Retry-After of one item", func(t *testing.T) {
		s := server{answer: func(item, _ int) outcome {
			if item == 0 {
				return outcome{Err: errTransient, Class: bulk.Transient, RetryAfter: time.Hour}
			}
			return outcome{}
		}}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxRounds: 3}, numbers(5))
		assert.Equal(t, []int{0}, failures(results))
	})
	test(t, "retries while the next item is awaited", func(t *testing.T) {
		s := server{answer: func(_, attempts int) outcome {
			if attempts == 0 {
				return transient()
			}
			return outcome{}
		}}
		began := time.Now()
		items := func(yield func(int) bool) {
			if yield(0) {
				time.Sleep(time.Hour)
				yield(1)
			}
		}
		for item, err := range (&bulk.Runner[int]{Do: s.do, MaxRounds: 3}).Run(t.Context(), items) {
			assert.NoError(t, err)
			assert.Equal(t, item == 0, time.Since(began) < time.Minute)
		}
	})
	test(t, "a fatal failure stops the run", func(t *testing.T) {
		s := server{answer: func(item, _ int) outcome {
			if item == 10 {
				return outcome{Err: errFinal, Class: bulk.Fatal}
			}
			return outcome{}
		}}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do}, numbers(100))
		assert.Len(t, results, 100)
		assert.Len(t, failures(results), 90)
		assert.Equal(t, 11, s.total())
		assert.Same(t, errFinal, results[10])
		var stopped *bulk.StoppedError
		require.ErrorAs(t, results[99], &stopped)
		assert.Same(t, errFinal, stopped.Cause)
		assert.NoError(t, stopped.Last)
	})
}

// One user whose sessions always fail, or a few dozen sessions, and 200 healthy ones
// behind.
func TestItemsThatAlwaysFailBlockNobody(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]struct {
		poisoned int
		answer   outcome
		group    func(int) string
	}{
		"30 final failures":                  {30, final(), nil},
		"30 final failures of one user":      {30, final(), func(item int) string { return map[bool]string{true: "a"}[item < 30] }},
		"40 transient failures":              {40, transient(), nil},
		"100 transient failures of one user": {100, transient(), func(item int) string { return map[bool]string{true: "a"}[item < 100] }},
		"40 transient failures of 40 users":  {40, transient(), func(item int) string { return string(rune(item)) }},
		"300 final failures of 300 users":    {300, final(), func(item int) string { return string(rune(item)) }},
	} {
		test(t, name, func(t *testing.T) {
			s := server{answer: func(item, _ int) outcome {
				time.Sleep(50 * time.Millisecond)
				if item < run.poisoned {
					return run.answer
				}
				return outcome{}
			}}
			began := time.Now()
			runner := bulk.Runner[int]{Do: s.do, Concurrency: 8, MaxRounds: 3, Group: run.group}
			results := collect(t, t.Context(), runner, numbers(run.poisoned+200))
			assert.Len(t, results, run.poisoned+200)
			assert.Len(t, failures(results), run.poisoned)
			for item := range run.poisoned {
				assert.Same(t, run.answer.Err, results[item])
			}
			t.Log(time.Since(began))
		})
	}
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	test(t, "the server is down", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return transient() }}
		began := time.Now()
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, Concurrency: 8, MaxRounds: 3}, numbers(1000))
		assert.Len(t, failures(results), 1000, "each is reported")
		assert.Less(t, s.total(), 60, "it does not hammer")
		assert.Greater(t, time.Since(began), 20*time.Second, "it does not give up at once")
		stopped := 0
		for _, err := range results {
			if errors.Is(err, bulk.ErrGaveUp) {
				stopped++
				assert.ErrorIs(t, err, errTransient)
			}
		}
		assert.Greater(t, stopped, 990)
	})
	test(t, "the server is down for one user", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return transient() }}
		runner := bulk.Runner[int]{Do: s.do, Concurrency: 8, MaxRounds: 3, Group: func(int) string { return "one" }}
		began := time.Now()
		results := collect(t, t.Context(), runner, numbers(1000))
		assert.Len(t, failures(results), 1000)
		assert.Less(t, time.Since(began), 15*time.Minute)
		assert.Less(t, s.total(), 1000)
	})
	test(t, "refused for ever", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return limited(time.Second) }}
		began := time.Now()
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxIdle: time.Minute}, numbers(10))
		assert.Len(t, failures(results), 10)
		assert.InDelta(t, time.Minute, time.Since(began), float64(10*time.Second))
		assert.ErrorContains(t, results[9], "not attempted: gave up: nothing has succeeded for 1m")
	})
	test(t, "final failures for ever", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { time.Sleep(time.Second); return final() }}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do, MaxIdle: time.Minute}, numbers(1000))
		assert.Len(t, failures(results), 1000)
		assert.InDelta(t, 60, s.total(), 2)
	})
	test(t, "too long a pause", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return limited(301 * time.Second) }}
		began := time.Now()
		results := collect(t, t.Context(), bulk.Runner[int]{Do: s.do}, numbers(10))
		assert.Len(t, failures(results), 10)
		assert.Zero(t, time.Since(began))
		assert.ErrorIs(t, results[5], bulk.ErrGaveUp)
		assert.ErrorIs(t, results[5], errLimited)
	})
	test(t, "a pause beyond the deadline", func(t *testing.T) {
		s := server{answer: func(_, _ int) outcome { return limited(time.Minute) }}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		assert.Len(t, failures(collect(t, ctx, bulk.Runner[int]{Do: s.do}, numbers(10))), 10)
		assert.Zero(t, time.Since(began))
	})
}

func TestPauses(t *testing.T) {
	t.Parallel()
	test(t, "all wait, a little longer than asked", func(t *testing.T) {
		var s server
		began := time.Now()
		s.answer = func(item, attempts int) outcome {
			if item == 2 && attempts == 0 {
				return limited(40 * time.Second)
			}
			if item > 10 {
				assert.GreaterOrEqual(t, time.Since(began), 40*time.Second)
			}
			return outcome{}
		}
		var events []bulk.EventKind
		runner := bulk.Runner[int]{Do: s.do, Concurrency: 8, Notify: func(e bulk.Event[int]) {
			events = append(events, e.Kind)
			if e.Kind != bulk.Resume {
				assert.Same(t, errLimited, e.Err)
				assert.Equal(t, 2, e.Item)
				assert.InDelta(t, 42*time.Second, e.Wait, float64(2*time.Second))
			}
		}}
		assert.Empty(t, failures(collect(t, t.Context(), runner, numbers(100))))
		assert.GreaterOrEqual(t, time.Since(began), 40*time.Second)
		assert.LessOrEqual(t, time.Since(began), 44*time.Second)
		assert.Equal(t, []bulk.EventKind{bulk.Pause, bulk.Retry, bulk.Resume}, events)
	})
	test(t, "the longer of two counts", func(t *testing.T) {
		s := server{answer: func(item, attempts int) outcome {
			time.Sleep(time.Second)
			switch {
			case attempts > 0 || item > 7:
				return outcome{}
			case item == 0:
				return limited(40 * time.Second)
			}
			return limited(time.Second)
		}}
		began := time.Now()
		assert.Empty(t, failures(collect(t, t.Context(), bulk.Runner[int]{Do: s.do, Concurrency: 8}, numbers(20))))
		assert.GreaterOrEqual(t, time.Since(began), 40*time.Second)
		assert.LessOrEqual(t, time.Since(began), 70*time.Second, "then one call at a time")
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
		results := collect(t, ctx, bulk.Runner[int]{Do: do, Concurrency: 8}, numbers(100))
		assert.Equal(t, 3500*time.Millisecond, time.Since(began), "at once")
		assert.Len(t, results, 100)
		assert.Len(t, failures(results), 100-24)
		for _, item := range failures(results) {
			assert.ErrorIs(t, results[item], context.Canceled)
		}
		assert.ErrorContains(t, results[99], "not attempted: context canceled: shutting down")
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
		for item := range (&bulk.Runner[int]{Do: do, Concurrency: 2}).Run(t.Context(), items) {
			assert.Zero(t, item)
			break
		}
		assert.Equal(t, time.Second, time.Since(began))
		assert.EqualValues(t, 1, canceled.Load(), "the call in flight was canceled and has returned")
		assert.LessOrEqual(t, read.Load(), int32(5))
	})
	test(t, "the loop panics", func(t *testing.T) {
		defer func() { assert.Equal(t, "the caller's", recover()) }()
		for range (&bulk.Runner[int]{Do: new(server).do, Concurrency: 2}).Run(t.Context(), numbers(100)) {
			panic("the caller's")
		}
	})
}

// What failed is retried before too much of it has gathered.
func TestFewItemsWaitForARetry(t *testing.T) {
	t.Parallel()
	test(t, "every other item fails once", func(t *testing.T) {
		var failed, most atomic.Int32
		retried := make(map[int]bool)
		do := func(_ context.Context, item int) outcome {
			if item%2 == 1 && !retried[item] {
				retried[item] = true
				most.Store(max(most.Load(), failed.Add(1)))
				return transient()
			}
			if item%2 == 1 {
				failed.Add(-1)
			}
			return outcome{}
		}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: do, MaxRounds: 3}, numbers(10_000))
		assert.Len(t, results, 10_000)
		assert.Empty(t, failures(results))
		assert.LessOrEqual(t, most.Load(), int32(1001))
	})
}

// Items that add others: users whose sessions are listed, and the sessions.
func TestItemsThatAddOthers(t *testing.T) {
	t.Parallel()
	test(t, "nothing is read far ahead", func(t *testing.T) {
		const users, each = 2000, 3
		var read atomic.Int32
		done, most := 0, 0
		items := func(yield func(int) bool) {
			for i := range users {
				if read.Add(1); !yield(i) {
					return
				}
			}
		}
		do := func(ctx context.Context, item int) (o outcome) {
			time.Sleep(50 * time.Millisecond)
			if item < users {
				for i := range each {
					o.Add = append(o.Add, users+each*item+i)
				}
			}
			return o
		}
		for item, err := range (&bulk.Runner[int]{Do: do, Concurrency: 8}).Run(t.Context(), items) {
			assert.NoError(t, err)
			if item >= users {
				done++
			}
			most = max(most, int(read.Load())-done/each)
		}
		assert.Equal(t, each*users, done)
		assert.LessOrEqual(t, most, 5*8, "users read but not done")
	})
	test(t, "one that adds many", func(t *testing.T) {
		n := 0
		do := func(ctx context.Context, item int) outcome {
			if item == 0 {
				return outcome{Add: slices.Collect(numbers(100_001))[1:]}
			}
			return outcome{}
		}
		for range (&bulk.Runner[int]{Do: do, Concurrency: 1}).Run(t.Context(), numbers(1)) {
			n++
		}
		assert.Equal(t, 100_001, n)
	})
	test(t, "one that adds some and fails", func(t *testing.T) {
		do := func(ctx context.Context, item int) outcome {
			if item == 0 {
				return outcome{Err: errFinal, Add: []int{1, 2}}
			}
			return outcome{}
		}
		results := collect(t, t.Context(), bulk.Runner[int]{Do: do}, numbers(1))
		assert.Equal(t, map[int]error{0: errFinal, 1: nil, 2: nil}, results)
	})
}
