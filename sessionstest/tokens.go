package sessionstest

import (
	"crypto/rsa"
	"fmt"
	"maps"
)

// createToken handles CreateSessionToken and CreateSessionTokenFromTemplate.
func (in *instance) createToken(c *call) (any, *apiError) {
	lifetime, e := c.lifetime()
	if e != nil {
		return nil, e
	}
	session, e := in.liveSession(c)
	if e != nil {
		return nil, e
	}
	params := MintParams{Template: c.path["template_name"], ExpiresIn: lifetime, Origin: c.header.Get("Origin")}
	head, claims, ok := in.unsigned(session, params)
	if !ok {
		return nil, notFound("JWT template not found", "There is no JWT template %s.", quote(params.Template))
	}
	return in.signed(head, claims, wireToken), nil
}

// wireToken returns a token as Clerk writes it.
func wireToken(jwt string) object { return object{"object": "token", "jwt": jwt} }

// signed returns a response with a token that is signed once the lock is released.
func (in *instance) signed(head, claims map[string]any, wire func(jwt string) object) later {
	key := in.keys.current()
	return func() (any, *apiError) {
		token, err := sign(head, claims, rs256(key))
		if err != nil {
			return nil, ofStatus(500)
		}
		return wire(token), nil
	}
}

// MintParams are the parameters of [Server.Mint]. A token minted with zero params is the
// one that Clerk would issue.
type MintParams struct {
	// Template is the JWT template of the token. Default: a session token.
	Template string `json:"template"`

	// ExpiresIn is the lifetime in seconds. It has no limits; a negative one makes an
	// expired token. Default: that of the template, or 60.
	ExpiresIn int64 `json:"expires_in_seconds"`

	// Origin is the azp claim. Default: none.
	Origin string `json:"origin"`

	// Version is the version of the claims, 1 or 2. Default: see [WithTokenVersion].
	Version int `json:"version"`

	// Header overrides members of the token's header. A nil value removes the member.
	Header map[string]any `json:"header"`

	// Claims override the token's claims. A nil value removes the claim.
	Claims map[string]any `json:"claims"`

	// Sign returns the signature of input, the encoded header and claims. Default: RS256
	// with the instance's key.
	Sign func(input []byte) []byte `json:"-"`
}

// Mint returns a token of a session, whatever the session's status, without recording a
// request. Its parameters make invalid or forged tokens for tests of a verifier. An
// unknown session or template fails the test.
func (s *Server) Mint(sessionID string, params MintParams) string {
	s.tb.Helper()
	token, err := s.mint(sessionID, params)
	if err != nil {
		s.tb.Fatalf("sessionstest: Mint: %v", err)
	}
	return token
}

func (s *Server) mint(sessionID string, params MintParams) (string, error) {
	if params.Version < 0 || params.Version > 2 {
		return "", fmt.Errorf("version is %d, but must be 1 or 2, or 0 for that of WithTokenVersion", params.Version)
	}
	var head, claims map[string]any
	key, err := locked(s, func(in *instance) (*rsa.PrivateKey, error) {
		session, ok := in.findSession(sessionID)
		if !ok {
			return nil, fmt.Errorf("there is no session %s; add it first with AddSession", quote(sessionID))
		}
		if head, claims, ok = in.unsigned(session, params); !ok {
			return nil, fmt.Errorf("there is no template %s; add it first with AddTemplate", quote(params.Template))
		}
		return in.keys.current(), nil
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
	token, err := sign(head, claims, signer)
	if err != nil {
		return "", fmt.Errorf("header and claims must be representable in JSON: %w", err)
	}
	return token, nil
}

func override(members, with map[string]any) {
	maps.Copy(members, with)
	maps.DeleteFunc(members, func(_ string, v any) bool { return v == nil })
}
