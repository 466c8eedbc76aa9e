package sessionstest

import "net/http"

// verifyUntil is the last API version with VerifySession.
const verifyUntil = "2025-03-12"

// verify is VerifySession. What later API versions answer is not known; 410, as newer
// instances do, is inferred. A request without a token, which Clerk's Go SDK sends, is
// taken for one with a bad token.
func (s *Server) verify(c *call) (any, *apiError) {
	if s.config.verifyGone || c.version > verifyUntil {
		return nil, &apiError{status: http.StatusGone, code: "operation_deprecated", message: "Operation withdrawn",
			long: "This instance or API version has no such operation any more. Verify session tokens locally instead."}
	}
	p := c.params("token")
	token := p.text("token")
	if p.err != nil {
		return nil, p.err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	session, e := s.liveSession(c)
	if e != nil {
		return nil, e
	}
	head, claims, ok := s.open(token)
	now := float64(s.Now().Unix())
	if !ok || head.Cat != categorySession || claims.Exp == nil || *claims.Exp <= now || claims.Nbf > now {
		return nil, &apiError{status: http.StatusBadRequest, code: "invalid_session_token", message: "Token not accepted",
			long: "It is no session token of this instance, or it is not valid at this time."}
	}
	if claims.Sid != session.ID {
		return nil, notFound("Token of another session", "The token does not belong to the session %s.", shown(session.ID))
	}
	return c.wire(session), nil
}
