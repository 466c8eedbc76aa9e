package sessionstest

import "time"

// limiter counts requests in windows. A window begins with the first request after the
// last window.
type limiter struct {
	max    int // 0 for no limit
	window time.Duration
	began  time.Time
	count  int
}

// take counts a request. If it exceeds the limit, take returns the time left in the
// window.
func (l *limiter) take(now time.Time) (wait time.Duration, ok bool) {
	if l.max <= 0 {
		return 0, true
	}
	if !now.Before(l.began.Add(l.window)) {
		l.began, l.count = now, 0
	}
	if l.count < l.max {
		l.count++
		return 0, true
	}
	return l.began.Add(l.window).Sub(now), false
}
