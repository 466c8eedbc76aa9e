package sessionstest

import (
	"github.com/clerksessions/clerksessions"
)

// instance is one Clerk instance in memory. It knows nothing of HTTP servers. Its
// methods are called by one goroutine at a time, from [Server.with].
type instance struct {
	config      config
	clock       clock
	limit       limiter
	faults      faults
	requests    requestLog
	keys        keyring
	spent       spentTokens
	maintenance bool
	state
}

// state is what an instance holds.
type state struct {
	sessions      sessionStore
	users         userStore
	organizations map[string]*Organization
	templates     map[string]*Template
	refresh       map[string]string // refresh token to session id
	deleted       map[string]bool   // ids of deleted users and organizations
}

func newState() state {
	return state{
		sessions:      newSessionStore(),
		users:         newUserStore(),
		organizations: map[string]*Organization{},
		templates:     map[string]*Template{},
		refresh:       map[string]string{},
		deleted:       map[string]bool{},
	}
}

func newInstance(c config) *instance {
	return &instance{
		config: c,
		clock:  clock{start: c.start},
		limit:  limiter{max: c.rateLimit, window: c.rateWindow},
		keys:   keyring{kid: newID("ins_")},
		state:  newState(),
	}
}

// with calls f with the instance while no other goroutine uses it. It is the only
// place that takes the lock; f must not call the Server.
func (s *Server) with(f func(*instance)) {
	s.mu.Lock()
	defer s.mu.Unlock() // even if f panics or ends the test
	f(s.instance)
}

// must is with for an f that fails the test with its error.
func (s *Server) must(method string, f func(*instance) error) {
	s.tb.Helper()
	var err error
	s.with(func(in *instance) { err = f(in) })
	if err != nil {
		s.tb.Fatalf("sessionstest: %s: %v", method, err)
	}
}

func (in *instance) nowMilli() clerksessions.UnixMilli { return milli(in.clock.now()) }

// userExists reports whether requests find a user.
func (in *instance) userExists(id string) bool {
	if in.deleted[id] {
		return false
	}
	return in.users.byID[id] != nil || !in.config.strict && wellFormed(id, "user_")
}

// organization returns an organization that was added, or one made up for a
// well-formed id. It returns nil if there is none.
func (in *instance) organization(id string) *Organization {
	if o := in.organizations[id]; o != nil {
		return o
	}
	if in.config.strict || in.deleted[id] || !wellFormed(id, "org_") {
		return nil
	}
	return &Organization{ID: id, Slug: slug(id)}
}

// member returns a user's membership of an organization, nil if there is none.
func (in *instance) member(organization, user string) *Member {
	if o := in.organizations[organization]; o != nil {
		for i := range o.Members {
			if o.Members[i].UserID == user {
				return &o.Members[i]
			}
		}
		return nil
	}
	if in.organization(organization) == nil {
		return nil
	}
	return &Member{UserID: user, Role: "org:member"}
}
