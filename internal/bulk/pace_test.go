package bulk

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var began = time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return began.Add(time.Duration(seconds * float64(time.Second))) }

func TestCallsAreSpacedOutAfterAFirstBurst(t *testing.T) {
	t.Parallel()
	var p Pace
	p.begin(at(0), 3)
	p.begin(at(1), 100) // a later run
	for range 3 {
		assert.Zero(t, p.wait(at(0)))
		p.start(at(0))
	}
	assert.Equal(t, 20*time.Millisecond, p.wait(at(0)), "50 calls a second")
	p.start(at(1))
	assert.Equal(t, 5*time.Millisecond, p.wait(at(1)), "the rate is four times as high after a second")
	p.start(at(1.004))
	assert.Equal(t, 6*time.Millisecond, p.wait(at(1.004)).Round(time.Millisecond), "an early call delays the next one")
	p.start(at(60))
	assert.Zero(t, p.wait(at(60)), "the rate is above a call per nanosecond")
}

func TestALongIdleTimeStartsAgain(t *testing.T) {
	t.Parallel()
	var p Pace
	p.begin(at(0), 1)
	p.start(at(0))
	p.pause(0, 0, 10)
	p.start(at(10))
	p.pause(0, 10, 20)
	assert.True(t, p.settled)
	p.start(at(20))
	p.begin(at(30), 3)
	assert.True(t, p.settled, "a run that follows at once")
	p.begin(at(31), 3)
	for range 3 {
		assert.Zero(t, p.wait(at(31)))
		p.start(at(31))
	}
	assert.Equal(t, 20*time.Millisecond, p.wait(at(31)), "50 calls a second")
}

func TestALongPauseIsNotIdleTime(t *testing.T) {
	t.Parallel()
	var p Pace
	p.begin(at(0), 1)
	p.start(at(0))
	p.refuse(at(0), time.Minute)
	p.begin(at(31), 3) // a later run
	assert.Equal(t, 29*time.Second, p.wait(at(31)))
	p.wait(at(60))
	assert.Zero(t, p.burst)
	p.begin(at(61), 3)
	assert.True(t, p.met, "a run that follows the pause at once")
	p.begin(at(70.5), 3)
	assert.False(t, p.met, "a period after the pause")
}

func TestARefusedCallPausesAllCalls(t *testing.T) {
	t.Parallel()
	var p Pace
	p.begin(at(0), 8)
	assert.True(t, p.refuse(at(1), 2*time.Second))
	assert.False(t, p.refuse(at(1.5), time.Second), "a shorter pause does not extend the current one")
	assert.True(t, p.refuse(at(1.5), 2*time.Second))
	assert.Equal(t, 1, p.pauses)
	assert.Equal(t, 2*time.Second, p.wait(at(1.5)))
	var waits []time.Duration
	for range 100 {
		p := p
		waits = append(waits, p.wait(at(3.5)))
	}
	assert.GreaterOrEqual(t, slices.Min(waits), time.Duration(0), "a pause does not end in a burst")
	assert.Less(t, slices.Max(waits), 3500*time.Millisecond)
	assert.Greater(t, slices.Max(waits)-slices.Min(waits), 2*time.Second, "at a random time within one interval")
	p.succeed()
	assert.Zero(t, p.pauses)
}

// pause records successes, and then a call refused at one time whose pause ends at
// another.
func (p *Pace) pause(done int, refused, until float64) {
	for range done {
		p.succeed()
	}
	p.refuse(at(refused), at(until).Sub(at(refused)))
	p.wait(at(until))
}

func TestTheRateAfterAPause(t *testing.T) {
	t.Parallel()
	less := func(calls float64) float64 { return (calls - 0.3*math.Sqrt(calls)) / 10 }
	for _, test := range []struct {
		name           string
		done           int
		refused, until float64 // after a first pause from 1 to 10 s
		rate           float64
		settled        bool
	}{
		{"few calls", 9, 16, 20, less(10), true},
		{"after half a period", 9, 11, 15, less(20), true},
		{"before half a period", 9, 11, 14.9, 10 / 4.9, false},
		{"many calls", 200, 16, 20, 20.1, false},
		{"not quite many calls", 199, 16, 20, less(200), true},
		{"no success", 0, 16, 20, 0.1, true},
		{"minimum rate", 0, 16, 100, 0.1, true},
		{"last pause long ago", 9, 110.1, 120, 2, false},
		{"last pause not so long ago", 109, 110, 120, less(10), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var p Pace
			p.begin(at(0), 8)
			p.pause(20, 1, 10)
			assert.EqualValues(t, 2, p.rate, "a first pause says little")
			assert.InDelta(t, 2*2, p.rateAt(at(11)), 1e-9)
			p.pause(test.done, test.refused, test.until)
			assert.InDelta(t, test.rate, p.rate, 1e-9)
			assert.Equal(t, test.settled, p.settled)
		})
	}
}

func TestASettledRate(t *testing.T) {
	t.Parallel()
	settled := func() *Pace {
		var p Pace
		p.begin(at(0), 8)
		p.pause(20, 1, 10)
		p.pause(99, 16, 20)
		return &p
	}
	rate := settled().rate
	assert.InDelta(t, rate+0.001*1, settled().rateAt(at(26)), 1e-9, "it grows slowly at first")
	assert.InDelta(t, rate+0.001*1023, settled().rateAt(at(80)), 1e-9, "and then faster")
	for _, test := range []struct {
		name           string
		done           int
		refused, until float64
		rate           float64
	}{
		{"a short pause", 50, 26, 27, decreased((rate + 0.001) * 0.95)},
		{"a longer one", 50, 26, 31, decreased((rate + 0.001) * 0.75)},
		{"longer than a period", 50, 26, 76, decreased((rate + 0.001) / 2)},
		{"a pause right after the last", 1, 20, 21, decreased(rate * 0.95)},
		{"last pause long ago", 50, 120.1, 121, 2},
		{"many calls", 300, 26, 30, 30.1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := settled()
			p.pause(test.done, test.refused, test.until)
			assert.InDelta(t, test.rate, p.rate, 1e-9)
		})
	}
}
