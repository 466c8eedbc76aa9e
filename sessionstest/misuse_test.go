package sessionstest_test

import (
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// fakeTB records how a test would fail, and at which file: like package testing it
// skips the functions that called Helper.
type fakeTB struct {
	failure string
	file    string
	cleanup func()

	mu      sync.Mutex
	helpers map[string]bool
}

func (f *fakeTB) Helper() {
	pc, _, _, _ := runtime.Caller(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.helpers == nil {
		f.helpers = map[string]bool{}
	}
	f.helpers[runtime.FuncForPC(pc).Name()] = true
}

func (f *fakeTB) Cleanup(c func()) { f.cleanup = c }

func (f *fakeTB) Fatalf(format string, args ...any) {
	f.failure = fmt.Sprintf(format, args...)
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for frame, more := frames.Next(); ; frame, more = frames.Next() {
		if !f.helpers[frame.Function] || !more {
			f.file = filepath.Base(frame.File)
			break
		}
	}
	runtime.Goexit()
}

// errorfTB can also report a failure without ending the test.
type errorfTB struct{ fakeTB }

func (f *errorfTB) Errorf(format string, args ...any) { f.failure = fmt.Sprintf(format, args...) }

// failing runs a test that ends with Fatalf.
func failing(test func(tb sessionstest.TB)) *fakeTB {
	tb := &fakeTB{cleanup: func() {}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(tb)
	}()
	<-done
	tb.cleanup()
	return tb
}

func added(s *sessionstest.Server) string {
	return s.AddSession(clerksessions.Session{UserID: "user_1"}).ID
}

func TestMisuseFailsTheTestAtItsOwnLine(t *testing.T) {
	t.Parallel()
	template := func(v sessionstest.Template) func(*sessionstest.Server) {
		return func(s *sessionstest.Server) { s.AddTemplate(v) }
	}
	session := func(v clerksessions.Session) func(*sessionstest.Server) {
		return func(s *sessionstest.Server) { s.AddSession(v) }
	}
	organization := func(v sessionstest.Organization) func(*sessionstest.Server) {
		return func(s *sessionstest.Server) { s.AddOrganization(v) }
	}
	permission := func(v string) func(*sessionstest.Server) {
		return organization(sessionstest.Organization{Members: []sessionstest.Member{{UserID: "user_1", Permissions: []string{v}}}})
	}
	update := func(change func(*clerksessions.Session)) func(*sessionstest.Server) {
		return func(s *sessionstest.Server) { s.UpdateSession(added(s), change) }
	}
	mint := func(params sessionstest.MintParams) func(*sessionstest.Server) {
		return func(s *sessionstest.Server) { s.Mint(added(s), params) }
	}
	unmarshalable := map[string]any{"f": func() {}}
	for _, test := range []struct {
		name    string
		message string
		misuse  func(s *sessionstest.Server)
	}{
		{"negative Advance", "Advance: time cannot go back", func(s *sessionstest.Server) { s.Advance(-1) }},
		{"Advance too far", "Advance: 1ns is too far", func(s *sessionstest.Server) { s.Advance(math.MaxInt64); s.Advance(1) }},
		{"user id without prefix", `AddUser: user id "anna" must be user_`, func(s *sessionstest.Server) { s.AddUser(sessionstest.User{ID: "anna"}) }},
		{"user id of only a prefix", `user id "user_"`, func(s *sessionstest.Server) { s.AddUser(sessionstest.User{ID: "user_"}) }},
		{"user id too long", `user id "user_xxx`, func(s *sessionstest.Server) { s.AddUser(sessionstest.User{ID: "user_" + strings.Repeat("x", 65)}) }},
		{"user id with a space", `user id "user_ 1"`, func(s *sessionstest.Server) { s.AddUser(sessionstest.User{ID: "user_ 1"}) }},
		{"invalid email address", `AddUser: "anna" is not an email address`, func(s *sessionstest.Server) { s.AddUser(sessionstest.User{EmailAddresses: []string{"anna"}}) }},
		{"email address of another user", `AddUser: the email address "A@example.com" is taken`, func(s *sessionstest.Server) {
			s.AddUser(sessionstest.User{EmailAddresses: []string{"a@example.com"}})
			s.AddUser(sessionstest.User{EmailAddresses: []string{"A@example.com"}})
		}},
		{"metadata that is not JSON", "cannot be represented in JSON", func(s *sessionstest.Server) { s.AddUser(sessionstest.User{PublicMetadata: unmarshalable}) }},
		{"session of an unknown user", `AddSession: user "user_anna" does not exist; add it first, with AddUser or among the users of the seed`, session(clerksessions.Session{UserID: "user_anna"})},
		{"session without a user", "AddSession: session without a user", session(clerksessions.Session{})},
		{"session id without prefix", `AddSession: session id "1"`, session(clerksessions.Session{ID: "1", UserID: "user_1"})},
		{"client id without prefix", `AddSession: client id "1"`, session(clerksessions.Session{ClientID: "1", UserID: "user_1"})},
		{"user id of a session without prefix", `AddSession: user id "anna"`, session(clerksessions.Session{UserID: "anna"})},
		{"organization of others", `user "user_1" is not a member of an organization "org_1"`, session(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})},
		{"organization without the user", `user "user_1" is not a member of an organization "org_1"`, func(s *sessionstest.Server) {
			s.AddUser(sessionstest.User{ID: "user_2"})
			s.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{{UserID: "user_2"}}})
			s.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})
		}},
		{"session that is not JSON", "session cannot be represented in JSON", session(clerksessions.Session{UserID: "user_1", Actor: unmarshalable})},
		{"session that exists", "already exists", func(s *sessionstest.Server) { s.AddSession(clerksessions.Session{ID: added(s), UserID: "user_1"}) }},
		{"update of an unknown session", `UpdateSession: there is no session "sess_2"`, func(s *sessionstest.Server) { s.UpdateSession("sess_2", func(*clerksessions.Session) {}) }},
		{"update of an id", "cannot change", update(func(v *clerksessions.Session) { v.ID = "sess_2" })},
		{"unknown status", `unknown status "gone"; use abandoned, active, ended, expired, pending, removed, replaced or revoked`, update(func(v *clerksessions.Session) { v.Status = "gone" })},
		{"organization id without prefix", `AddOrganization: organization id "acme"`, organization(sessionstest.Organization{ID: "acme"})},
		{"unknown member", `AddOrganization: member "user_2" does not exist; add the user first`, organization(sessionstest.Organization{Members: []sessionstest.Member{{UserID: "user_2"}}})},
		{"permission without a name", `permission "org:a:" must`, permission("org:a:")},
		{"permission with an empty feature", `permission "org::read" must`, permission("org::read")},
		{"permission with four parts", `permission "org:a:b:c" must`, permission("org:a:b:c")},
		{"permission of another prefix", `permission "app:a:b" must`, permission("app:a:b")},
		{"permission with a comma", `permission "org:a:b,c" must`, permission("org:a:b,c")},
		{"permission without a feature", `permission "read" must have the form org:feature:name`, permission("read")},
		{"reserved claim", "sets the claim exp, which Clerk reserves", template(sessionstest.Template{Name: "x", Claims: map[string]any{"exp": 1}})},
		{"lifetime too short", "lifetime of 29 seconds, but must be 30 to 315360000", template(sessionstest.Template{Name: "x", Lifetime: 29})},
		{"lifetime too long", "lifetime of 315360001 seconds", template(sessionstest.Template{Name: "x", Lifetime: 315_360_001})},
		{"negative clock skew", "clock skew of -1 seconds, but must not be negative", template(sessionstest.Template{Name: "x", AllowedClockSkew: -1})},
		{"claims that are not JSON", "claims that cannot be represented in JSON", template(sessionstest.Template{Name: "x", Claims: unmarshalable})},
		{"template without a name", `AddTemplate: template "" has an invalid name`, template(sessionstest.Template{})},
		{"template named by one dot", `template "." has an invalid name`, template(sessionstest.Template{Name: "."})},
		{"template named by a dot segment", `template ".." has an invalid name`, template(sessionstest.Template{Name: ".."})},
		{"template name with a slash", `template "a/b" has an invalid name`, template(sessionstest.Template{Name: "a/b"})},
		{"template name with an escape", `template "%2e" has an invalid name`, template(sessionstest.Template{Name: "%2e"})},
		{"template name with a line break", `template "\n" has an invalid name`, template(sessionstest.Template{Name: "\n"})},
		{"template name that is not UTF-8", `template "?" has an invalid name`, template(sessionstest.Template{Name: "\xff"})},
		{"template name too long", `..." has an invalid name; use 1 to 512 bytes`, template(sessionstest.Template{Name: strings.Repeat("x", 513)})},
		{"Mint for an unknown session", `Mint: there is no session "sess_1"`, func(s *sessionstest.Server) { s.Mint("sess_1", sessionstest.MintParams{}) }},
		{"Mint of an unknown template", `Mint: there is no template "x"`, mint(sessionstest.MintParams{Template: "x"})},
		{"Mint of version 3", "Mint: version is 3, but must be 1 or 2", mint(sessionstest.MintParams{Version: 3})},
		{"Mint of version -1", "Mint: version is -1, but must be 1 or 2", mint(sessionstest.MintParams{Version: -1})},
		{"Mint of claims that are not JSON", "Mint: header and claims must be representable in JSON", mint(sessionstest.MintParams{Claims: unmarshalable})},
		{"refresh token of an unknown session", `AddRefreshToken: session "sess_1" does not exist`, func(s *sessionstest.Server) { s.AddRefreshToken(sessionstest.RefreshToken{SessionID: "sess_1"}) }},
		{"fault of an unknown operation", `Fail: unknown operation "Get"`, func(s *sessionstest.Server) { s.Fail("Get", 1, sessionstest.Fault{}) }},
		{"fault for no request", "Fail: n is 0, but must be at least 1", func(s *sessionstest.Server) { s.Fail("", 0, sessionstest.Fault{}) }},
		{"fault with status 199", "Fail: status is 199, but must be 200 to 999", func(s *sessionstest.Server) { s.Fail("", 1, sessionstest.Fault{Status: 199}) }},
		{"fault that pads too much", "Fail: PadTo is 1073741825, but must be at most 1073741824", func(s *sessionstest.Server) { s.Fail("", 1, sessionstest.Fault{PadTo: 1<<30 + 1}) }},
		{"fault with status 1000", "Fail: status is 1000, but must be 200 to 999", func(s *sessionstest.Server) { s.Fail("", 1, sessionstest.Fault{Status: 1000}) }},
		{"invalid option of the client", "Client: ", func(s *sessionstest.Server) { s.Client(nil) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			misuse := func(srv *sessionstest.Server) {
				srv.AddUser(sessionstest.User{ID: "user_1"})
				test.misuse(srv)
			}
			tb := failing(func(tb sessionstest.TB) { misuse(sessionstest.NewServer(tb, sessionstest.WithStrictUsers())) })
			assert.Contains(t, tb.failure, "sessionstest: ")
			assert.Contains(t, tb.failure, test.message)
			assert.Equal(t, "misuse_test.go", tb.file, "the file that the failure is reported at")

			defer func() {
				text, _ := recover().(string)
				assert.Contains(t, text, test.message, "without a test it is a panic")
			}()
			misuse(sessionstest.New(sessionstest.WithStrictUsers()))
		})
	}
}

func TestInvalidOptionsFailTheTest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		message string
		option  sessionstest.Option
	}{
		{"WithTokenVersion: version is 3, but must be 1 or 2", sessionstest.WithTokenVersion(3)},
		{"WithTokenVersion: version is 0, but must be 1 or 2", sessionstest.WithTokenVersion(0)},
		{"WithRateLimit: limit is 1 in 0s, but both must be positive", sessionstest.WithRateLimit(1, 0)},
		{"WithRateLimit: limit is 0 in 1s, but both must be positive", sessionstest.WithRateLimit(0, time.Second)},
		{"WithSecretKey: clerksessions: invalid argument: ", sessionstest.WithSecretKey("pk_test_1")},
		{"WithSecretKey: clerksessions: invalid argument: ", sessionstest.WithSecretKey("sk_test 1")},
		{"WithSecretKey: clerksessions: invalid argument: ", sessionstest.WithSecretKey("sk_test_1\n")},
	} {
		t.Run(test.message, func(t *testing.T) {
			t.Parallel()
			tb := failing(func(tb sessionstest.TB) { sessionstest.NewServer(tb, test.option) })
			assert.Contains(t, tb.failure, "sessionstest: "+test.message)
			assert.Equal(t, "misuse_test.go", tb.file)
			assert.PanicsWithValue(t, tb.failure, func() { sessionstest.New(test.option) })
		})
	}
}

func TestInvalidFaultOfFailFuncFailsTheTest(t *testing.T) {
	t.Parallel()
	const problem = "FailFunc: status is 42, but must be 200 to 999, or 0 for the usual response"
	tb, plain := &errorfTB{}, &fakeTB{}
	tested, untested, program := sessionstest.NewServer(tb), sessionstest.NewServer(plain), sessionstest.New()
	t.Cleanup(func() { tb.cleanup(); plain.cleanup() })
	for _, srv := range []*sessionstest.Server{tested, untested, program} {
		srv.FailFunc(func(sessionstest.Request) *sessionstest.Fault { return &sessionstest.Fault{Status: 42} })
		_, err := srv.Client(clerksessions.WithMaxAttempts(1)).Get(t.Context(), "sess_1")
		var e *clerksessions.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 500, e.StatusCode)
		assert.True(t, e.HasCode("internal_clerk_error"))
		assert.Equal(t, problem, e.Errors[0].LongMessage)
		assert.Equal(t, "internal_clerk_error", srv.Requests()[0].Code)
	}
	assert.Equal(t, "sessionstest: "+problem, tb.failure)
	assert.Empty(t, plain.failure)
}

func TestPanicInUpdateSessionLeavesTheServerUsable(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	id := added(srv)
	assert.Panics(t, func() { srv.UpdateSession(id, func(*clerksessions.Session) { panic("the test ends") }) })
	_, ok := srv.Session(id)
	assert.True(t, ok)
}

func TestRequireRevoked(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	id := added(srv)
	tb := failing(func(tb sessionstest.TB) { srv.RequireRevoked(tb, id) })
	assert.Equal(t, `sessionstest: session "`+id+`" is active, want revoked`, tb.failure)
	assert.Equal(t, "misuse_test.go", tb.file)
	tb = failing(func(tb sessionstest.TB) { srv.RequireRevoked(tb, "sess_none") })
	assert.Equal(t, `sessionstest: there is no session "sess_none"`, tb.failure)
	_, err := srv.Client().Revoke(t.Context(), id)
	require.NoError(t, err)
	tb = failing(func(tb sessionstest.TB) { srv.RequireRevoked(tb, id) })
	assert.Empty(t, tb.failure)
}
