package bulk

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	decrease = 0.9              // the factor after the limit was reached
	increase = 0.1              // the share added by the first successes after that
	recovery = 40               // successes until the next increase, which is twice the last
	period   = 10 * time.Second // of which a rate is measured, at least
)

// pacer adapts the rate of calls to a limit that others may use as well: additive
// increase, multiplicative decrease. It begins without a rate. When calls are refused
// it takes a rate a little below what was reached. The rate then grows with each
// success, at first slowly, so that about one call in 40 is refused, and faster and
// faster while none is.
type pacer struct {
	flight int // the maximum number of calls in flight

	until  time.Time // nothing is started before
	pauses int       // since the last success

	rate float64   // calls a second, zero for no bound
	base float64   // the rate after the last decrease
	grow float64   // successes since
	next time.Time // when the rate allows the next call

	began     time.Time // when count began
	count     int       // successes since
	lastBegan time.Time // the same for the period before
	lastCount int

	limited time.Time   // the start of the first call refused in this pause; zero outside one
	refusal int         // calls refused in this pause
	passed  []time.Time // starts of the calls that succeeded last
}

// wait returns how long the next call has to wait.
func (p *pacer) wait(now time.Time) time.Duration {
	if wait := p.until.Sub(now); wait > 0 {
		return wait
	}
	if !p.limited.IsZero() {
		p.settle(now)
	}
	if p.rate == 0 {
		return 0
	}
	return p.next.Sub(now)
}

// started records the start of a call.
func (p *pacer) started(now time.Time) {
	if p.rate == 0 {
		return
	}
	interval := time.Duration((0.5 + rand.Float64()) * float64(time.Second) / p.rate)
	if now.After(p.next.Add(interval)) {
		p.next = now // no burst to catch up
	}
	p.next = p.next.Add(interval)
}

// succeeded records the success of a call.
func (p *pacer) succeeded(now, started time.Time) {
	p.pauses = 0
	if p.passed = append(p.passed, started); len(p.passed) > p.flight {
		p.passed = p.passed[1:]
	}
	p.count++
	if now.Sub(p.began) > period {
		p.lastBegan, p.lastCount = p.began, p.count
		p.began, p.count = now, 0
	}
	if p.rate > 0 {
		p.grow++
		p.rate = p.base * (1 + increase*(math.Exp2(p.grow/recovery)-1))
		if p.grow > 20*recovery {
			p.rate = 0
		}
	}
}

// refused records a refused call and pauses. It reports whether that made the pause
// longer.
func (p *pacer) refused(now, started time.Time, pause time.Duration) bool {
	if p.limited.IsZero() {
		p.limited, p.refusal = started, 0
		p.pauses++
	}
	p.refusal++
	return p.hold(now.Add(pause))
}

// hold starts nothing before until. It reports whether that was not so already.
func (p *pacer) hold(until time.Time) bool {
	if !until.After(p.until) {
		return false
	}
	p.until = until
	return true
}

// settle chooses the rate after a pause. A call refused among others that succeeded
// says nothing about the limit.
func (p *pacer) settle(now time.Time) {
	passed := 0
	for _, started := range p.passed {
		if !started.Before(p.limited) {
			passed++
		}
	}
	p.limited = time.Time{}
	if p.refusal <= passed {
		return
	}
	began, count := p.began, p.count
	if !p.lastBegan.IsZero() && now.Sub(began) < period {
		began, count = p.lastBegan, count+p.lastCount
	}
	reached := float64(count+1) / max(now.Sub(began), time.Millisecond).Seconds()
	if p.rate == 0 || p.rate > reached {
		p.rate = reached
	}
	p.rate *= decrease
	p.base, p.grow = p.rate, 0
	p.next = now.Add(time.Duration(rand.Float64() * float64(time.Second) / p.rate))
	p.lastBegan = time.Time{}
	p.began, p.count = now, 0
}
