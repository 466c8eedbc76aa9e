package sessionstest

import (
	"net/http"

	"github.com/clerksessions/clerksessions"
)

// statusFilters are the statuses that a list can be filtered by; pending is not one.
var statusFilters = []string{"abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"}

// listSessions is GetSessionList.
func (in *instance) listSessions(c *call) (any, *apiError) {
	p := c.queryParams()
	q := sessionQuery{user: p.first("user_id"), client: p.first("client_id")}
	if q.user == "" && q.client == "" {
		return nil, newError(http.StatusBadRequest, "missing_query_parameter", "Missing query parameter",
			"Either user_id or client_id is required.")
	}
	q.status = clerksessions.SessionStatus(p.oneOf("status", statusFilters))
	paginated := p.boolean("paginated")
	q.limit, q.offset = p.page()
	if p.err != nil {
		return nil, p.err
	}
	page, total := in.sessions.page(q, in.nowMilli())
	if paginated {
		return wirePage{Data: c.wireAll(page), TotalCount: total}, nil
	}
	return c.wireAll(page), nil
}

// createSession is CreateSession. That a banned user gets 403 user_banned is inferred
// from Clerk's other ways to sign in.
func (in *instance) createSession(c *call) (any, *apiError) {
	if in.config.production {
		return nil, newError(http.StatusBadRequest, "request_invalid_for_environment", "Invalid for this environment",
			"Sessions can be created only on development instances.")
	}
	p := c.bodyParams("user_id", "active_organization_id")
	user, organization := p.required("user_id"), p.text("active_organization_id")
	if p.err != nil {
		return nil, p.err
	}
	if !in.userExists(user) {
		return nil, unknownUser(user)
	}
	if u := in.users.byID[user]; u != nil && u.Banned {
		return nil, newError(http.StatusForbidden, "user_banned", "User banned",
			"The user "+quote(user)+" is banned and cannot sign in.")
	}
	if organization != "" && in.member(organization, user) == nil {
		return nil, notFound("Organization not found", "The user is not a member of an organization %s.",
			quote(organization))
	}
	now := in.nowMilli()
	for _, v := range in.sessions.impersonated[user] {
		if status, _ := v.statusAt(now); !status.Ended() {
			return nil, newError(http.StatusConflict, "session_creation_not_allowed", "Session not allowed",
				"The user is being impersonated, which allows no other session.")
		}
	}
	v := in.sessions.add(in.withDefaults(clerksessions.Session{UserID: user, LastActiveOrganizationID: organization}))
	return c.wireOne(in, v.at(now)), nil
}

// getSession is GetSession.
func (in *instance) getSession(c *call) (any, *apiError) {
	id := c.path["session_id"]
	v := in.sessions.byID[id]
	if v == nil {
		return nil, unknownSession(id)
	}
	return c.wireOne(in, v.at(in.nowMilli())), nil
}

// revokeSession is RevokeSession.
func (in *instance) revokeSession(c *call) (any, *apiError) {
	if p := c.bodyParams(); p.err != nil {
		return nil, p.err
	}
	id := c.path["session_id"]
	v := in.sessions.byID[id]
	if v == nil {
		return nil, unknownSession(id)
	}
	now := in.nowMilli()
	v.revoke(now)
	return c.wireOne(in, v.at(now)), nil
}

// wireClient is a client as Clerk writes it.
type wireClient struct {
	Object                     string                  `json:"object"`
	ID                         string                  `json:"id"`
	SessionIDs                 []string                `json:"session_ids"`
	Sessions                   []wireSession           `json:"sessions"`
	SignInID                   *string                 `json:"sign_in_id"`
	SignUpID                   *string                 `json:"sign_up_id"`
	LastActiveSessionID        *string                 `json:"last_active_session_id"`
	LastAuthenticationStrategy *string                 `json:"last_authentication_strategy"`
	CreatedAt                  clerksessions.UnixMilli `json:"created_at"`
	UpdatedAt                  clerksessions.UnixMilli `json:"updated_at"`
}

// getClient is GetClient. A client exists if it has a session. That its ended sessions
// are listed as well is inferred.
func (in *instance) getClient(c *call) (any, *apiError) {
	id := c.path["client_id"]
	list := in.sessions.byClient[id]
	if len(list) == 0 {
		return nil, notFound("Client not found", "There is no client %s.", quote(id))
	}
	client := wireClient{Object: "client", ID: id, CreatedAt: list[0].CreatedAt}
	var lastActive clerksessions.UnixMilli
	for _, v := range list {
		session := v.at(in.nowMilli())
		client.SessionIDs = append(client.SessionIDs, session.ID)
		client.Sessions = append(client.Sessions, c.wire(session))
		client.UpdatedAt = max(client.UpdatedAt, session.UpdatedAt)
		if !session.Status.Ended() && session.LastActiveAt >= lastActive {
			client.LastActiveSessionID, lastActive = &session.ID, session.LastActiveAt
		}
	}
	return client, nil
}
