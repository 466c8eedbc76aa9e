package sessionstest

import "github.com/clerksessions/clerksessions"

// mustAdd adds an entry. An error fails the test.
func mustAdd[T any](s *Server, method string, v T, add func(*instance, T) (T, error)) T {
	s.tb.Helper()
	return must(s, method, func(in *instance) (T, error) { return add(in, v) })
}

// AddUser adds a user, or replaces the one of the same ID. Without [WithStrictUsers]
// this is needed only for a user with an email address or other details.
func (s *Server) AddUser(u User) User {
	s.tb.Helper()
	return mustAdd(s, "AddUser", u, (*instance).addUser)
}

// AddOrganization adds an organization, or replaces the one of the same ID.
func (s *Server) AddOrganization(o Organization) Organization {
	s.tb.Helper()
	return mustAdd(s, "AddOrganization", o, (*instance).addOrganization)
}

// AddTemplate adds a JWT template, or replaces the one of the same name.
func (s *Server) AddTemplate(t Template) Template {
	s.tb.Helper()
	return mustAdd(s, "AddTemplate", t, (*instance).addTemplate)
}

// AddRefreshToken adds a refresh token of a session. [clerksessions.Client.Refresh]
// accepts it with an expired token that was minted with an Origin.
func (s *Server) AddRefreshToken(r RefreshToken) RefreshToken {
	s.tb.Helper()
	return mustAdd(s, "AddRefreshToken", r, (*instance).addRefreshToken)
}

// AddSession adds a session and returns it. It also works on a production instance. Only
// UserID is required. By default the session is active, or pending if it has Tasks; it is
// created now, expires after 7 days and is abandoned after 30. Other unset fields are
// null.
func (s *Server) AddSession(v clerksessions.Session) clerksessions.Session {
	s.tb.Helper()
	return mustAdd(s, "AddSession", v, (*instance).addSession)
}

// UpdateSession changes a session. change is given the session as it is now and must not
// call the Server. UpdatedAt is set to now unless change sets it.
func (s *Server) UpdateSession(id string, change func(*clerksessions.Session)) (session clerksessions.Session) {
	s.tb.Helper()
	return must(s, "UpdateSession", func(in *instance) (clerksessions.Session, error) {
		return sessions.change(in, id, func(v *clerksessions.Session) error {
			change(v)
			return nil
		})
	})
}

// DeleteSession deletes a session, as Clerk does with old ones. It reports whether the
// session existed.
func (s *Server) DeleteSession(id string) (found bool) {
	s.with(func(in *instance) { found = sessions.remove(in, id) })
	return found
}

// DeleteUser deletes a user, even one that was never added. Its sessions stay as they
// are, whereas the API operation DeleteUser revokes them.
func (s *Server) DeleteUser(id string) {
	s.with(func(in *instance) { in.removeUser(id) })
}

// Session returns a session as it is now.
func (s *Server) Session(id string) (session clerksessions.Session, ok bool) {
	s.with(func(in *instance) { session, ok = in.findSession(id) })
	return session, ok
}

// Sessions returns the sessions of a user as they are now, newest first, or those of all
// users if userID is empty.
func (s *Server) Sessions(userID string) (sessions []clerksessions.Session) {
	s.with(func(in *instance) { sessions = in.list(userID) })
	return sessions
}

// State returns the current state as a [Seed]: users and sessions from the oldest to the
// newest, the rest by id. The clock, keys, faults and recorded requests are not part of
// it.
func (s *Server) State() (seed Seed) {
	s.with(func(in *instance) { seed = in.dump() })
	return seed
}

// RequireRevoked fails the test unless the session is revoked.
func (s *Server) RequireRevoked(tb TB, sessionID string) {
	tb.Helper()
	session, ok := s.Session(sessionID)
	switch {
	case !ok:
		tb.Fatalf("sessionstest: there is no session %s", quote(sessionID))
	case session.Status != clerksessions.SessionStatusRevoked:
		tb.Fatalf("sessionstest: session %s is %s, want revoked", quote(sessionID), session.Status)
	}
}
