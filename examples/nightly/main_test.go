package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestCleanUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		failing  string // operation, once, with 403
		ok       bool
		revoked  int
		reported []string
	}{
		{"everything works", "", true, 2, []string{"2 sessions revoked, 0 failed\n"}},
		{"a revocation fails", "RevokeSession", false, 1, []string{"was not revoked: ", "403", "1 sessions revoked, 1 failed\n"}},
		{"a listing fails", "GetSessionList", false, 1, []string{"listing the sessions of user_anna: ", "403", "1 sessions revoked, 0 failed\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := sessionstest.NewServer(t)
			srv.AddSession(clerksessions.Session{UserID: "user_anna"})
			srv.AddSession(clerksessions.Session{UserID: "user_ben"})
			srv.AddSession(clerksessions.Session{UserID: "user_ben", Status: clerksessions.SessionStatusEnded})
			srv.Advance(48 * time.Hour)
			srv.AddSession(clerksessions.Session{ID: "sess_new", UserID: "user_anna"})
			if test.failing != "" {
				srv.Fail(test.failing, 1, sessionstest.Fault{Status: 403})
			}
			var out bytes.Buffer

			ok := cleanUp(t.Context(), srv.Client(), srv.Now().Add(-24*time.Hour), []string{"user_anna", "user_ben"}, &out)

			assert.Equal(t, test.ok, ok)
			for _, part := range test.reported {
				assert.Contains(t, out.String(), part)
			}
			revoked := 0
			for _, session := range srv.Sessions("") {
				if session.Status == clerksessions.SessionStatusRevoked {
					revoked++
				}
			}
			assert.Equal(t, test.revoked, revoked)
			fresh, _ := srv.Session("sess_new")
			assert.Equal(t, clerksessions.SessionStatusActive, fresh.Status)
			assert.NotContains(t, out.String(), srv.SecretKey)
		})
	}
}
