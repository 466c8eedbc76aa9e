package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testRun is a run against an emulator with n live sessions.
func testRun(n int, opts ...sessionstest.Option) (*revoking, *sessionstest.Server, []*clerksessions.Session) {
	server := sessionstest.New(opts...)
	var todo []*clerksessions.Session
	for range n {
		session := server.AddSession(clerksessions.Session{UserID: "user_1"})
		todo = append(todo, &session)
	}
	a := &app{out: io.Discard, errs: new(bytes.Buffer)}
	return &revoking{app: a, client: server.Client(clerksessions.WithMaxAttempts(1)), concurrency: 1}, server, todo
}

// fullDisk takes so many bytes and no more.
type fullDisk struct {
	bytes.Buffer
	room int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	n, _ := f.Buffer.Write(p[:min(len(p), f.room)])
	if f.room -= n; n < len(p) {
		return n, errors.New("no space left on device")
	}
	return n, nil
}

func (f *fullDisk) Sync() error  { return nil }
func (f *fullDisk) Close() error { return nil }

func TestReportThatCannotBeWrittenIsTold(t *testing.T) {
	t.Parallel()
	for _, sessions := range []int{1, 2} {
		r, _, todo := testRun(sessions)
		r.report = &report{file: &fullDisk{room: 10}}
		err := r.conclude(r.revoke(t.Context(), todo), len(todo), 0, revokeAllFlags{report: "r.jsonl"})
		var exit *exitError
		require.ErrorAs(t, err, &exit)
		assert.Equal(t, exitPartly, exit.code)
		told := r.errs.(*bytes.Buffer).String()
		assert.Contains(t, told, "error: what was done last is missing from the report: the report cannot be written: no space left on device\n")
		assert.Contains(t, told, "--resume r.jsonl")
	}
}

func TestReportThatCannotBeBegunIsTold(t *testing.T) {
	t.Parallel()
	_, _, todo := testRun(1)
	for what, write := range map[string]func(*report) error{
		"header": func(r *report) error { return r.begin(newRunHeader("sk_test_x", []string{"user_1"}, "")) },
		"plan":   func(r *report) error { return r.plan(todo, nil) },
	} {
		err := write(&report{file: &fullDisk{room: 10}})
		require.EqualError(t, err, "nothing was revoked, as the report cannot be written: no space left on device; make room for it, or write it elsewhere", what)
	}
}

func TestNothingIsWrittenAfterALineCutShort(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{room: 10}
	r := &report{file: disk}
	first := r.write(entry{SessionID: "sess_1"})
	require.Error(t, first)
	disk.room = 1000 // somebody has tidied up
	assert.Equal(t, first, r.write(entry{SessionID: "sess_2"}))
	assert.Equal(t, first, r.close())
	assert.Equal(t, 10, disk.Len())
}

func TestRateLimitPausesAllAndIsNoFailure(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]time.Duration{"60": time.Minute, "": rateWindow, "3600": maxPause} {
		synctest.Test(t, func(t *testing.T) {
			r, server, todo := testRun(30)
			r.concurrency = 8
			start := time.Now()
			server.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
				if time.Since(start) >= want {
					return nil
				}
				return &sessionstest.Fault{Status: 429, RetryAfter: asked}
			})
			require.NoError(t, r.revoke(t.Context(), todo))
			assert.Equal(t, 30, r.counts[revoked])
			assert.Equal(t, want, time.Since(start))
			assert.LessOrEqual(t, len(server.Requests()), 30+8)
			assert.Equal(t, 1, strings.Count(r.errs.(*bytes.Buffer).String(), "going on in"))

			listed, unlisted, err := r.list(t.Context(), []string{"user_1"})
			require.NoError(t, err)
			assert.Empty(t, listed)
			assert.Empty(t, unlisted)
		})
	}
}

func TestPauseEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server, todo := testRun(2)
		server.Fail("RevokeSession", 100, sessionstest.Fault{Status: 429, RetryAfter: "60"})
		start := time.Now()
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, interrupt)
		require.ErrorIs(t, r.revoke(ctx, todo), context.Canceled)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Zero(t, r.counts[failed])
	})
}

func TestFailuresToListDoNotCountForRevoking(t *testing.T) {
	t.Parallel()
	r, server, todo := testRun(giveUp)
	r.streak = giveUp - 1
	server.Fail("RevokeSession", 1, sessionstest.Fault{Status: 422})
	require.NoError(t, r.revoke(t.Context(), todo))
}
