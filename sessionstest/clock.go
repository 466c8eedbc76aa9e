package sessionstest

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// clock is the wall clock, or a stopped one, plus an offset.
type clock struct {
	start  time.Time // zero for the wall clock
	offset time.Duration
}

func (c *clock) now() time.Time {
	base := c.start
	if base.IsZero() {
		base = time.Now()
	}
	return base.Add(c.offset)
}

func (c *clock) advance(d time.Duration) error {
	switch {
	case d < 0:
		return errors.New("time cannot go back; use an earlier start time")
	case d > math.MaxInt64-c.offset:
		return fmt.Errorf("%s is too far: the clock has been advanced by %s, and the maximum is 292 years", d, c.offset)
	}
	c.offset += d
	return nil
}

// Now returns the Server's time. Pass it to WithClock of a token verifier.
func (s *Server) Now() (now time.Time) {
	s.with(func(in *instance) { now = in.clock.now() })
	return now
}

// Advance moves the Server's clock forward without waiting: sessions expire and are
// abandoned, tokens expire, and a new window of the rate limit begins. A negative d
// fails the test; use [WithStart] to begin at an earlier time.
//
// A verifier accepts a token for its leeway after exp, which is 5 seconds by default in
// package sessionjwt and in Clerk's JavaScript SDK. A session token lives for 60
// seconds, so after Advance(66 * time.Second) no such verifier accepts it.
func (s *Server) Advance(d time.Duration) {
	s.tb.Helper()
	must(s, "Advance", func(in *instance) (any, error) { return nil, in.clock.advance(d) })
}
