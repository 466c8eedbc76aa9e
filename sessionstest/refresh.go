package sessionstest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxTokenAge is the maximum age of an expired token that can be exchanged. Clerk's own
// limit is not known.
const maxTokenAge = 7 * 24 * time.Hour

// refreshSession is RefreshSession. The order of its checks is inferred, as is that a
// refresh token remains valid while its session is live, that an expired token is
// exchanged only once, and that a token must have expired.
func (in *instance) refreshSession(c *call) (any, *apiError) {
	p := c.bodyParams("expired_token", "refresh_token", "request_origin", "request_headers", "format",
		"request_originating_ip")
	expired, token, origin := p.required("expired_token"), p.required("refresh_token"), p.required("request_origin")
	format := p.text("format")
	p.text("request_originating_ip")
	p.object("request_headers")
	if !slices.Contains([]string{"", "token", "cookie"}, format) {
		p.fail(invalid("format", "is %s, must be token or cookie.", quote(format)))
	}
	if p.err != nil {
		return nil, p.err
	}
	if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" {
		return nil, refused("refresh_request_origin_invalid",
			"request_origin is not an origin such as https://app.example.com.")
	}
	claims, e := in.exchange(c.path["session_id"], expired, token, origin)
	if e != nil {
		return nil, e
	}
	signed := in.signed(categorySession, claims)
	if format != "cookie" {
		return signed, nil
	}
	expires := in.clock.now().Add(365 * 24 * time.Hour)
	return later(func() (any, *apiError) {
		value, e := signed()
		if e != nil {
			return nil, e
		}
		return c.cookies(value.(wireToken).JWT, publishableKey(in.config.environment(), in.config.issuer), expires), nil
	}), nil
}

func refused(code, long string) *apiError {
	return newError(http.StatusUnauthorized, code, "Session not refreshed", long)
}

// exchange checks an expired token and a refresh token, and returns the claims of the
// token that replaces the expired one.
func (in *instance) exchange(id, expired, token, origin string) (map[string]any, *apiError) {
	now := in.clock.now()
	head, claims, ok := in.open(expired)
	owner, found := in.refresh[token]
	v := in.sessions.byID[id]
	switch {
	case !ok:
		return nil, refused("expired_session_token_invalid", "expired_token is not a token of this instance.")
	case claims.Azp == "":
		return nil, refused("expired_session_token_missing_azp",
			"expired_token has no claim azp; mint it with an Origin header.")
	case claims.Azp != origin:
		return nil, refused("refresh_request_origin_azp_mismatch",
			"request_origin differs from the claim azp of expired_token.")
	case claims.Sid == "":
		return nil, refused("expired_session_token_missing_sid", "expired_token has no claim sid.")
	case claims.Sid != id:
		return nil, refused("refresh_sid_mismatch", "expired_token belongs to a session other than that of the path.")
	case claims.Iat == nil:
		return nil, refused("session_refresh_expired_session_token_missing_iat", "expired_token has no claim iat.")
	case *claims.Iat < float64(now.Add(-maxTokenAge).Unix()):
		return nil, refused("session_refresh_expired_session_token_too_old",
			"expired_token was issued more than seven days ago.")
	case head.Cat != categorySession || claims.Exp == nil || *claims.Exp > float64(now.Unix()):
		return nil, refused("session_refresh_session_token_ineligible",
			"expired_token is not a session token, or has not expired.")
	case in.spent.has(expired):
		return nil, refused(
			"session_refresh_expired_session_token_consumed",
			"expired_token has been exchanged before.",
		)
	case !found || owner != id:
		return nil, refused("refresh_token_not_found", "refresh_token does not belong to this session.")
	case v == nil:
		return nil, refused("session_refresh_session_not_found", "There is no session "+quote(id)+".")
	}
	session := v.at(milli(now))
	switch {
	case session.Status.Ended():
		return nil, refused("session_refresh_inactive_session", "The session is "+string(session.Status)+".")
	case !in.userExists(session.UserID):
		return nil, refused("session_refresh_user_not_found", "The session's user does not exist.")
	}
	in.spent.add(expired)
	v.LastActiveAt, v.UpdatedAt = milli(now), milli(now)
	return in.sessionClaims(session, 0, claims.Azp, in.config.tokenVersion), nil
}

// cookies returns the cookies for a token. Clerk's JavaScript SDK asks with
// suffixed_cookies=true for names with a suffix made of the publishable key.
func (c *call) cookies(token, publishableKey string, expires time.Time) wireCookies {
	attributes := "; Path=/; Expires=" + expires.UTC().Format(http.TimeFormat) + "; Secure; SameSite=Lax"
	all := []string{"__session=" + token + attributes}
	if suffixed, _ := strconv.ParseBool(c.query.Get("suffixed_cookies")); suffixed {
		sum := sha1.Sum([]byte(publishableKey))
		suffix := base64.URLEncoding.EncodeToString(sum[:])[:8]
		all = append(all, "__session_"+suffix+"="+token+attributes)
	}
	return wireCookies{Object: "cookies", Cookies: all}
}

// maxSpent is the number of exchanged tokens that are remembered.
const maxSpent = 10_000

// spentTokens are the expired tokens that were exchanged last. Their encoding is
// canonical, since open rejects any other.
type spentTokens struct {
	seen map[[sha256.Size]byte]bool
	ring [][sha256.Size]byte
	next int // index of the oldest once the ring is full
}

func (t *spentTokens) has(token string) bool { return t.seen[sha256.Sum256([]byte(token))] }

func (t *spentTokens) add(token string) {
	sum := sha256.Sum256([]byte(token))
	if t.seen == nil {
		t.seen = map[[sha256.Size]byte]bool{}
	}
	t.seen[sum] = true
	if len(t.ring) < maxSpent {
		t.ring = append(t.ring, sum)
		return
	}
	delete(t.seen, t.ring[t.next])
	t.ring[t.next] = sum
	t.next = (t.next + 1) % maxSpent
}
