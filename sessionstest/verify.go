package sessionstest

import "net/http"

// verifyUntil is the last API version with VerifySession.
const verifyUntil = "2025-03-12"

// verifySession is VerifySession. For later API versions it returns 410, as newer
// instances do: inferred. A missing token, which Clerk's Go SDK sends, is an invalid
// one.
func (in *instance) verifySession(c *call) (any, *apiError) {
	if in.config.verifyGone || c.version > verifyUntil {
		return nil, newError(http.StatusGone, "operation_deprecated", "Operation removed",
			"This instance or API version does not have the operation. Verify session tokens locally.")
	}
	p := c.bodyParams("token")
	token := p.text("token")
	if p.err != nil {
		return nil, p.err
	}
	session, e := in.liveSession(c)
	if e != nil {
		return nil, e
	}
	head, claims, ok := in.open(token)
	now := float64(in.clock.now().Unix())
	if !ok || head.Cat != categorySession || claims.Exp == nil || *claims.Exp <= now || claims.Nbf > now {
		return nil, newError(http.StatusBadRequest, "invalid_session_token", "Invalid session token",
			"The token is not a session token of this instance, or not valid now.")
	}
	if claims.Sid != session.ID {
		return nil, notFound("Session not found", "The token does not belong to the session %s.", quote(session.ID))
	}
	return c.wireOne(in, session), nil
}
