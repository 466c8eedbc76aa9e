package sessionstest_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func ids(sessions []clerksessions.Session) []string {
	var all []string
	for _, v := range sessions {
		all = append(all, v.ID)
	}
	return all
}

func (h *harness) list(query string) []string {
	h.t.Helper()
	a := h.do("GET", "/v1/sessions?"+query, "", "Tolerated: yes")
	require.Equal(h.t, 200, a.status, a.body)
	var sessions []clerksessions.Session
	require.NoError(h.t, json.Unmarshal([]byte(a.body), &sessions))
	return ids(sessions)
}

func TestListLimitAndOffset(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	var newest []string // all begin in the same millisecond
	for range 600 {
		newest = append(newest, h.session().ID)
	}
	slices.Reverse(newest)
	for query, want := range map[string][]string{
		"":                           newest[:10],
		"limit=3":                    newest[:3],
		"limit=3&offset=2":           newest[2:5],
		"limit=500":                  newest[:500],
		"limit=501":                  newest[:10],
		"limit=0":                    newest[:10],
		"limit=-1":                   newest[:10],
		"offset=-5":                  newest[:10],
		"limit=500&offset=590":       newest[590:],
		"offset=600":                 nil,
		"offset=9223372036854775807": nil,
		"limit=2&limit=4":            newest[:2],
		"limit=&offset=":             newest[:10],
		"status=active&limit=500":    newest[:500],
		"status=ended":               nil,
		"paginated=false&unknown":    newest[:10],
		"paginated=0":                newest[:10],
	} {
		assert.Equal(t, want, h.list("user_id=user_1&"+query), query)
	}
}

func TestListWithAndWithoutTotal(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.session()
	h.session()
	page := h.do("GET", "/v1/sessions?user_id=user_1&paginated=true&limit=1", "").members(t)
	assert.Len(t, page["data"], 1)
	assert.EqualValues(t, 2, page["total_count"])
	assert.JSONEq(t, `{"data":[],"total_count":0}`, h.do("GET", "/v1/sessions?user_id=user_2&paginated=true", "").body)
	assert.JSONEq(t, `[]`, h.do("GET", "/v1/sessions?client_id=client_unknown", "").body)
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	add := func(user, client string, status clerksessions.SessionStatus) string {
		return h.AddSession(clerksessions.Session{UserID: user, ClientID: client, Status: status}).ID
	}
	a := add("user_1", "client_1", "active")
	b := add("user_1", "client_2", "ended")
	c := add("user_2", "client_1", "active")
	d := add("user_1", "client_1", "pending")
	for query, want := range map[string][]string{
		"user_id=user_1":                                      {d, b, a},
		"client_id=client_1":                                  {d, c, a},
		"user_id=user_1&client_id=client_1":                   {d, a},
		"user_id=user_2&client_id=client_2":                   nil,
		"user_id=user_1&status=active":                        {a},
		"client_id=client_1&status=active":                    {c, a},
		"user_id=user_1&client_id=client_1&status=active":     {a},
		"user_id=" + url.QueryEscape("user_1' or 1=1"):        nil,
		"user_id=user_1&status=active&status=ended&limit=500": {a},
	} {
		assert.Equal(t, want, h.list(query), query)
	}
}

func TestListIsOrderedByCreation(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	at := func(offset time.Duration) string {
		return h.AddSession(clerksessions.Session{UserID: "user_1", CreatedAt: clerksessions.NewUnixMilli(start.Add(offset))}).ID
	}
	middle, oldest, newest, twin := at(-time.Hour), at(-2*time.Hour), at(0), at(-time.Hour)
	assert.Equal(t, []string{newest, twin, middle, oldest}, h.list("user_id=user_1"))
	require.True(t, h.DeleteSession(twin))
	require.False(t, h.DeleteSession(twin))
	h.UpdateSession(oldest, func(v *clerksessions.Session) { v.CreatedAt = clerksessions.NewUnixMilli(start.Add(time.Hour)) })
	assert.Equal(t, []string{oldest, newest, middle}, h.list("user_id=user_1"))
	assert.Equal(t, []string{oldest, newest, middle}, ids(h.Sessions("")))
	client := h.Sessions("")[1].ClientID
	h.UpdateSession(newest, func(v *clerksessions.Session) { v.UserID, v.ClientID = "user_2", "client_2" })
	assert.Equal(t, []string{newest}, h.list("user_id=user_2&client_id=client_2"))
	assert.Equal(t, []string{oldest, middle}, h.list("user_id=user_1"))
	assert.Empty(t, h.list("client_id="+client))
}

func TestSessionsExpireAndAreAbandoned(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	live := h.session()
	short := h.AddSession(clerksessions.Session{UserID: "user_1", AbandonAt: clerksessions.NewUnixMilli(start.Add(time.Hour))})
	over := h.AddSession(clerksessions.Session{UserID: "user_1", Status: "ended"})
	hour := clerksessions.NewUnixMilli(start.Add(time.Hour))
	both := h.AddSession(clerksessions.Session{UserID: "user_2", ExpireAt: hour, AbandonAt: hour})
	statuses := func() (all []string) {
		for _, v := range []clerksessions.Session{live, short, over} {
			all = append(all, h.do("GET", "/v1/sessions/"+v.ID, "").members(t)["status"].(string))
		}
		return all
	}
	h.Advance(time.Hour - time.Millisecond)
	assert.Equal(t, []string{"active", "active", "ended"}, statuses())
	h.Advance(time.Millisecond)
	assert.Equal(t, []string{"active", "abandoned", "ended"}, statuses())
	both, _ = h.Session(both.ID)
	assert.Equal(t, clerksessions.SessionStatusExpired, both.Status)
	h.Advance(167*time.Hour - time.Millisecond)
	assert.Equal(t, []string{"active", "abandoned", "ended"}, statuses())
	h.Advance(40 * 24 * time.Hour)
	assert.Equal(t, []string{"expired", "abandoned", "ended"}, statuses())
	expired, _ := h.Session(live.ID)
	assert.Equal(t, expired.ExpireAt, expired.UpdatedAt)
	abandoned, _ := h.Session(short.ID)
	assert.Equal(t, abandoned.AbandonAt, abandoned.UpdatedAt)
	assert.Equal(t, []string{live.ID}, h.list("user_id=user_1&status=expired"))
	assert.Empty(t, h.list("user_id=user_1&status=active"))
	h.do("POST", "/v1/sessions/"+live.ID+"/tokens", "").is(t, 404, "resource_not_found")
}

func TestRevokingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	path := "/v1/sessions/" + h.session().ID + "/revoke"
	h.Advance(time.Second)
	first := h.do("POST", path, "")
	assert.EqualValues(t, start.Add(time.Second).UnixMilli(), first.members(t)["updated_at"])
	h.Advance(time.Second)
	assert.Equal(t, first.body, h.do("POST", path, "").body)
}

// Unset fields are null, and API versions before 2025-03-12 have no tasks.
func TestSessionOnTheWire(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	plain := h.session()
	assert.JSONEq(t, fmt.Sprintf(`{"object":"session","id":%q,"user_id":"user_1","client_id":%q,"status":"active",
		"actor":null,"last_active_organization_id":null,"tasks":null,"last_active_at":%[3]d,
		"expire_at":%[4]d,"abandon_at":%[5]d,"created_at":%[3]d,"updated_at":%[3]d}`, plain.ID, plain.ClientID,
		start.UnixMilli(), start.Add(7*24*time.Hour).UnixMilli(), start.Add(30*24*time.Hour).UnixMilli()),
		h.do("GET", "/v1/sessions/"+plain.ID, "").body)

	full := h.AddSession(clerksessions.Session{
		UserID: "user_1", LastActiveOrganizationID: "org_1",
		Actor: map[string]any{"sub": "user_admin"}, Tasks: []clerksessions.SessionTask{{Key: "setup-mfa"}},
		LatestActivity: &clerksessions.SessionActivity{Country: "Greece"},
	})
	m := h.do("GET", "/v1/sessions/"+full.ID, "").members(t)
	assert.Equal(t, "pending", m["status"])
	assert.Equal(t, map[string]any{"sub": "user_admin"}, m["actor"])
	assert.Equal(t, "org_1", m["last_active_organization_id"])
	assert.Equal(t, []any{map[string]any{"key": "setup-mfa"}}, m["tasks"])

}

// The version comes from the header or the query; tasks exist since 2025-03-12.
func TestAPIVersions(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	path := "/v1/sessions/" + h.session().ID
	for name, test := range map[string]struct {
		query, header, version string
		tasks                  bool
	}{
		"last":             {"", "2026-05-12", "2026-05-12", true},
		"first with tasks": {"", "2025-03-12", "2025-03-12", true},
		"last without":     {"", "2024-10-01", "2024-10-01", false},
		"none":             {"", "", "2021-02-05", false},
		"in the query":     {"?__clerk_api_version=2025-11-10", "", "2025-11-10", true},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.do("GET", path+test.query, "", "Clerk-API-Version: "+test.header)
			assert.Equal(t, test.version, a.header.Get("Clerk-Api-Version"))
			assert.Equal(t, test.tasks, strings.Contains(a.body, `"tasks"`))
		})
	}
	h.do("GET", path+"?__clerk_api_version=2026-05-12", "").is(t, 400, "api_version_invalid")
}

// Lists have latest_activity; a single session has it only with WithLatestActivity.
func TestLatestActivity(t *testing.T) {
	t.Parallel()
	for always, opts := range map[bool][]sessionstest.Option{false: nil, true: {sessionstest.WithLatestActivity()}} {
		h := newHarness(t, opts...)
		id := h.AddSession(clerksessions.Session{UserID: "user_1", LatestActivity: &clerksessions.SessionActivity{Country: "Greece"}}).ID
		path := "/v1/sessions/" + id
		for _, a := range []result{
			h.do("GET", path, ""),
			h.do("POST", path+"/verify", quoted(map[string]string{"token": h.Mint(id, sessionstest.MintParams{})})),
			h.do("POST", path+"/revoke", ""),
			h.do("POST", "/v1/sessions", `{"user_id":"user_1"}`),
		} {
			a.is(t, 200, "")
			assert.Equal(t, always, strings.Contains(a.body, `"latest_activity"`), a.request)
		}
		var list []map[string]any
		require.NoError(t, json.Unmarshal([]byte(h.do("GET", "/v1/sessions?user_id=user_1", "").body), &list))
		assert.Contains(t, list[0], "latest_activity")
		assert.Nil(t, list[0]["latest_activity"])
		activity := list[1]["latest_activity"].(map[string]any)
		assert.Regexp(t, "^sess_activity_", activity["id"])
		delete(activity, "id")
		assert.Equal(t, map[string]any{"object": "session_activity", "is_mobile": false, "country": "Greece"}, activity)
	}
}
