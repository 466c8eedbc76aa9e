package sessionstest

import (
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/clerksessions/clerksessions"
)

const (
	defaultLimit = 10
	maxLimit     = 500
)

// statusFilters are the statuses a list can be filtered by; pending is none of them.
var statusFilters = []string{"abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"}

// list is GetSessionList. Of a parameter that comes twice the first value counts:
// inferred, as is that a limit below 1 falls back to the default like one above 500.
func (s *Server) list(c *call) (any, *apiError) {
	query := c.url.Query()
	user, client := query.Get("user_id"), query.Get("client_id")
	if user == "" && client == "" {
		return nil, &apiError{status: http.StatusBadRequest, code: "missing_query_parameter", message: "Query parameter missing",
			long: "Say whose sessions to list by user_id or client_id."}
	}
	status := query.Get("status")
	if status != "" && !slices.Contains(statusFilters, status) {
		return nil, invalid("status", "is %s, which is no status to filter by.", shown(status))
	}
	paginated, e := queryBool(query.Get("paginated"))
	if e != nil {
		return nil, e
	}
	limit, e := queryInt("limit", query.Get("limit"), defaultLimit)
	if e != nil {
		return nil, e
	}
	offset, e := queryInt("offset", query.Get("offset"), 0)
	if e != nil {
		return nil, e
	}
	if limit < 1 || limit > maxLimit {
		limit = defaultLimit
	}
	now := s.nowMilli()
	s.mu.RLock()
	page, total := s.store.page(user, client, clerksessions.SessionStatus(status), limit, max(0, offset), now)
	s.mu.RUnlock()
	if paginated {
		return wirePage{Data: c.wireAll(page), TotalCount: total}, nil
	}
	return c.wireAll(page), nil
}

func queryInt(name, value string, absent int) (int, *apiError) {
	if value == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, invalid(name, "is %s, but has to be an integer.", shown(value))
	}
	return int(max(math.MinInt32, min(n, math.MaxInt32))), nil // an int has 32 bits on some platforms
}

func queryBool(value string) (bool, *apiError) {
	if value == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(value)
	if err != nil {
		return false, invalid("paginated", "is %s, but has to be true or false.", shown(value))
	}
	return v, nil
}

// create is CreateSession.
func (s *Server) create(c *call) (any, *apiError) {
	if s.config.production {
		return nil, &apiError{status: http.StatusBadRequest, code: "request_invalid_for_environment", message: "Wrong environment",
			long: "Sessions can be created on development instances only."}
	}
	p := c.params("user_id", "active_organization_id")
	user, organization := p.required("user_id"), p.text("active_organization_id")
	if p.err != nil {
		return nil, p.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.userExists(user) {
		return nil, notFound("Unknown user", "There is no user %s.", shown(user))
	}
	if organization != "" && s.member(organization, user) == nil {
		return nil, notFound("Unknown organization", "The user is in no organization %s.", shown(organization))
	}
	now := s.nowMilli()
	for _, v := range s.store.acted[user] {
		if status, _ := v.statusAt(now); live(status) {
			return nil, &apiError{status: http.StatusConflict, code: "session_creation_not_allowed", message: "No second session",
				long: "The user is being impersonated, which allows no other session."}
		}
	}
	v := s.store.add(s.filled(clerksessions.Session{UserID: user, LastActiveOrganizationID: organization}))
	return c.wire(v.at(now)), nil
}

// get is GetSession.
func (s *Server) get(c *call) (any, *apiError) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id := c.path["session_id"]
	v := s.store.byID[id]
	if v == nil {
		return nil, unknownSession(id)
	}
	return c.wire(v.at(s.nowMilli())), nil
}

// revoke is RevokeSession. It makes any session revoked, also one that had ended in
// another way: inferred from the contract, which promises the status revoked.
func (s *Server) revoke(c *call) (any, *apiError) {
	if p := c.params(); p.err != nil {
		return nil, p.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := c.path["session_id"]
	v := s.store.byID[id]
	if v == nil {
		return nil, unknownSession(id)
	}
	now := s.nowMilli()
	if v.Status != clerksessions.SessionStatusRevoked {
		v.Status, v.UpdatedAt = clerksessions.SessionStatusRevoked, now
	}
	return c.wire(v.at(now)), nil
}
