package sessionstest

import (
	"crypto/rsa"
	"fmt"
	"maps"
	"net/http"

	"github.com/clerksessions/clerksessions"
)

// liveSession returns the session of the path if it is live.
func (in *instance) liveSession(c *call) (clerksessions.Session, *apiError) {
	id := c.path["session_id"]
	v := in.sessions.byID[id]
	if v == nil {
		return clerksessions.Session{}, unknownSession(id)
	}
	session := v.at(in.nowMilli())
	if session.Status.Ended() {
		return session, notFound("Session not found or inactive", "The session %s is %s.", quote(id), session.Status)
	}
	return session, nil
}

// createToken is CreateSessionToken.
func (in *instance) createToken(c *call) (any, *apiError) {
	p := c.bodyParams("expires_in_seconds")
	lifetime := p.lifetime()
	if p.err != nil {
		return nil, p.err
	}
	session, e := in.liveSession(c)
	if e != nil {
		return nil, e
	}
	return in.signed(categorySession, in.sessionClaims(session, lifetime, c.header.Get("Origin"),
		in.config.tokenVersion)), nil
}

// createTemplateToken is CreateSessionTokenFromTemplate.
func (in *instance) createTemplateToken(c *call) (any, *apiError) {
	p := c.bodyParams("expires_in_seconds")
	lifetime := p.lifetime()
	if p.err != nil {
		return nil, p.err
	}
	session, e := in.liveSession(c)
	if e != nil {
		return nil, e
	}
	template := in.templates[c.path["template_name"]]
	if template == nil {
		return nil, notFound("JWT template not found", "There is no JWT template %s.", quote(c.path["template_name"]))
	}
	return in.signed(categoryTemplate, in.templateClaims(session, template, lifetime, c.header.Get("Origin"))), nil
}

// signed returns a token that is signed once the lock is released.
func (in *instance) signed(category string, claims map[string]any) later {
	kid, key := in.keys.current()
	return func() (any, *apiError) {
		token, err := sign(header(kid, category), claims, rs256(key))
		if err != nil {
			return nil, ofStatus(http.StatusInternalServerError)
		}
		return wireToken{Object: "token", JWT: token}, nil
	}
}

// MintParams are the parameters of [Server.Mint]. A zero field means what Clerk would
// do.
type MintParams struct {
	// Template is the JWT template of the token. Default: a session token.
	Template string

	// ExpiresIn is the lifetime in seconds, without a limit. Default: that of the
	// template, or 60.
	ExpiresIn int64

	// Origin is the claim azp. Default: none.
	Origin string

	// Version is the version of the claims, 1 or 2. Default: see [WithTokenVersion].
	Version int

	// Header and Claims override members of the token's header and claims. A nil value
	// removes the member.
	Header, Claims map[string]any

	// Sign returns the signature of header and claims as encoded in the token. Default:
	// RS256 with the instance's key.
	Sign func(input []byte) []byte
}

// Mint returns a token of a session without a request, whatever the session's status:
// odd and forged tokens for tests of a verifier. An unknown session or template fails
// the test.
func (s *Server) Mint(sessionID string, params MintParams) string {
	s.tb.Helper()
	token, err := s.mint(sessionID, params)
	if err != nil {
		s.tb.Fatalf("sessionstest: Mint: %v", err)
	}
	return token
}

func (s *Server) mint(sessionID string, params MintParams) (token string, err error) {
	var head, claims map[string]any
	var key *rsa.PrivateKey
	s.with(func(in *instance) {
		if head, claims, err = in.unsigned(sessionID, params); err == nil {
			_, key = in.keys.current()
		}
	})
	if err != nil {
		return "", err
	}
	override(head, params.Header)
	override(claims, params.Claims)
	signer := params.Sign
	if signer == nil {
		signer = rs256(key)
	}
	if token, err = sign(head, claims, signer); err != nil {
		return "", fmt.Errorf("header and claims must be representable in JSON: %w", err)
	}
	return token, nil
}

// unsigned returns the header and claims that Clerk would give a token.
func (in *instance) unsigned(sessionID string, params MintParams) (head, claims map[string]any, err error) {
	v, template := in.sessions.byID[sessionID], in.templates[params.Template]
	version := params.Version
	switch {
	case version < 0 || version > 2:
		return nil, nil, fmt.Errorf("version is %d, must be 1 or 2, or 0 for that of WithTokenVersion", version)
	case v == nil:
		return nil, nil, fmt.Errorf("there is no session %s; add it first with AddSession", quote(sessionID))
	case params.Template != "" && template == nil:
		return nil, nil, fmt.Errorf("there is no template %s; add it first with AddTemplate", quote(params.Template))
	case version == 0:
		version = in.config.tokenVersion
	}
	kid, _ := in.keys.current()
	session := v.at(in.nowMilli())
	if template != nil {
		return header(kid, categoryTemplate), in.templateClaims(session, template, params.ExpiresIn, params.Origin), nil
	}
	return header(kid, categorySession), in.sessionClaims(session, params.ExpiresIn, params.Origin, version), nil
}

func override(members, with map[string]any) {
	maps.Copy(members, with)
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil })
}
