package sessionstest

import (
	"fmt"

	"github.com/clerksessions/clerksessions"
)

// instance is a Clerk instance in memory, independent of HTTP. Its methods must be called
// through [Server.with].
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

// state holds the entries of an instance.
type state struct {
	sessions      sessionStore
	users         userStore
	organizations map[string]Organization
	templates     map[string]Template
	refresh       map[string]string // refresh token to session id
	deleted       map[string]bool   // ids of deleted users and organizations
}

func newState() state {
	return state{
		sessions: sessionStore{
			byID: map[string]*stored{}, byUser: map[string][]*stored{}, byClient: map[string][]*stored{},
		},
		users:         userStore{byID: map[string]*storedUser{}, byEmail: map[string]*storedUser{}},
		organizations: map[string]Organization{},
		templates:     map[string]Template{},
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

func (in *instance) nowMilli() clerksessions.UnixMilli {
	return clerksessions.NewUnixMilli(in.clock.now())
}

// with calls f with the instance locked. Nothing else takes the lock. f must not call the
// Server.
func (s *Server) with(f func(*instance)) {
	s.mu.Lock()
	defer s.mu.Unlock() // even if f panics or ends the test
	f(s.instance)
}

// locked is like with for a function that returns a value and an error.
func locked[T any](s *Server, f func(*instance) (T, error)) (v T, err error) {
	s.with(func(in *instance) { v, err = f(in) })
	return v, err
}

// must is like locked. An error fails the test.
func must[T any](s *Server, method string, f func(*instance) (T, error)) T {
	s.tb.Helper()
	v, err := locked(s, f)
	if err != nil {
		s.tb.Fatalf("sessionstest: %s: %v", method, err)
	}
	return v
}

// kind is a kind of entry of the state that is added, changed and deleted by its id.
type kind[T any] struct {
	name   string
	id     func(T) string
	find   func(*instance, string) (T, bool) // a copy
	add    func(*instance, T) (T, error)
	set    func(*instance, T) (T, error) // replaces the entry of the same id
	remove func(*instance, string) bool  // reports whether the entry existed
}

func (k *kind[T]) unknown(id string) *apiError {
	return notFound("Not found", "there is no %s %s", k.name, quote(id))
}

// change changes the entry with an id. f is given a copy of it.
func (k *kind[T]) change(in *instance, id string, f func(*T) error) (T, error) {
	var none T
	v, ok := k.find(in, id)
	if !ok {
		return none, k.unknown(id)
	}
	if err := f(&v); err != nil {
		return none, err
	}
	if k.id(v) != id {
		return none, fmt.Errorf("the id of %s %s cannot change", k.name, quote(id))
	}
	return k.set(in, v)
}
