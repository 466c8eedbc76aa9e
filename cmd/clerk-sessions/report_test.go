package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var twoUsers = []string{"user_1", "user_2"}

func testHeader() reportHeader {
	return newReportHeader("https://api.clerk.com/v1", "sk_test_1", twoUsers, &selection{})
}

// resumed returns a report of earlier runs, which is closed when the test ends.
func resumed(t *testing.T, name string) (*report, error) {
	r := newReport(twoUsers)
	_, err := r.resume(name, "sk_test_1", testHeader())
	if err == nil {
		t.Cleanup(func() { _ = r.file.close() })
	}
	return r, err
}

// names returns the sessions of items, or the users of those without one.
func names(items []*item) (all []string) {
	for _, it := range items {
		if it.session == "" {
			all = append(all, it.user)
		} else {
			all = append(all, it.session)
		}
	}
	return all
}

func of(user string, outcome outcome, sessions ...string) (entries []entry) {
	for _, id := range sessions {
		entries = append(entries, entry{SessionID: id, UserID: user, Outcome: outcome})
	}
	return entries
}

// writtenReport writes a report of a run in which one of three sessions was revoked, one
// failed and then was gone, and one of two users could not be listed.
func writtenReport(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "whole.jsonl")
	r := newReport(twoUsers)
	var err error
	r.file, err = (&app{}).createReport(name, testHeader())
	require.NoError(t, err)
	require.NoError(t, r.add(append(of("user_1", planned, "sess_1", "sess_2", "sess_3"),
		entry{UserID: "user_1", Outcome: listed, LiveSessions: 3})...))
	require.NoError(t, r.add(entry{UserID: "user_2", Outcome: failed}))
	require.NoError(t, r.add(of("user_1", revoked, "sess_1")...))
	require.NoError(t, r.add(of("user_1", failed, "sess_2")...))
	require.NoError(t, r.add(of("user_1", gone, "sess_2")...))
	require.NoError(t, r.file.close())
	return name
}

func TestResumeDoesWhatIsMissing(t *testing.T) {
	t.Parallel()
	name := writtenReport(t)
	for _, step := range []struct {
		name                                string
		untried, unlisted, again, unchecked []string
		before                              int
		then                                [][]entry
	}{
		{"after the first run", []string{"sess_3"}, []string{"user_2"}, nil, []string{"user_1"}, 2, [][]entry{
			of("user_1", failed, "sess_3"),
			of("user_2", planned, "sess_4"), // and killed before the user is listed
			of("user_1", stillLive, "sess_1"),
		}},
		{"what failed comes last", []string{"sess_1", "sess_4"}, []string{"user_2"}, []string{"sess_3"}, []string{"user_1"}, 2, [][]entry{
			{{UserID: "user_2", Outcome: listed}},
			of("user_1", revoked, "sess_1", "sess_3"),
			of("user_2", gone, "sess_4"),
			{{UserID: "user_1", Outcome: checked}},
		}},
		{"only a check is left", nil, nil, nil, []string{"user_2"}, 5, nil},
	} {
		r, err := resumed(t, name)
		require.NoError(t, err)
		untried, unlisted, again := r.left()
		assert.Equal(t, step.untried, names(untried), step.name)
		assert.Equal(t, step.unlisted, names(unlisted), step.name)
		assert.Equal(t, step.again, names(again), step.name)
		assert.Equal(t, step.unchecked, names(r.unchecked()), step.name)
		assert.Equal(t, step.before, r.summary().Before, step.name)
		assert.Zero(t, r.summary().Revoked, step.name)
		for _, entries := range step.then {
			require.NoError(t, r.add(entries...))
		}
		require.NoError(t, r.file.close())
	}
}

// Sessions listed for a client may be of any user.
func TestReportOfAClient(t *testing.T) {
	t.Parallel()
	r := newReport([]string{""})
	assert.True(t, r.apply(of("user_1", planned, "sess_1")[0]))
	assert.True(t, r.apply(entry{Outcome: listed, LiveSessions: 1}))
	untried, unlisted, _ := r.left()
	assert.Equal(t, []*item{{user: "user_1", session: "sess_1"}}, untried)
	assert.Empty(t, unlisted)
	assert.Len(t, r.unchecked(), 1)
	assert.Equal(t, summary{NotDone: 1}, r.summary())
}

// A user with live sessions that are not selected does not count as one without a live
// session, even after a resume.
func TestUsersWithoutALiveSession(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name             string
		entries          []entry
		empty, unchecked int
	}{
		{"no live session", []entry{{UserID: "user_1", Outcome: listed}}, 1, 0},
		{"none that is selected", []entry{{UserID: "user_1", Outcome: listed, LiveSessions: 1}}, 0, 0},
		{"revoked before the list was read again",
			append(of("user_1", revoked, "sess_1"), entry{UserID: "user_1", Outcome: listed}), 0, 1},
		{"checked", append(of("user_1", revoked, "sess_1"), entry{UserID: "user_1", Outcome: checked}), 0, 0},
	} {
		r := newReport([]string{"user_1"})
		for _, e := range row.entries {
			r.apply(e)
		}
		assert.Equal(t, row.empty, r.summary().Empty, row.name)
		assert.Len(t, r.unchecked(), row.unchecked, row.name)
	}
}

// A crash may truncate a report at any byte. A resumed run must still include every
// session that is not known to be done.
func TestReportTruncatedAtAnyByteMissesNoSession(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(writtenReport(t))
	require.NoError(t, err)
	header := strings.Index(string(whole), "\n") + 1
	name := filepath.Join(t.TempDir(), "truncated.jsonl")
	for end := range len(whole) + 1 {
		truncated := string(whole[:end])
		require.NoError(t, os.WriteFile(name, []byte(truncated), 0o600))
		r, err := resumed(t, name)
		if end < header {
			require.ErrorContains(t, err, "not a report: missing header")
			continue
		}
		require.NoError(t, err)
		require.NoError(t, r.add(of("user_1", revoked, "sess_3")...))
		require.NoError(t, r.file.close())
		complete := truncated[:strings.LastIndex(truncated, "\n")+1]
		untried, unlisted, again := r.left()
		known := strings.Join(append(names(append(untried, again...)), names(unlisted)...), " ")
		for _, id := range []string{"sess_1", "sess_2", "sess_3"} {
			done := strings.Contains(complete, id+`","user_id":"user_1","outcome":"revoked"`) ||
				strings.Contains(complete, id+`","user_id":"user_1","outcome":"gone"`) || id == "sess_3"
			assert.True(t, done || strings.Contains(known, id) || strings.Contains(known, "user_1"),
				"%s after %d bytes", id, end)
		}
		r, err = resumed(t, name)
		require.NoError(t, err, "what was added is on a line of its own")
		require.NoError(t, r.file.close())
	}
}

func TestAReportInUseIsRefused(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "r.jsonl")
	first, err := (&app{}).createReport(name, testHeader())
	require.NoError(t, err)
	link := name + ".link"
	require.NoError(t, os.Symlink(name, link))
	for _, path := range []string{name, link} {
		_, err = resumed(t, path)
		require.ErrorContains(t, err, ": it is in use by process ")
		require.ErrorContains(t, err, "(nothing was revoked)")
	}
	require.NoError(t, first.close())
	require.NoError(t, os.WriteFile(name, []byte("{}\n"), 0o600))
	lock := flock.New(name)
	require.NoError(t, lock.Lock())
	_, err = resumed(t, name)
	require.ErrorContains(t, err, "it is in use by another process (nothing was revoked)")
	require.NoError(t, lock.Close())
}

func TestAReportIsUnlockedWhenItIsClosed(t *testing.T) {
	t.Parallel()
	name := writtenReport(t)
	link := name + ".link"
	require.NoError(t, os.Symlink(name, link))
	_, err := resumed(t, link)
	require.NoError(t, err)
	_, err = resumed(t, name)
	require.ErrorContains(t, err, "it is in use by process ")
}

// The previous holder of the lock may have removed or replaced the file.
func TestAReportThatWasRemovedIsRefused(t *testing.T) {
	t.Parallel()
	for _, replaced := range []bool{false, true} {
		name := writtenReport(t)
		file, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
		require.NoError(t, err)
		f := &reportFile{name: name, out: file, file: file}
		require.NoError(t, os.Remove(name))
		if replaced {
			require.NoError(t, os.WriteFile(name, nil, 0o600))
		}
		require.Error(t, f.acquire())
		require.NoError(t, f.close())
	}
}

// fullDisk accepts a number of bytes, then fails.
type fullDisk struct {
	text string
	room int
}

func (f *fullDisk) Write(p []byte) (n int, err error) {
	n = min(len(p), f.room-len(f.text))
	if f.text += string(p[:n]); n < len(p) {
		err = errors.New("no space left on device")
	}
	return n, err
}

func TestARunStopsWhenTheDiskIsFull(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		room, code int
	}{{"before anything was revoked", 10, exitFailed}, {"after a few", 1000, exitPartly}} {
		test(t, row.name, func(t *testing.T) {
			r, server := testRun(10, 3, revokeAllFlags{})
			disk := &fullDisk{room: row.room}
			r.report.file = &reportFile{name: "r.jsonl", out: disk}
			revokeAll(t.Context(), r)
			assert.Equal(t, row.code, r.exitCode(r.conclude()))
			recorded := strings.Count(disk.text, `"outcome":"revoked"`)
			assert.LessOrEqual(t, 30-liveSessions(server)-recorded, 1, "all but the last are recorded")
			assert.Contains(t, stderr(r), "cannot write report: no space left on device\n")
			assert.Contains(t, stderr(r), "Free disk space, then run the same command with --resume r.jsonl")
		})
	}
}

func TestAReportOnStdoutCannotBeResumed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := testRun(10, 3, revokeAllFlags{})
		r.report.file = &reportFile{name: "-", out: &fullDisk{room: 1000}}
		revokeAll(t.Context(), r)
		assert.Equal(t, exitPartly, r.exitCode(r.conclude()))
		assert.Contains(t, stderr(r), "cannot write report: no space left on device\n")
		assert.NotContains(t, stderr(r), "--resume")
	})
}

func TestNothingIsWrittenAfterATruncatedLine(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{room: 10}
	f := &reportFile{out: disk}
	const full = "cannot write report: no space left on device"
	require.EqualError(t, f.begin(testHeader()), full+"; free disk space or choose another path")
	disk.room = 1000 // somebody has freed space
	require.EqualError(t, f.write(entry{SessionID: "sess_2"}), full)
	require.EqualError(t, f.close(), full)
	assert.Len(t, disk.text, 10)
}

func TestSessionsArePlannedBeforeTheyAreRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := testRun(20, 3, revokeAllFlags{concurrency: 8})
		disk := &fullDisk{room: 1 << 20}
		r.report.file = &reportFile{out: disk}
		revokeAll(t.Context(), r)
		was := map[string]string{}
		for line := range strings.Lines(disk.text) {
			id, outcome, ok := strings.Cut(line, `","user_id":`)
			if !ok {
				continue // of a user
			}
			_, outcome, _ = strings.Cut(outcome, `"outcome":"`)
			outcome, _, _ = strings.Cut(outcome, `"`)
			assert.Equal(t, map[string]string{"planned": "", "revoked": "planned"}[outcome], was[id], line)
			was[id] = outcome
		}
		assert.Len(t, was, 60)
	})
}

func TestHeadersOfOneRun(t *testing.T) {
	t.Parallel()
	header := func(users ...string) reportHeader {
		return newReportHeader("https://api.clerk.com/v1", "sk_test_1", users, &selection{})
	}
	assert.Equal(t, header("user_1", "user_2").UsersID, header("user_2", "user_1").UsersID)
	assert.NotEqual(t, header("user_1").UsersID, header("user_2").UsersID)
	first, second := header("user_1"), header("user_1")
	assert.NotEqual(t, first.Instance, second.Instance, "the salt differs")
}

// Any line is an entry or an error, never a panic.
func FuzzReadReport(f *testing.F) {
	for _, line := range []string{`{"pid":1}`, `{"session_id":"sess_1","user_id":"user_1","outcome":"planned"}`,
		`{"user_id":"user_1","outcome":"checked"}`, "{", "\x00"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r := newReport(twoUsers)
		err := r.applyLine(2, []byte(line))
		_, unlisted, _ := r.left()
		if err != nil {
			require.EqualError(t, err, "line 2 is not a valid report entry")
			assert.Len(t, unlisted, 2)
		}
	})
}

// A retried listing may include sessions that were revoked in the meantime.
func TestASessionIsForgottenOnceItsUserIsListed(t *testing.T) {
	t.Parallel()
	r := newReport(twoUsers)
	known := func(want bool, entries ...entry) {
		t.Helper()
		require.NoError(t, r.add(entries...))
		assert.Equal(t, want, r.knows("user_1", "sess_1"))
	}
	known(false)
	known(true, of("user_1", planned, "sess_1")...)
	known(true, of("user_1", revoked, "sess_1")...)
	known(true, entry{UserID: "user_1", Outcome: failed})
	known(false, entry{UserID: "user_1", Outcome: listed, LiveSessions: 1})
	known(true, of("user_1", stillLive, "sess_1")...)
	known(false, of("user_1", gone, "sess_1")...)
	assert.Nil(t, r.state["user_1"].sessions, "an empty map takes half a kilobyte")
}
