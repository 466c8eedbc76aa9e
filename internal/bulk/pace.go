package bulk

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	recovery = 35               // successes until one more call may be in flight
	period   = 10 * time.Second // over which a rate is measured, at least
	few      = 60               // calls in a period; below that calls are spaced out
	reserve  = 0.13             // by how much a rate of 10 calls in a period is decreased
	increase = 0.008            // the first increase of a rate, in calls in a period
	faster   = 4                // the factor by which it is larger in each period that follows
)

// pacer adapts to a limit that others may use as well: additive increase,
// multiplicative decrease.
//
// A refused call pauses all and halves the number of calls in flight, which grows again
// with each success. A client whose share of the limit is small is refused too often
// that way, at least once whenever the limit is reached. It spaces its calls out, at a
// rate a little below the one it reached. The rate grows slowly at first, by the same
// number of calls for everybody, and then ever faster, so that what others leave is
// used.
type pacer struct {
	most   int       // the maximum number of calls in flight
	width  float64   // how many of them are allowed now
	until  time.Time // nothing is started before
	pauses int       // since the last success

	rate    float64   // calls a second after the last decrease; zero if calls are not spaced out
	settled time.Time // when that was
	next    time.Time // when the rate allows the next call

	counts [2]count // of successes, in this period and the one before

	began time.Time // when the first call of this pause was refused; zero outside one
	ended time.Time // when the last pause ended; zero before
}

type count struct {
	since time.Time
	n     int
}

func newPacer(most int, now time.Time) pacer {
	return pacer{most: most, width: float64(most), counts: [2]count{{since: now}}}
}

// wait returns how long the next call has to wait.
func (p *pacer) wait(now time.Time) time.Duration {
	if wait := p.until.Sub(now); wait > 0 {
		return wait
	}
	if !p.began.IsZero() {
		p.settle(now)
	}
	if p.rate == 0 {
		return 0
	}
	return p.next.Sub(now)
}

// start records the start of a call.
func (p *pacer) start(now time.Time) {
	rate := p.rateAt(now)
	if rate == 0 {
		return
	}
	interval := seconds((0.5 + rand.Float64()) / rate)
	if now.After(p.next.Add(interval)) {
		p.next = now // no burst to catch up
	}
	p.next = p.next.Add(interval)
}

// rateAt returns the rate at a time after the last decrease, zero if calls are not
// spaced out any more.
func (p *pacer) rateAt(now time.Time) float64 {
	periods := now.Sub(p.settled).Seconds() / period.Seconds()
	if p.rate == 0 || periods > 10 {
		p.rate = 0
		return 0
	}
	return p.rate + increase*(math.Pow(faster, periods)-1)/period.Seconds()
}

// succeed records the success of a call.
func (p *pacer) succeed(now time.Time) {
	p.pauses = 0
	p.width = min(float64(p.most), p.width+1.0/recovery)
	p.counts[0].n++
	if now.Sub(p.counts[0].since) > period {
		p.counts = [2]count{{since: now}, p.counts[0]}
	}
}

// refuse records a refused call and pauses. It reports whether that made the pause
// longer.
func (p *pacer) refuse(now time.Time, pause time.Duration) bool {
	if p.began.IsZero() {
		p.began = now
		p.pauses++
		p.width /= 2
	} else {
		p.width--
	}
	p.width = max(1, p.width)
	return p.hold(now.Add(pause))
}

// hold starts nothing before until. It reports whether that is later than before.
func (p *pacer) hold(until time.Time) bool {
	if !until.After(p.until) {
		return false
	}
	p.until = until
	return true
}

// settle decides after a pause whether calls are spaced out, and how far. A single pause
// says little: they are once pauses follow one another.
func (p *pacer) settle(now time.Time) {
	began, first := p.began, p.rate == 0 && (p.ended.IsZero() || p.began.Sub(p.ended) > 3*period)
	p.began, p.ended = time.Time{}, now
	n, over := p.successes(now)
	if first || n == 0 || over < period/2 {
		return
	}
	reached := float64(n+1) / over.Seconds()
	p.counts = [2]count{{since: now}}
	switch {
	case reached*period.Seconds() > few:
		p.rate = 0
		return
	case p.rate > 0:
		// A rate is compared with others' at the same time, however late in the period
		// a client noticed.
		whole := began.Sub(p.settled).Truncate(period)
		reached = max(p.rateAt(p.settled.Add(whole)), 0.8*reached)
	}
	calls := max(2, reached*period.Seconds())
	p.rate = calls / period.Seconds() * (1 - reserve*math.Pow(10/calls, 0.25))
	p.settled = now
	p.next = now.Add(seconds(rand.Float64() / p.rate))
}

// successes returns how many there were in the last period or two, pauses included, and
// how long that was.
func (p *pacer) successes(now time.Time) (n int, over time.Duration) {
	since, n := p.counts[0].since, p.counts[0].n
	if before := p.counts[1]; !before.since.IsZero() && now.Sub(since) < period {
		since, n = before.since, n+before.n
	}
	return n, now.Sub(since)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
