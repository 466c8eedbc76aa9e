package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func tableOf(t *testing.T, width int, sessions ...*clerksessions.Session) []string {
	a := &app{out: new(bytes.Buffer), width: func() int { return width }, now: time.Now}
	require.NoError(t, a.printSessions(sessions...))
	return strings.Split(strings.TrimSuffix(a.out.(*bytes.Buffer).String(), "\n"), "\n")
}

// Columns are omitted in the order of dropped, and details are truncated.
func TestTableFitsTheTerminal(t *testing.T) {
	t.Parallel()
	session := &clerksessions.Session{ID: "sess_2abcdefghijklmnopqrstuvwxyza", UserID: "user_2abcdefghijklmnopqrstuvwxyza", Status: "active",
		LatestActivity: &clerksessions.SessionActivity{BrowserName: "Firefox", DeviceType: "Macintosh", City: "東京", IPAddress: "203.0.113.9"}}
	for width, titles := range map[int]string{
		0:   "SESSION STATUS USER LAST ACTIVE EXPIRES DETAILS",
		200: "SESSION STATUS USER LAST ACTIVE EXPIRES DETAILS",
		140: "SESSION STATUS USER LAST ACTIVE EXPIRES DETAILS",
		120: "SESSION STATUS USER LAST ACTIVE DETAILS",
		100: "SESSION STATUS LAST ACTIVE DETAILS",
		80:  "SESSION STATUS LAST ACTIVE DETAILS",
		70:  "SESSION STATUS DETAILS",
		50:  "SESSION STATUS",
		40:  "SESSION",
		10:  "SESSION",
	} {
		lines := tableOf(t, width, session)
		assert.Equal(t, titles, strings.Join(strings.Fields(lines[0]), " "), width)
		assert.True(t, strings.HasPrefix(lines[1], session.ID))
		if width >= 33 {
			assert.LessOrEqual(t, cells(lines[1]), width)
		}
	}
	assert.True(t, strings.HasSuffix(tableOf(t, 0, session)[1], "Firefox, Macintosh, 東京, 203.0.113.9"))
	assert.True(t, strings.HasSuffix(tableOf(t, 85, session)[1], "  Firefox, Macintosh,…"), tableOf(t, 85, session)[1])
}

func TestTableContinues(t *testing.T) {
	t.Parallel()
	a := &app{out: new(bytes.Buffer), width: func() int { return 0 }, now: time.Now}
	for _, id := range []string{"sess_1", "sess_22"} {
		require.NoError(t, a.printSessions(&clerksessions.Session{ID: id, Status: "abandoned", UserID: "user_1"}))
	}
	require.NoError(t, a.printSessions())
	lines := strings.Split(a.out.(*bytes.Buffer).String(), "\n")
	require.Len(t, lines, 4)
	assert.True(t, strings.HasPrefix(lines[0], "SESSION  STATUS     USER"))
	assert.True(t, strings.HasPrefix(lines[1], "sess_1   abandoned  user_1  "))
	assert.True(t, strings.HasPrefix(lines[2], "sess_22  abandoned  user_1  "))
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		n    int
		want string
	}{
		"fits":             {"abc", 3, "abc"},
		"one too long":     {"abcd", 3, "ab…"},
		"wide":             {"東京都", 5, "東京…"},
		"wide at the end":  {"東京都", 4, "東…"},
		"combining marks":  {"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		"only an ellipsis": {"東京", 1, "…"},
	} {
		got := truncate(test.text, test.n)
		assert.Equal(t, test.want, got, name)
		assert.LessOrEqual(t, cells(got), test.n, name)
	}
	assert.Equal(t, "…", truncate("abc", 0))
}
