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
		assert.Equal(t, 20*time.Second, time.Since(start))
		told = r.errs.(*bytes.Buffer).String()
	})
	return told
}

func TestProgressGoesOnWhileTheClientWaits(t *testing.T) {
	t.Parallel()
	told := limitedRun(t, false)
	assert.Contains(t, told, "Revoking: 40 of 100, 8/s, 8s left, rate limit for 5s more\n")
	assert.Contains(t, told, "Revoking: 80 of 100, 5/s, 5s left, rate limit for 5s more\n")
	assert.LessOrEqual(t, strings.Count(told, "\n"), 4)
}

func TestBarGoesOnWhileTheClientWaits(t *testing.T) {
	t.Parallel()
	told := limitedRun(t, true)
	assert.Contains(t, told, " 0% |                | (0/100) Revoking")
	assert.Contains(t, told, "40% |██████          | (40/100) Revoking: 40/s, 9s left, rate limit for 9s more")
	assert.Contains(t, told, "(40/100) Revoking: 20/s, 8s left, rate limit for 8s more")
	assert.Contains(t, told, "(80/100) Revoking: 4/s, 5s left, rate limit for 1s more")
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
