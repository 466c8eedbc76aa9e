package sessionstest

import (
	"sync"
	"time"
)

// limiter counts requests in windows that begin with the first request after the
// last window ended.
type limiter struct {
	most   int
	window time.Duration

	mu    sync.Mutex
	began time.Time
	count int
}

// take counts a request. When it is one too many, it tells how long the window goes on.
func (l *limiter) take(now time.Time) (wait time.Duration, ok bool) {
	if l.most <= 0 || l.window <= 0 {
		return 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began.IsZero() || !now.Before(l.began.Add(l.window)) {
		l.began, l.count = now, 0
	}
	if l.count < l.most {
		l.count++
		return 0, true
	}
	return l.began.Add(l.window).Sub(now), false
}
