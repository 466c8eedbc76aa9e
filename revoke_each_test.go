package clerksessions_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// revokeEach ranges over RevokeEach, and checks that exactly one of session and error
// is set.
func revokeEach(t *testing.T, ctx context.Context, client *clerksessions.Client, ids iter.Seq[string], opts ...clerksessions.Option) (sessions map[string]*clerksessions.Session, errs map[string]error) {
	t.Helper()
	sessions, errs = make(map[string]*clerksessions.Session), make(map[string]error)
	for session, err := range client.RevokeEach(ctx, ids, opts...) {
		assert.NotEqual(t, session == nil, err == nil)
		if err == nil {
			sessions[session.ID] = session
			continue
		}
		var failed *clerksessions.RevokeError
		require.ErrorAs(t, err, &failed)
		errs[failed.SessionID] = err
	}
	return sessions, errs
}

func TestRevokeEach(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	ids := addSessions(srv, 4, 0)
	onRevoke(srv, func(id string, _ int) *sessionstest.Fault {
		if id == ids[1] {
			return &sessionstest.Fault{Status: 409}
		}
		return nil
	})
	sessions, errs := revokeEach(t, t.Context(), srv.Client(), slices.Values([]string{ids[0], ids[1], unknown, "..", "", ids[2], ids[3]}), clerksessions.WithExcept(ids[3]))
	assert.Equal(t, clerksessions.SessionStatusRevoked, sessions[ids[0]].Status)
	assert.Equal(t, clerksessions.SessionStatusRevoked, sessions[ids[2]].Status)
	assert.Equal(t, &clerksessions.Session{ID: unknown}, sessions[unknown], "what Clerk does not know is done")
	assert.Len(t, sessions, 3)
	assert.ErrorIs(t, errs[ids[1]], clerksessions.ErrConflict)
	assert.EqualError(t, errs[".."], `clerksessions: session .. was not revoked: RevokeSession: invalid argument: session_id contains a dot segment ("..")`)
	assert.EqualError(t, errs[""], `clerksessions: session "" was not revoked: RevokeSession: invalid argument: session_id is empty`)
	assert.ErrorIs(t, errs[".."], clerksessions.ErrInvalidArgument)
	assert.ErrorIs(t, errs[""], clerksessions.ErrInvalidArgument)
	assert.Len(t, errs, 3)
	spared, _ := srv.Session(ids[3])
	assert.Equal(t, clerksessions.SessionStatusActive, spared.Status)
	assert.Len(t, srv.RequestsOf("RevokeSession"), 4)
	assert.Empty(t, srv.RequestsOf("GetSessionList"))
}

func TestRevokeEachRefusesBadArguments(t *testing.T) {
	t.Parallel()
	client := sessionstest.New().Client()
	var none context.Context
	ids := slices.Values([]string{"sess_1"})
	for name, seq := range map[string]iter.Seq2[*clerksessions.Session, error]{
		"no context": client.RevokeEach(none, ids),
		"no ids":     client.RevokeEach(t.Context(), nil),
		"a Meta":     client.RevokeEach(t.Context(), ids, clerksessions.WithMeta(new(clerksessions.Meta))),
		"no workers": client.RevokeEach(t.Context(), ids, clerksessions.WithConcurrency(0)),
	} {
		n := 0
		for session, err := range seq {
			n++
			assert.Nil(t, session, name)
			assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument, name)
		}
		assert.Equal(t, 1, n, name)
	}
}

// countingIDs yields n fake ids and counts them.
func countingIDs(n int, read *atomic.Int64) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if read.Add(1); !yield(fmt.Sprint("sess_", i)) {
				return
			}
		}
	}
}

// revokeEverything responds to each revocation after a while.
func revokeEverything(t *testing.T, latency time.Duration) *clerksessions.Client {
	return newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		time.Sleep(latency)
		return jsonResponse(req, entry{Object: "session", ID: revokedID(req.URL.Path), Status: "revoked"})
	})}))
}

func TestRevokeEachDoesNotReadFarAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		done, most := int64(0), int64(0)
		for _, err := range revokeEverything(t, 50*time.Millisecond).RevokeEach(t.Context(), countingIDs(5000, &read)) {
			require.NoError(t, err)
			done++
			most = max(most, read.Load()-done)
		}
		assert.EqualValues(t, 5000, done)
		assert.LessOrEqual(t, most, int64(3*8))

		read.Store(0)
		for range revokeEverything(t, 50*time.Millisecond).RevokeEach(t.Context(), countingIDs(1<<30, &read)) {
			break
		}
		assert.LessOrEqual(t, read.Load(), int64(4*8), "breaking out ends the reading")
	})
}

func TestRevokeEachUsesConstantMemory(t *testing.T) {
	const n = 20_000
	checkMemory(t, n, revokeEverything(t, 0).RevokeEach(t.Context(), countingIDs(n, new(atomic.Int64))))
}

// Ids that are yielded slowly are revoked one by one.
func TestRevokeEachRevokesWhileItWaitsForIDs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := make(chan string, 1)
		next <- "sess_0"
		ids := func(yield func(string) bool) {
			for id := range next {
				if !yield(id) {
					return
				}
			}
		}
		n := 0
		for session, err := range revokeEverything(t, time.Second).RevokeEach(t.Context(), ids) {
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprint("sess_", n), session.ID)
			if n++; n == 3 {
				close(next)
				continue
			}
			next <- fmt.Sprint("sess_", n)
		}
		assert.Equal(t, 3, n)
	})
}

func TestStoppingRevokeEach(t *testing.T) {
	t.Parallel()
	t.Run("the context ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(2500*time.Millisecond, func() { cancel(errors.New("shutting down")) })
			var read atomic.Int64
			sessions, errs := revokeEach(t, ctx, revokeEverything(t, time.Second), countingIDs(100, &read))
			assert.Len(t, sessions, 24, "the calls in flight were completed")
			assert.Len(t, errs, 76, "each of the others has its error")
			for _, err := range errs {
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorContains(t, err, "shutting down")
			}
		})
	})
	t.Run("the loop ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
				if id := revokedID(req.URL.Path); id == "sess_0" {
					time.Sleep(time.Second)
					return jsonResponse(req, entry{Object: "session", ID: id, Status: "revoked"})
				}
				<-req.Context().Done()
				return nil, req.Context().Err()
			})}), clerksessions.WithTimeout(time.Hour))
			var read atomic.Int64
			began := time.Now()
			for range client.RevokeEach(t.Context(), countingIDs(100, &read)) {
				break
			}
			assert.Equal(t, time.Second, time.Since(began), "the calls in flight are canceled")
		})
	})
	t.Run("a rejected key", func(t *testing.T) {
		t.Parallel()
		srv := sessionstest.New()
		srv.Fail("RevokeSession", 1<<30, sessionstest.Fault{Status: 401})
		sessions, errs := revokeEach(t, t.Context(), srv.Client(clerksessions.WithConcurrency(1)), slices.Values(strings.Fields("sess_1 sess_2 sess_3")))
		assert.Empty(t, sessions)
		assert.Len(t, errs, 3)
		for _, err := range errs {
			assert.ErrorIs(t, err, clerksessions.ErrUnauthorized)
		}
		assert.Len(t, srv.Requests(), 1, "no other id is tried")
	})
}

// After a 429 the rate drops and then recovers.
func TestTheFullRateComesBackAfterA429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n, latency = 3000, 50 * time.Millisecond
		srv := sessionstest.New()
		addSessions(srv, n, time.Millisecond)
		var refused atomic.Int32
		srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			if revokedID(req.Path) != "" && refused.Add(1) <= 8 {
				return &sessionstest.Fault{Status: 429, RetryAfter: "1", Latency: latency}
			}
			return &sessionstest.Fault{Latency: latency}
		})
		var took [2]time.Duration // of 500 sessions at the beginning and at the end
		at := time.Now()
		count := 0
		for _, err := range srv.Client().RevokeAll(t.Context(), everySession) {
			require.NoError(t, err)
			switch count++; count {
			case 20, n - 510:
				at = time.Now()
			case 70:
				took[0] = 10 * time.Since(at)
			case n - 10:
				took[1] = time.Since(at)
			}
		}
		assert.Greater(t, took[0], 500/3*latency, "at most three calls in flight")
		assert.InDelta(t, float64(500/8*latency), float64(took[1]), float64(2*latency), "eight calls in flight")
	})
}

// Over a real connection, ids are read only slightly ahead of the calls, and invalid or
// duplicate ids do not stop the others.
func TestRevokeEachOverTheWire(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	hc := web.Client()
	t.Cleanup(hc.CloseIdleConnections)
	client, err := clerksessions.New(srv.SecretKey, clerksessions.WithBaseURL(web.URL+"/v1"), clerksessions.WithHTTPClient(hc))
	require.NoError(t, err)
	t.Run("2,000 ids", func(t *testing.T) {
		var read, done atomic.Int64
		for session, err := range client.RevokeEach(t.Context(), countingIDs(2000, &read)) {
			require.NoError(t, err, "Clerk knows none of them")
			assert.NotEmpty(t, session.ID)
			assert.LessOrEqual(t, read.Load()-done.Add(1), int64(4*8), "read ahead")
		}
		assert.EqualValues(t, 2000, done.Load())
	})
	t.Run("invalid and duplicate ids", func(t *testing.T) {
		ids := addSessions(srv, 2, 0)
		var errs, revoked int
		for _, err := range client.RevokeEach(t.Context(), slices.Values([]string{"..", ids[0], "..", "", ids[0], "a/b", ids[1]})) {
			if err != nil {
				assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
				errs++
			} else {
				revoked++
			}
		}
		assert.Equal(t, 3, errs)
		assert.Equal(t, 4, revoked, "also what Clerk does not know")
		assert.Zero(t, live(srv))
	})
	t.Run("breaking out", func(t *testing.T) {
		var read atomic.Int64
		for range client.RevokeEach(t.Context(), countingIDs(1<<30, &read)) {
			break
		}
		assert.LessOrEqual(t, read.Load(), int64(4*8))
	})
	t.Run("the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var read atomic.Int64
		var failed int
		for _, err := range client.RevokeEach(ctx, countingIDs(1000, &read)) {
			cancel()
			if err != nil {
				assert.ErrorIs(t, err, context.Canceled)
				failed++
			}
		}
		assert.Greater(t, failed, 900, "each of the rest has its error")
	})
}
