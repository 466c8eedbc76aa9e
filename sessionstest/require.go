package sessionstest

import "github.com/clerksessions/clerksessions"

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
