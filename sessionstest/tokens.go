package sessionstest

import (
	"maps"
	"net/http"

	"github.com/clerksessions/clerksessions"
)

// liveSession is the session of the path if it is live. The caller holds mu.
func (s *Server) liveSession(c *call) (clerksessions.Session, *apiError) {
	id := c.path["session_id"]
	v := s.store.byID[id]
	if v == nil {
		return clerksessions.Session{}, unknownSession(id)
	}
	session := v.at(s.nowMilli())
	if !live(session.Status) {
		return session, notFound("No live session", "The session %s is %s.", shown(id), session.Status)
	}
	return session, nil
}

// createToken is CreateSessionToken.
func (s *Server) createToken(c *call) (any, *apiError) {
	p := c.params("expires_in_seconds")
	lifetime := p.lifetime()
	if p.err != nil {
		return nil, p.err
	}
	s.mu.RLock()
	session, e := s.liveSession(c)
	if e != nil {
		s.mu.RUnlock()
		return nil, e
	}
	claims := s.sessionClaims(session, lifetime, c.header.Get("Origin"), s.config.tokenVersion)
	s.mu.RUnlock()
	return s.minted(categorySession, claims)
}

// createTemplateToken is CreateSessionTokenFromTemplate.
func (s *Server) createTemplateToken(c *call) (any, *apiError) {
	p := c.params("expires_in_seconds")
	lifetime := p.lifetime()
	if p.err != nil {
		return nil, p.err
	}
	s.mu.RLock()
	session, e := s.liveSession(c)
	template := s.models[c.path["template_name"]]
	if e == nil && template == nil {
		e = notFound("Unknown template", "There is no JWT template %s.", shown(c.path["template_name"]))
	}
	if e != nil {
		s.mu.RUnlock()
		return nil, e
	}
	claims := s.templateClaims(session, template, lifetime, c.header.Get("Origin"))
	s.mu.RUnlock()
	return s.minted(categoryTemplate, claims)
}

func (s *Server) minted(category string, claims map[string]any) (any, *apiError) {
	kid, key := s.keys.current()
	token, err := sign(header(kid, category), claims, rs256(key))
	if err != nil {
		return nil, ofStatus(http.StatusInternalServerError)
	}
	return wireToken{Object: "token", JWT: token}, nil
}

// MintParams says what token [Server.Mint] makes. The zero value of a field means what
// Clerk would do.
type MintParams struct {
	// Template names a template to make the token from; by default it is a session
	// token.
	Template string

	// ExpiresIn is the lifetime in seconds; there is no limit. Default: that of the
	// template, or 60.
	ExpiresIn int64

	// Origin is the claim azp. Default: none.
	Origin string

	// Version is the version of the claims, 1 or 2. Default: see [WithTokenVersion].
	Version int

	// Header and Claims replace members of the token's header and claims, or add to
	// them. A nil value takes the member away.
	Header, Claims map[string]any

	// Sign signs header and claims, joined by a dot and encoded as in the token, in
	// place of the instance's key. Default: RS256 with that key.
	Sign func(input []byte) []byte
}

// Mint makes a token of a session without a request, live or not, odd or forged: for
// tests of whoever verifies tokens. An unknown session or template fails the test.
func (s *Server) Mint(sessionID string, params MintParams) string {
	s.helper()
	if params.Version < 0 || params.Version > 2 {
		s.fail("Mint: the version is %d, but must be 1 or 2, or 0 for that of WithTokenVersion", params.Version)
		return ""
	}
	s.mu.RLock()
	v, template := s.store.byID[sessionID], s.models[params.Template]
	if v == nil || params.Template != "" && template == nil {
		s.mu.RUnlock()
		if v == nil {
			s.fail("Mint: there is no session %q; add it first with AddSession", sessionID)
		} else {
			s.fail("Mint: there is no template %q; add it first with AddTemplate", params.Template)
		}
		return ""
	}
	session, category, version := v.at(s.nowMilli()), categorySession, params.Version
	if version == 0 {
		version = s.config.tokenVersion
	}
	var claims map[string]any
	if template != nil {
		category, claims = categoryTemplate, s.templateClaims(session, template, params.ExpiresIn, params.Origin)
	} else {
		claims = s.sessionClaims(session, params.ExpiresIn, params.Origin, version)
	}
	s.mu.RUnlock()

	kid, key := s.keys.current()
	head := header(kid, category)
	override(head, params.Header)
	override(claims, params.Claims)
	signer := params.Sign
	if signer == nil {
		signer = rs256(key)
	}
	token, err := sign(head, claims, signer)
	if err != nil {
		s.fail("Mint: Header and Claims must be what JSON can hold: %v", err)
	}
	return token
}

func override(members, with map[string]any) {
	maps.Copy(members, with)
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil })
}
