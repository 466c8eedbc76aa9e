package sessionstest

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxTokenAge is how old an expired token may be to be exchanged. Clerk's own limit is
// not known.
const maxTokenAge = 7 * 24 * time.Hour

// refreshSession is RefreshSession. The order of its checks is inferred, as is that a
// refresh token serves for as long as its session is live while an expired token is
// exchanged only once, and that a token which has not expired is not eligible.
func (s *Server) refreshSession(c *call) (any, *apiError) {
	p := c.params("expired_token", "refresh_token", "request_origin", "request_headers", "format", "request_originating_ip")
	expired, token, origin := p.required("expired_token"), p.required("refresh_token"), p.required("request_origin")
	format := p.text("format")
	p.text("request_originating_ip")
	p.object("request_headers")
	if !slices.Contains([]string{"", "token", "cookie"}, format) {
		p.fail(invalid("format", "is %s, but has to be token or cookie.", shown(format)))
	}
	if p.err != nil {
		return nil, p.err
	}
	if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" {
		return nil, refused("refresh_request_origin_invalid", "request_origin is no origin such as https://app.example.com.")
	}
	s.mu.Lock()
	claims, e := s.exchange(c, expired, token, origin)
	s.mu.Unlock()
	if e != nil {
		return nil, e
	}
	value, e := s.minted(categorySession, claims)
	if e != nil || format != "cookie" {
		return value, e
	}
	return s.cookies(c, value.(wireToken).JWT), nil
}

func refused(code, long string) *apiError {
	return &apiError{status: http.StatusUnauthorized, code: code, message: "Cannot be refreshed", long: long}
}

// exchange checks an expired token and a refresh token, and returns the claims of the
// token that replaces them. The caller holds mu.
func (s *Server) exchange(c *call, expired, token, origin string) (map[string]any, *apiError) {
	now := s.Now()
	id := c.path["session_id"]
	head, claims, ok := s.open(expired)
	owner, found := s.refresh[token]
	v := s.store.byID[id]
	switch {
	case !ok:
		return nil, refused("expired_session_token_invalid", "expired_token is no token of this instance.")
	case claims.Azp == "":
		return nil, refused("expired_session_token_missing_azp", "expired_token has no claim azp; mint it with an Origin header.")
	case claims.Azp != origin:
		return nil, refused("refresh_request_origin_azp_mismatch", "request_origin is not the claim azp of expired_token.")
	case claims.Sid == "":
		return nil, refused("expired_session_token_missing_sid", "expired_token has no claim sid.")
	case claims.Sid != id:
		return nil, refused("refresh_sid_mismatch", "expired_token belongs to another session than that of the path.")
	case claims.Iat == nil:
		return nil, refused("session_refresh_expired_session_token_missing_iat", "expired_token has no claim iat.")
	case *claims.Iat < float64(now.Add(-maxTokenAge).Unix()):
		return nil, refused("session_refresh_expired_session_token_too_old", "expired_token was issued more than seven days ago.")
	case head.Cat != categorySession || claims.Exp == nil || *claims.Exp > float64(now.Unix()):
		return nil, refused("session_refresh_session_token_ineligible", "expired_token is no session token, or has not expired.")
	case s.spent[expired]:
		return nil, refused("session_refresh_expired_session_token_consumed", "expired_token was exchanged before.")
	case !found || owner != id:
		return nil, refused("refresh_token_not_found", "refresh_token is none of this session.")
	case v == nil:
		return nil, refused("session_refresh_session_not_found", "There is no session "+shown(id)+".")
	}
	session := v.at(milli(now))
	switch {
	case !live(session.Status):
		return nil, refused("session_refresh_inactive_session", "The session is "+string(session.Status)+".")
	case !s.userExists(session.UserID):
		return nil, refused("session_refresh_user_not_found", "The session's user does not exist any more.")
	}
	s.spent[expired] = true
	v.LastActiveAt, v.UpdatedAt = milli(now), milli(now)
	return s.sessionClaims(session, 0, claims.Azp, s.config.tokenVersion), nil
}

// cookies carries a token as cookies. Clerk's JavaScript SDK asks with
// suffixed_cookies=true for names that end in a suffix made of the publishable key.
func (s *Server) cookies(c *call, token string) wireCookies {
	attributes := "; Path=/; Expires=" + s.Now().Add(365*24*time.Hour).UTC().Format(http.TimeFormat) + "; Secure; SameSite=Lax"
	all := []string{"__session=" + token + attributes}
	if suffixed, _ := strconv.ParseBool(c.url.Query().Get("suffixed_cookies")); suffixed {
		sum := sha1.Sum([]byte(s.PublishableKey))
		suffix := base64.URLEncoding.EncodeToString(sum[:])[:8]
		all = append(all, "__session_"+suffix+"="+token+attributes)
	}
	return wireCookies{Object: "cookies", Cookies: all}
}
