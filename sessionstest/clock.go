package sessionstest

import (
	"math"
	"sync/atomic"
	"time"
)

// clock is the wall clock, or one that stands still, moved by an offset.
type clock struct {
	start  time.Time
	offset atomic.Int64
}

func (c *clock) now() time.Time {
	base := c.start
	if base.IsZero() {
		base = time.Now()
	}
	return base.Add(time.Duration(c.offset.Load()))
}

// Now returns the Server's time: what WithClock of a token verifier should be given.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the Server's clock forward: sessions expire and are abandoned, tokens
// run out, a new window of the rate limit begins. It does not wait. Time cannot go
// back, so d must not be negative.
func (s *Server) Advance(d time.Duration) {
	if d < 0 {
		s.helper()
		s.fail("Advance(%s): time cannot go back; start earlier with WithStart", d)
		return
	}
	for {
		offset := s.clock.offset.Load()
		if int64(d) > math.MaxInt64-offset {
			s.helper()
			s.fail("Advance(%s): that is too far, since the clock was moved by %s before; 292 years in all is the most", d, time.Duration(offset))
			return
		}
		if s.clock.offset.CompareAndSwap(offset, offset+int64(d)) {
			return
		}
	}
}
