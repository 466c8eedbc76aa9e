package sessionstest

import (
	"net/http"

	"github.com/clerksessions/clerksessions"
)

// statusFilters are the statuses that a list can be filtered by; pending is not one.
var statusFilters = []string{"abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"}

func (in *instance) listSessions(c *call) (any, *apiError) {
	q := query{Values: c.query}
	selected := sessionQuery{user: q.Get("user_id"), client: q.Get("client_id")}
	if selected.user == "" && selected.client == "" {
		return nil, newError(http.StatusBadRequest, "missing_query_parameter", "Missing query parameter",
			"Either user_id or client_id is required.")
	}
	selected.status = clerksessions.SessionStatus(q.oneOf("status", statusFilters))
	paginated := q.boolean("paginated")
	selected.limit, selected.offset = q.page()
	if q.err != nil {
		return nil, q.err
	}
	page, total := in.sessions.page(selected, in.nowMilli())
	list := make([]wireSession, len(page))
	for i, v := range page {
		list[i] = c.wire(v)
	}
	if paginated {
		return object{"data": list, "total_count": total}, nil
	}
	return list, nil
}

// createSession handles CreateSession. For a banned user, 403 user_banned is inferred from
// Clerk's other ways to sign in.
func (in *instance) createSession(c *call) (any, *apiError) {
	if in.config.production {
		return nil, newError(http.StatusBadRequest, "request_invalid_for_environment", "Invalid for this environment",
			"Sessions can be created only on development instances.")
	}
	var body struct {
		User         string `json:"user_id"`
		Organization string `json:"active_organization_id"`
	}
	if e := c.decode(&body); e != nil {
		return nil, e
	}
	user := in.user(body.User)
	switch {
	case body.User == "":
		return nil, missing("user_id")
	case user == nil:
		return nil, unknownUser(body.User)
	case user.Banned:
		return nil, newError(http.StatusForbidden, "user_banned", "User banned",
			"The user %s is banned and cannot sign in.", quote(user.ID))
	case body.Organization != "" && in.member(body.Organization, user.ID) == nil:
		return nil, notFound("Organization not found", "The user is not a member of an organization %s.",
			quote(body.Organization))
	}
	now := in.nowMilli()
	for v := range in.sessions.live(user.ID, now) {
		if v.Actor != nil {
			return nil, newError(http.StatusConflict, "session_creation_not_allowed", "Session not allowed",
				"The user is being impersonated, which allows no other session.")
		}
	}
	session := clerksessions.Session{UserID: user.ID, LastActiveOrganizationID: body.Organization}
	return c.wireOne(in, in.sessions.add(in.withDefaults(session)).at(now)), nil
}

// stored returns the session of the path.
func (in *instance) stored(c *call) (*stored, *apiError) {
	id := c.path["session_id"]
	if v := in.sessions.byID[id]; v != nil {
		return v, nil
	}
	return nil, notFound("Session not found", "There is no session %s.", quote(id))
}

// liveSession returns the session of the path if it is live.
func (in *instance) liveSession(c *call) (session clerksessions.Session, e *apiError) {
	v, e := in.stored(c)
	if e != nil {
		return session, e
	}
	if session = v.at(in.nowMilli()); session.Status.Ended() {
		e = notFound("Session not found or inactive", "The session %s is %s.", quote(session.ID), session.Status)
	}
	return session, e
}

func (in *instance) getSession(c *call) (any, *apiError) {
	v, e := in.stored(c)
	if e != nil {
		return nil, e
	}
	return c.wireOne(in, v.at(in.nowMilli())), nil
}

func (in *instance) revokeSession(c *call) (any, *apiError) {
	if e := c.decode(&struct{}{}); e != nil {
		return nil, e
	}
	v, e := in.stored(c)
	if e != nil {
		return nil, e
	}
	now := in.nowMilli()
	v.revoke(now)
	return c.wireOne(in, v.at(now)), nil
}

// verifyUntil is the last API version with VerifySession.
const verifyUntil = "2025-03-12"

// verifySession handles VerifySession. For later API versions it returns 410, as newer
// instances do, which is inferred. A missing token, which Clerk's Go SDK sends, counts as
// invalid.
func (in *instance) verifySession(c *call) (any, *apiError) {
	if in.config.verifyGone || c.version > verifyUntil {
		return nil, newError(http.StatusGone, "operation_deprecated", "Operation removed",
			"This instance or API version does not have the operation. Verify session tokens locally.")
	}
	var body struct {
		Token string `json:"token"`
	}
	if e := c.decode(&body); e != nil {
		return nil, e
	}
	session, e := in.liveSession(c)
	if e != nil {
		return nil, e
	}
	head, claims, ok := in.verifyToken(body.Token)
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

// getClient handles GetClient. A client exists if it has a session. It is inferred that the
// response includes ended sessions.
func (in *instance) getClient(c *call) (any, *apiError) {
	id := c.path["client_id"]
	list := in.sessions.byClient[id]
	if len(list) == 0 {
		return nil, notFound("Client not found", "There is no client %s.", quote(id))
	}
	var ids []string
	var sessions []wireSession
	var updated, lastActive clerksessions.UnixMilli
	var lastActiveID any // null if none is live
	for _, v := range list {
		session := v.at(in.nowMilli())
		ids, sessions = append(ids, session.ID), append(sessions, c.wire(session))
		updated = max(updated, session.UpdatedAt)
		if !session.Status.Ended() && session.LastActiveAt >= lastActive {
			lastActiveID, lastActive = session.ID, session.LastActiveAt
		}
	}
	return object{
		"object": "client", "id": id, "session_ids": ids, "sessions": sessions, "last_active_session_id": lastActiveID,
		"created_at": list[0].CreatedAt, "updated_at": updated,
		"sign_in_id": nil, "sign_up_id": nil, "last_authentication_strategy": nil,
	}, nil
}

// wireSession is a session as Clerk writes it. A field without a type is null or, if it
// is nil, omitted.
type wireSession struct {
	Object                   string                      `json:"object"`
	ID                       string                      `json:"id"`
	UserID                   string                      `json:"user_id"`
	ClientID                 string                      `json:"client_id"`
	Status                   clerksessions.SessionStatus `json:"status"`
	Actor                    any                         `json:"actor"`
	LastActiveOrganizationID any                         `json:"last_active_organization_id"`
	LatestActivity           any                         `json:"latest_activity,omitzero"`
	LastActiveAt             clerksessions.UnixMilli     `json:"last_active_at"`
	ExpireAt                 clerksessions.UnixMilli     `json:"expire_at"`
	AbandonAt                clerksessions.UnixMilli     `json:"abandon_at"`
	CreatedAt                clerksessions.UnixMilli     `json:"created_at"`
	UpdatedAt                clerksessions.UnixMilli     `json:"updated_at"`
	Tasks                    any                         `json:"tasks,omitzero"`
}

const tasksSince = "2025-03-12"

// wire returns a session as Clerk lists it. API versions before 2025-03-12 omit tasks.
func (c *call) wire(v clerksessions.Session) wireSession {
	w := wireSession{
		Object: "session", ID: v.ID, UserID: v.UserID, ClientID: v.ClientID, Status: v.Status,
		Actor: orNull(v.Actor), LastActiveOrganizationID: orNull(v.LastActiveOrganizationID),
		LatestActivity: orNull(v.LatestActivity), LastActiveAt: v.LastActiveAt,
		ExpireAt: v.ExpireAt, AbandonAt: v.AbandonAt, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
	}
	if c.version >= tasksSince {
		w.Tasks = orNull(v.Tasks)
	}
	return w
}

// wireOne returns a session by itself, without latest_activity, as reported of Clerk.
func (c *call) wireOne(in *instance, v clerksessions.Session) wireSession {
	w := c.wire(v)
	if !in.config.latestActivity {
		w.LatestActivity = nil
	}
	return w
}
