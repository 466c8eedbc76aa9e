package bulk

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var start = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

func TestTheFirstRefusalOfAPauseHalvesTheWidth(t *testing.T) {
	t.Parallel()
	p := newPacer(8, start)
	assert.True(t, p.refuse(at(1), 2*time.Second))
	assert.EqualValues(t, 4, p.width)
	assert.False(t, p.refuse(at(1), time.Second), "the pause is no longer")
	assert.EqualValues(t, 3, p.width, "a further refusal takes one")
	assert.Equal(t, 1, p.pauses)
	for range 10 {
		p.refuse(at(1), time.Second)
	}
	assert.EqualValues(t, 1, p.width)
	assert.Equal(t, 2*time.Second, p.wait(at(1)))
	assert.Zero(t, p.wait(at(3)))
	assert.Zero(t, p.rate, "a single pause says little")
	for range recovery {
		p.succeed(at(4))
	}
	assert.InDelta(t, 2, p.width, 1e-9)
	assert.Zero(t, p.pauses)
}

// paused returns a pacer that was refused twice: at 1 s, and after n successes at a time.
func paused(n int, again float64) *pacer {
	p := newPacer(8, start)
	p.refuse(at(1), time.Second)
	p.wait(at(2))
	for range n {
		p.succeed(at(3))
	}
	p.refuse(at(again), time.Second)
	p.wait(at(again + 1))
	return &p
}

// rateFor is the rate a little below that of some calls in some seconds.
func rateFor(calls, seconds float64) float64 {
	calls = max(2, calls/seconds*10)
	return calls / 10 * (1 - 0.13*math.Pow(10/calls, 0.25))
}

func TestWhenCallsAreSpacedOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		n     int
		again float64
		want  float64
	}{
		{"few successes", 19, 9, rateFor(20, 10)},
		{"one success", 1, 9, rateFor(2, 10)},
		{"least rate", 1, 29, rateFor(2, 10)},
		{"no success", 0, 9, 0},
		{"too short to say", 1, 3.5, 0},
		{"just long enough", 1, 4, rateFor(2, 5)},
		{"many calls in a period", 60, 9, 0},
		{"limit of few calls", 59, 9, rateFor(60, 10)},
		{"pauses far apart", 10, 33, 0},
		{"pauses just near enough", 10, 31, rateFor(11, 32)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := paused(test.n, test.again)
			assert.InDelta(t, test.want, p.rate, 1e-9)
			if test.want > 0 {
				wait := p.wait(at(test.again + 1))
				assert.GreaterOrEqual(t, wait, time.Duration(0))
				assert.LessOrEqual(t, wait.Seconds(), 1/p.rate)
				p.start(at(test.again + 1))
				after := p.wait(at(test.again+1)) - wait
				assert.GreaterOrEqual(t, after.Seconds(), 0.5/p.rate-1e-6)
				assert.LessOrEqual(t, after.Seconds(), 1.5/p.rate+1e-6)
			}
		})
	}
}

func TestTheRateGrowsFasterAndFaster(t *testing.T) {
	t.Parallel()
	p := paused(19, 9)
	rate := p.rate
	assert.InDelta(t, rate, p.rateAt(at(10)), 1e-9)
	assert.InDelta(t, rate+0.008*(4-1)/10, p.rateAt(at(20)), 1e-9, "after a period")
	assert.InDelta(t, rate+0.008*(16-1)/10, p.rateAt(at(30)), 1e-9, "after two")
	assert.Positive(t, p.rateAt(at(110)), "after ten")
	assert.Zero(t, p.rateAt(at(110.1)), "no limit any more")
	assert.Zero(t, p.rateAt(at(20)), "which is remembered")
}

// A refusal while calls are spaced out decreases the rate that was reached.
func TestASpacedOutClientIsRefused(t *testing.T) {
	t.Parallel()
	p := paused(19, 9)
	reached := p.rateAt(at(20)) * 10
	for range 18 {
		p.succeed(at(15))
	}
	p.refuse(at(25), time.Second)
	p.wait(at(26))
	assert.InDelta(t, rateFor(reached, 10), p.rate, 1e-9, "of a whole period after the last decrease")
}

func TestSuccessesOfTheLastPeriods(t *testing.T) {
	t.Parallel()
	p := newPacer(8, start)
	check := func(now float64, n int, over time.Duration) {
		t.Helper()
		gotN, gotOver := p.successes(at(now))
		assert.Equal(t, n, gotN)
		assert.Equal(t, over, gotOver)
	}
	for range 3 {
		p.succeed(at(5))
	}
	check(6, 3, 6*time.Second)
	p.succeed(at(11)) // ends the period
	check(12, 4, 12*time.Second)
	p.succeed(at(13))
	check(14, 5, 14*time.Second)
	check(22, 1, 11*time.Second)
}
