package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clerksessions/clerksessions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A crash may end a report at any byte. Whatever is left of it, no session that is not
// known to be done may be missing from what is resumed.
func TestReportCutAtAnyByteMissesNoSession(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	header := newRunHeader("sk_test_1", []string{"user_1", "user_2"}, "")
	whole := filepath.Join(dir, "whole.jsonl")
	r, err := createReport(whole, header)
	require.NoError(t, err)
	all := []string{"sess_1", "sess_2", "sess_3"}
	var sessions []*clerksessions.Session
	for _, id := range all {
		sessions = append(sessions, &clerksessions.Session{ID: id, UserID: "user_1"})
	}
	require.NoError(t, r.plan(sessions, []entry{{UserID: "user_2", Outcome: failed}}))
	require.NoError(t, r.write(
		entry{SessionID: "sess_1", UserID: "user_1", Outcome: revoked},
		entry{SessionID: "sess_2", UserID: "user_1", Outcome: failed},
		entry{SessionID: "sess_2", UserID: "user_1", Outcome: gone}))
	require.NoError(t, r.close())
	text, err := os.ReadFile(whole)
	require.NoError(t, err)

	first := strings.Index(string(text), "\n") + 1
	for end := range len(text) + 1 {
		file := filepath.Join(dir, "cut.jsonl")
		require.NoError(t, os.WriteFile(file, text[:end], 0o600))
		r, p, err := resumeReport(file, "sk_test_1", header)
		if end < first {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, r.write(entry{SessionID: "sess_3", UserID: "user_1", Outcome: revoked}))
		require.NoError(t, r.close())
		if p.planned {
			assert.Equal(t, []string{"user_2"}, p.unlisted)
			assert.Len(t, p.left, len(all)-p.done)
		}
		cut := string(text[:end])
		for _, id := range all {
			known := strings.Contains(cut, id+`","user_id":"user_1","outcome":"revoked"}`+"\n") || strings.Contains(cut, id+`","user_id":"user_1","outcome":"gone"}`+"\n")
			left := false
			for _, session := range p.left {
				left = left || session.ID == id
			}
			assert.True(t, known || left || !p.planned, "%s after %d bytes", id, end)
		}
		_, _, err = resumeReport(file, "sk_test_1", header) // what was added stands on a line of its own
		require.NoError(t, err)
	}
}

func TestReportOfTheSameUsersInAnotherOrderMatches(t *testing.T) {
	t.Parallel()
	id := func(users ...string) string { return newRunHeader("sk_test_1", users, "").UsersID }
	assert.Equal(t, id("user_1", "user_2"), id("user_2", "user_1"))
	assert.NotEqual(t, id("user_1"), id("user_2"))
}

func TestReportsOfTheSameKeyDoNotTellSo(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, newRunHeader("sk_test_1", nil, "").Instance, newRunHeader("sk_test_1", nil, "").Instance)
}
