package clerksessions_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// modelList is a list that changes between requests, newest first. The order of entries
// with the same creation time differs in each response.
type modelList struct {
	entries []entry
	there   map[string]bool // from the beginning until now
	clock   int
	next    int
	random  *rand.Rand
}

// insert adds an entry that is a little older than the newest, as a skewed clock has it.
func (l *modelList) insert(ago int) entry {
	e := entry{Object: "session", ID: fmt.Sprint("sess_", l.next), CreatedAt: l.clock - ago}
	l.next++
	l.entries = append(l.entries, e)
	return e
}

func (l *modelList) remove(at int) {
	delete(l.there, l.entries[at].ID)
	l.entries = slices.Delete(l.entries, at, at+1)
}

func (l *modelList) page(offset, limit int) []entry {
	l.random.Shuffle(len(l.entries), func(i, j int) { l.entries[i], l.entries[j] = l.entries[j], l.entries[i] })
	slices.SortStableFunc(l.entries, func(a, b entry) int { return cmp.Compare(b.CreatedAt, a.CreatedAt) })
	return append([]entry{}, l.entries[min(offset, len(l.entries)):min(offset+limit, len(l.entries))]...)
}

// All yields each session that is listed all the time, and none twice.
func TestAllAgainstAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed of the order of ties")
		list := &modelList{there: make(map[string]bool), clock: 1 << 30, random: rand.New(rand.NewPCG(seed, seed))}
		for range rapid.IntRange(0, 40).Draw(rt, "ties") {
			for range rapid.SampledFrom([]int{1, 1, 1, 2, 3, 20, 40}).Draw(rt, "sessions of one time") {
				list.there[list.insert(0).ID] = true
			}
			list.clock++
		}
		limit := rapid.IntRange(100, 120).Draw(rt, "limit")
		short := rapid.SampledFrom([]int{limit, limit, 97, 60}).Draw(rt, "maximum of a page")
		lie := rapid.SampledFrom([]int{0, 0, -1, -50, -1 << 30}).Draw(rt, "error of total_count")
		if short < limit {
			lie = 0
		}
		changes := rapid.SliceOfN(rapid.IntRange(-30, 5), 0, 12).Draw(rt, "insertions, or removals, before each request")
		where := rapid.SliceOfN(rapid.Float64Range(0, 0.999), len(changes), len(changes)).Draw(rt, "where they are removed")
		requests := 0
		client := fakeList(t, func(offset, limit int) any {
			if requests > 0 && requests <= len(changes) {
				n := changes[requests-1]
				for range n {
					list.clock++
					list.insert(requests % 3)
				}
				for range min(-n, len(list.entries)) {
					list.remove(int(where[requests-1] * float64(len(list.entries))))
				}
			}
			requests++
			return pageOf{list.page(offset, min(limit, short)), max(0, len(list.entries)+lie)}
		})
		yielded := make(map[string]bool)
		for session, err := range client.All(context.Background(), clerksessions.ListParams{UserID: aUser, Limit: limit}) {
			require.NoError(rt, err)
			require.False(rt, yielded[session.ID], "%s was yielded twice", session.ID)
			yielded[session.ID] = true
		}
		for id := range list.there {
			require.True(rt, yielded[id], "%s was missed", id)
		}
	})
}

// modelFaults are the faults of single requests, some of them after Clerk has acted.
var modelFaults = []*sessionstest.Fault{
	nil, nil, nil, nil,
	{Status: 500}, {Status: 503, RetryAfter: "2"}, {Status: 429, RetryAfter: "1"}, {Status: 429}, {HTML: true},
	{ResetBefore: true}, {ResetAfter: true}, {Truncate: true}, {Latency: time.Minute},
}

// model is a Clerk with the sessions of two users, of which some always fail.
type model struct {
	*sessionstest.Server
	patient  *clerksessions.Client
	mu       sync.Mutex
	faults   []*sessionstest.Fault // of the first revocations
	poisoned map[string]int        // statuses by id
	signIns  int                   // how many sessions begin while others are revoked
}

func newModel(rt *rapid.T) (m *model, mine, others []string) {
	m = &model{Server: sessionstest.New(), poisoned: make(map[string]int)}
	m.patient = m.Client(clerksessions.WithMaxAttempts(20)) // more than there are faults
	for range rapid.IntRange(0, 25).Draw(rt, "sessions") {
		status := rapid.SampledFrom([]clerksessions.SessionStatus{"active", "active", "active", "ended", "expired"}).Draw(rt, "status")
		id := m.AddSession(clerksessions.Session{UserID: aUser, Status: status}).ID
		if mine = append(mine, id); rapid.IntRange(0, 9).Draw(rt, "fails") == 0 {
			m.poisoned[id] = rapid.SampledFrom([]int{400, 403, 409, 422, 500}).Draw(rt, "with status")
		}
	}
	for range 3 {
		others = append(others, m.AddSession(clerksessions.Session{UserID: "user_2mVgOther000000000000000000"}).ID)
	}
	m.faults = rapid.SliceOfN(rapid.SampledFrom(modelFaults), 0, 15).Draw(rt, "faults")
	m.signIns = rapid.IntRange(0, 3).Draw(rt, "sign-ins")
	m.FailFunc(m.fault)
	return m, mine, others
}

func (m *model) fault(req sessionstest.Request) *sessionstest.Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := revokedID(req.Path)
	if id == "" {
		return nil
	}
	if m.signIns > 0 {
		m.signIns--
		m.AddSession(clerksessions.Session{UserID: aUser})
	}
	if status := m.poisoned[id]; status != 0 {
		return &sessionstest.Fault{Status: status}
	}
	if len(m.faults) == 0 {
		return nil
	}
	fault := m.faults[0]
	m.faults = m.faults[1:]
	return fault
}

func (m *model) live(id string) bool {
	session, ok := m.Session(id)
	return ok && !session.Status.Ended()
}

// checkYield checks one result and records it.
func (m *model) checkYield(rt *rapid.T, results map[string]error, session *clerksessions.Session, err error) {
	require.NotEqual(rt, session == nil, err == nil, "session or error")
	id := ""
	if failed := (*clerksessions.RevokeError)(nil); errors.As(err, &failed) {
		id = failed.SessionID
	} else {
		require.NoError(rt, err)
		id = session.ID
		require.False(rt, m.live(id), "%s was yielded as revoked", id)
	}
	require.NotContains(rt, results, id, "yielded twice")
	results[id] = err
}

func (m *model) check(rt *rapid.T, results map[string]error, others []string) {
	for _, id := range others {
		require.True(rt, m.live(id), "a session of somebody else was revoked")
	}
	for id, err := range results {
		switch {
		case m.poisoned[id] != 0:
			require.Error(rt, err)
		case id != unknown: // a 404 may have lost its body

			require.NoError(rt, err)
		}
	}
}

const unknown = "sess_2mVgUnknown0000000000000000"

// bubble is a test in a bubble of virtual time, without the method Deadline.
type bubble struct{ rapid.TB }

// RevokeAll leaves no live session except those of WithExcept and those it reports.
func TestRevokeAllAgainstAModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubble{t}, func(rt *rapid.T) {
			m, mine, others := newModel(rt)
			var except []string
			if len(mine) > 0 && rapid.Bool().Draw(rt, "except one") {
				except = append(except, rapid.SampledFrom(mine).Draw(rt, "excepted"))
			}
			wasLive := make(map[string]bool)
			for _, id := range mine {
				wasLive[id] = m.live(id)
			}
			results := make(map[string]error)
			for session, err := range m.patient.RevokeAll(context.Background(), everySession, clerksessions.WithExcept(except...)) {
				m.checkYield(rt, results, session, err)
			}
			m.check(rt, results, others)
			for _, id := range mine {
				if excepted := slices.Contains(except, id); excepted || !wasLive[id] {
					require.NotContains(rt, results, id)
					require.Equal(rt, wasLive[id], m.live(id))
				} else {
					require.Contains(rt, results, id)
				}
			}
			for _, session := range m.Sessions(aUser) {
				require.True(rt, session.Status.Ended() || results[session.ID] != nil || slices.Contains(except, session.ID), "%s survived unnamed", session.ID)
			}
		})
	})
}

// RevokeEach yields each id once, and revokes no other.
func TestRevokeEachAgainstAModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubble{t}, func(rt *rapid.T) {
			m, mine, others := newModel(rt)
			ids := rapid.Permutation(append(slices.Clone(mine), unknown)).Draw(rt, "ids")
			ids = ids[:rapid.IntRange(0, len(ids)).Draw(rt, "how many")]
			wasLive := make(map[string]bool)
			for _, id := range mine {
				wasLive[id] = m.live(id)
			}
			results := make(map[string]error)
			for session, err := range m.patient.RevokeEach(context.Background(), slices.Values(ids)) {
				m.checkYield(rt, results, session, err)
			}
			m.check(rt, results, others)
			require.Len(rt, results, len(ids))
			for _, id := range mine {
				if !slices.Contains(ids, id) {
					require.Equal(rt, wasLive[id], m.live(id), "%s was not among the ids", id)
				}
			}
		})
	})
}
