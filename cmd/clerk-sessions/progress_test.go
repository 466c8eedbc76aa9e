package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limitedRun revokes 100 sessions where 40 may be in 10 seconds, and returns stderr.
func limitedRun(t *testing.T, terminal bool) (told string) {
	synctest.Test(t, func(t *testing.T) {
		r, server, todo := testRun(100, sessionstest.WithRateLimit(40, rateWindow))
		r.client = server.Client(r.watched())
		r.errTTY = terminal
		start := time.Now()
		require.NoError(t, r.revoke(t.Context(), todo))
		assert.InDelta(t, 21*time.Second, time.Since(start), float64(time.Second))
		told = r.errs.(*bytes.Buffer).String()
	})
	return told
}

func TestProgressGoesOnWhileTheClientWaits(t *testing.T) {
	t.Parallel()
	told := limitedRun(t, false)
	assert.Regexp(t, `Revoking: 40 of 100, 8/s, \ds left, rate limit for \ds more\n`, told)
	assert.Regexp(t, `Revoking: 80 of 100, \d/s, \ds left, rate limit for \ds more\n`, told)
	assert.LessOrEqual(t, strings.Count(told, "\n"), 4)
}

func TestBarGoesOnWhileTheClientWaits(t *testing.T) {
	t.Parallel()
	told := limitedRun(t, true)
	assert.Contains(t, told, " 0% |                | (0/100) Revoking")
	assert.Regexp(t, `40% \|██████          \| \(40/100\) Revoking: 40/s, \d+s left, rate limit for \d+s more`, told)
	assert.Regexp(t, `\(80/100\) Revoking: \d/s, \ds left, rate limit for \ds more`, told)
	assert.NotRegexp(t, `\d{3,}/s`, told)
}

func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &progress{total: 60, start: time.Now().Add(-40 * time.Second)}
		for done, want := range map[int]string{0: "", 2: ", 3/min, 19m20s left", 50: ", 1/s, 8s left", 60: ", 2/s, 0s left"} {
			p.done = done
			assert.Equal(t, want, p.pace())
		}
		p.done = 60
		p.limited(90 * time.Second)
		p.limited(time.Second)
		assert.Equal(t, ", 2/s, 1m30s left, rate limit for 1m30s more", p.pace())
	})
}
