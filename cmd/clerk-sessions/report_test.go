package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var twoUsers = []string{"user_1", "user_2"}

func testHeader() reportHeader {
	return newReportHeader("https://api.clerk.com/v1", "sk_test_1", twoUsers, &selection{})
}

func resume(name string) (*report, *past, error) {
	return resumeReport(name, "sk_test_1", twoUsers, testHeader())
}

func sessionsOf(items []*item) (ids []string) {
	for _, it := range items {
		ids = append(ids, it.session)
	}
	return ids
}

func usersOf(items []*item) (users []string) {
	for _, it := range items {
		users = append(users, it.user)
	}
	return users
}

// writtenReport is a report of a run in which one of three sessions was revoked, one
// failed and then was gone, and one of two users could not be listed.
func writtenReport(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "whole.jsonl")
	r, err := (&app{}).createReport(name, testHeader())
	require.NoError(t, err)
	require.NoError(t, r.write(
		entry{SessionID: "sess_1", UserID: "user_1", Outcome: planned},
		entry{SessionID: "sess_2", UserID: "user_1", Outcome: planned},
		entry{SessionID: "sess_3", UserID: "user_1", Outcome: planned},
		entry{UserID: "user_1", Outcome: listed}))
	require.NoError(t, r.write(entry{UserID: "user_2", Outcome: failed}))
	require.NoError(t, r.write(
		entry{SessionID: "sess_1", UserID: "user_1", Outcome: revoked},
		entry{SessionID: "sess_2", UserID: "user_1", Outcome: failed},
		entry{SessionID: "sess_2", UserID: "user_1", Outcome: gone}))
	require.NoError(t, r.close())
	return name
}

func TestResumeDoesWhatIsMissing(t *testing.T) {
	t.Parallel()
	name := writtenReport(t)
	r, p, err := resume(name)
	require.NoError(t, err)
	assert.Equal(t, []string{"sess_3"}, sessionsOf(p.untried))
	assert.Empty(t, p.failed)
	assert.Equal(t, []string{"user_2"}, usersOf(p.list))
	assert.Equal(t, []string{"user_1"}, p.check)
	assert.Equal(t, 2, p.done)
	require.NoError(t, r.write(
		entry{SessionID: "sess_3", UserID: "user_1", Outcome: failed},
		entry{SessionID: "sess_4", UserID: "user_2", Outcome: planned}, // and killed before the user is listed
		entry{SessionID: "sess_1", UserID: "user_1", Outcome: stillLive}))
	require.NoError(t, r.close())

	r, p, err = resume(name)
	require.NoError(t, err)
	assert.Equal(t, []string{"sess_4", "sess_1"}, sessionsOf(p.untried))
	assert.Equal(t, []string{"sess_3"}, sessionsOf(p.failed), "what failed comes last")
	require.Equal(t, []string{"user_2"}, usersOf(p.list))
	assert.Equal(t, map[string]bool{"sess_4": true}, p.list[0].seen, "a session is not revoked twice")
	require.NoError(t, r.write(
		entry{UserID: "user_2", Outcome: listed},
		entry{SessionID: "sess_1", UserID: "user_1", Outcome: revoked},
		entry{SessionID: "sess_3", UserID: "user_1", Outcome: revoked},
		entry{SessionID: "sess_4", UserID: "user_2", Outcome: gone},
		entry{UserID: "user_1", Outcome: checked}))
	require.NoError(t, r.close())

	r, p, err = resume(name)
	require.NoError(t, err)
	assert.Equal(t, past{check: []string{"user_2"}, done: 5}, *p)
	require.NoError(t, r.close())
}

// A crash may end a report at any byte. Whatever is left of it, no session that is not
// known to be done may be missing from what is resumed.
func TestReportTruncatedAtAnyByteMissesNoSession(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(writtenReport(t))
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "cut.jsonl")
	header := bytes.IndexByte(whole, '\n') + 1
	for end := range len(whole) + 1 {
		cut := string(whole[:end])
		require.NoError(t, os.WriteFile(name, []byte(cut), 0o600))
		r, p, err := resume(name)
		if end < header {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, r.write(entry{SessionID: "sess_3", UserID: "user_1", Outcome: revoked}))
		require.NoError(t, r.close())
		complete := cut[:strings.LastIndex(cut, "\n")+1]
		for _, id := range []string{"sess_1", "sess_2", "sess_3"} {
			done := strings.Contains(complete, id+`","user_id":"user_1","outcome":"revoked"`) || strings.Contains(complete, id+`","user_id":"user_1","outcome":"gone"`)
			left := strings.Contains(strings.Join(append(sessionsOf(p.untried), sessionsOf(p.failed)...), " "), id)
			unlisted := strings.Contains(strings.Join(usersOf(p.list), " "), "user_1")
			assert.True(t, done || left || unlisted, "%s after %d bytes", id, end)
		}
		again, _, err := resume(name) // what was added is on a line of its own
		require.NoError(t, err)
		require.NoError(t, again.close())
	}
}

func TestReportInUseIsRefused(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "r.jsonl")
	first, err := (&app{}).createReport(name, testHeader())
	require.NoError(t, err)
	link := name + ".link"
	require.NoError(t, os.Symlink(name, link))
	for _, path := range []string{name, link} {
		_, _, err = resume(path)
		require.ErrorContains(t, err, "is in use by process ")
		require.ErrorContains(t, err, "(nothing was revoked)")
	}
	require.NoError(t, first.close())
	second, _, err := resume(link)
	require.NoError(t, err)
	_, _, err = resume(name)
	require.ErrorContains(t, err, "is in use by process ")
	require.NoError(t, second.close())
}

// Two runs that start at once: exactly one gets the report.
func TestReportHasOneWriter(t *testing.T) {
	t.Parallel()
	name := writtenReport(t)
	results := make(chan *report)
	for range 8 {
		go func() {
			r, _, _ := resume(name)
			results <- r
		}()
	}
	var writers []*report
	for range 8 {
		if r := <-results; r != nil {
			writers = append(writers, r)
		}
	}
	require.Len(t, writers, 1)
	require.NoError(t, writers[0].close())
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

func TestRunStopsWhenTheDiskIsFull(t *testing.T) {
	t.Parallel()
	for name, room := range map[string]int{"before anything was revoked": 10, "after a few": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, server := testRun(10, 3, revokeAllFlags{})
				disk := &fullDisk{room: room}
				r.report = &report{name: "r.jsonl", file: disk}
				revokeAllUsers(t.Context(), r, 10)
				code := r.exitCode(r.conclude(10))
				recorded := strings.Count(disk.String(), `"outcome":"revoked"`)
				assert.LessOrEqual(t, 30-liveSessions(server)-recorded, 1, "all but the last are recorded")
				assert.Equal(t, map[bool]int{true: exitPartly, false: exitFailed}[r.sum.Revoked > 0], code)
				assert.Contains(t, stderr(r), "cannot write report: no space left on device\n")
				assert.Contains(t, stderr(r), "Free disk space, then run the same command with --resume r.jsonl")
			})
		})
	}
}

func TestReportThatCannotBeBegunIsRefused(t *testing.T) {
	t.Parallel()
	err := (&report{file: &fullDisk{room: 10}}).begin(testHeader())
	require.EqualError(t, err, "cannot write report: no space left on device; free disk space or choose another path (nothing was revoked)")
}

func TestNothingIsWrittenAfterATruncatedLine(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{room: 10}
	r := &report{file: disk}
	first := r.write(entry{SessionID: "sess_1"})
	require.Error(t, first)
	disk.room = 1000 // somebody has freed space
	assert.Equal(t, first, r.write(entry{SessionID: "sess_2"}))
	assert.Equal(t, first, r.close())
	assert.Equal(t, 10, disk.Len())
}

// Each session is planned in the report before it is revoked.
func TestSessionsArePlannedBeforeTheyAreRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := testRun(20, 3, revokeAllFlags{concurrency: 8})
		disk := &fullDisk{room: 1 << 20}
		r.report = &report{file: disk}
		revokeAllUsers(context.Background(), r, 20)
		seen := map[string]int{}
		for line := range strings.Lines(disk.String()) {
			for outcome, n := range map[outcomeKind]int{planned: 1, revoked: 2} {
				if _, id, ok := strings.Cut(line, `"session_id":"`); ok && strings.Contains(line, `"outcome":"`+string(outcome)) {
					id, _, _ = strings.Cut(id, `"`)
					assert.Equal(t, n-1, seen[id], line)
					seen[id] = n
				}
			}
		}
		assert.Len(t, seen, 60)
	})
}

func TestHeaderMatchesTheSameUsersInAnotherOrder(t *testing.T) {
	t.Parallel()
	id := func(users ...string) string {
		return newReportHeader("https://api.clerk.com/v1", "sk_test_1", users, &selection{}).UsersID
	}
	assert.Equal(t, id("user_1", "user_2"), id("user_2", "user_1"))
	assert.NotEqual(t, id("user_1"), id("user_2"))
}

func TestHeadersOfOneKeyDiffer(t *testing.T) {
	t.Parallel()
	first, second := testHeader(), testHeader()
	assert.NotEqual(t, first.Instance, second.Instance)
}

// Any line is an entry or an error, never a panic.
func FuzzReadReport(f *testing.F) {
	for _, line := range []string{`{"pid":1}`, `{"session_id":"sess_1","user_id":"user_1","outcome":"planned"}`, `{"user_id":"user_1","outcome":"checked"}`, "{", "\x00"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s := &reportState{left: map[string]*leftSession{}, users: map[string]outcomeKind{}, planned: map[string]bool{}}
		err := s.add(2, []byte(line))
		p := s.past(twoUsers)
		if err != nil {
			require.EqualError(t, err, "line 2 is not a valid report entry")
			assert.Len(t, p.list, 2)
		}
	})
}

// However many users always fail, each --resume does others first.
func TestUsersThatFailedAreListedLast(t *testing.T) {
	t.Parallel()
	for _, status := range []int{422, 503} {
		synctest.Test(t, func(t *testing.T) {
			const sick, healthy = 250, 100
			name := filepath.Join(t.TempDir(), "report.jsonl")
			var all []string
			for i := range sick + healthy {
				all = append(all, fmt.Sprintf("user_%d", i))
			}
			header := newReportHeader("https://api.clerk.com/v1", "sk_test_1", all, &selection{})
			var sum summary
			for run := range 2 {
				r, server := testRun(sick+healthy, 1, revokeAllFlags{concurrency: 8})
				server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
					user := strings.TrimPrefix(req.Query.Get("user_id"), "user_")
					if n, err := strconv.Atoi(user); err == nil && n < sick {
						return &sessionstest.Fault{Status: status}
					}
					return nil
				})
				before := &past{list: userItems(all)}
				var err error
				if run == 0 {
					r.report, err = r.createReport(name, header)
				} else {
					r.report, before, err = resumeReport(name, "sk_test_1", all, header)
				}
				require.NoError(t, err)
				r.pass(t.Context(), "Revoking", len(before.list), 0, slices.Values(before.list), r.listAndRevoke)
				require.NoError(t, r.closeReport())
				sum = r.sum
			}
			assert.Equal(t, healthy, sum.Revoked, "with status %d", status)
		})
	}
}

// A user with a session that failed is not checked.
func TestUserWithAFailedSessionIsNotChecked(t *testing.T) {
	t.Parallel()
	r, server := testRun(2, 1, revokeAllFlags{})
	server.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
		if strings.Contains(req.Path, "/sess_0_0/") {
			return &sessionstest.Fault{Status: 409}
		}
		return nil
	})
	name := filepath.Join(t.TempDir(), "report.jsonl")
	var err error
	r.report, err = r.createReport(name, testHeader())
	require.NoError(t, err)
	revokeAllUsers(t.Context(), r, 2)
	r.pass(t.Context(), "Checking", 2, 0, slices.Values(userItems(r.check)), r.listAgain)
	require.NoError(t, r.report.close())
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.NotContains(t, string(text), `"user_0","outcome":"checked"`)
	assert.Contains(t, string(text), `"user_1","outcome":"checked"`)
}
