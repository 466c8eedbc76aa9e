package clerksessions_test

import (
	"errors"
	"fmt"
	"net/http"
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

// revokedID returns the id in the path of a revocation, empty for another request.
func revokedID(path string) string {
	id, ok := strings.CutSuffix(path, "/revoke")
	if !ok {
		return ""
	}
	return id[strings.LastIndexByte(id, '/')+1:]
}

func TestEnded(t *testing.T) {
	t.Parallel()
	for status, ended := range map[clerksessions.SessionStatus]bool{
		"abandoned": true, "ended": true, "expired": true, "removed": true, "replaced": true, "revoked": true,
		"active": false, "pending": false, "suspended": false, "": false,
	} {
		assert.Equal(t, ended, status.Ended(), status)
	}
}

func TestRevokeAllSparesExceptedSessions(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	ids := addSessions(srv, 5, 0)
	yielded, errs := revokeAll(t.Context(), srv.Client(clerksessions.WithExcept(ids[0])), everySession,
		clerksessions.WithExcept(ids[1], "sess_unknown"), clerksessions.WithExcept(ids[2]))
	assert.Empty(t, errs)
	assert.Equal(t, map[string]int{ids[3]: 1, ids[4]: 1}, yielded)
	assert.Equal(t, 3, live(srv))

	_, errs = revokeAll(t.Context(), srv.Client(), everySession, clerksessions.WithExcept(ids[0], ""))
	require.Len(t, errs, 1, "an empty id is a mistake: it would spare nothing")
	assert.ErrorIs(t, errs[0], clerksessions.ErrInvalidArgument)
	assert.Equal(t, 3, live(srv))
}

// A user signs in while being signed out.
func TestRevokeAllRevokesSessionsThatBeginMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 10, time.Millisecond)
		var signIns atomic.Int32
		onRevoke(srv, func(string, int) *sessionstest.Fault {
			if signIns.Add(1) <= 3 {
				addSessions(srv, 1, 0)
			}
			return nil
		})
		yielded, errs := revokeAll(t.Context(), srv.Client(), everySession)
		assert.Empty(t, errs)
		assert.Len(t, yielded, 13)
		for id, times := range yielded {
			assert.Equal(t, 1, times, id)
		}
		assert.Zero(t, live(srv))
	})
}

// onRevoke injects the fault that the function returns for a revocation, given the number
// of earlier ones.
func onRevoke(srv *sessionstest.Server, fault func(id string, n int) *sessionstest.Fault) {
	srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
		if id := revokedID(req.Path); id != "" {
			return fault(id, len(srv.RequestsOf("RevokeSession")))
		}
		return nil
	})
}

// pretend responds with a success without revoking the session.
func pretend(id string) *sessionstest.Fault {
	return &sessionstest.Fault{Body: []byte(`{"object":"session","id":"` + id + `","status":"revoked"}`)}
}

func TestRevokeAllReportsSurvivors(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault   func(id, second string, n int) *sessionstest.Fault
		yielded int // times that the second of two sessions is yielded
		err     error
		calls   int
		waits   bool
	}{
		"a revocation that does nothing": {func(id, second string, _ int) *sessionstest.Fault {
			if id == second {
				return pretend(id)
			}
			return nil
		}, 2, clerksessions.ErrSurvived, 2 + 4, true},
		"a stale listing": {func(id, second string, n int) *sessionstest.Fault {
			if id == second && n < 3 {
				return pretend(id)
			}
			return nil
		}, 1, nil, 2 + 2, true},
		"a session that cannot be revoked again": {func(id, second string, n int) *sessionstest.Fault {
			switch {
			case id != second:
				return nil
			case n < 2:
				return pretend(id)
			}
			return &sessionstest.Fault{Status: 409}
		}, 2, clerksessions.ErrConflict, 2 + 1, true},
		"a session that failed is not retried by a later sweep": {func(id, second string, _ int) *sessionstest.Fault {
			if id == second {
				return &sessionstest.Fault{Status: 409}
			}
			return nil
		}, 1, clerksessions.ErrConflict, 2, false},
		"a refusal with the code of a missing session": {func(id, second string, _ int) *sessionstest.Fault {
			if id == second {
				return &sessionstest.Fault{Status: 403, Body: []byte(`{"errors":[{"code":"resource_not_found","message":"x"}]}`)}
			}
			return nil
		}, 1, clerksessions.ErrForbidden, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := sessionstest.New()
				ids := addSessions(srv, 2, time.Millisecond)
				onRevoke(srv, func(id string, n int) *sessionstest.Fault { return row.fault(id, ids[1], n) })
				began := time.Now()
				yielded, errs := revokeAll(t.Context(), srv.Client(), everySession)
				assert.Equal(t, map[string]int{ids[0]: 1, ids[1]: row.yielded}, yielded)
				assert.Len(t, srv.RequestsOf("RevokeSession"), row.calls)
				assert.Equal(t, row.waits, time.Since(began) > 0, "a listing that lags is given time")
				if row.err == nil {
					assert.Empty(t, errs)
					return
				}
				require.Len(t, errs, 1)
				assert.ErrorIs(t, errs[0], row.err)
				assert.ErrorContains(t, errs[0], ids[1])
			})
		})
	}
}

func TestRevokeAllReportsAUserWhoKeepsSigningIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 3, time.Millisecond)
		onRevoke(srv, func(string, int) *sessionstest.Fault {
			addSessions(srv, 1, time.Millisecond)
			return nil
		})
		yielded, errs := revokeAll(t.Context(), srv.Client(), everySession)
		assert.Len(t, yielded, 6*3, "five times those listed, and the survivors")
		for id, times := range yielded {
			assert.Equal(t, 1, times, id)
		}
		require.Len(t, errs, 3)
		for _, err := range errs {
			var failed *clerksessions.RevokeError
			require.ErrorAs(t, err, &failed)
			assert.ErrorIs(t, err, clerksessions.ErrSurvived)
			session, _ := srv.Session(failed.SessionID)
			assert.False(t, session.Status.Ended())
		}
		for _, err := range srv.Client().RevokeAll(t.Context(), everySession) {
			if err != nil {
				break // there are more survivors
			}
		}
	})
}

func TestALaterListingFails(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		sessions int
		listings int  // before the one that fails
		leave    bool // the loop, after the first result
		yielded  int
		errs     int
	}{
		"after all are revoked": {3, 1, false, 3, 1}, // it is not known that none is left
		"the last one":          {3, 5, false, 5 * 3, 1},
		"within the first":      {600, 1, false, 500, 1},
		"after breaking out":    {600, 1, true, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := sessionstest.New()
				addSessions(srv, row.sessions, time.Millisecond)
				srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
					switch {
					case req.Operation == "GetSessionList" && len(srv.RequestsOf("GetSessionList")) == row.listings:
						return &sessionstest.Fault{Status: 403}
					case revokedID(req.Path) != "" && row.listings > 1:
						addSessions(srv, 1, time.Millisecond)
					}
					return nil
				})
				var yielded, errs int
				for _, err := range srv.Client().RevokeAll(t.Context(), everySession) {
					assert.Zero(t, errs, "the error comes last")
					if err != nil {
						errs++
						assert.ErrorIs(t, err, clerksessions.ErrForbidden)
						assert.NotErrorAs(t, err, new(*clerksessions.RevokeError))
						continue
					}
					if yielded++; row.leave {
						break
					}
				}
				assert.Equal(t, row.yielded, yielded)
				assert.Equal(t, row.errs, errs)
				assert.Len(t, srv.RequestsOf("GetSessionList"), row.listings+1)
			})
		})
	}
}

// listingOf returns the client of a Clerk that lists the sessions that the function
// returns.
func listingOf(t *testing.T, sessions func() []entry, revoke func(id string) any) (client *clerksessions.Client, revoked *[]string) {
	revoked = new([]string)
	return newClient(t, "https://clerk.invalid/v1", clerksessions.WithConcurrency(1), clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		if id := revokedID(req.URL.Path); id != "" {
			*revoked = append(*revoked, id)
			return jsonResponse(req, revoke(id))
		}
		list := sessions()
		return jsonResponse(req, pageOf{list, len(list)})
	})})), revoked
}

// Sessions of other users in a page must not be revoked.
func TestRevokeAllDoesNotRevokeSessionsOfOthers(t *testing.T) {
	t.Parallel()
	const other, device = "user_2mVgOther000000000000000000", "client_1"
	list := []entry{
		{Object: "session", ID: "sess_1", UserID: aUser, ClientID: device, Status: "active"},
		{Object: "session", ID: "sess_2", UserID: other, ClientID: device, Status: "active"},
		{Object: "session", ID: "sess_3", UserID: aUser, ClientID: "client_2", Status: "active"},
		{Object: "session", ID: "sess_4", Status: "active"},
		{Object: "session", ID: "sess_5", UserID: other, ClientID: "client_2", Status: "ended"},
	}
	for name, row := range map[string]struct {
		params  clerksessions.ListParams
		revoked []string
		failed  int
	}{
		"by user":            {clerksessions.ListParams{UserID: aUser}, []string{"sess_1", "sess_3"}, 2},
		"by client":          {clerksessions.ListParams{ClientID: device}, []string{"sess_1", "sess_2"}, 2},
		"by user and client": {clerksessions.ListParams{UserID: aUser, ClientID: device}, []string{"sess_1"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := append([]entry(nil), list...)
			client, revoked := listingOf(t, func() []entry { return list }, func(id string) any {
				for i := range list {
					if list[i].ID == id {
						list[i].Status = "revoked"
						return list[i]
					}
				}
				return nil
			})
			yielded, errs := revokeAll(t.Context(), client, row.params)
			assert.Equal(t, row.revoked, *revoked)
			assert.Len(t, yielded, 4)
			assert.Len(t, errs, row.failed)
			for _, err := range errs {
				var failed *clerksessions.RevokeError
				require.ErrorAs(t, err, &failed)
				assert.ErrorContains(t, err, "belongs to another user or client")
			}
		})
	}
	t.Run("breaking out at another's session", func(t *testing.T) {
		t.Parallel()
		listings := 0
		client, revoked := listingOf(t, func() []entry { listings++; return list }, func(string) any { return list[0] })
		for range client.RevokeAll(t.Context(), clerksessions.ListParams{UserID: aUser, Limit: len(list)}) {
			break
		}
		assert.Empty(t, *revoked)
		assert.Equal(t, 1, listings, "no other page")
	})
}

// A server may ignore the filter.
func TestRevokeAllRevokesNoOtherStatus(t *testing.T) {
	t.Parallel()
	list := []entry{
		{Object: "session", ID: "sess_1", UserID: aUser, Status: "active"},
		{Object: "session", ID: "sess_2", UserID: aUser, Status: "pending"},
		{Object: "session", ID: "sess_3", UserID: aUser, Status: "ended"},
	}
	client, revoked := listingOf(t, func() []entry { return list }, func(string) any {
		list[0].Status = "revoked"
		return list[0]
	})
	yielded, errs := revokeAll(t.Context(), client, clerksessions.ListParams{UserID: aUser, Status: clerksessions.SessionStatusActive})
	assert.Equal(t, []string{"sess_1"}, *revoked)
	assert.Equal(t, map[string]int{"sess_1": 1}, yielded)
	assert.Empty(t, errs)
}

// Unknown statuses, and responses without evidence that a session was revoked.
func TestRevokeAllCountsOnlyKnownStatusesAsEnded(t *testing.T) {
	t.Parallel()
	t.Run("unknown status", func(t *testing.T) {
		t.Parallel()
		list := []entry{{Object: "session", ID: "sess_1", UserID: aUser, Status: "suspended"}, {Object: "session", ID: "sess_2", UserID: aUser}}
		client, revoked := listingOf(t, func() []entry { return list }, func(id string) any {
			for i := range list {
				if list[i].ID == id {
					list[i].Status = "revoked"
				}
			}
			return entry{Object: "session", ID: id, Status: "revoked"}
		})
		_, errs := revokeAll(t.Context(), client, everySession)
		assert.Empty(t, errs)
		assert.Equal(t, []string{"sess_1", "sess_2"}, *revoked)
	})
	for name, response := range map[string]entry{
		"no status":       {Object: "session", ID: "sess_1"},
		"unknown status":  {Object: "session", ID: "sess_1", Status: "suspended"},
		"still active":    {Object: "session", ID: "sess_1", Status: "active"},
		"another session": {Object: "session", ID: "sess_2", Status: "revoked"},
	} {
		t.Run("response with "+name, func(t *testing.T) {
			t.Parallel()
			client, revoked := listingOf(t, func() []entry {
				return []entry{{Object: "session", ID: "sess_1", UserID: aUser, Status: "active"}}
			}, func(string) any { return response })
			yielded, errs := revokeAll(t.Context(), client, everySession)
			assert.Equal(t, map[string]int{"sess_1": 1}, yielded)
			require.Len(t, errs, 1)
			assert.Equal(t, []string{"sess_1"}, *revoked)
		})
	}
}

// Sessions that always fail come before 200 others.
func TestSessionsThatAlwaysFailDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ n, status int }{{30, 409}, {60, 403}, {60, 400}, {60, 422}, {40, 500}} {
		t.Run(fmt.Sprintf("%d of status %d", row.n, row.status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := sessionstest.New()
				addSessions(srv, 200, time.Millisecond)
				poisoned := make(map[string]bool)
				for _, id := range addSessions(srv, row.n, time.Millisecond) {
					poisoned[id] = true
				}
				onRevoke(srv, func(id string, _ int) *sessionstest.Fault {
					if poisoned[id] {
						return &sessionstest.Fault{Status: row.status}
					}
					return nil
				})
				yielded, errs := revokeAll(t.Context(), srv.Client(), everySession)
				assert.Len(t, yielded, 200+row.n)
				assert.Len(t, errs, row.n)
				assert.Equal(t, row.n, live(srv), "all others are revoked")
				for _, err := range errs {
					var failed *clerksessions.RevokeError
					require.True(t, errors.As(err, &failed) && poisoned[failed.SessionID])
				}
			})
		})
	}
}
