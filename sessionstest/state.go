package sessionstest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/go-json-experiment/json"
)

// userExists tells whether requests find a user. The caller holds mu.
func (s *Server) userExists(id string) bool {
	if s.deleted[id] {
		return false
	}
	return s.users[id] != nil || !s.config.strict && wellFormed(id, "user_")
}

// organization is one that was added, or that exists because any does; nil for none.
// The caller holds mu.
func (s *Server) organization(id string) *Organization {
	if o := s.orgs[id]; o != nil {
		return o
	}
	if s.config.strict || !wellFormed(id, "org_") {
		return nil
	}
	return &Organization{ID: id, Slug: slug(id)}
}

// member is a user's membership, nil for none. The caller holds mu.
func (s *Server) member(organization, user string) *Member {
	if o := s.orgs[organization]; o != nil {
		if at := slices.IndexFunc(o.Members, func(m Member) bool { return m.UserID == user }); at >= 0 {
			return &o.Members[at]
		}
		return nil
	}
	if s.organization(organization) == nil {
		return nil
	}
	return &Member{UserID: user, Role: "org:member"}
}

// The spans that Clerk's defaults give a session.
const (
	expireAfter  = 7 * 24 * time.Hour
	abandonAfter = 30 * 24 * time.Hour
)

// filled sets what a session needs and does not have.
func (s *Server) filled(v clerksessions.Session) clerksessions.Session {
	v.Object = "session"
	v.ID = cmp.Or(v.ID, newID("sess_"))
	v.ClientID = cmp.Or(v.ClientID, newID("client_"))
	if v.Status == "" {
		v.Status = clerksessions.SessionStatusActive
		if len(v.Tasks) > 0 {
			v.Status = clerksessions.SessionStatusPending
		}
	}
	v.CreatedAt = cmp.Or(v.CreatedAt, s.nowMilli())
	v.UpdatedAt = cmp.Or(v.UpdatedAt, v.CreatedAt)
	v.LastActiveAt = cmp.Or(v.LastActiveAt, v.CreatedAt)
	v.ExpireAt = cmp.Or(v.ExpireAt, v.CreatedAt+clerksessions.UnixMilli(expireAfter.Milliseconds()))
	v.AbandonAt = cmp.Or(v.AbandonAt, v.CreatedAt+clerksessions.UnixMilli(abandonAfter.Milliseconds()))
	if a := v.LatestActivity; a != nil {
		a.Object = "session_activity"
		a.ID = cmp.Or(a.ID, newID("sess_activity_"))
	}
	return v
}

func (s *Server) addSession(v clerksessions.Session) (clerksessions.Session, error) {
	v = s.filled(clone(v))
	if s.store.byID[v.ID] != nil {
		return clerksessions.Session{}, fmt.Errorf("there is a session %s already; take another id, or in a Go test change that one with UpdateSession", shown(v.ID))
	}
	if err := s.check(v); err != nil {
		return clerksessions.Session{}, err
	}
	return s.store.add(v).at(s.nowMilli()), nil
}

// check says what is wrong with a session.
func (s *Server) check(v clerksessions.Session) error {
	organization := v.LastActiveOrganizationID
	_, unfit := json.Marshal(v)
	switch {
	case !wellFormed(v.ID, "sess_"):
		return fmt.Errorf("the session id %s must be sess_ and 1 to 64 letters, digits, - or _", shown(v.ID))
	case !wellFormed(v.ClientID, "client_"):
		return fmt.Errorf("the client id %s must be client_ and 1 to 64 letters, digits, - or _", shown(v.ClientID))
	case v.UserID == "":
		return fmt.Errorf("the session has no user; set user_id, in Go UserID, such as user_anna")
	case !wellFormed(v.UserID, "user_"):
		return noUserID(v.UserID)
	case !s.userExists(v.UserID):
		return fmt.Errorf("the user %s does not exist; add it first, with AddUser or among the users of the seed", shown(v.UserID))
	case organization != "" && s.member(organization, v.UserID) == nil:
		return fmt.Errorf("the user %s is in no organization %s; add it first, with AddOrganization or among the organizations of the seed, and the user among its members", shown(v.UserID), shown(organization))
	case !slices.Contains(append(statusFilters, "pending"), string(v.Status)):
		return fmt.Errorf("there is no status %s; take abandoned, active, ended, expired, pending, removed, replaced or revoked", shown(string(v.Status)))
	case unfit != nil:
		return fmt.Errorf("the session has what JSON cannot hold: %w", unfit)
	}
	return nil
}

// AddUser adds a user. Only [WithStrictUsers] makes this necessary.
func (s *Server) AddUser(u User) User {
	s.helper()
	return must(s, "AddUser", u, s.addUser)
}

// AddOrganization adds an organization, or replaces the one of the same ID.
func (s *Server) AddOrganization(o Organization) Organization {
	s.helper()
	return must(s, "AddOrganization", o, s.addOrganization)
}

// AddTemplate adds a JWT template, or replaces the one of the same name.
func (s *Server) AddTemplate(t Template) Template {
	s.helper()
	return must(s, "AddTemplate", t, s.addTemplate)
}

// AddRefreshToken adds a refresh token to a session, which [clerksessions.Client.Refresh]
// then takes along with an expired token that was minted with an Origin.
func (s *Server) AddRefreshToken(r RefreshToken) RefreshToken {
	s.helper()
	return must(s, "AddRefreshToken", r, s.addRefreshToken)
}

// AddSession adds a session, also on a production instance, and returns it as it is
// now. Only UserID is needed. Without a status it is active, or pending if it has
// Tasks; it begins now, expires after 7 days and is abandoned after 30; what else is
// not set is null.
func (s *Server) AddSession(v clerksessions.Session) clerksessions.Session {
	s.helper()
	return must(s, "AddSession", v, s.addSession)
}

// UpdateSession changes a session in any way: change gets it as it is now, and must
// not call the Server. UpdatedAt becomes now unless change sets it.
func (s *Server) UpdateSession(id string, change func(*clerksessions.Session)) clerksessions.Session {
	s.helper()
	session, err := s.updateSession(id, change)
	if err != nil {
		s.fail("UpdateSession: %v", err)
	}
	return session
}

func (s *Server) updateSession(id string, change func(*clerksessions.Session)) (clerksessions.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock() // also when change ends the test
	v, now := s.store.byID[id], s.nowMilli()
	if v == nil {
		return clerksessions.Session{}, fmt.Errorf("there is no session %s; add it first with AddSession", shown(id))
	}
	session := v.at(now)
	before := session.UpdatedAt
	change(&session)
	if session.UpdatedAt == before {
		session.UpdatedAt = now
	}
	if session.ID != id {
		return clerksessions.Session{}, fmt.Errorf("the id of session %s cannot change", shown(id))
	}
	if err := s.check(session); err != nil {
		return clerksessions.Session{}, err
	}
	s.store.remove(v)
	v.Session = clone(session)
	s.store.put(v)
	return session, nil
}

// DeleteSession takes a session away, as Clerk cleans up old ones, and tells whether
// there was one.
func (s *Server) DeleteSession(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.store.byID[id]
	if v != nil {
		s.store.remove(v)
	}
	return v != nil
}

// DeleteUser makes a user unknown, also without [WithStrictUsers]. The sessions stay.
func (s *Server) DeleteUser(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, id)
	s.deleted[id] = true
}

// Session returns a session as it is now.
func (s *Server) Session(id string) (session clerksessions.Session, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := s.store.byID[id]
	if v == nil {
		return clerksessions.Session{}, false
	}
	return v.at(s.nowMilli()), true
}

// Sessions returns the sessions of a user as they are now, newest first; with "" those
// of all users.
func (s *Server) Sessions(userID string) []clerksessions.Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := slices.Clone(s.store.byUser[userID])
	if userID == "" {
		list = slices.SortedFunc(maps.Values(s.store.byID), older)
	}
	slices.Reverse(list)
	sessions := make([]clerksessions.Session, len(list))
	for i, v := range list {
		sessions[i] = v.at(s.nowMilli())
	}
	return sessions
}

// State returns what the Server holds now, in the form of a [Seed]: sessions newest
// first, the rest by id.
func (s *Server) State() Seed {
	sessions := s.Sessions("")
	s.mu.RLock()
	defer s.mu.RUnlock()
	seed := Seed{Sessions: sessions}
	for _, id := range slices.Sorted(maps.Keys(s.users)) {
		seed.Users = append(seed.Users, *s.users[id])
	}
	for _, id := range slices.Sorted(maps.Keys(s.orgs)) {
		seed.Organizations = append(seed.Organizations, s.orgs[id].clone())
	}
	for _, name := range slices.Sorted(maps.Keys(s.models)) {
		template := *s.models[name]
		template.Claims = maps.Clone(template.Claims)
		seed.Templates = append(seed.Templates, template)
	}
	for _, token := range slices.Sorted(maps.Keys(s.refresh)) {
		if s.store.byID[s.refresh[token]] != nil { // not of a session that was deleted
			seed.RefreshTokens = append(seed.RefreshTokens, RefreshToken{Token: token, SessionID: s.refresh[token]})
		}
	}
	return seed
}
