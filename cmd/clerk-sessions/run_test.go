package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/bulk"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// test runs a subtest in parallel and in virtual time.
func test(t *testing.T, name string, run func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, run)
	})
}

func userNames(n int) (users []string) {
	for i := range n {
		users = append(users, fmt.Sprintf("user_%d", i))
	}
	return users
}

// testRun returns a run with --yes against an emulator with n users of a number of
// sessions each. Session sess_3_1 is one of user_3.
func testRun(n, each int, flags revokeAllFlags, opts ...sessionstest.Option) (*revokeRun, *sessionstest.Server) {
	server := sessionstest.New(opts...)
	for user := range n {
		for session := range each {
			id := fmt.Sprintf("sess_%d_%d", user, session)
			server.AddSession(clerksessions.Session{ID: id, UserID: fmt.Sprintf("user_%d", user)})
		}
	}
	flags.yes, flags.concurrency = true, max(flags.concurrency, 1)
	a := &app{out: io.Discard, errs: new(bytes.Buffer), now: time.Now, errWidth: func() int { return 0 }}
	client := server.Client(clerksessions.WithMaxAttempts(1))
	flags.users = userNames(n)
	return newRun(context.Background(), a, client, &flags), server
}

func stderr(r *revokeRun) string { return r.errs.(*bytes.Buffer).String() }

// revokeAll lists and revokes as with --yes and --once.
func revokeAll(ctx context.Context, r *revokeRun) {
	untried, unlisted, again := r.report.left()
	r.pass(ctx, "Revoking", slices.Concat(untried, unlisted, again), r.do)
}

func liveSessions(server *sessionstest.Server) (n int) {
	for _, session := range server.Sessions("") {
		if !session.Status.Ended() {
			n++
		}
	}
	return n
}

// failFor makes an operation fail for the first n users.
func failFor(server *sessionstest.Server, n int, op string, status int) {
	sick := userNames(n)
	server.FailFunc(func(r sessionstest.Request) *sessionstest.Fault {
		user := r.Query.Get("user_id")
		if _, id, ok := strings.Cut(r.Path, "/sess_"); ok {
			id, _, _ = strings.Cut(id, "_")
			user = "user_" + id
		}
		if r.Operation != op || !slices.Contains(sick, user) {
			return nil
		}
		return &sessionstest.Fault{Status: status}
	})
}

// The first users always fail, and 200 other users come after them.
func TestUsersThatAlwaysFailDoNotStopTheRun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		users, each int
		op          string
		status      int
		failures    int
	}{
		{"30 sessions of a user fail with 409", 1, 30, "RevokeSession", 409, 30},
		{"40 sessions of a user fail with 500", 1, 40, "RevokeSession", 500, 40},
		{"30 sessions of a user fail with 403", 1, 30, "RevokeSession", 403, 30},
		{"a session of each of 30 users fails with 400", 30, 1, "RevokeSession", 400, 30},
		{"30 users cannot be listed", 30, 1, "GetSessionList", 422, 30},
		{"the server fails for 30 users", 30, 1, "GetSessionList", 503, 30},
	} {
		test(t, row.name, func(t *testing.T) {
			r, server := testRun(row.users, row.each, revokeAllFlags{concurrency: 8})
			for _, user := range userNames(row.users + 200)[row.users:] {
				server.AddSession(clerksessions.Session{UserID: user})
			}
			r.report = newReport(userNames(row.users + 200))
			failFor(server, row.users, row.op, row.status)
			revokeAll(t.Context(), r)
			sum := r.report.summary()
			assert.Equal(t, 200, sum.Revoked)
			assert.Equal(t, row.failures, sum.Failed+sum.Unlisted)
			assert.Equal(t, row.failures, strings.Count(stderr(r), "error: "), "each is named")
			assert.Equal(t, row.users*row.each, liveSessions(server))
			assert.NoError(t, r.stopped)
		})
	}
}

func TestRunIsGivenUpWhenEverythingFails(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		users  int
		status int
		gaveUp bool
	}{
		{"199 users fail with 422", 199, 422, false},
		{"200 users fail with 422", 200, 422, true},
		{"500 users fail with 404", 500, 404, true},
		{"500 users fail with 503", 500, 503, true},
	} {
		test(t, row.name, func(t *testing.T) {
			r, server := testRun(row.users, 1, revokeAllFlags{concurrency: 8})
			failFor(server, row.users, "GetSessionList", row.status)
			revokeAll(t.Context(), r)
			if row.gaveUp {
				assert.ErrorContains(t, r.stopped, "gave up: ")
			} else {
				assert.NoError(t, r.stopped)
			}
			assert.Equal(t, summary{Unlisted: row.users}, r.report.summary())
			assert.Less(t, len(server.Requests()), maxFailing+20)
			assert.Equal(t, exitFailed, r.exitCode(r.conclude()))
		})
	}
}

// Long before the run is given up, the reason is shown.
func TestTheReasonOfAPauseIsShownAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(300, 1, revokeAllFlags{concurrency: 8})
		failFor(server, 300, "GetSessionList", 503)
		early := ""
		time.AfterFunc(time.Second, func() { r.update(func() { early = stderr(r) }) })
		start := time.Now()
		revokeAll(t.Context(), r)
		assert.Greater(t, time.Since(start), time.Minute)
		assert.Regexp(t, `^Calls fail; retrying: GetSessionList: 503 Service Unavailable: .*; run the command again later\n$`, early)
		assert.Equal(t, 1, strings.Count(stderr(r), "retrying: "))
	})
}

// Without a record of them elsewhere, no error is left out.
func TestEveryErrorIsPrintedIfNothingElseHasIt(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*revokeRun){
		"dry run":       func(r *revokeRun) { r.flags.dryRun = true },
		"broken stdout": func(r *revokeRun) { r.unshown = io.ErrClosedPipe },
		"codes":         func(*revokeRun) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, server := testRun(20, 1, revokeAllFlags{})
				r.out, r.asJSON = io.Discard, true
				prepare(r)
				n := 0
				server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
					if req.Operation != "GetSessionList" {
						return nil
					}
					n++
					body := fmt.Sprintf(`{"errors":[{"code":"user_code_%d"}]}`, n)
					if r.flags.dryRun || r.unshown != nil {
						body = `{"errors":[{"code":"the_same"}]}`
					}
					return &sessionstest.Fault{Status: 403, Body: []byte(body)}
				})
				revokeAll(t.Context(), r)
				assert.Equal(t, 20, strings.Count(stderr(r), "error: cannot list the sessions of user_"), stderr(r))
			})
		})
	}
}

// Of errors that differ only in an id or a port, the first few are printed, but each is
// in the JSON output.
func TestEqualErrorsArePrintedAFewTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(40, 1, revokeAllFlags{})
		var out bytes.Buffer
		r.out, r.asJSON = &out, true
		server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			switch user := req.Query.Get("user_id"); {
			case req.Operation == "RevokeSession":
				return &sessionstest.Fault{Status: 409}
			case strings.HasPrefix(user, "user_1"):
				return &sessionstest.Fault{Status: 422}
			case user == "user_2":
				return &sessionstest.Fault{Status: 403}
			}
			return nil
		})
		revokeAll(t.Context(), r)
		for want, n := range map[string]int{
			`(?m)^error: cannot list the sessions of user_\d+: GetSessionList: 422 `:           maxAlike,
			`(?m)^error: 6 more: cannot list the sessions of …: GetSessionList: 422 .* \[…\]$`: 1,
			`(?m)^error: cannot list the sessions of user_2: GetSessionList: 403 `:             1,
			`(?m)^error: sess_\d+_0 of user_\d+ was not revoked: RevokeSession: 409 `:          maxAlike,
			`(?m)^error: 23 more: … of … was not revoked: RevokeSession: 409 .* \[…\]$`:        1,
			`(?m)^`: 2*maxAlike + 4,
		} {
			assert.Len(t, regexp.MustCompile(want).FindAllString(stderr(r), -1), n, want)
		}
		assert.Equal(t, 40, strings.Count(out.String(), `"outcome":"failed"`), "each is in the output")
		assert.Contains(t, out.String(), `{"user_id":"user_2","outcome":"failed","error_code":`)
	})
}

func TestOneSuccessKeepsTheRunGoing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(301, 1, revokeAllFlags{})
		server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			if req.Query.Get("user_id") == "user_150" || req.Operation == "RevokeSession" {
				return nil
			}
			return &sessionstest.Fault{Status: 422}
		})
		revokeAll(t.Context(), r)
		require.NoError(t, r.stopped)
		assert.Equal(t, summary{Revoked: 1, Unlisted: 300}, r.report.summary())
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	for concurrency, want := range map[int]time.Duration{1: 9 * time.Second, 4: 3 * time.Second, 8: 2 * time.Second} {
		test(t, fmt.Sprint(concurrency), func(t *testing.T) {
			r, server := testRun(1, 8, revokeAllFlags{concurrency: concurrency})
			server.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
				return &sessionstest.Fault{Latency: time.Second}
			})
			start := time.Now()
			revokeAll(t.Context(), r)
			// The first calls of a run are not all started at once.
			assert.InDelta(t, want.Seconds(), time.Since(start).Seconds(), 0.1)
		})
	}
}

func TestRateLimitPausesAllAndIsNotAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(10, 3, revokeAllFlags{concurrency: 8})
		start := time.Now()
		server.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
			if time.Since(start) >= time.Minute {
				return nil
			}
			return &sessionstest.Fault{Status: 429, RetryAfter: "60"}
		})
		revokeAll(t.Context(), r)
		assert.Equal(t, summary{Revoked: 30}, r.report.summary())
		assert.Equal(t, 0, liveSessions(server))
		assert.LessOrEqual(t, len(server.Requests()), 10+30+8)
		assert.Contains(t, stderr(r), "Rate limited by Clerk; resuming in 1m")
	})
}

func TestAnInterruptionEndsAPauseAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(2, 1, revokeAllFlags{})
		server.Fail("", 100, sessionstest.Fault{Status: 429, RetryAfter: "60"})
		start := time.Now()
		ctx, interrupt := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { interrupt(errors.New("interrupt signal received")) })
		revokeAll(ctx, r)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, summary{Unlisted: 2}, r.report.summary())
		assert.Equal(t, exitFailed, r.exitCode(r.conclude()))
		assert.Contains(t, stderr(r), "stopping; 0 calls in flight; again to quit\n")
		assert.Contains(t, stderr(r), "error: nothing was revoked: interrupt signal received\n")
	})
}

func TestCallsInFlightFinishWithinTheGrace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		latency time.Duration
		want    summary
	}{
		{"a call of 4 s is recorded", 4 * time.Second, summary{Revoked: 1, NotDone: 1}},
		{"a call of 6 s is left for --resume", 6 * time.Second, summary{NotDone: 2}},
	} {
		test(t, row.name, func(t *testing.T) {
			r, server := testRun(1, 2, revokeAllFlags{})
			server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
				if req.Operation != "RevokeSession" {
					return nil
				}
				return &sessionstest.Fault{Latency: row.latency}
			})
			ctx, interrupt := context.WithCancel(t.Context())
			var cancel context.CancelFunc
			r.within, cancel = withGrace(ctx)
			defer cancel()
			time.AfterFunc(time.Second, interrupt)
			start := time.Now()
			revokeAll(ctx, r)
			assert.Equal(t, row.want, r.report.summary())
			assert.InDelta(t, min(row.latency, time.Second+grace).Seconds(), time.Since(start).Seconds(), 0.1)
			assert.Contains(t, stderr(r), "stopping; 1 call in flight; again to quit\n")
		})
	}
}

func TestProgressDoesNotCountWhatIsNotTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(20, 1, revokeAllFlags{concurrency: 8})
		server.Fail("GetSessionList", 20, sessionstest.Fault{Latency: 5500 * time.Millisecond})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("--timeout 1s exceeded"))
		defer cancel()
		revokeAll(ctx, r)
		assert.Contains(t, stderr(r), "Revoking: 0/20\n")
		assert.Contains(t, stderr(r), "stopping; 8 calls in flight; --timeout 1s exceeded\n")
		assert.NotContains(t, stderr(r), "again to quit")
	})
}

func TestMaxIsNeverExceeded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		max, faults int
		want        summary
		code        int
	}{
		{"one more than allowed", 5, 0, summary{Revoked: 5, NotDone: 1}, exitPartly},
		{"as many as allowed", 6, 0, summary{Revoked: 6}, exitDone},
		{"one that fails", 5, 1, summary{Revoked: 4, Failed: 1, NotDone: 1}, exitPartly},
	} {
		test(t, row.name, func(t *testing.T) {
			r, server := testRun(1, 6, revokeAllFlags{max: row.max})
			if row.faults > 0 {
				server.Fail("RevokeSession", row.faults, sessionstest.Fault{Status: 409})
			}
			revokeAll(t.Context(), r)
			assert.Equal(t, row.want, r.report.summary())
			assert.Equal(t, 6-row.want.Revoked, liveSessions(server))
			if row.want.NotDone > 0 {
				require.EqualError(t, r.stopped, "--max 5 reached")
				server.ClearRequests()
				r.pass(t.Context(), "Checking", r.report.unchecked(), r.check)
				assert.Empty(t, server.Requests(), "a run that was stopped does not check")
			}
			assert.Equal(t, row.code, r.exitCode(r.conclude()))
		})
	}
}

// Sessions whose response was lost may have been revoked.
func TestMaxCountsSessionsThatAreRetried(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault sessionstest.Fault
		want  summary
	}{
		"lost responses":    {sessionstest.Fault{ResetAfter: true}, summary{Revoked: 5, NotDone: 15}},
		"bad gateways":      {sessionstest.Fault{Status: 502}, summary{Revoked: 5, NotDone: 15}},
		"rate limit":        {sessionstest.Fault{Status: 429, RetryAfter: "1"}, summary{Revoked: 5, NotDone: 15}},
		"another session's": {sessionstest.Fault{Body: []byte(`{"object":"session","id":"sess_x","status":"revoked"}`)}, summary{Failed: 5, NotDone: 15}},
	} {
		test(t, name, func(t *testing.T) {
			r, server := testRun(1, 20, revokeAllFlags{max: 5, concurrency: 8})
			server.Fail("RevokeSession", 5, row.fault)
			revokeAll(t.Context(), r)
			assert.Equal(t, row.want, r.report.summary())
			assert.Equal(t, 20-row.want.Revoked, liveSessions(server))
			assert.EqualError(t, r.stopped, "--max 5 reached")
		})
	}
	test(t, "users are not listed any more", func(t *testing.T) {
		r, server := testRun(100, 1, revokeAllFlags{max: 5})
		revokeAll(t.Context(), r)
		assert.Equal(t, 5, r.report.summary().Revoked)
		assert.Less(t, len(server.Requests()), 20)
	})
	test(t, "the run ends at once", func(t *testing.T) {
		r, server := testRun(2, 1000, revokeAllFlags{max: 300}, sessionstest.WithRateLimit(100, 10*time.Second))
		start := time.Now()
		revokeAll(t.Context(), r)
		assert.Equal(t, 1700, liveSessions(server))
		assert.Less(t, time.Since(start), time.Minute)
	})
}

func TestALongListIsRetriedPageByPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(1, 3000, revokeAllFlags{concurrency: 8})
		n := 0
		server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			if req.Operation == "GetSessionList" && req.Query.Get("offset") != "" && req.Query.Get("offset") != "0" {
				if n++; n%2 == 1 { // no attempt at all pages would succeed
					return &sessionstest.Fault{Status: 503}
				}
			}
			return nil
		})
		revokeAll(t.Context(), r)
		assert.Equal(t, summary{Revoked: 3000}, r.report.summary())
		assert.Equal(t, 0, liveSessions(server))
	})
}

// A resumed run lists users that failed last, so that others make progress.
func TestUsersThatFailedAreListedLast(t *testing.T) {
	t.Parallel()
	for _, status := range []int{422, 503} {
		test(t, fmt.Sprint(status), func(t *testing.T) {
			const sick, healthy = 250, 100
			name := filepath.Join(t.TempDir(), "report.jsonl")
			flags := revokeAllFlags{reportName: name} // one call at a time, so that none is late when the run gives up
			revoked := 0
			for range 2 {
				r, server := testRun(sick+healthy, 1, flags)
				failFor(server, sick, "GetSessionList", status)
				require.NoError(t, r.openReport())
				revokeAll(t.Context(), r)
				require.NoError(t, r.closeReport(true))
				flags.reportName, flags.resumedName = "", name
				revoked = r.report.summary().Revoked
			}
			assert.Equal(t, healthy, revoked)
		})
	}
}

func TestAUserWithAFailedSessionIsNotChecked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(2, 1, revokeAllFlags{})
		failFor(server, 1, "RevokeSession", 409)
		revokeAll(t.Context(), r)
		r.pass(t.Context(), "Checking", r.report.unchecked(), r.check)
		assert.Equal(t, listed, r.report.state["user_0"].outcome)
		assert.Equal(t, checked, r.report.state["user_1"].outcome)
		assert.Equal(t, summary{Revoked: 1, Failed: 1}, r.report.summary(), "it is not reported as live, too")
	})
}

func TestErrorsAreClassified(t *testing.T) {
	t.Parallel()
	answered := func(status int) error { return &clerksessions.Error{StatusCode: status, RetryAfter: time.Second} }
	for _, row := range []struct {
		name string
		err  error
		want bulk.Class
	}{
		{"an id that is refused", fmt.Errorf("%w: empty", clerksessions.ErrInvalidArgument), bulk.Final},
		{"a response about another session", wrongResponse{errors.New("other")}, bulk.Final},
		{"the network", errors.New("connection reset"), bulk.Transient},
		{"a full disk", fmt.Errorf("%w: full", errReport), bulk.Fatal},
		{"truncated", answered(200), bulk.Transient},
		{"300", answered(300), bulk.Final},
		{"400", answered(400), bulk.Final},
		{"401", answered(401), bulk.Fatal},
		{"403", answered(403), bulk.Final},
		{"404", answered(404), bulk.Final},
		{"407", answered(407), bulk.Final},
		{"408", answered(408), bulk.Transient},
		{"409", answered(409), bulk.Final},
		{"425", answered(425), bulk.Transient},
		{"429", answered(429), bulk.RateLimited},
		{"499", answered(499), bulk.Final},
		{"500", answered(500), bulk.Transient},
		{"529", answered(529), bulk.Transient},
	} {
		got := outcomeOf(row.err)
		assert.Equal(t, row.want, got.Class, row.name)
		assert.Equal(t, row.err, got.Err, row.name)
	}
	assert.Equal(t, bulk.Outcome[*item]{}, outcomeOf(nil))
	assert.Equal(t, time.Second, outcomeOf(answered(429)).RetryAfter)
}
