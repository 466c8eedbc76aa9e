package bulk

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	firstRate = 50          // calls per second before any call was refused
	slowRate  = 2           // calls per second after the first pause
	period    = 10.0        // seconds; the length of a typical rate-limit window
	many      = 200         // calls per period from which a few more refusals do no harm
	memory    = 10 * period // a pause longer ago says nothing about the current rate
)

// Pace is the rate of calls. It adapts to a limit that other clients may share, by
// additive increase and multiplicative decrease. The zero Pace has not met a limit yet.
// Consecutive runs may share one; it starts again after a period without a call or a
// pause.
//
// The rate starts at firstRate and doubles every half second until a call is refused,
// which pauses all calls. The first pause says little about the rate, as other clients
// may have used up the limit: calls continue at slowRate, doubling every second. After
// the second pause the rate settles, slightly below the rate of the successes since the
// first. Each further pause decreases it. A settled rate grows by the same amount for
// every client: slowly at first, then ever faster, so that unused capacity is found.
type Pace struct {
	rate    float64   // calls per second at time since
	settled bool      // the rate grows slowly
	since   time.Time // the end of the last pause, or the start
	done    int       // successes since then
	met     bool      // a limit: there was a pause
	next    time.Time // when the rate allows the next call
	last    time.Time // the start of the last call
	burst   int       // calls that may start without waiting for next

	until   time.Time // no call is started before
	refused time.Time // the first refused call of the current pause; zero outside one
	pauses  int       // since the last success
}

// begin starts the pace with a burst of calls, unless an earlier run has just ended.
func (p *Pace) begin(now time.Time, burst int) {
	if idle := min(now.Sub(p.last), now.Sub(p.until)); idle.Seconds() > period {
		*p = Pace{since: now, last: now, rate: firstRate, burst: burst}
	}
}

// wait returns how long the next call has to wait.
func (p *Pace) wait(now time.Time) time.Duration {
	if wait := p.until.Sub(now); wait > 0 {
		return wait
	}
	if !p.refused.IsZero() {
		p.settle(now)
	}
	if p.burst > 0 {
		return 0
	}
	return p.next.Sub(now)
}

// start records the start of a call.
func (p *Pace) start(now time.Time) {
	interval := time.Duration(float64(time.Second) / p.rateAt(now))
	if p.burst > 0 || now.After(p.next.Add(interval)) {
		p.next = now // no calls to catch up with
	}
	p.next, p.last = p.next.Add(interval), now
	p.burst = max(0, p.burst-1)
}

// rateAt returns the rate at a time after the last pause, in calls per second.
func (p *Pace) rateAt(now time.Time) float64 {
	seconds := now.Sub(p.since).Seconds()
	switch {
	case p.settled:
		return p.rate + 0.001*(math.Exp2(seconds/6)-1)
	case p.met:
		return p.rate * math.Exp2(seconds)
	}
	return p.rate * math.Exp2(2*seconds)
}

// succeed records the success of a call.
func (p *Pace) succeed() {
	p.pauses = 0
	p.done++
}

// refuse records a refused call and pauses all calls. It reports whether that extends
// the current pause.
func (p *Pace) refuse(now time.Time, pause time.Duration) bool {
	if p.refused.IsZero() {
		p.refused = now
		p.pauses++
	}
	return p.hold(now.Add(pause))
}

// hold makes all calls wait until the given time. It reports whether that extends the
// current pause.
func (p *Pace) hold(until time.Time) bool {
	if !until.After(p.until) {
		return false
	}
	p.until = until
	return true
}

// settle sets the rate at the end of a pause.
func (p *Pace) settle(now time.Time) {
	elapsed := now.Sub(p.since).Seconds()
	reached := float64(p.done+1) / elapsed
	switch {
	case reached*period > many, elapsed < period/2 && !p.settled:
		p.rate, p.settled = reached, false
	case !p.met, p.refused.Sub(p.since).Seconds() > memory:
		p.rate, p.settled = slowRate, false
	case p.settled:
		// A long pause means that the limit was used up early in its window.
		paused := min(1, p.until.Sub(p.refused).Seconds()/period)
		p.rate = decreased(p.rateAt(p.refused) * (1 - paused/2))
	default:
		p.rate, p.settled = decreased(reached), true
	}
	p.since, p.done, p.met, p.burst, p.refused = now, 0, true, 0, time.Time{}
	p.next = now.Add(time.Duration(rand.Float64() * float64(time.Second) / p.rate))
}

// decreased returns a slightly lower rate, at least one call per period.
func decreased(rate float64) float64 {
	calls := rate * period
	return max(1, calls-0.3*math.Sqrt(calls)) / period
}
