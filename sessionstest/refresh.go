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

	"github.com/clerksessions/clerksessions"
)

// maxTokenAge is the maximum age of an expired token that can be exchanged. Clerk's own
// limit is not known.
const maxTokenAge = 7 * 24 * time.Hour

// refreshSession handles RefreshSession. It is inferred that a refresh token remains valid
// while its session is live, that an expired token is exchanged only once, that a token
// must have expired, and in which order all this is checked.
func (in *instance) refreshSession(c *call) (any, *apiError) {
	var body struct {
		ExpiredToken    string         `json:"expired_token"`
		RefreshToken    string         `json:"refresh_token"`
		Origin          string         `json:"request_origin"`
		Headers         map[string]any `json:"request_headers"`
		Format          string         `json:"format"`
		OriginatingAddr string         `json:"request_originating_ip"`
	}
	if e := c.decode(&body); e != nil {
		return nil, e
	}
	origin, err := url.Parse(body.Origin)
	switch {
	case body.ExpiredToken == "":
		return nil, missing("expired_token")
	case body.RefreshToken == "":
		return nil, missing("refresh_token")
	case body.Origin == "":
		return nil, missing("request_origin")
	case !slices.Contains([]string{"", "token", "cookie"}, body.Format):
		return nil, invalid("format", "is %s, but must be token or cookie.", quote(body.Format))
	case err != nil || origin.Scheme == "" || origin.Host == "":
		return nil, refused("refresh_request_origin_invalid",
			"request_origin is not an origin such as https://app.example.com.")
	}
	session, e := in.redeem(c.path["session_id"], body.ExpiredToken, body.RefreshToken, body.Origin)
	if e != nil {
		return nil, e
	}
	wire := wireToken
	if body.Format == "cookie" {
		key := publishableKey(in.config.environment(), in.config.issuer)
		expires := in.clock.now().Add(365 * 24 * time.Hour)
		wire = func(jwt string) object { return c.cookies(jwt, key, expires) }
	}
	head, claims, _ := in.unsigned(session, MintParams{Origin: body.Origin})
	return in.signed(head, claims, wire), nil
}

func refused(code, long string) *apiError {
	return newError(http.StatusUnauthorized, code, "Session not refreshed", "%s", long)
}

// redeem checks an expired token and a refresh token, marks the expired token as exchanged,
// and returns the session.
func (in *instance) redeem(id, expired, token, origin string) (session clerksessions.Session, e *apiError) {
	now := in.clock.now()
	head, claims, ok := in.verifyToken(expired)
	v := in.sessions.byID[id]
	switch {
	case !ok:
		return session, refused("expired_session_token_invalid", "expired_token is not a token of this instance.")
	case claims.Azp == "":
		return session, refused("expired_session_token_missing_azp",
			"expired_token has no claim azp; mint it with an Origin header.")
	case claims.Azp != origin:
		return session, refused("refresh_request_origin_azp_mismatch",
			"request_origin differs from the claim azp of expired_token.")
	case claims.Sid == "":
		return session, refused("expired_session_token_missing_sid", "expired_token has no claim sid.")
	case claims.Sid != id:
		return session, refused("refresh_sid_mismatch", "expired_token belongs to another session than the path names.")
	case claims.Iat == nil:
		return session, refused("session_refresh_expired_session_token_missing_iat", "expired_token has no claim iat.")
	case *claims.Iat < float64(now.Add(-maxTokenAge).Unix()):
		return session, refused("session_refresh_expired_session_token_too_old",
			"expired_token was issued more than seven days ago.")
	case head.Cat != categorySession || claims.Exp == nil || *claims.Exp > float64(now.Unix()):
		return session, refused("session_refresh_session_token_ineligible",
			"expired_token is not a session token, or has not expired.")
	case in.spent.has(expired):
		return session, refused("session_refresh_expired_session_token_consumed",
			"expired_token has been exchanged before.")
	case in.refresh[token] != id:
		return session, refused("refresh_token_not_found", "refresh_token does not belong to this session.")
	case v == nil:
		return session, refused("session_refresh_session_not_found", "There is no session "+quote(id)+".")
	}
	session = v.at(in.nowMilli())
	switch {
	case session.Status.Ended():
		return session, refused("session_refresh_inactive_session", "The session is "+string(session.Status)+".")
	case !in.userExists(session.UserID):
		return session, refused("session_refresh_user_not_found", "The session's user does not exist.")
	}
	in.spent.add(expired)
	v.LastActiveAt, v.UpdatedAt = in.nowMilli(), in.nowMilli()
	return session, nil
}

// cookies returns the response with cookies for a token. With suffixed_cookies=true, which
// Clerk's JavaScript SDK sends, it adds one whose name has a suffix made from the
// publishable key.
func (c *call) cookies(token, publishableKey string, expires time.Time) object {
	attributes := "; Path=/; Expires=" + expires.UTC().Format(http.TimeFormat) + "; Secure; SameSite=Lax"
	all := []string{"__session=" + token + attributes}
	if suffixed, _ := strconv.ParseBool(c.query.Get("suffixed_cookies")); suffixed {
		sum := sha1.Sum([]byte(publishableKey))
		suffix := base64.URLEncoding.EncodeToString(sum[:])[:8]
		all = append(all, "__session_"+suffix+"="+token+attributes)
	}
	return object{"object": "cookies", "cookies": all}
}

// maxSpent is the number of exchanged tokens that are remembered.
const maxSpent = 10_000

// spentTokens holds the last expired tokens that were exchanged, by their hash. A token has
// only one encoding, since verifyToken rejects others.
type spentTokens struct {
	seen  map[[sha256.Size]byte]bool
	order [][sha256.Size]byte // oldest first
}

func (t *spentTokens) has(token string) bool { return t.seen[sha256.Sum256([]byte(token))] }

func (t *spentTokens) add(token string) {
	sum := sha256.Sum256([]byte(token))
	if t.seen == nil {
		t.seen = map[[sha256.Size]byte]bool{}
	}
	t.seen[sum] = true
	if t.order = append(t.order, sum); len(t.order) > maxSpent {
		delete(t.seen, t.order[0])
		t.order = t.order[1:]
	}
}
