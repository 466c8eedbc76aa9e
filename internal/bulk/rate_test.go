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

// call makes one call, of which half the latency comes before the limiter.
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

// Clients that do not know of each other share one limit.
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
	windows := 40
	if limit == 100 {
		windows = 120
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
	each := windows * limit / clients
	var all sync.WaitGroup
	var first sync.Once
	steady := 0.0
	for range clients {
		all.Go(func() {
			for _, err := range runner.Run(t.Context(), numbers(each)) {
				assert.NoError(t, err)
			}
			if testing.Verbose() {
				t.Logf("SPREAD %.1f", time.Since(began).Seconds())
			}
			first.Do(func() {
				steady = float64(server.served) / float64(limit) / (time.Since(began).Seconds() / window.Seconds())
			})
		})
	}
	all.Wait()
	took := time.Since(began)
	used := float64(server.served) / float64(limit) / (took.Seconds() / window.Seconds())
	refused := float64(server.refused) / float64(server.refused+server.served)
	t.Logf("%d clients, %d per 10 s, %s windows: %.1f %% of the limit used, %.1f %% until the first is done, %.2f %% of %d calls refused",
		clients, limit, kind, 100*used, 100*steady, 100*refused, server.refused+server.served)
}
