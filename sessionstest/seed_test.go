package sessionstest_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// fakeTB notes the sentence a test would fail with.
type fakeTB struct {
	failure string
	cleanup func()
}

// mildTB can also be told of a failure without ending the test.
type mildTB struct{ fakeTB }

func (f *mildTB) Errorf(format string, args ...any) { f.failure = fmt.Sprintf(format, args...) }

func (*fakeTB) Helper()            {}
func (f *fakeTB) Cleanup(c func()) { f.cleanup = c }
func (f *fakeTB) Fatalf(format string, args ...any) {
	f.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestMistakesFailTheTest(t *testing.T) {
	t.Parallel()
	mistakes := map[string]func(s *sessionstest.Server){
		"time cannot go back":            func(s *sessionstest.Server) { s.Advance(-1) },
		"the user id":                    func(s *sessionstest.Server) { s.AddUser(sessionstest.User{ID: "anna"}) },
		"or among the users of the seed": func(s *sessionstest.Server) { s.AddSession(clerksessions.Session{UserID: "user_anna"}) },
		"the session has no user":        func(s *sessionstest.Server) { s.AddSession(clerksessions.Session{}) },
		"no session \"sess_1\"":          func(s *sessionstest.Server) { s.Mint("sess_1", sessionstest.MintParams{}) },
		"no template":                    func(s *sessionstest.Server) { s.Mint(seeded(s), sessionstest.MintParams{Template: "x"}) },
		"no session \"sess_2\"; add":     func(s *sessionstest.Server) { s.UpdateSession("sess_2", func(*clerksessions.Session) {}) },
		"cannot change": func(s *sessionstest.Server) {
			s.UpdateSession(seeded(s), func(v *clerksessions.Session) { v.ID = "sess_2" })
		},
		"no status \"gone\"; take abandoned, active, ended, expired, pending, removed, replaced or revoked": func(s *sessionstest.Server) {
			s.UpdateSession(seeded(s), func(v *clerksessions.Session) { v.Status = "gone" })
		},
		"there is a session": func(s *sessionstest.Server) { s.AddSession(clerksessions.Session{ID: seeded(s), UserID: "user_1"}) },
		"the session id":     func(s *sessionstest.Server) { s.AddSession(clerksessions.Session{ID: "1", UserID: "user_1"}) },
		"the client id":      func(s *sessionstest.Server) { s.AddSession(clerksessions.Session{ClientID: "1", UserID: "user_1"}) },
		"in no organization": func(s *sessionstest.Server) {
			s.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})
		},
		"the organization id": func(s *sessionstest.Server) { s.AddOrganization(sessionstest.Organization{ID: "acme"}) },
		"add the user first": func(s *sessionstest.Server) {
			s.AddOrganization(sessionstest.Organization{Members: []sessionstest.Member{{UserID: "user_2"}}})
		},
		"must have the form org:": func(s *sessionstest.Server) {
			s.AddOrganization(sessionstest.Organization{Members: []sessionstest.Member{{UserID: "user_1", Permissions: []string{"read"}}}})
		},
		"claim exp, which Clerk reserves": func(s *sessionstest.Server) {
			s.AddTemplate(sessionstest.Template{Name: "x", Claims: map[string]any{"exp": 1}})
		},
		"lifetime of 10 seconds":   func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: "x", Lifetime: 10}) },
		"the template name":        func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{}) },
		"skew of -1 seconds":       func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: "x", AllowedClockSkew: -1}) },
		"the template name \"..\"": func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: ".."}) },
		"the template name \"a/b":  func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: "a/b"}) },
		"the template name \"%2e":  func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: "%2e"}) },
		"the template name \"\\n":  func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: "\n"}) },
		"the template name \"?":    func(s *sessionstest.Server) { s.AddTemplate(sessionstest.Template{Name: "\xff"}) },
		"the template name \"long": func(s *sessionstest.Server) {
			s.AddTemplate(sessionstest.Template{Name: "long" + strings.Repeat("x", 509)})
		},
		"the version is 7": func(s *sessionstest.Server) { s.Mint(seeded(s), sessionstest.MintParams{Version: 7}) },
		"too far":          func(s *sessionstest.Server) { s.Advance(math.MaxInt64); s.Advance(math.MaxInt64) },
		"JSON cannot hold": func(s *sessionstest.Server) {
			s.AddTemplate(sessionstest.Template{Name: "x", Claims: map[string]any{"f": func() {}}})
		},
		"must be what JSON can hold": func(s *sessionstest.Server) {
			s.Mint(seeded(s), sessionstest.MintParams{Claims: map[string]any{"f": func() {}}})
		},
		"the session has what JSON cannot": func(s *sessionstest.Server) {
			s.AddSession(clerksessions.Session{UserID: "user_1", Actor: map[string]any{"f": func() {}}})
		},
		"the session \"sess_1\"": func(s *sessionstest.Server) { s.AddRefreshToken(sessionstest.RefreshToken{SessionID: "sess_1"}) },
		"no operation \"Get\"":   func(s *sessionstest.Server) { s.Fail("Get", 1, sessionstest.Fault{}) },
		"at least 1":             func(s *sessionstest.Server) { s.Fail("", 0, sessionstest.Fault{}) },
		"Client: ":               func(s *sessionstest.Server) { s.Client(nil) },
	}
	for sentence, mistake := range mistakes {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			tb := &fakeTB{}
			done := make(chan struct{})
			go func() {
				defer close(done)
				srv := sessionstest.NewServer(tb, sessionstest.WithStrictUsers())
				srv.AddUser(sessionstest.User{ID: "user_1"})
				mistake(srv)
			}()
			<-done
			tb.cleanup()
			assert.Contains(t, tb.failure, "sessionstest: ")
			assert.Contains(t, tb.failure, sentence)
		})
	}
	assert.PanicsWithValue(t, `sessionstest: Fail: n is 0, but must be at least 1; use FailFunc for faults without end`,
		func() { sessionstest.New().Fail("", 0, sessionstest.Fault{}) })
}

// An option that cannot be fails the test too, or panics where there is none.
func TestMistakenOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sentence string
		option   sessionstest.Option
	}{
		{"WithTokenVersion: the version is 9, but must be 1 or 2", sessionstest.WithTokenVersion(9)},
		{"WithTokenVersion: the version is 0, but must be 1 or 2", sessionstest.WithTokenVersion(0)},
		{"WithRateLimit: the limit is 1 in 0s, but both must be above zero; for no limit leave the option out", sessionstest.WithRateLimit(1, 0)},
		{"WithRateLimit: the limit is -1 in 1s, but both must be above zero; for no limit leave the option out", sessionstest.WithRateLimit(-1, time.Second)},
		{"WithSecretKey: no client takes this key: ", sessionstest.WithSecretKey("pk_test_1")},
		{"WithSecretKey: no client takes this key: ", sessionstest.WithSecretKey("sk_test 1")},
		{"WithSecretKey: no client takes this key: ", sessionstest.WithSecretKey("sk_test_1\n")},
	} {
		tb := &fakeTB{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			sessionstest.NewServer(tb, test.option)
		}()
		<-done
		assert.Contains(t, tb.failure, "sessionstest: "+test.sentence)
		assert.PanicsWithValue(t, tb.failure, func() { sessionstest.New(test.option) })
	}
}

func seeded(s *sessionstest.Server) string {
	return s.AddSession(clerksessions.Session{UserID: "user_1"}).ID
}

func TestSeed(t *testing.T) {
	t.Parallel()
	seed, err := sessionstest.ReadSeed(strings.NewReader(`{
		"users": [{"id": "user_1"}],
		"organizations": [{"id": "org_1", "members": [{"user_id": "user_1", "role": "org:admin"}]}],
		"sessions": [{"id": "sess_1", "user_id": "user_1", "last_active_organization_id": "org_1", "created_at": 1794786307113}],
		"templates": [{"name": "hasura", "lifetime": 120, "claims": {"role": "editor"}}],
		"refresh_tokens": [{"token": "rt_1", "session_id": "sess_1"}]}`))
	require.NoError(t, err)
	srv := sessionstest.New(sessionstest.WithStrictUsers(), sessionstest.WithStart(start))
	require.NoError(t, srv.Seed(seed))
	state := srv.State()
	assert.Equal(t, seed.Users, state.Users)
	assert.Equal(t, seed.RefreshTokens, state.RefreshTokens)
	assert.Equal(t, "org-1", state.Organizations[0].Slug)
	assert.Equal(t, 5, state.Templates[0].AllowedClockSkew)
	assert.Equal(t, clerksessions.UnixMilli(1794786307113), state.Sessions[0].CreatedAt)
	again := sessionstest.New(sessionstest.WithStart(start))
	require.NoError(t, again.Seed(state))
	assert.Equal(t, state, again.State())

	require.ErrorContains(t, srv.Seed(sessionstest.Seed{Sessions: []clerksessions.Session{{UserID: "user_1"}, {UserID: "user_9"}}}), "sessions[1]: the user \"user_9\" does not exist")
	for text, sentence := range map[string]string{
		`{"user":[]}`:                          `there is no member "/user"; check its spelling`,
		`{"sessions":[{"userid":"x"}]}`:        `there is no member "/sessions/0/userid"; check its spelling`,
		`[]`:                                   `the seed must be an object, but is a list`,
		`{"users":1}`:                          `"/users" must be a list, but is a number`,
		`{"users":[{"id":{}}]}`:                `"/users/0/id" must be a string, but is an object`,
		`{"templates":[{"claims":true}]}`:      `"/templates/0/claims" must be an object, but is true`,
		`{"templates":[{"lifetime":1.5}]}`:     `"/templates/0/lifetime" must be a whole number of 64 bits, but is 1.5`,
		`{"sessions":[{"created_at":"2026"}]}`: `"/sessions/0/created_at" must be a whole number of 64 bits, but is a string`,
		`{"sessions":[{"latest_activity":{"is_mobile":"no"}}]}`: `"/sessions/0/latest_activity/is_mobile" must be true or false, but is a string`,
	} {
		_, err := sessionstest.ReadSeed(strings.NewReader(text))
		require.EqualError(t, err, "sessionstest: the seed is not of the right form: "+sentence)
	}
	for _, text := range []string{``, `[]`, `{"user":[]}`, `{"users":[{"ID":"user_1"}]}`, `{"users":1}`, `{} {}`} {
		_, err := sessionstest.ReadSeed(strings.NewReader(text))
		require.ErrorContains(t, err, "the seed is not of the right form", text)
	}
}

// Who writes a seed file, or a client in another language, knows nothing of Go.
func TestMessagesFitAFileAndAnyClient(t *testing.T) {
	t.Parallel()
	sessions := func(v clerksessions.Session) sessionstest.Seed {
		return sessionstest.Seed{Sessions: []clerksessions.Session{v}}
	}
	for sentence, seed := range map[string]sessionstest.Seed{
		"sessions[0]: the user \"user_9\" does not exist; add it first, with AddUser or among the users of the seed":                sessions(clerksessions.Session{UserID: "user_9"}),
		"sessions[0]: the user id \"anna\" must be user_ and 1 to 64 letters, digits, - or _":                                       sessions(clerksessions.Session{UserID: "anna"}),
		"sessions[0]: the session has no user; set user_id, in Go UserID, such as user_anna":                                        sessions(clerksessions.Session{}),
		"refresh_tokens[0]: the session \"sess_9\" does not exist; add it first, with AddSession or among the sessions of the seed": {RefreshTokens: []sessionstest.RefreshToken{{SessionID: "sess_9"}}},
		"organizations[0]: its member \"user_9\" does not exist; add the user first, with AddUser or among the users of the seed":   {Organizations: []sessionstest.Organization{{Members: []sessionstest.Member{{UserID: "user_9"}}}}},
	} {
		require.EqualError(t, sessionstest.New(sessionstest.WithStrictUsers()).Seed(seed), "sessionstest: "+sentence)
	}
	h := newHarness(t)
	a := h.do("GET", "/v1/sessions/x", "", "Authorization: Bearer sk_test_wrong")
	assert.Contains(t, a.body, "send the one it was started with")
}

func TestStateIsASeedAfterASessionWasDeleted(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	session := srv.AddSession(clerksessions.Session{UserID: "user_anna"})
	srv.AddRefreshToken(sessionstest.RefreshToken{SessionID: session.ID})
	require.True(t, srv.DeleteSession(session.ID))
	assert.NoError(t, sessionstest.New().Seed(srv.State()))
}

func TestAPanicInAChangeLeavesTheServerUsable(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	session := srv.AddSession(clerksessions.Session{UserID: "user_anna"})
	assert.Panics(t, func() { srv.UpdateSession(session.ID, func(*clerksessions.Session) { panic("a test ends here") }) })
	_, ok := srv.Session(session.ID)
	assert.True(t, ok)
}

func TestAStatusThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "sessionstest: Fail: the status is 42, but must be 200 to 999, or 0 for the usual reply",
		func() { sessionstest.New().Fail("", 1, sessionstest.Fault{Status: 42}) })
}
