package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testRun returns a run against an emulator with n users that have as many sessions as
// each says. The users are user_0 to user_n-1.
func testRun(n, each int, flags revokeAllFlags, opts ...sessionstest.Option) (*revokeRun, *sessionstest.Server) {
	server := sessionstest.New(opts...)
	for user := range n {
		for session := range each {
			server.AddSession(clerksessions.Session{ID: fmt.Sprintf("sess_%d_%d", user, session), UserID: fmt.Sprintf("user_%d", user)})
		}
	}
	flags.concurrency = max(flags.concurrency, 1)
	a := &app{out: io.Discard, errs: new(bytes.Buffer), now: time.Now, errWidth: func() int { return 0 }}
	return newRun(context.Background(), a, server.Client(clerksessions.WithMaxAttempts(1)), &flags), server
}

func stderr(r *revokeRun) string { return r.errs.(*bytes.Buffer).String() }

func users(n int) iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for i := range n {
			if !yield(&item{user: fmt.Sprintf("user_%d", i)}) {
				return
			}
		}
	}
}

// revokeAllUsers lists and revokes as with --yes.
func revokeAllUsers(ctx context.Context, r *revokeRun, n int) {
	r.pass(ctx, "Revoking", n, 0, users(n), r.listAndRevoke)
}

func liveSessions(server *sessionstest.Server) (n int) {
	for _, session := range server.Sessions("") {
		if !session.Status.Ended() {
			n++
		}
	}
	return n
}

// The first users always fail; 200 healthy users come after them.
func TestUsersThatAlwaysFailStopNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		users, each int
		op          string
		status      int
		failed      int
	}{
		"30 sessions of one user answer 409":  {1, 30, "RevokeSession", 409, 30},
		"40 sessions of one user answer 500":  {1, 40, "RevokeSession", 500, 40},
		"30 sessions of one user answer 403":  {1, 30, "RevokeSession", 403, 30},
		"a session of 30 users answers 400":   {30, 1, "RevokeSession", 400, 30},
		"30 users cannot be listed":           {30, 1, "GetSessionList", 422, 30},
		"the server fails for 30 users' list": {30, 1, "GetSessionList", 503, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, server := testRun(test.users, test.each, revokeAllFlags{concurrency: 8})
				for user := test.users; user < test.users+200; user++ {
					server.AddSession(clerksessions.Session{UserID: fmt.Sprintf("user_%d", user)})
				}
				server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
					for user := range test.users {
						if req.Operation == test.op && (strings.Contains(req.Path, fmt.Sprintf("/sess_%d_", user)) ||
							req.Query.Get("user_id") == fmt.Sprintf("user_%d", user)) {
							return &sessionstest.Fault{Status: test.status}
						}
					}
					return nil
				})
				revokeAllUsers(t.Context(), r, test.users+200)
				assert.Equal(t, 200, r.sum.Revoked)
				assert.Equal(t, test.failed, r.sum.Failed+r.sum.Unlisted)
				require.NoError(t, r.stopped)
				assert.Equal(t, test.users*test.each, liveSessions(server))
				assert.Equal(t, test.failed, strings.Count(stderr(r), "error: "))
			})
		})
	}
}

func TestRunGivesUpWhenEverythingFails(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 503} {
		synctest.Test(t, func(t *testing.T) {
			r, server := testRun(500, 1, revokeAllFlags{concurrency: 8})
			server.Fail("GetSessionList", 10_000, sessionstest.Fault{Status: status, HTML: true})
			revokeAllUsers(t.Context(), r, 500)
			require.ErrorContains(t, r.stopped, "gave up: ")
			assert.Equal(t, 500, r.sum.Unlisted)
			assert.Less(t, len(server.Requests()), maxFailing+20)
			assert.NoError(t, r.conclude(500).(*exitError).err)
		})
	}
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
		revokeAllUsers(t.Context(), r, 301)
		require.NoError(t, r.stopped)
		assert.Equal(t, summary{Revoked: 1, Unlisted: 300}, r.sum)
	})
}

func TestARefusedKeyStopsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(500, 1, revokeAllFlags{concurrency: 8})
		server.Fail("GetSessionList", 10_000, sessionstest.Fault{Status: 401})
		revokeAllUsers(t.Context(), r, 500)
		require.ErrorIs(t, r.stopped, clerksessions.ErrUnauthorized)
		assert.Equal(t, summary{Unlisted: 500}, r.sum)
		assert.LessOrEqual(t, len(server.Requests()), 8)
		assert.Empty(t, stderr(r), "it is printed once, at the end")
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	for concurrency, want := range map[positive]time.Duration{1: 9 * time.Second, 4: 3 * time.Second, 8: 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r, server := testRun(1, 8, revokeAllFlags{concurrency: concurrency})
			server.FailFunc(func(sessionstest.Request) *sessionstest.Fault { return &sessionstest.Fault{Latency: time.Second} })
			start := time.Now()
			revokeAllUsers(t.Context(), r, 1)
			assert.Equal(t, want, time.Since(start))
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
		revokeAllUsers(t.Context(), r, 10)
		assert.Equal(t, 30, r.sum.Revoked)
		assert.Equal(t, 0, liveSessions(server))
		assert.LessOrEqual(t, len(server.Requests()), 10+30+8)
		assert.Contains(t, stderr(r), "Rate limited by Clerk; resuming in 1m")
	})
}

func TestInterruptionEndsAPauseAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, server := testRun(2, 1, revokeAllFlags{})
		server.Fail("", 100, sessionstest.Fault{Status: 429, RetryAfter: "60"})
		start := time.Now()
		ctx, interrupt := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { interrupt(errors.New("interrupt signal received")) })
		revokeAllUsers(ctx, r, 2)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, summary{Unlisted: 2}, r.sum)
		var exit *exitError
		require.ErrorAs(t, r.conclude(2), &exit)
		assert.Equal(t, exitFailed, exit.code)
		assert.Contains(t, stderr(r), "stopping; 0 calls in flight; again to quit\n")
		assert.Contains(t, stderr(r), "error: nothing was revoked: interrupt signal received\n")
	})
}

func TestCallsInFlightFinishWithinTheGrace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		latency time.Duration
		want    summary
	}{
		"a call of 4 s is recorded":        {4 * time.Second, summary{Revoked: 1, NotDone: 1}},
		"a call of 6 s is left for resume": {6 * time.Second, summary{NotDone: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, server := testRun(1, 2, revokeAllFlags{})
				server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
					if req.Operation != "RevokeSession" {
						return nil
					}
					return &sessionstest.Fault{Latency: test.latency}
				})
				ctx, interrupt := context.WithCancel(t.Context())
				var cancel context.CancelFunc
				r.within, cancel = withGrace(ctx)
				defer cancel()
				time.AfterFunc(time.Millisecond, interrupt)
				start := time.Now()
				revokeAllUsers(ctx, r, 1)
				assert.Equal(t, test.want, r.sum)
				assert.Equal(t, time.Millisecond+min(test.latency-time.Millisecond, grace), time.Since(start))
				assert.Contains(t, stderr(r), "stopping; 1 call in flight; again to quit\n")
			})
		})
	}
}

func TestMaxIsNeverExceeded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		max    positive
		faults int
		want   summary
		code   int
	}{
		"one more than allowed": {5, 0, summary{Revoked: 5, NotDone: 1}, exitPartly},
		"as many as allowed":    {6, 0, summary{Revoked: 6}, exitDone},
		"a failure frees one":   {5, 1, summary{Revoked: 5, Failed: 1}, exitPartly},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, server := testRun(1, 6, revokeAllFlags{max: test.max})
				if test.faults > 0 {
					server.Fail("RevokeSession", test.faults, sessionstest.Fault{Status: 409})
				}
				revokeAllUsers(t.Context(), r, 1)
				assert.Equal(t, test.want, r.sum)
				assert.Equal(t, 6-test.want.Revoked, liveSessions(server))
				if test.want.NotDone > 0 {
					require.EqualError(t, r.stopped, "--max 5 reached")
				}
				assert.Equal(t, test.code, r.exitCode(r.conclude(1)))
			})
		})
	}
}

func TestLongListIsRetriedPageByPage(t *testing.T) {
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
		revokeAllUsers(t.Context(), r, 1)
		assert.Equal(t, summary{Revoked: 3000}, r.sum)
		assert.Equal(t, 0, liveSessions(server))
	})
}

func TestSelectionMatches(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	created := func(ago time.Duration) clerksessions.Session {
		return clerksessions.Session{ID: "sess_1", CreatedAt: clerksessions.UnixMilli(now.Add(-ago).UnixMilli())}
	}
	from := func(ip string) clerksessions.Session {
		return clerksessions.Session{ID: "sess_1", LatestActivity: &clerksessions.SessionActivity{IPAddress: ip}}
	}
	cidr := func(value string) (n network) {
		require.NoError(t, n.Set(value))
		return n
	}
	for name, test := range map[string]struct {
		selection selection
		session   clerksessions.Session
		want      bool
	}{
		"no condition":               {selection{}, created(0), true},
		"excepted":                   {selection{except: texts{"sess_0", "sess_1"}}, created(0), false},
		"another is excepted":        {selection{except: texts{"sess_0"}}, created(0), true},
		"older":                      {selection{olderThan: span(time.Hour)}, created(time.Hour + 1e6), true},
		"just as old":                {selection{olderThan: span(time.Hour)}, created(time.Hour), false},
		"in the range":               {selection{ip: cidr("203.0.113.0/24")}, from("203.0.113.255"), true},
		"outside the range":          {selection{ip: cidr("203.0.113.0/24")}, from("203.0.114.0"), false},
		"the address":                {selection{ip: cidr("203.0.113.9")}, from("203.0.113.9"), true},
		"another address":            {selection{ip: cidr("203.0.113.9")}, from("203.0.113.8"), false},
		"IPv4 written as IPv6":       {selection{ip: cidr("203.0.113.0/24")}, from("::ffff:203.0.113.9"), true},
		"IPv6":                       {selection{ip: cidr("2001:db8::/32")}, from("2001:db8::1"), true},
		"no address":                 {selection{ip: cidr("203.0.113.0/24")}, created(0), false},
		"an address that is not one": {selection{ip: cidr("0.0.0.0/0")}, from("Athens"), false},
	} {
		assert.Equal(t, test.want, test.selection.matches(&test.session, now), name)
	}
}

func TestListedSessionsOfOthersAreErrors(t *testing.T) {
	t.Parallel()
	session := &clerksessions.Session{ID: "sess_1", UserID: "user_1", ClientID: "client_1"}
	for name, test := range map[string]struct {
		client, user, err string
	}{
		"of the user":                {"", "user_1", ""},
		"of the client":              {"client_1", "", ""},
		"of the user and client":     {"client_1", "user_1", ""},
		"of another user":            {"client_1", "user_2", `the list has session sess_1 of user "user_1"; it was not revoked`},
		"of another client":          {"client_2", "", `the list has session sess_1 of client "client_1"; it was not revoked`},
		"of the user's other client": {"client_2", "user_1", `the list has session sess_1 of client "client_1"; it was not revoked`},
	} {
		err := (&selection{client: test.client}).notAsked(test.user, session)
		if test.err == "" {
			assert.NoError(t, err, name)
		} else {
			assert.EqualError(t, err, test.err, name)
		}
	}
}

func TestSelectionIsWrittenInOneOrder(t *testing.T) {
	t.Parallel()
	s := selection{status: "active", client: "client_1", olderThan: span(24 * time.Hour), except: texts{"sess_2", "sess_1", "sess_2"}}
	require.NoError(t, s.ip.Set("203.0.113.9"))
	assert.Equal(t, "--status active --client client_1 --older-than 24h0m0s --ip 203.0.113.9/32 --except sess_1 --except sess_2", s.String())
	assert.Empty(t, (&selection{}).String())
}

func TestSummaryCounts(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]summary{
		"Sessions: 0 revoked, 0 already gone, 0 failed.":                                                                        {},
		"Sessions: 1 revoked, 2 already gone, 3 failed, 1 not done, 1 still live, 1 done before.":                               {Revoked: 1, Gone: 2, Failed: 3, NotDone: 1, Live: 1, Before: 1},
		"Sessions: 0 revoked, 0 already gone, 0 failed; the sessions of 1 user were not listed.":                                {Unlisted: 1},
		"Sessions: 0 revoked, 0 already gone, 0 failed; 1 user has no live session.":                                            {Empty: 1},
		"Sessions: 0 revoked, 0 already gone, 0 failed; the sessions of 2 users were not listed; 2 users have no live session.": {Unlisted: 2, Empty: 2},
	} {
		assert.Equal(t, want, s.String())
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for name, test := range map[string]struct {
		sum     summary
		stopped error
		users   int
		want    int
	}{
		"all done":                    {summary{Revoked: 1}, nil, 1, exitDone},
		"all gone":                    {summary{Gone: 1}, nil, 1, exitDone},
		"done before":                 {summary{Before: 1}, nil, 1, exitDone},
		"one of two users is empty":   {summary{Revoked: 1, Empty: 1}, nil, 2, exitDone},
		"nothing matches":             {summary{}, nil, 1, exitDone},
		"every user is empty":         {summary{Empty: 2}, nil, 2, exitFailed},
		"one failed":                  {summary{Revoked: 1, Failed: 1}, nil, 1, exitPartly},
		"one is left":                 {summary{Gone: 1, NotDone: 1}, stopped, 1, exitPartly},
		"one user is not listed":      {summary{Revoked: 1, Unlisted: 1}, nil, 2, exitPartly},
		"one is still live":           {summary{Revoked: 1, Live: 1}, nil, 1, exitPartly},
		"none was revoked":            {summary{Failed: 1}, nil, 1, exitFailed},
		"stopped before the first":    {summary{NotDone: 1}, stopped, 1, exitFailed},
		"only listing failed, resume": {summary{Unlisted: 1, Before: 1}, nil, 2, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := testRun(0, 0, revokeAllFlags{})
			r.sum, r.stopped = test.sum, test.stopped
			assert.Equal(t, test.want, r.exitCode(r.conclude(test.users)))
		})
	}
}

func TestQuestionCounts(t *testing.T) {
	t.Parallel()
	for want, n := range map[string][2]int{
		"1 session of 1 user":            {1, 1},
		"2 sessions of 1 user":           {1, 2},
		"2 sessions of 2 users":          {2, 1},
		"12,000 sessions of 3,000 users": {3000, 4},
		"1,000 sessions of 1,000 users":  {1000, 1},
	} {
		var todo []*item
		for user := range n[0] {
			todo = append(todo, slices.Repeat([]*item{{user: fmt.Sprint(user), session: "sess_1"}}, n[1])...)
		}
		assert.Equal(t, want, sessionsOfUsers(todo))
	}
}

func TestQuestionNamesTheInstance(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"sk_live_x": " (live)", "live_x": " (live)", "sk_test_x": " (test)", "test_x": " (test)", "sk_x": ""} {
		assert.Equal(t, want, instanceType(key), key)
	}
	assert.Equal(t, "api.clerk.com", hostOf("https://api.clerk.com/v1"))
}
