package clerksessions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

var everySession = clerksessions.ListParams{UserID: aUser}

// revokeAll ranges over RevokeAll and counts its results.
func revokeAll(ctx context.Context, client *clerksessions.Client, params clerksessions.ListParams, opts ...clerksessions.Option) (yielded map[string]int, errs []error) {
	yielded = make(map[string]int)
	for session, err := range client.RevokeAll(ctx, params, opts...) {
		var failed *clerksessions.RevokeError
		switch {
		case err == nil:
			yielded[session.ID]++
		case errors.As(err, &failed):
			yielded[failed.SessionID]++
			errs = append(errs, err)
		default:
			errs = append(errs, err)
		}
	}
	return yielded, errs
}

func live(srv *sessionstest.Server) (n int) {
	for _, s := range srv.Sessions("") {
		if s.Status == clerksessions.SessionStatusActive || s.Status == clerksessions.SessionStatusPending {
			n++
		}
	}
	return n
}

func TestRevokeAllRevokesOnlyLiveSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		other := srv.AddSession(clerksessions.Session{UserID: "user_2mVgOther000000000000000000"})
		addSessions(srv, 3, time.Second)
		pending := srv.AddSession(clerksessions.Session{UserID: aUser, Tasks: []clerksessions.SessionTask{{Key: "setup-mfa"}}})
		require.Equal(t, clerksessions.SessionStatusPending, pending.Status)
		ended := srv.AddSession(clerksessions.Session{UserID: aUser, Status: clerksessions.SessionStatusEnded})

		began := time.Now()
		for session, err := range srv.Client().RevokeAll(t.Context(), everySession) {
			require.NoError(t, err)
			assert.Equal(t, clerksessions.SessionStatusRevoked, session.Status)
			assert.NotEqual(t, ended.ID, session.ID)
		}
		assert.Zero(t, time.Since(began), "with nothing to wait for, nothing is waited for")
		assert.Len(t, srv.RequestsOf("RevokeSession"), 4)
		assert.Equal(t, 1, live(srv), "the other user's")
		still, _ := srv.Session(other.ID)
		assert.Equal(t, clerksessions.SessionStatusActive, still.Status)

		srv.ClearRequests()
		yielded, errs := revokeAll(t.Context(), srv.Client(), clerksessions.ListParams{UserID: aUser, Status: clerksessions.SessionStatusRevoked})
		assert.Len(t, yielded, 4, "a status asked for is taken as it is")
		assert.NotContains(t, yielded, ended.ID)
		assert.Empty(t, errs)
	})
}

func TestRevokeAllRefusesToRevokeEverybody(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	var none context.Context
	for name, seq := range map[string]func(func(*clerksessions.Session, error) bool){
		"no user":    srv.Client().RevokeAll(t.Context(), clerksessions.ListParams{}),
		"no context": srv.Client().RevokeAll(none, everySession),
		"a Meta":     srv.Client().RevokeAll(t.Context(), everySession, clerksessions.WithMeta(new(clerksessions.Meta))),
		"nil option": srv.Client().RevokeAll(t.Context(), everySession, nil),
		"no workers": srv.Client().RevokeAll(t.Context(), everySession, clerksessions.WithConcurrency(0)),
		"offset":     srv.Client().RevokeAll(t.Context(), clerksessions.ListParams{UserID: aUser, Offset: 1}),
		"bad limit":  srv.Client().RevokeAll(t.Context(), clerksessions.ListParams{UserID: aUser, Limit: 501}),
	} {
		n := 0
		for session, err := range seq {
			n++
			assert.Nil(t, session, name)
			assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument, name)
		}
		assert.Equal(t, 1, n, name)
	}
	assert.Empty(t, srv.Requests())
}

func TestRevokeAllReportsEachSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		ids := addSessions(srv, 20, time.Millisecond)
		onRevoke(srv, func(id string, _ int) *sessionstest.Fault {
			switch id {
			case ids[3]:
				return &sessionstest.Fault{Status: 403}
			case ids[5]:
				return &sessionstest.Fault{Status: 500}
			case ids[7]:
				srv.DeleteSession(ids[7])
			}
			return nil
		})
		yielded := make(map[string]int)
		for session, err := range srv.Client().RevokeAll(t.Context(), everySession) {
			var failed *clerksessions.RevokeError
			switch {
			case errors.As(err, &failed):
				assert.Nil(t, session)
				assert.ErrorContains(t, err, failed.SessionID)
				yielded[failed.SessionID]++
				want := map[string]error{ids[3]: clerksessions.ErrForbidden, ids[5]: clerksessions.ErrUnavailable}[failed.SessionID]
				assert.ErrorIs(t, err, want)
			default:
				require.NoError(t, err)
				yielded[session.ID]++
				gone := session.ID == ids[7]
				assert.Equal(t, gone, session.Status == clerksessions.SessionStatusActive, "one that is gone is yielded as it was listed")
			}
		}
		assert.Len(t, yielded, 20)
		for id, n := range yielded {
			assert.Equal(t, 1, n, id)
		}
		attempts := make(map[string]int)
		for _, request := range srv.RequestsOf("RevokeSession") {
			attempts[revokedID(request.Path)]++
		}
		assert.Equal(t, 1, attempts[ids[3]], "a final failure is not retried")
		assert.Equal(t, 4, attempts[ids[5]], "once, and three rounds without a success")
	})
}

// Only Clerk's error that a session does not exist counts as revoked, not any 404.
func TestRevokeAllDoesNotTrustAPlain404(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 1, 0)
		srv.Fail("RevokeSession", 1<<30, sessionstest.Fault{HTML: true, Status: 404})
		_, errs := revokeAll(t.Context(), srv.Client(), everySession)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], clerksessions.ErrNotFound)
	})
}

func TestHowLongRevokeAllWaits(t *testing.T) {
	t.Parallel()
	const some = -1 // those begun before it stopped are revoked
	for name, test := range map[string]struct {
		fault    sessionstest.Fault
		times    int // how many calls meet it
		deadline time.Duration
		takes    time.Duration // at least
		within   time.Duration
		fail     int
		says     string
	}{
		"429":                         {fault: sessionstest.Fault{Status: 429, RetryAfter: "40"}, times: 1, takes: 40 * time.Second, within: 50 * time.Second},
		"429, more than five minutes": {fault: sessionstest.Fault{Status: 429, RetryAfter: "301"}, times: 1, within: time.Second, fail: some, says: "gave up: the server asked to wait 5m1s"},
		"429, beyond the deadline":    {fault: sessionstest.Fault{Status: 429, RetryAfter: "40"}, times: 1, deadline: 30 * time.Second, within: time.Second, fail: some, says: "beyond the deadline"},
		"429 forever":                 {fault: sessionstest.Fault{Status: 429, RetryAfter: "1"}, times: 1 << 30, takes: 10 * time.Minute, within: 11 * time.Minute, fail: 20, says: "gave up: nothing has succeeded for 10m"},
		"429 without Retry-After":     {fault: sessionstest.Fault{Status: 429}, times: 3, within: 20 * time.Second},
		"429, a tiny Retry-After":     {fault: sessionstest.Fault{Status: 429, RetryAfter: "0.0000001"}, times: 60, within: 5 * time.Minute},
		"503 with Retry-After":        {fault: sessionstest.Fault{Status: 503, RetryAfter: "40"}, times: 1, takes: 40 * time.Second, within: 41 * time.Second},
		"503 forever":                 {fault: sessionstest.Fault{Status: 503}, times: 1 << 30, takes: 500 * time.Millisecond, within: time.Minute, fail: 20, says: "503"},
		"resets forever":              {fault: sessionstest.Fault{ResetAfter: true}, times: 1 << 30, takes: 500 * time.Millisecond, within: time.Minute, fail: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := sessionstest.New()
				addSessions(srv, 20, time.Millisecond)
				srv.Fail("RevokeSession", test.times, test.fault)
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				began := time.Now()
				yielded, errs := revokeAll(ctx, srv.Client(), everySession)
				took := time.Since(began)
				assert.Len(t, yielded, 20)
				if test.fail == some {
					assert.NotEmpty(t, errs)
				} else {
					assert.Len(t, errs, test.fail)
				}
				assert.GreaterOrEqual(t, took, test.takes)
				assert.LessOrEqual(t, took, test.within)
				for _, err := range errs {
					assert.ErrorContains(t, err, test.says)
				}
			})
		})
	}
}

func TestRevokeAllWaitsForALimitOnListing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 20, time.Millisecond)
		srv.Fail("GetSessionList", 1, sessionstest.Fault{Status: 429, RetryAfter: "300"})
		began := time.Now()
		yielded, errs := revokeAll(t.Context(), srv.Client(), everySession)
		assert.Len(t, yielded, 20)
		assert.Empty(t, errs)
		assert.GreaterOrEqual(t, time.Since(began), 5*time.Minute)

		srv.Fail("GetSessionList", 1, sessionstest.Fault{Status: 429, RetryAfter: "301"})
		_, errs = revokeAll(t.Context(), srv.Client(), everySession)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], clerksessions.ErrRateLimited)
	})
}

// A session listed twice, too far apart for All to notice, is revoked once.
func TestRevokeAllRevokesEachSessionOnce(t *testing.T) {
	t.Parallel()
	const n, twice = 3000, "sess_20"
	posts, revoked := 0, make(map[string]bool)
	client := newClient(t, "https://clerk.invalid/v1", clerksessions.WithConcurrency(1), clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			posts++
			id := strings.Split(req.URL.Path, "/")[3]
			revoked[id] = true
			return jsonResponse(req, entry{Object: "session", ID: id, Status: "revoked"})
		}
		offset, _ := strconv.Atoi(req.URL.Query().Get("offset"))
		page := listing(offset, min(offset+500, n))
		for i := range page {
			if offset+i == 2500 {
				page[i].ID = twice
			}
			page[i].UserID, page[i].Status = aUser, "active"
			if revoked[page[i].ID] {
				page[i].Status = "revoked"
			}
		}
		return jsonResponse(req, pageOf{page, n})
	})}))
	yielded, errs := revokeAll(t.Context(), client, everySession)
	assert.Empty(t, errs)
	assert.Len(t, yielded, n-1)
	assert.Equal(t, 1, yielded[twice])
	assert.Equal(t, n-1, posts)
}

func jsonResponse(req *http.Request, value any) (*http.Response, error) {
	body, err := json.Marshal(value)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, err
}

// A limiter in the transport may return this package's errors, but it is not Clerk.
func TestErrRateLimitedFromTheTransportIsNotAResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 3, time.Millisecond)
		sent := 0
		client := srv.Client(clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				sent++
				return nil, fmt.Errorf("local limiter: %w", clerksessions.ErrRateLimited)
			}
			return srv.Transport().RoundTrip(req)
		})}))
		yielded, errs := revokeAll(t.Context(), client, everySession, clerksessions.WithConcurrency(1))
		assert.Len(t, yielded, 3)
		assert.Len(t, errs, 3)

		sent = 0
		_, err := client.Create(t.Context(), clerksessions.CreateParams{UserID: aUser})
		assert.ErrorIs(t, err, clerksessions.ErrRateLimited)
		assert.Equal(t, 1, sent, "whether Clerk acted is not known")
	})
}

func TestRevokeAllLogsItsRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		srv := sessionstest.New()
		addSessions(srv, 1, 0)
		srv.Fail("RevokeSession", 1, sessionstest.Fault{Status: 429, RetryAfter: "3"})
		srv.Fail("RevokeSession", 3, sessionstest.Fault{Status: 500})
		_, errs := revokeAll(t.Context(), srv.Client(clerksessions.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))), everySession)
		require.Len(t, errs, 1)
		var failed *clerksessions.Error
		require.ErrorAs(t, errs[0], &failed)
		assert.Equal(t, 4, failed.Attempts)
		assert.Equal(t, 3, strings.Count(log.String(), "level=WARN"))
		assert.Regexp(t, `attempt=1 wait=3(\.\d+)?s status=429`, log.String(), "as long as asked, and up to 10 % more")
	})
}

func TestRevokeAllWithoutRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 5, time.Millisecond)
		srv.Fail("RevokeSession", 2, sessionstest.Fault{Status: 503})
		yielded, errs := revokeAll(t.Context(), srv.Client(clerksessions.WithMaxAttempts(1)), everySession)
		assert.Len(t, yielded, 5)
		assert.Len(t, errs, 2)
		assert.Len(t, srv.RequestsOf("RevokeSession"), 5)
	})
}

func TestCancelingRevokeAllReportsWhatWasNotAttempted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 100, time.Millisecond)
		srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			return &sessionstest.Fault{Latency: time.Second}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer cancel()
		began := time.Now()
		yielded, errs := revokeAll(ctx, srv.Client(), everySession)
		assert.Equal(t, 4500*time.Millisecond, time.Since(began), "it stops at once")
		assert.Len(t, yielded, 100)
		assert.Len(t, errs, 100-24, "three rounds of eight, one second each, after one for the listing")
		assert.Equal(t, 100-24, live(srv))
		for _, err := range errs {
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}

		ctx, stop := context.WithCancelCause(t.Context())
		srv.Fail("RevokeSession", 1, sessionstest.Fault{Status: 503, RetryAfter: "9"})
		time.AfterFunc(5*time.Second, func() { stop(errors.New("shutting down")) })
		_, errs = revokeAll(ctx, srv.Client(), everySession, clerksessions.WithConcurrency(1))
		require.Len(t, errs, live(srv), "those not revoked")
		for _, err := range errs {
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorContains(t, err, "shutting down")
		}
		tried := 0
		for _, err := range errs {
			if errors.Is(err, clerksessions.ErrUnavailable) {
				tried++
			}
		}
		assert.Equal(t, 1, tried, "what was tried says what came of it")
	})
}

func TestBreakingOutOfRevokeAllStopsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 100, time.Millisecond)
		srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault { return &sessionstest.Fault{Latency: time.Second} })
		for range srv.Client().RevokeAll(t.Context(), everySession) {
			break
		}
		sent := len(srv.RequestsOf("RevokeSession"))
		assert.LessOrEqual(t, sent, 8)
		time.Sleep(time.Minute)
		assert.Len(t, srv.RequestsOf("RevokeSession"), sent, "nothing is revoked after RevokeAll has returned")
		assert.Len(t, srv.RequestsOf("GetSessionList"), 1)

		var calls atomic.Int32
		srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			if req.Operation != "RevokeSession" || calls.Add(1) == 1 {
				return nil
			}
			return &sessionstest.Fault{Latency: time.Hour}
		})
		began := time.Now()
		for range srv.Client().RevokeAll(t.Context(), everySession) {
			break
		}
		assert.Zero(t, time.Since(began), "what is in flight is not waited for")

		calls.Store(0) // so that others are in flight when the first result comes
		func() {
			defer func() { assert.Equal(t, "the caller's", recover()) }()
			for range srv.Client().RevokeAll(t.Context(), everySession) {
				panic("the caller's")
			}
		}() // the bubble waits for every goroutine to end
	})
}

func TestRevokeAllNeverExceedsItsConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 100, time.Millisecond)
		var now, most atomic.Int32
		transport := transportFunc(func(req *http.Request) (*http.Response, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			return srv.Transport().RoundTrip(req)
		})
		yielded, errs := revokeAll(t.Context(), srv.Client(clerksessions.WithHTTPClient(&http.Client{Transport: transport})), everySession, clerksessions.WithConcurrency(3))
		assert.Len(t, yielded, 100)
		assert.Empty(t, errs)
		assert.EqualValues(t, 3, most.Load())
	})
}

// Ten thousand sessions while one call in twenty fails, in every way.
func TestRevokeAllMissesNothingUnderFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		var mu sync.Mutex
		requests, failures := make(map[string]int), make(map[string]int) // by path
		srv := sessionstest.New(sessionstest.WithObserver(func(req sessionstest.Request) {
			mu.Lock()
			defer mu.Unlock()
			if req.Operation == "RevokeSession" {
				requests[req.Path]++
			}
		}))
		addSessions(srv, n, time.Millisecond)
		srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			if rand.N(20) > 0 {
				return &sessionstest.Fault{Latency: rand.N(100 * time.Millisecond)}
			}
			mu.Lock()
			failures[req.Path]++
			mu.Unlock()
			return []*sessionstest.Fault{
				{Status: 500}, {Status: 503}, {Status: 503, RetryAfter: "1"}, {Status: 429, RetryAfter: "1"}, {Status: 429}, {HTML: true},
				{ResetBefore: true}, {ResetAfter: true}, {ResetBody: true}, {Truncate: true}, {Latency: time.Minute},
			}[rand.N(11)]
		})
		began := time.Now()
		yielded, errs := revokeAll(t.Context(), srv.Client(), everySession)
		took := time.Since(began)
		srv.StopFailing()

		assert.Empty(t, errs)
		assert.Len(t, yielded, n)
		for id, times := range yielded {
			assert.Equal(t, 1, times, id)
		}
		assert.Zero(t, live(srv), "0 missed")
		faults := 0
		for path, times := range requests {
			faults += failures[path]
			assert.LessOrEqual(t, times, 1+failures[path], "%s: revoked again only when the call before failed", path)
		}
		t.Logf("%d sessions revoked in %s of virtual time, %d faults on the way", n, took.Round(time.Second), faults)
		assert.Greater(t, faults, n/25)
	})
}

// Ten independent clients share one limit.
func TestRevokeAllSharesALimitWithoutCoordination(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const clients, each, limit, window = 10, 800, 1000, 10 * time.Second
		var requests, limited atomic.Int64
		srv := sessionstest.New(sessionstest.WithRateLimit(limit, window), sessionstest.WithObserver(func(req sessionstest.Request) {
			requests.Add(1)
			if req.Status == 429 {
				limited.Add(1)
			}
		}))
		users := make([]string, clients)
		for i := range users {
			users[i] = aUser[:len(aUser)-1] + string(rune('a'+i))
			for range each {
				srv.AddSession(clerksessions.Session{UserID: users[i]})
			}
		}
		srv.FailFunc(func(req sessionstest.Request) *sessionstest.Fault {
			return &sessionstest.Fault{Latency: 30*time.Millisecond + rand.N(40*time.Millisecond)}
		})
		began := time.Now()
		used := func() float64 { // the share of the ceiling, so far
			return float64(requests.Load()-limited.Load()) / limit / (time.Since(began).Seconds() / window.Seconds())
		}
		var usedByAll float64 // until the first is done
		var first sync.Once
		var wg sync.WaitGroup
		for _, user := range users {
			wg.Go(func() {
				yielded, errs := revokeAll(t.Context(), srv.Client(), clerksessions.ListParams{UserID: user})
				first.Do(func() { usedByAll = used() })
				assert.Len(t, yielded, each)
				assert.Empty(t, errs)
			})
		}
		wg.Wait()
		assert.Zero(t, live(srv))
		share := float64(limited.Load()) / float64(requests.Load())
		t.Logf("%d sessions in %s of virtual time: %.1f %% of the ceiling used while all run, %.1f %% until all are done, %.2f %% of %d calls got 429",
			clients*each, time.Since(began).Round(time.Second), 100*usedByAll, 100*used(), 100*share, requests.Load())
		assert.GreaterOrEqual(t, usedByAll, 0.9)
		assert.GreaterOrEqual(t, used(), 0.75)
		assert.Less(t, share, 0.05)
	})
}
