package sessionstest_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// Thousands of concurrent requests, with faults, a moving clock and a key rotation: the
// state is what the responses said.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New(sessionstest.WithStart(start))
	srv.AddTemplate(sessionstest.Template{Name: "hasura"})
	var requests atomic.Int64
	srv.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
		if requests.Add(1)%20 == 0 {
			return &sessionstest.Fault{Status: 500}
		}
		return nil
	})
	var created, revoked sync.Map
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			user := fmt.Sprintf("user_%d", i%10)
			client := srv.Client(clerksessions.WithMaxAttempts(1))
			for range 4 {
				session, err := client.Create(t.Context(), clerksessions.CreateParams{UserID: user})
				if err != nil {
					assert.ErrorIs(t, err, clerksessions.ErrUnavailable)
					continue
				}
				created.Store(session.ID, true)
				_, listErr := client.List(t.Context(), clerksessions.ListParams{UserID: user, Status: "active", Limit: 5})
				_, getErr := client.Get(t.Context(), session.ID)
				var tokenErr error
				if i%10 == 0 { // signing is slow
					_, tokenErr = client.CreateTokenFromTemplate(t.Context(), session.ID, "hasura", clerksessions.TokenParams{})
					srv.Advance(time.Millisecond)
				}
				for _, err := range []error{listErr, getErr, tokenErr} {
					assert.True(t, err == nil || errors.Is(err, clerksessions.ErrUnavailable), "%v", err)
				}
				if _, err = client.Revoke(t.Context(), session.ID); err == nil {
					revoked.Store(session.ID, true)
				}
			}
		})
	}
	wg.Go(func() { srv.RotateKey("") })
	wg.Wait()
	for _, session := range srv.Sessions("") {
		_, ok := created.LoadAndDelete(session.ID)
		assert.True(t, ok)
		_, ok = revoked.Load(session.ID)
		assert.Equal(t, ok, session.Status == "revoked")
	}
	created.Range(func(id, _ any) bool { return assert.Fail(t, "a session is missing", id) })
}

// The cost of a page is its length, not the number of the user's sessions.
func BenchmarkPageOf500(b *testing.B) {
	for _, sessions := range []int{1_000, 100_000} {
		for _, status := range []clerksessions.SessionStatus{"", "active"} {
			b.Run(fmt.Sprintf("of %d/status=%s", sessions, status), func(b *testing.B) {
				srv := sessionstest.New()
				for range sessions {
					srv.AddSession(clerksessions.Session{UserID: "user_1"})
				}
				client := srv.Client()
				for b.Loop() {
					page, err := client.List(b.Context(), clerksessions.ListParams{UserID: "user_1", Status: status, Limit: 500, Offset: 400})
					if err != nil || len(page.Data) != 500 {
						b.Fatal(err, len(page.Data))
					}
				}
			})
		}
	}
}
