package clerksessions_test

import (
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

const aUser = "user_2mVgZr5Jt1XcB8nKq4HsDy6WuPo"

// addSessions adds n sessions of aUser at a fixed interval and returns their ids, oldest
// first.
func addSessions(srv *sessionstest.Server, n int, apart time.Duration) (ids []string) {
	for range n {
		ids = append(ids, srv.AddSession(clerksessions.Session{UserID: aUser}).ID)
		time.Sleep(apart) // virtual
	}
	return ids
}

func collect(t *testing.T, client *clerksessions.Client, params clerksessions.ListParams) (ids []string) {
	t.Helper()
	for session, err := range client.All(t.Context(), params) {
		require.NoError(t, err)
		ids = append(ids, session.ID)
	}
	return ids
}

func TestAllReadsPageByPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sessions, limit, offset int
		asked                   []string // limit and offset of each request
	}{
		{0, 0, 0, []string{"500 0"}},
		{1, 0, 0, []string{"500 0"}},
		{499, 0, 0, []string{"500 0"}},
		{500, 0, 0, []string{"500 0", "500 490"}},
		{501, 0, 0, []string{"500 0", "500 490"}},
		{1200, 0, 0, []string{"500 0", "500 490", "500 980"}},
		{12, 5, 0, []string{"5 0", "5 4", "5 8"}},
		{12, 5, 3, []string{"5 3", "5 7", "5 11"}},
		{12, 5, 20, []string{"5 20"}},
		{3, 1, 0, []string{"2 0", "2 1", "2 2"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := sessionstest.New()
			want := addSessions(srv, test.sessions, time.Millisecond)
			slices.Reverse(want)
			want = want[min(test.offset, len(want)):]
			params := clerksessions.ListParams{UserID: aUser, Limit: test.limit, Offset: test.offset}
			before := params
			assert.Equal(t, append([]string(nil), want...), collect(t, srv.Client(), params), "%+v", test)
			assert.Equal(t, before, params)
			var asked []string
			for _, request := range srv.RequestsOf("GetSessionList") {
				asked = append(asked, request.Query.Get("limit")+" "+cmp.Or(request.Query.Get("offset"), "0"))
			}
			assert.Equal(t, test.asked, asked, "%+v", test)
		})
	}
}

// The list changes between any two requests: sessions begin, end, or both.
func TestAllMissesNothingWhileTheListChanges(t *testing.T) {
	t.Parallel()
	for _, apart := range []time.Duration{0, time.Millisecond} {
		for _, limit := range []int{0, 100, 3} {
			if limit == 0 && apart == 0 {
				continue // two requests: too few for changes in between
			}
			for _, change := range []string{"begin", "end", "both", "the newest end", "those just read end"} {
				t.Run(fmt.Sprintf("%s, limit %d, %s apart", change, limit, apart), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { checkChurn(t, change, limit, apart) })
				})
			}
		}
	}
}

func checkChurn(t *testing.T, change string, limit int, apart time.Duration) {
	sessions, changes := 2000, 400
	switch {
	case limit == 3:
		sessions, changes = 300, 60
	case apart == 0:
		sessions, changes = 1000, 200 // as many as All remembers: creation times do not tell them apart
	}
	srv := sessionstest.New()
	there := addSessions(srv, sessions, apart)
	ended := make(map[string]bool)
	end := func(id string) {
		if !ended[id] {
			ended[id] = true
			srv.UpdateSession(id, func(s *clerksessions.Session) { s.Status = clerksessions.SessionStatusEnded })
		}
	}
	yielded := make(map[string]int)
	var order []string
	most := 3*changes*cmp.Or(limit, 500)/sessions + 1 // between two requests, so that they last to the end
	if limit == 3 {
		most = 3 // as many as a page, or All could not keep up
	}
	left := changes
	churn := func() {
		for range min(left, rand.N(most)) {
			left--
			switch {
			case change == "begin" || change == "both" && rand.N(2) == 0:
				srv.AddSession(clerksessions.Session{UserID: aUser})
			case change == "the newest end":
				end(there[len(there)-1-len(ended)])
			case change == "those just read end" && len(order) > 0:
				end(order[max(0, len(order)-1-rand.N(400))])
			default:
				end(there[rand.N(len(there))])
			}
		}
	}
	client := srv.Client(clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		churn()
		return srv.Transport().RoundTrip(req)
	})}))

	for session, err := range client.All(t.Context(), clerksessions.ListParams{UserID: aUser, Status: clerksessions.SessionStatusActive, Limit: limit}) {
		require.NoError(t, err)
		yielded[session.ID]++
		order = append(order, session.ID)
	}
	missed, again := 0, 0
	for _, id := range there {
		if !ended[id] && yielded[id] == 0 {
			missed++
		}
	}
	for _, n := range yielded {
		again += n - 1
	}
	assert.Zero(t, missed, "sessions that stayed were missed")
	assert.Zero(t, again, "sessions were returned twice")
	assert.Less(t, left, changes/2, "the list changed as often as it should")
}

// Sessions that were already read end all at once, so that nothing is left at the next
// offset. All has to go back for the rest, and must yield none twice even if it no longer
// remembers those that it reads again.
func TestAllGoesBackWhenTheListShrinks(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		sessions, limit, offset int
		read                    int // when they end
		from, to                int // which end, newest first
	}{
		"some of the last":                  {1000, 100, 0, 850, 550, 850},
		"nearly all":                        {1000, 100, 0, 950, 10, 950},
		"all that is remembered":            {4000, 500, 0, 2950, 1450, 2950}, // at the end of a page
		"those before the offset and after": {100, 10, 20, 10, 0, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := sessionstest.New()
				want := addSessions(srv, row.sessions, time.Millisecond)
				slices.Reverse(want)
				params := clerksessions.ListParams{
					UserID: aUser, Status: clerksessions.SessionStatusActive, Limit: row.limit, Offset: row.offset,
				}
				var got []string
				for session, err := range srv.Client().All(t.Context(), params) {
					require.NoError(t, err)
					if got = append(got, session.ID); len(got) == row.read {
						for _, id := range want[row.from:row.to] {
							srv.UpdateSession(id, func(s *clerksessions.Session) { s.Status = clerksessions.SessionStatusEnded })
						}
					}
				}
				assert.True(t, slices.Equal(want[row.offset:], got), "%d of %d sessions", len(got), len(want)-row.offset)
			})
		})
	}
}

// The order of sessions with the same creation time may differ in each response.
func TestAllMissesNothingWhenTiesChangeTheirOrder(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ sessions, tie, limit, walks int }{
		{1100, 2, 500, 300}, {1100, 9, 500, 20}, {1100, 60, 500, 20}, {1100, 400, 500, 20}, {300, 5, 30, 100}, {300, 20, 30, 100},
	} {
		t.Run(fmt.Sprintf("%d sessions, %d of a time, pages of %d", row.sessions, row.tie, row.limit), func(t *testing.T) {
			t.Parallel()
			client := fakeList(t, func(offset, limit int) any {
				list := listing(0, row.sessions)
				for i := range list {
					list[i].CreatedAt = 1_000_000 - (i+1)/row.tie
				}
				rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(b.CreatedAt, a.CreatedAt) })
				return pageOf{list[min(offset, len(list)):min(offset+limit, len(list))], len(list)}
			})
			for range row.walks {
				ids := collect(t, client, clerksessions.ListParams{UserID: aUser, Limit: row.limit})
				require.Len(t, ids, row.sessions)
				slices.Sort(ids)
				require.Len(t, slices.Compact(ids), row.sessions)
			}
		})
	}
}

// While All goes back to close a gap, a session begins with the creation time of older
// ones, as the clocks of servers differ.
func TestAllContinuesAfterASessionWithASkewedClock(t *testing.T) {
	t.Parallel()
	at := func(created int, ids ...string) (list []entry) {
		for _, id := range ids {
			list = append(list, entry{Object: "session", ID: id, CreatedAt: created})
		}
		return list
	}
	numbered := func(prefix string, from, to int) (ids []string) {
		for i := from; i < to; i++ {
			ids = append(ids, fmt.Sprint(prefix, i))
		}
		return ids
	}
	third, second, first := numbered("third_", 0, 40), numbered("second_", 0, 20), []string{"first"}
	list := slices.Concat(at(3, third...), at(2, second...), at(1, first...))
	requests := 0
	client := fakeList(t, func(offset, limit int) any {
		switch requests++; requests {
		case 2:
			list = list[1:]
		case 3:
			list = slices.Concat(list[:39], at(3, "skewed"), list[39:])
		}
		return pageOf{list[min(offset, len(list)):min(offset+60, len(list))], len(list)}
	})
	ids := collect(t, client, clerksessions.ListParams{UserID: aUser, Limit: 100})
	assert.ElementsMatch(t, slices.Concat(third, second, first, []string{"skewed"}), ids)
	assert.Equal(t, 4, requests)
}

func TestAllYieldsAnErrorOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		addSessions(srv, 30, time.Millisecond)
		requests := 0
		srv.FailFunc(func(sessionstest.Request) *sessionstest.Fault {
			if requests++; requests > 2 {
				return &sessionstest.Fault{Status: 401}
			}
			return nil
		})
		var sessions, errs int
		for session, err := range srv.Client().All(t.Context(), clerksessions.ListParams{UserID: aUser, Limit: 10}) {
			if err != nil {
				assert.Nil(t, session)
				assert.ErrorIs(t, err, clerksessions.ErrUnauthorized)
				errs++
			} else {
				sessions++
			}
		}
		assert.Equal(t, 19, sessions)
		assert.Equal(t, 1, errs)

		for _, err := range srv.Client().All(t.Context(), clerksessions.ListParams{UserID: aUser, Limit: 501}) {
			assert.ErrorIs(t, err, clerksessions.ErrInvalidArgument)
			errs++
		}
		assert.Equal(t, 2, errs)
	})
}

func TestAllSurvivesFaultsAndAnEarlyBreak(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sessionstest.New()
		want := addSessions(srv, 2000, time.Millisecond)
		slices.Reverse(want)
		for _, fault := range []sessionstest.Fault{{Status: 503}, {Status: 429, RetryAfter: "2"}, {ResetAfter: true}, {Truncate: true}, {HTML: true}, {Latency: time.Minute}} {
			srv.Fail("GetSessionList", 2, fault)
			assert.Equal(t, want, collect(t, srv.Client(), clerksessions.ListParams{UserID: aUser}), "%+v", fault)
		}
		srv.ClearRequests()
		for range srv.Client().All(t.Context(), clerksessions.ListParams{UserID: aUser}) {
			break
		}
		assert.Len(t, srv.Requests(), 1)
	})
}

// fakeList returns a client of a server that responds to a listing with what respond
// returns.
func fakeList(t *testing.T, respond func(offset, limit int) any) *clerksessions.Client {
	return newClient(t, "https://clerk.invalid/v1", clerksessions.WithHTTPClient(&http.Client{Transport: transportFunc(func(req *http.Request) (*http.Response, error) {
		query, _ := url.ParseQuery(req.URL.RawQuery)
		offset, _ := strconv.Atoi(query.Get("offset"))
		limit, _ := strconv.Atoi(query.Get("limit"))
		return jsonResponse(req, respond(offset, limit))
	})}))
}

type entry struct {
	Object    string `json:"object"`
	ID        string `json:"id"`
	UserID    string `json:"user_id,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	CreatedAt int    `json:"created_at"`
	Status    string `json:"status,omitempty"`
}

type pageOf struct {
	Data  []entry `json:"data"`
	Total int     `json:"total_count"`
}

// listing returns the entries from..to-1, newest first.
func listing(from, to int) []entry {
	list := make([]entry, 0, max(0, to-from))
	for i := from; i < to; i++ {
		list = append(list, entry{Object: "session", ID: fmt.Sprint("sess_", i), CreatedAt: 1_000_000 - i})
	}
	return list
}

func TestAllEndsWhateverTheServerDoes(t *testing.T) {
	t.Parallel()
	const n = 95
	consistent := func(offset, limit int) []entry { return listing(offset, min(offset+limit, n)) }
	for name, test := range map[string]struct {
		respond func(offset, limit int) any
		count   int
		says    string
	}{
		"consistent":              {func(o, l int) any { return pageOf{consistent(o, l), n} }, n, ""},
		"bare lists":              {func(o, l int) any { return consistent(o, l) }, n, ""},
		"bare lists, full pages":  {func(o, l int) any { return listing(o, min(o+l, 40)) }, 40, ""},
		"total negative":          {func(o, l int) any { return pageOf{consistent(o, l), -1} }, n, ""},
		"total small":             {func(o, l int) any { return pageOf{consistent(o, l), 3} }, n, ""},
		"total zero":              {func(o, l int) any { return pageOf{consistent(o, l), 0} }, n, ""},
		"total ends with a page":  {func(o, l int) any { return pageOf{consistent(o, l), 19} }, n, ""},
		"stale total":             {func(o, l int) any { return pageOf{consistent(o, l), n - 10*((o+1)%2)} }, n, ""},
		"total changes":           {func(o, l int) any { return pageOf{consistent(o, l), n + o%3 - 1} }, n, ""},
		"pages capped at 7":       {func(o, l int) any { return pageOf{consistent(o, min(l, 7)), n} }, n, ""},
		"pages longer than asked": {func(o, l int) any { return pageOf{consistent(o, l+5), n} }, n, ""},
		"total huge":              {func(o, l int) any { return pageOf{consistent(o, l), 1 << 30} }, n, "total_count is 1073741824"},
		"same page forever":       {func(o, l int) any { return pageOf{listing(0, l), n} }, 10, "had no new session"},
		"same bare list forever":  {func(o, l int) any { return listing(0, l) }, 10, "had no new session"},
		"empty after a page":      {func(o, l int) any { return pageOf{listing(o, min(o+l, 10)), n} }, 10, "had no new session"},
		"empty pages in the middle": {func(o, l int) any {
			if o > 30 && o < 60 {
				return pageOf{[]entry{}, n}
			}
			return pageOf{consistent(o, l), n}
		}, 37, "had no new session"},
		"each session twice": {func(o, l int) any {
			list := consistent(o, l)
			return pageOf{append(list, list...), n}
		}, n, ""},
		"equal creation times": {func(o, l int) any {
			list := consistent(o, l)
			for i := range list {
				list[i].CreatedAt = 5
			}
			return pageOf{list, n}
		}, n, ""},
		"cycle of the whole list": {func(o, l int) any {
			list := make([]entry, 0, l)
			for i := range l {
				list = append(list, listing((o+i)%5000, (o+i)%5000+1)...)
			}
			return pageOf{list, 1 << 30}
		}, 5000, "had no new session"},
		"cycle at the end": {func(o, l int) any {
			list := make([]entry, 0, l)
			for i := o; i < o+l; i++ {
				at := i
				if i > 3000 {
					at = 1500 + i%1500
				}
				list = append(list, listing(at, at+1)...)
			}
			return pageOf{list, 1 << 30}
		}, 3001, "had no new session"},
		"one session out of order": {func(o, l int) any {
			list := consistent(o, l)
			for i := range list {
				if o+i == 52 {
					list[i].CreatedAt += 20
				}
			}
			return pageOf{list, n}
		}, n, ""},
		"oldest first": {func(o, l int) any {
			list := consistent(o, l)
			for i := range list {
				list[i].CreatedAt = o + i
			}
			return pageOf{list, n}
		}, n, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := make(map[string]int)
			var failure error
			for session, err := range fakeList(t, test.respond).All(t.Context(), clerksessions.ListParams{UserID: aUser, Limit: 10}) {
				if failure = err; err == nil {
					seen[session.ID]++
				}
			}
			for id, times := range seen {
				assert.Equal(t, 1, times, id)
			}
			if test.says != "" {
				require.Error(t, failure)
				assert.ErrorContains(t, failure, test.says)
				assert.GreaterOrEqual(t, len(seen), test.count)
				return
			}
			require.NoError(t, failure)
			assert.Len(t, seen, test.count)
		})
	}
}

func TestAllUsesConstantMemory(t *testing.T) {
	const n = 100_000
	client := fakeList(t, func(offset, limit int) any { return pageOf{listing(offset, min(offset+limit, n)), n} })
	checkMemory(t, n, client.All(t.Context(), clerksessions.ListParams{UserID: aUser}))
}

// checkMemory ranges over n results, and checks that memory does not grow with them.
func checkMemory(t *testing.T, n int, results iter.Seq2[*clerksessions.Session, error]) {
	t.Helper()
	inUse := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	count := 0
	var early, late int64
	for _, err := range results {
		require.NoError(t, err)
		switch count++; count {
		case 2000:
			early = inUse()
		case n - 1000:
			late = inUse()
		}
	}
	assert.Equal(t, n, count)
	assert.Less(t, late-early, int64(1<<20), "memory grew with the results")
}
