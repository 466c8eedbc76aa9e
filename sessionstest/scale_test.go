package sessionstest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// Thousands of concurrent requests, with faults, a moving clock and a key rotation: the
// state is what the responses said.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New(sessionstest.WithStart(start))
	srv.AddTemplate(sessionstest.Template{Name: "hasura"})
	var turn sync.Mutex
	n := 0
	srv.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
		turn.Lock()
		defer turn.Unlock()
		if n++; n%20 == 0 {
			return &sessionstest.Fault{Status: 500}
		}
		return nil
	})
	const workers, rounds = 500, 4
	var wg sync.WaitGroup
	var mu sync.Mutex
	created, revoked := map[string]bool{}, map[string]bool{}
	for i := range workers {
		wg.Go(func() {
			user := fmt.Sprintf("user_%d", i%10)
			client := srv.Client(clerksessions.WithMaxAttempts(1))
			for range rounds {
				session, err := client.Create(t.Context(), clerksessions.CreateParams{UserID: user})
				if err != nil {
					assert.ErrorIs(t, err, clerksessions.ErrUnavailable)
					continue
				}
				mu.Lock()
				created[session.ID] = true
				mu.Unlock()
				_, err = client.List(t.Context(), clerksessions.ListParams{UserID: user, Status: "active", Limit: 5})
				assertFaultOrNil(t, err)
				_, err = client.Get(t.Context(), session.ID)
				assertFaultOrNil(t, err)
				if i%10 == 0 { // signing is slow
					_, err = client.CreateTokenFromTemplate(t.Context(), session.ID, "hasura", clerksessions.TokenParams{})
					assertFaultOrNil(t, err)
					srv.Advance(time.Millisecond)
				}
				if _, err = client.Revoke(t.Context(), session.ID); err == nil {
					mu.Lock()
					revoked[session.ID] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Go(func() { srv.RotateKey("") })
	wg.Wait()
	sessions := srv.Sessions("")
	assert.Len(t, sessions, len(created))
	for _, session := range sessions {
		require.True(t, created[session.ID])
		assert.Equal(t, revoked[session.ID], session.Status == "revoked")
	}
}

func assertFaultOrNil(t *testing.T, err error) {
	if err != nil {
		assert.ErrorIs(t, err, clerksessions.ErrUnavailable)
	}
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
