package sessionstest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// modelSession is what the model knows of a session.
type modelSession struct {
	id, user string
	expires  time.Time
	revoked  bool
}

// model is a Clerk of a few lines: sessions of two users, oldest first.
type model struct {
	srv      *sessionstest.Server
	client   *clerksessions.Client
	sessions []modelSession
	banned   map[string]bool
}

func (m *model) status(v modelSession) clerksessions.SessionStatus {
	switch {
	case v.revoked:
		return clerksessions.SessionStatusRevoked
	case !m.srv.Now().Before(v.expires):
		return clerksessions.SessionStatusExpired
	}
	return clerksessions.SessionStatusActive
}

var modelUsers = []string{"user_1", "user_2"}

// pick returns a session of the model, or an unknown one.
func (m *model) pick(t *rapid.T) *modelSession {
	if i := rapid.IntRange(-1, len(m.sessions)-1).Draw(t, "session"); i >= 0 {
		return &m.sessions[i]
	}
	return &modelSession{id: "sess_unknown"}
}

// requireFound requires an error exactly if the session is unknown, and reports whether
// it is known.
func requireFound(t *rapid.T, v *modelSession, err error) bool {
	if v.user == "" {
		require.ErrorIs(t, err, clerksessions.ErrNotFound)
		return false
	}
	require.NoError(t, err)
	return true
}

func (m *model) create(t *rapid.T) {
	user := rapid.SampledFrom(modelUsers).Draw(t, "user")
	session, err := m.client.Create(t.Context(), clerksessions.CreateParams{UserID: user})
	var e *clerksessions.Error
	if m.banned[user] {
		require.True(t, errors.As(err, &e) && e.HasCode("user_banned"), "%v", err)
		return
	}
	require.NoError(t, err)
	m.sessions = append(m.sessions, modelSession{id: session.ID, user: user, expires: m.srv.Now().Add(7 * 24 * time.Hour)})
}

func (m *model) get(t *rapid.T) {
	v := m.pick(t)
	session, err := m.client.Get(t.Context(), v.id)
	if requireFound(t, v, err) {
		require.Equal(t, m.status(*v), session.Status)
		require.Equal(t, v.user, session.UserID)
	}
}

func (m *model) revoke(t *rapid.T) {
	v := m.pick(t)
	session, err := m.client.Revoke(t.Context(), v.id)
	if requireFound(t, v, err) {
		v.revoked = true
		require.Equal(t, clerksessions.SessionStatusRevoked, session.Status)
	}
}

func (m *model) list(t *rapid.T) {
	params := clerksessions.ListParams{
		UserID: rapid.SampledFrom(modelUsers).Draw(t, "user"),
		Status: clerksessions.SessionStatus(rapid.SampledFrom([]string{"", "active", "expired", "revoked", "ended"}).Draw(t, "status")),
		Limit:  rapid.IntRange(1, 5).Draw(t, "limit"),
		Offset: rapid.IntRange(0, 5).Draw(t, "offset"),
	}
	want := []string{}
	for _, v := range slices.Backward(m.sessions) {
		if v.user == params.UserID && (params.Status == "" || m.status(v) == params.Status) {
			want = append(want, v.id)
		}
	}
	page, err := m.client.List(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, len(want), page.TotalCount)
	want = want[min(params.Offset, len(want)):]
	want = want[:min(params.Limit, len(want))]
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(ids(page.Data)))
}

// setBanned bans or unbans a user.
func (m *model) setBanned(t *rapid.T) {
	user, banned := rapid.SampledFrom(modelUsers).Draw(t, "user"), rapid.Bool().Draw(t, "banned")
	path := map[bool]string{true: "/ban", false: "/unban"}[banned]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.srv.URL+"/users/"+user+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+m.srv.SecretKey)
	resp, err := m.srv.Transport().RoundTrip(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	m.banned[user] = banned
	for i := range m.sessions {
		if v := &m.sessions[i]; banned && v.user == user && m.status(*v) == clerksessions.SessionStatusActive {
			v.revoked = true
		}
	}
}

func (m *model) remove(t *rapid.T) {
	v := m.pick(t)
	require.Equal(t, v.user != "", m.srv.DeleteSession(v.id))
	m.sessions = slices.DeleteFunc(m.sessions, func(other modelSession) bool { return other.id == v.id })
}

// reload replaces the Server by one seeded with its state.
func (m *model) reload(t *rapid.T) {
	again := sessionstest.New(sessionstest.WithStart(m.srv.Now()))
	require.NoError(t, again.Seed(m.srv.State()))
	m.srv, m.client = again, again.Client()
}

func TestServerAgainstAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		srv := sessionstest.New(sessionstest.WithStart(start))
		m := &model{srv: srv, client: srv.Client(), banned: map[string]bool{}}
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create, "get": m.get, "revoke": m.revoke, "list": m.list,
			"ban": m.setBanned, "remove": m.remove, "reload": m.reload,
			"advance": func(t *rapid.T) {
				m.srv.Advance(rapid.SampledFrom([]time.Duration{time.Hour, 84 * time.Hour, 168 * time.Hour}).Draw(t, "by"))
			},
		})
	})
}
