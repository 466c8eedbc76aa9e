package bulk

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	firstRate = 50               // calls a second, of a client that was never refused
	slowRate  = 2                // the same after its first pause
	period    = 10 * time.Second // of a usual limit
	many      = 200              // calls in a period; a client with more need not spare refusals
	memory    = 10 * period      // until a pause says nothing about the rate any more
)

// Pace is the rate of calls. It adapts to a limit that others may use as well: additive
// increase, multiplicative decrease. The zero Pace has not met a limit yet. Runs may
// share one if they follow one another; it starts again if none has made a call lately.
//
// The rate doubles twice a second until a call is refused, which pauses all. A first
// pause says little: others may have used up what the limit allowed. The rate doubles
// once a second then, and is settled after a second pause, at what succeeded in
// between. It is decreased after each further pause, and grows slowly at first, by the
// same number of calls for everybody, and then ever faster, so that what others leave
// is used.
type Pace struct {
	rate    float64   // calls a second, at since
	settled bool      // it grows slowly
	since   time.Time // the end of the last pause, or the start
	done    int       // successes since then
	met     bool      // there was a pause
	next    time.Time // when the rate allows the next call
	last    time.Time // the start of the last call
	burst   int       // calls that need not wait for that

	until   time.Time // nothing is started before
	refused time.Time // the first refused call of this pause; zero outside one
	pauses  int       // since the last success
}

// begin starts the pace with a few calls at once, unless an earlier run has just ended.
func (p *Pace) begin(now time.Time, burst int) {
	if now.Sub(p.last) > period {
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

// rateAt returns the rate at a time after the last pause.
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

// refuse records a refused call and pauses. It reports whether that made the pause
// longer.
func (p *Pace) refuse(now time.Time, pause time.Duration) bool {
	if p.refused.IsZero() {
		p.refused = now
		p.pauses++
	}
	return p.hold(now.Add(pause))
}

// hold starts nothing before until. It reports whether that is later than before.
func (p *Pace) hold(until time.Time) bool {
	if !until.After(p.until) {
		return false
	}
	p.until = until
	return true
}

// settle decides at the end of a pause how to go on.
func (p *Pace) settle(now time.Time) {
	whole := now.Sub(p.since)
	reached := float64(p.done+1) / whole.Seconds()
	switch {
	case reached*period.Seconds() > many, whole < period/2 && !p.settled:
		p.rate, p.settled = reached, false
	case !p.met, p.refused.Sub(p.since) > memory:
		p.rate, p.settled = slowRate, false
	case p.settled:
		// The longer the pause, the faster the limit was used up.
		rest := min(1, p.until.Sub(p.refused).Seconds()/period.Seconds())
		p.rate = decreased(p.rateAt(p.refused) * (1 - rest/2))
	default:
		p.rate, p.settled = decreased(reached), true
	}
	p.since, p.done, p.met, p.burst, p.refused = now, 0, true, 0, time.Time{}
	p.next = now.Add(time.Duration(rand.Float64() * float64(time.Second) / p.rate))
}

// decreased returns a little less than a rate, at least a call in a period.
func decreased(rate float64) float64 {
	calls := rate * period.Seconds()
	return max(1, calls-0.3*math.Sqrt(calls)) / period.Seconds()
}
