package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
)

// limitedRun revokes 100 sessions of one user with a limit of 40 calls in 10 seconds,
// and returns stderr.
func limitedRun(t *testing.T, terminal, dumb bool) (written string) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := testRun(1, 100, revokeAllFlags{}, sessionstest.WithRateLimit(40, 10*time.Second))
		r.errTTY, r.dumb = terminal, dumb
		revokeAll(t.Context(), r)
		assert.Equal(t, 100, r.report.summary().Revoked)
		written = stderr(r)
	})
	return written
}

func TestProgressIsPlainWithoutATerminal(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		written := limitedRun(t, terminal, true)
		assert.NotContains(t, written, "\x1b")
		assert.NotContains(t, written, "\r")
		assert.Regexp(t, `(?m)^Rate limited by Clerk; resuming in 1\ds\.$`, written)
		assert.Regexp(t, `(?m)^Paused \ds: 39/100, [\dms]+ left$`, written)
	}
}

func TestProgressIsRedrawnOnATerminal(t *testing.T) {
	t.Parallel()
	written := limitedRun(t, true, false)
	assert.Regexp(t, `\rPaused \ds: 39/100, [\dms]+ left\x1b\[K`, written)
	assert.Regexp(t, `\rRevoking: \d+/100, [\dms]+ left\x1b\[K`, written)
	assert.True(t, strings.HasSuffix(written, "\r\x1b[K"), "the line is removed at the end")
	assert.NotContains(t, written, "Rate limited", "the line says it")
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]struct {
		elapsed, pause time.Duration
		what           string
		total, done    tally
	}{
		"Listing: 0/3":                 {time.Second, 0, "Listing", tally{users: 3}, tally{}},
		"Listing: 1/3, 2s left":        {time.Second, 0, "Listing", tally{users: 3}, tally{users: 1}},
		"Revoking: 20/80, 30s left":    {10 * time.Second, 0, "Revoking", tally{sessions: 80}, tally{sessions: 20}},
		"Paused 10s: 20/80, 1m0s left": {10 * time.Second, 10 * time.Second, "Revoking", tally{sessions: 80}, tally{sessions: 20}},
		"Paused 10s: 80/80, 10s left":  {10 * time.Second, 10 * time.Second, "Revoking", tally{sessions: 80}, tally{sessions: 80}},
		"Revoking: 0/~80":              {time.Second, 0, "Revoking", tally{40, 2}, tally{}},
		"Revoking: 10/~40, 30s left":   {10 * time.Second, 0, "Revoking", tally{40, 10}, tally{10, 10}},
		"Paused 4m59s: 68246/~200123, 2h27m left": {4000 * time.Second, 299 * time.Second, "Revoking",
			tally{100_000, 60_037}, tally{30_000, 68_246}},
	} {
		test(t, want, func(t *testing.T) {
			p := &progress{what: row.what, start: time.Now().Add(-row.elapsed), total: row.total, done: row.done}
			p.pause(row.pause)
			p.pause(row.pause / 2)
			assert.Equal(t, want, p.String())
			assert.LessOrEqual(t, cells(p.String()), 40)
		})
	}
}

func TestProgressOfListingCountsUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(20, 3, revokeAllFlags{})
		server.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
			return &sessionstest.Fault{Latency: 1100 * time.Millisecond}
		})
		r.flags.yes = false
		_, users, _ := r.report.left()
		r.pass(t.Context(), "Listing", users, r.do)
		untried, _, _ := r.report.left()
		assert.Len(t, untried, 60)
		assert.Contains(t, stderr(r), "Listing: 4/20, 20s left\n")
	})
}

func TestProgressFitsTheTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &app{errs: new(bytes.Buffer), errTTY: true, errWidth: func() int { return 16 }}
		p := a.begin("Revoking", slices.Repeat([]*item{{session: "sess_1"}}, 100))
		time.Sleep(1500 * time.Millisecond)
		p.end()
		assert.Contains(t, a.errs.(*bytes.Buffer).String(), "\rRevoking: 0/100\x1b[K")
		a.errWidth = func() int { return 10 }
		p = a.begin("Revoking", slices.Repeat([]*item{{session: "sess_1"}}, 100))
		time.Sleep(1500 * time.Millisecond)
		p.end()
		assert.Contains(t, a.errs.(*bytes.Buffer).String(), "\rRevoking…\x1b[K")
	})
}

func TestShortDurations(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 1400 * time.Millisecond: "1s", 59 * time.Second: "59s", 9*time.Minute + 59*time.Second: "9m59s",
		10 * time.Minute: "10m", 59*time.Minute + 40*time.Second: "1h0m", 100 * time.Hour: "100h0m",
	} {
		assert.Equal(t, want, shortDuration(d))
	}
}

func TestANoteIsWrittenAsideFromTheProgress(t *testing.T) {
	t.Parallel()
	a := &app{errs: new(bytes.Buffer), errTTY: true, errWidth: func() int { return 80 }}
	p := a.begin("Revoking", []*item{{session: "sess_1"}})
	a.note("error: one")
	p.end()
	a.note("error: two")
	assert.Equal(t, "\r\x1b[Kerror: one\n\rRevoking: 0/1\x1b[K\r\x1b[Kerror: two\n", a.errs.(*bytes.Buffer).String())
}
