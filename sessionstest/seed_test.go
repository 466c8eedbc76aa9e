package sessionstest_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// A Server seeded with the state of another one, as JSON, has the same state.
func TestStateIsASeed(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]sessionstest.Option{"any user": nil, "strict": {sessionstest.WithStrictUsers()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := append(opts, sessionstest.WithStart(start))
			srv := sessionstest.New(opts...)
			for _, id := range []string{"user_1", "user_2", "user_gone", "user_away"} {
				srv.AddUser(sessionstest.User{ID: id, EmailAddresses: []string{id + "@example.com"}})
			}
			srv.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{{UserID: "user_1"}, {UserID: "user_away"}}})
			srv.AddOrganization(sessionstest.Organization{ID: "org_2", Members: []sessionstest.Member{{UserID: "user_gone"}}})
			srv.AddTemplate(sessionstest.Template{Name: "plain"})
			for range 3 { // in the same millisecond
				srv.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})
			}
			srv.AddSession(clerksessions.Session{UserID: "user_away", LastActiveOrganizationID: "org_1"})
			srv.AddRefreshToken(sessionstest.RefreshToken{SessionID: srv.Sessions("user_1")[0].ID})
			deleted := srv.AddSession(clerksessions.Session{UserID: "user_1"})
			srv.AddRefreshToken(sessionstest.RefreshToken{SessionID: deleted.ID})
			require.True(t, srv.DeleteSession(deleted.ID))
			srv.AddSession(clerksessions.Session{UserID: "user_gone", LastActiveOrganizationID: "org_2"})
			srv.DeleteUser("user_gone")
			srv.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{{UserID: "user_1"}}})

			state := srv.State()
			assert.Len(t, state.Users, 3, "the deleted user is gone")
			assert.Equal(t, []string{"user_gone"}, state.Deleted)
			assert.Equal(t, []string{"user_1", "user_2", "user_away"}, []string{state.Users[0].ID, state.Users[1].ID, state.Users[2].ID}, "in order")
			assert.Equal(t, "org_1", state.Sessions[0].LastActiveOrganizationID)
			assert.Empty(t, state.Sessions[3].LastActiveOrganizationID, "user_away is no longer a member")
			file, err := sessionstest.ReadSeed(strings.NewReader(quoted(state)))
			require.NoError(t, err)
			again := sessionstest.New(opts...)
			require.NoError(t, again.Seed(file))
			assert.Equal(t, quoted(state), quoted(again.State()))
			assert.Equal(t, srv.Sessions(""), again.Sessions(""))
			_, err = again.Client().Create(t.Context(), clerksessions.CreateParams{UserID: "user_gone"})
			require.ErrorIs(t, err, clerksessions.ErrNotFound)
		})
	}
}

// What a caller does to a value that it passed or got does not change the state.
func TestStateIsCopied(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	data := func() map[string]any { return map[string]any{"a": 1.} }
	user := sessionstest.User{ID: "user_1", EmailAddresses: []string{"a@example.com"}, PublicMetadata: data(), PrivateMetadata: data(), UnsafeMetadata: data()}
	organization := sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{{UserID: "user_1", Permissions: []string{"org:a:b"}}}}
	session := clerksessions.Session{ID: "sess_1", UserID: "user_1", Actor: data(), Tasks: []clerksessions.SessionTask{{Key: "setup-mfa"}},
		LatestActivity: &clerksessions.SessionActivity{Country: "Greece"}}
	template := sessionstest.Template{Name: "hasura", Claims: data()}
	seed := sessionstest.Seed{
		Users: []sessionstest.User{user, srv.AddUser(user)}, Organizations: []sessionstest.Organization{organization, srv.AddOrganization(organization)},
		Sessions:  []clerksessions.Session{session, srv.AddSession(session), srv.UpdateSession("sess_1", func(*clerksessions.Session) {})},
		Templates: []sessionstest.Template{template, srv.AddTemplate(template)},
	}
	before := quoted(srv.State())
	for _, seed := range []sessionstest.Seed{seed, srv.State()} {
		for _, u := range seed.Users {
			u.EmailAddresses[0] = "b@example.com"
			u.PublicMetadata["a"], u.PrivateMetadata["a"], u.UnsafeMetadata["a"] = 2, 2, 2
		}
		for _, o := range seed.Organizations {
			o.Members[0].Permissions[0], o.Members[0].UserID = "org:x:y", "user_2"
		}
		for _, v := range seed.Sessions {
			v.Actor["a"], v.Tasks[0].Key, v.LatestActivity.Country = 2, "x", "x"
		}
		for _, t := range seed.Templates {
			t.Claims["a"] = 2
		}
		assert.Equal(t, before, quoted(srv.State()))
	}
}

func TestSeedFilesThatAreInvalid(t *testing.T) {
	t.Parallel()
	for text, message := range map[string]string{
		`{"user":[]}`:                                `unknown member "/user"`,
		`{"sessions":[{"userid":"x"}]}`:              `unknown member "/sessions/0/userid"`,
		`{"sessions":[{"tasks":[{"x/y":1}]}]}`:       `unknown member "/sessions/0/tasks/0/x~1y"`,
		`{"sessions":[{"latest_activity":{"x":1}}]}`: `unknown member "/sessions/0/latest_activity/x"`,
		`[]`:                                   `the top level must be an object, but is a list`,
		`{"users":1}`:                          `"/users" must be a list, but is a number`,
		`{"users":[{"id":{}}]}`:                `"/users/0/id" must be a string, but is an object`,
		`{"templates":[{"claims":true}]}`:      `"/templates/0/claims" must be an object, but is true`,
		`{"templates":[{"lifetime":1.5}]}`:     `"/templates/0/lifetime" must be a 64-bit integer, but is "1.5"`,
		`{"sessions":[{"created_at":"2026"}]}`: `"/sessions/0/created_at" must be a 64-bit integer, but is a string`,
		`{"sessions":[{"latest_activity":{"is_mobile":"no"}}]}`: `"/sessions/0/latest_activity/is_mobile" must be true or false, but is a string`,
	} {
		_, err := sessionstest.ReadSeed(strings.NewReader(text))
		assert.EqualError(t, err, "sessionstest: invalid seed: "+message)
	}
	_, err := sessionstest.ReadSeed(iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	for _, text := range []string{``, `{`, `{"users":[{"ID":"user_1"}]}`, `{} {}`} {
		_, err := sessionstest.ReadSeed(strings.NewReader(text))
		require.ErrorContains(t, err, "sessionstest: invalid seed: ", text)
	}
}

// The error names the entry. The messages are those of TestMisuseFailsTheTestAtItsOwnLine.
func TestSeedsThatAreRefused(t *testing.T) {
	t.Parallel()
	for message, seed := range map[string]sessionstest.Seed{
		`sessions[1]: user id "anna" must be user_ and 1 to 64 letters, digits, - or _`: {Sessions: []clerksessions.Session{{UserID: "user_1"}, {UserID: "anna"}}},
		`users[0]: "anna" is not an email address`:                                      {Users: []sessionstest.User{{EmailAddresses: []string{"anna"}}}},
		`deleted[0]: "anna" is not the id of a user or an organization`:                 {Deleted: []string{"anna"}},
	} {
		require.EqualError(t, sessionstest.New().Seed(seed), "sessionstest: "+message)
	}
}

func TestLimitsAreAccepted(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	long := strings.Repeat("x", 64)
	srv.AddUser(sessionstest.User{ID: "user_" + long})
	srv.AddTemplate(sessionstest.Template{Name: strings.Repeat("x", 512)})
	srv.AddTemplate(sessionstest.Template{Name: "short", Lifetime: 30})
	srv.AddTemplate(sessionstest.Template{Name: "long", Lifetime: 315_360_000})
	srv.Fail("", 1, sessionstest.Fault{Status: 200, PadTo: 1 << 30})
	srv.Fail("", 1, sessionstest.Fault{Status: 999})
	permissions := make([]string, 63)
	for i := range permissions {
		permissions[i] = "org:feature:" + strings.Repeat("x", i+1)
	}
	member := sessionstest.Member{UserID: "user_1", Permissions: permissions}
	srv.AddOrganization(sessionstest.Organization{Members: []sessionstest.Member{member}})
	member.Permissions = append(member.Permissions, "org:feature:y")
	assert.PanicsWithValue(t, `sessionstest: AddOrganization: "user_1" has permissions of 64 names, but a token can hold 63`, func() {
		srv.AddOrganization(sessionstest.Organization{Members: []sessionstest.Member{member}})
	})
}
