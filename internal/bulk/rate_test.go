package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions/internal/bulk"
)

// A limiter decides whether a call is served. It returns how long to wait if not.
type limiter interface {
	take(now time.Time) time.Duration
}

// fixedWindow counts in windows that begin with the first call after the last one.
type fixedWindow struct {
	limit int
	began time.Time
	count int
}

const window = 10 * time.Second

func (l *fixedWindow) take(now time.Time) time.Duration {
	if l.began.IsZero() || !now.Before(l.began.Add(window)) {
		l.began, l.count = now, 0
	}
	if l.count < l.limit {
		l.count++
		return 0
	}
	return wholeSeconds(l.began.Add(window).Sub(now))
}

// slidingWindow counts the calls served in the last window.
type slidingWindow struct {
	limit  int
	served []time.Time
}

func (l *slidingWindow) take(now time.Time) time.Duration {
	for len(l.served) > 0 && !now.Before(l.served[0].Add(window)) {
		l.served = l.served[1:]
	}
	if len(l.served) < l.limit {
		l.served = append(l.served, now)
		return 0
	}
	return wholeSeconds(l.served[0].Add(window).Sub(now))
}

// wholeSeconds rounds up, as Retry-After has no fractions.
func wholeSeconds(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(d.Seconds())) * time.Second
}

// shared is a server with one limit for everybody.
type shared struct {
	mu      sync.Mutex
	limiter limiter
	served  int
	refused int
}

var errLimited = errors.New("429")

// call makes one call. The limiter decides halfway through its latency.
func (s *shared) call(ctx context.Context) bulk.Outcome[int] {
	latency := 15*time.Millisecond + rand.N(20*time.Millisecond)
	time.Sleep(latency)
	s.mu.Lock()
	wait := s.limiter.take(time.Now())
	if wait > 0 {
		s.refused++
	} else {
		s.served++
	}
	s.mu.Unlock()
	time.Sleep(latency)
	if wait > 0 {
		return bulk.Outcome[int]{Err: errLimited, Class: bulk.RateLimited, RetryAfter: wait}
	}
	return bulk.Outcome[int]{}
}

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Independent clients share one limit.
func TestClientsShareALimit(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"fixed", "sliding"} {
		for _, limit := range []int{1000, 100} {
			for _, clients := range []int{1, 3, 10, 30} {
				t.Run(fmt.Sprintf("%d clients, %d per 10 s, %s windows", clients, limit, kind), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { checkSharing(t, kind, limit, clients) })
				})
			}
		}
	}
}

func checkSharing(t *testing.T, kind string, limit, clients int) {
	calls := 40 * 1000 // 400 seconds of the larger limit, 20 minutes of the smaller one
	if limit == 100 {
		calls = 120 * 100
	}
	server := &shared{limiter: &fixedWindow{limit: limit}}
	if kind == "sliding" {
		server.limiter = &slidingWindow{limit: limit}
	}
	runner := bulk.Runner[int]{
		Concurrency: 8,
		Do:          func(ctx context.Context, _ int) bulk.Outcome[int] { return server.call(ctx) },
	}
	began := time.Now()
	used := func() float64 { // the share of the limit, so far
		server.mu.Lock()
		defer server.mu.Unlock()
		return float64(server.served) / float64(limit) / (time.Since(began).Seconds() / window.Seconds())
	}
	var shared float64 // while no client is done
	var all sync.WaitGroup
	var first sync.Once
	for range clients {
		all.Go(func() {
			for _, err := range runner.Run(t.Context(), numbers(calls/clients)) {
				assert.NoError(t, err)
			}
			first.Do(func() { shared = used() })
		})
	}
	all.Wait()
	refused := float64(server.refused) / float64(server.refused+server.served)
	t.Logf("%2d clients, %4d calls per 10 s, %-7s windows: %.1f %% of the limit used while all run, %.1f %% until all are done; %.1f %% of calls refused",
		clients, limit, kind, 100*shared, 100*used(), 100*refused)
	assert.GreaterOrEqual(t, shared, 0.88)
	if clients <= 10 {
		assert.GreaterOrEqual(t, used(), 0.7)
		assert.Less(t, refused, 0.05)
	}
}

// A limit that has been lifted no longer slows the client down.
func TestTheFullRateComesBack(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1000, 100, 10} {
		t.Run(fmt.Sprint(limit, " calls per 10 s"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const more = 20_000
				server := &shared{limiter: &fixedWindow{limit: limit}}
				runner := bulk.Runner[int]{
					Concurrency: 8,
					Do:          func(ctx context.Context, _ int) bulk.Outcome[int] { return server.call(ctx) },
				}
				var half time.Time
				for i := range runner.Run(t.Context(), numbers(10*limit+more)) {
					switch i {
					case 10 * limit:
						server.mu.Lock()
						server.limiter = unlimited{}
						server.mu.Unlock()
					case 10*limit + more/2:
						half = time.Now()
					}
				}
				perSecond := more / 2 / time.Since(half).Seconds()
				assert.Greater(t, perSecond, 0.9*8/0.050, "calls a second, of eight in flight that take 50 ms")
			})
		})
	}
}

type unlimited struct{}

func (unlimited) take(time.Time) time.Duration { return 0 }
