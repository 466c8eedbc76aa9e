package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOnlyYesConfirms(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]error{
		"y\n": nil, "yes\n": nil, " YES \r\n": nil,
		"n\n": errNotConfirmed, "no\n": errNotConfirmed, "\n": errNotConfirmed, "yess\n": errNotConfirmed, "y e s\n": errNotConfirmed,
	} {
		test(t, answer, func(t *testing.T) {
			in, out := io.Pipe() // which does not end
			defer out.Close()
			go io.WriteString(out, answer)
			var asked strings.Builder
			assert.Equal(t, want, (&terminal{in, &asked}).confirm(t.Context(), "Revoke all"))
			assert.Equal(t, "Revoke all? This cannot be undone. [y/N] ", asked.String())
		})
	}
	test(t, "the end of the input", func(t *testing.T) {
		var asked strings.Builder
		assert.Equal(t, errNotConfirmed, (&terminal{strings.NewReader(""), &asked}).confirm(t.Context(), "Revoke all"))
		assert.True(t, strings.HasSuffix(asked.String(), "[y/N] \n"))
	})
	test(t, "an interruption", func(t *testing.T) {
		ctx, interrupt := context.WithCancelCause(t.Context())
		interrupt(errors.New("interrupt signal received"))
		in, out := io.Pipe()
		defer out.Close()
		err := (&terminal{in, io.Discard}).confirm(ctx, "Revoke all")
		assert.EqualError(t, err, "interrupt signal received; nothing was revoked")
	})
}

func TestQuestionCounts(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]struct{ users, each int }{
		"1 session of 1 user":            {1, 1},
		"2 sessions of 1 user":           {1, 2},
		"2 sessions of 2 users":          {2, 1},
		"12,000 sessions of 3,000 users": {3000, 4},
		"1,000 sessions of 1,000 users":  {1000, 1},
	} {
		var todo []*item
		for _, user := range userNames(n.users) {
			for range n.each {
				todo = append(todo, &item{user: user, session: "sess_1"})
			}
		}
		assert.Equal(t, want, sessionsOfUsers(todo))
	}
}

func TestQuestionNamesTheInstance(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"sk_live_x": "api.clerk.com (live)", "live_x": "api.clerk.com (live)",
		"sk_test_x": "api.clerk.com (test)", "test_x": "api.clerk.com (test)", "sk_x": "api.clerk.com",
	} {
		assert.Equal(t, want, instanceName("https://api.clerk.com/v1", key), key)
	}
}
