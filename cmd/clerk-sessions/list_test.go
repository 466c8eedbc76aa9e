package main

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/stretchr/testify/assert"
)

func TestListAllPrintsSessionsBeforeAnError(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name                     string
		failingPage, lines, code int
	}{
		{"the first page fails", 1, 0, exitFailed},
		{"the second page fails", 2, 501, exitPartly},
		{"no page fails", 0, 601, exitDone},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := sessionstest.New()
			for range 600 {
				server.AddSession(clerksessions.Session{UserID: "user_1"})
			}
			page := 0
			server.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
				if page++; page == row.failingPage {
					return &sessionstest.Fault{Status: 422}
				}
				return nil
			})
			out := new(bytes.Buffer)
			a := &app{out: out, errs: io.Discard, width: func() int { return 0 }, now: time.Now}
			err := a.listAll(server.Client().All(t.Context(), clerksessions.ListParams{UserID: "user_1"}))
			assert.Equal(t, row.lines, bytes.Count(out.Bytes(), []byte("\n")))
			assert.Equal(t, row.code, a.exitCode(err))
		})
	}
}

func TestListAllEndsWhenStdoutFails(t *testing.T) {
	t.Parallel()
	server := sessionstest.New()
	for range 1600 {
		server.AddSession(clerksessions.Session{UserID: "user_1"})
	}
	a := &app{out: &fullDisk{}, errs: io.Discard, width: func() int { return 0 }, now: time.Now}
	err := a.listAll(server.Client().All(t.Context(), clerksessions.ListParams{UserID: "user_1"}))
	assert.EqualError(t, err, "no space left on device")
	assert.Len(t, server.Requests(), 1, "of four pages")
}
