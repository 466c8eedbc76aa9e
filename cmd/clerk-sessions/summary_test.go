package main

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSummaryCounts(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]summary{
		"Sessions: 0 revoked, 0 already gone, 0 failed.": {},
		"Sessions: 1 revoked, 2 already gone, 3 failed, 1 not done, 1 still live, 1 done before.": {
			Revoked: 1, Gone: 2, Failed: 3, NotDone: 1, Live: 1, Before: 1},
		"Sessions: 0 revoked, 0 already gone, 0 failed; the sessions of 1 user were not listed.": {Unlisted: 1},
		"Sessions: 0 revoked, 0 already gone, 0 failed; 1 user has no live session.":             {Empty: 1},
		"Sessions: 0 revoked, 0 already gone, 0 failed; the sessions of 2 users were not listed; " +
			"2 users have no live session.": {Unlisted: 2, Empty: 2},
		"Sessions: 4,500 revoked, 1,000 already gone, 2,000 failed, 3,000 not done, 4,000 still live, 5,000 done before; " +
			"2,974 users have no live session on client_1.": {Revoked: 4500, Gone: 1000, Failed: 2000, NotDone: 3000,
			Live: 4000, Before: 5000, Empty: 2974, wanted: "live session on client_1"},
	} {
		assert.Equal(t, want, s.String())
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	user := func(id string, outcome outcome, live int) entry {
		return entry{UserID: id, Outcome: outcome, LiveSessions: live}
	}
	session := func(id string, outcome outcome) entry {
		return entry{SessionID: id, UserID: "user_0", Outcome: outcome}
	}
	one, empty := user("user_0", listed, 1), user("user_0", listed, 0)
	interrupted := errors.New("interrupt signal received")
	for _, row := range []struct {
		name    string
		users   int
		entries []entry
		stopped error
		want    int
	}{
		{"all revoked", 1, []entry{one, session("sess_1", revoked)}, nil, exitDone},
		{"all gone", 1, []entry{one, session("sess_1", gone)}, nil, exitDone},
		{"one of two users is empty", 2, []entry{one, session("sess_1", revoked), user("user_1", listed, 0)}, nil, exitDone},
		{"no session matches", 1, []entry{one}, nil, exitDone},
		{"the only user is empty", 1, []entry{empty}, nil, exitFailed},
		{"both users are empty", 2, []entry{empty, user("user_1", listed, 0)}, nil, exitFailed},
		{"one of two failed", 1, []entry{one, session("sess_1", revoked), session("sess_2", failed)}, nil, exitPartly},
		{"the only one failed", 1, []entry{one, session("sess_1", failed)}, nil, exitFailed},
		{"one of two is left", 1, []entry{one, session("sess_1", gone), session("sess_2", planned)}, interrupted, exitPartly},
		{"the only one is left", 1, []entry{one, session("sess_1", planned)}, interrupted, exitFailed},
		{"one of two is still live", 1, []entry{one, session("sess_1", revoked), session("sess_2", stillLive)}, nil, exitPartly},
		{"one of two users is not listed", 2, []entry{one, session("sess_1", revoked)}, nil, exitPartly},
		{"the only user is not listed", 1, []entry{user("user_0", failed, 0)}, nil, exitFailed},
		{"stopped while checking", 1, []entry{one, session("sess_1", revoked)}, interrupted, exitPartly},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r, _ := testRun(0, 0, revokeAllFlags{})
			r.report, r.stopped = newReport(userNames(row.users)), row.stopped
			for _, e := range row.entries {
				assert.True(t, r.report.apply(e))
			}
			assert.Equal(t, row.want, r.exitCode(r.conclude()))
		})
	}
}

func TestAStoppedRunTellsWhatIsNotDone(t *testing.T) {
	t.Parallel()
	for want, sessions := range map[string][]entry{
		"error: stopped: --max 1 reached\n":                         of("user_0", revoked, "sess_1"),
		"error: stopped with 1 session not done: --max 1 reached\n": append(of("user_0", revoked, "sess_1"), of("user_0", planned, "sess_2")...),
	} {
		r, _ := testRun(1, 0, revokeAllFlags{})
		r.stopped = errors.New("--max 1 reached")
		for _, e := range append(sessions, entry{UserID: "user_0", Outcome: listed, LiveSessions: 2}) {
			r.report.apply(e)
		}
		assert.Equal(t, exitPartly, r.exitCode(r.conclude()))
		assert.Equal(t, want, stderr(r))
	}
}

func TestNumbersHaveSeparators(t *testing.T) {
	t.Parallel()
	r, _ := testRun(3000, 0, revokeAllFlags{})
	require.ErrorContains(t, r.errNone(), "none of the 3,000 users has a live session; check")
	assert.Equal(t, "4,500 sessions of 1 user", sessionsOfUsers(slices.Repeat([]*item{{user: "user_1"}}, 4500)))
}

func TestExitCodesOfFailedOutput(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	for _, row := range []struct {
		name             string
		unshown, written error
		want             int
	}{
		{"stdout and report are written", nil, nil, exitDone},
		{"stdout is not written", broken, nil, exitFailed},
		{"the report is not written", nil, broken, exitPartly},
	} {
		r, _ := testRun(1, 0, revokeAllFlags{})
		r.report.apply(entry{UserID: "user_0", Outcome: listed, LiveSessions: 1})
		r.report.apply(entry{SessionID: "sess_1", UserID: "user_0", Outcome: revoked})
		r.report.file = &reportFile{name: "r.jsonl", used: true, err: row.written}
		r.unshown = row.unshown
		assert.Equal(t, row.want, r.exitCode(r.conclude()), row.name)
	}
}

// Resuming a completed report succeeds; resuming one of users without sessions does not.
func TestExitCodesOfResumedRuns(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		before   int
		unlisted outcome
		want     int
	}{
		{"done before", 1, listed, exitDone},
		{"nothing before", 0, listed, exitFailed},
		{"only listing failed", 1, failed, exitFailed},
	} {
		r, _ := testRun(1, 0, revokeAllFlags{})
		r.report.before = row.before
		r.report.apply(entry{UserID: "user_0", Outcome: row.unlisted})
		assert.Equal(t, row.want, r.exitCode(r.conclude()), row.name)
	}
}
