package sessionstest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/go-json-experiment/json"
)

// The spans of a session by Clerk's defaults.
const (
	expireAfter  = 7 * 24 * time.Hour
	abandonAfter = 30 * 24 * time.Hour
)

// withDefaults sets the fields that a session needs.
func (in *instance) withDefaults(v clerksessions.Session) clerksessions.Session {
	v.Object = "session"
	v.ID = cmp.Or(v.ID, newID("sess_"))
	v.ClientID = cmp.Or(v.ClientID, newID("client_"))
	if v.Status == "" {
		v.Status = clerksessions.SessionStatusActive
		if len(v.Tasks) > 0 {
			v.Status = clerksessions.SessionStatusPending
		}
	}
	v.CreatedAt = cmp.Or(v.CreatedAt, in.nowMilli())
	v.UpdatedAt = cmp.Or(v.UpdatedAt, v.CreatedAt)
	v.LastActiveAt = cmp.Or(v.LastActiveAt, v.CreatedAt)
	v.ExpireAt = cmp.Or(v.ExpireAt, v.CreatedAt+clerksessions.UnixMilli(expireAfter.Milliseconds()))
	v.AbandonAt = cmp.Or(v.AbandonAt, v.CreatedAt+clerksessions.UnixMilli(abandonAfter.Milliseconds()))
	if a := v.LatestActivity; a != nil {
		a.Object = "session_activity"
		a.ID = cmp.Or(a.ID, newID("sess_activity_"))
	}
	return v
}

func (in *instance) addSession(v clerksessions.Session) (clerksessions.Session, error) {
	v = in.withDefaults(clone(v))
	if in.sessions.byID[v.ID] != nil {
		return clerksessions.Session{}, fmt.Errorf("session %s already exists; use another id, or change that session",
			quote(v.ID))
	}
	if err := in.checkSession(v); err != nil {
		return clerksessions.Session{}, err
	}
	return in.sessions.add(v).at(in.nowMilli()), nil
}

// checkSession returns an error if a session is invalid.
func (in *instance) checkSession(v clerksessions.Session) error {
	organization := v.LastActiveOrganizationID
	_, err := json.Marshal(v)
	switch {
	case !wellFormed(v.ID, "sess_"):
		return fmt.Errorf("session id %s must be sess_ and 1 to 64 letters, digits, - or _", quote(v.ID))
	case !wellFormed(v.ClientID, "client_"):
		return fmt.Errorf("client id %s must be client_ and 1 to 64 letters, digits, - or _", quote(v.ClientID))
	case unknownMember(v) != "":
		return fmt.Errorf("unknown member %s", quote(unknownMember(v)))
	case v.UserID == "":
		return errors.New("session without a user; set user_id, in Go UserID, such as user_anna")
	case !wellFormed(v.UserID, "user_"):
		return errUserID(v.UserID)
	case !in.userExists(v.UserID) && !in.deleted[v.UserID]:
		return fmt.Errorf("user %s does not exist; add it first, with AddUser or among the users of the seed",
			quote(v.UserID))
	case organization != "" && in.member(organization, v.UserID) == nil:
		return fmt.Errorf(
			"user %s is not a member of an organization %s; add it first, with AddOrganization or in the seed",
			quote(v.UserID), quote(organization))
	case !slices.Contains(statusFilters, string(v.Status)) && v.Status != clerksessions.SessionStatusPending:
		return fmt.Errorf(
			"unknown status %s; use abandoned, active, ended, expired, pending, removed, replaced or revoked",
			quote(string(v.Status)),
		)
	case err != nil:
		return fmt.Errorf("session cannot be represented in JSON: %w", err)
	}
	return nil
}

// updateSession changes a session by a function that is given it as it is now.
func (in *instance) updateSession(id string, change func(*clerksessions.Session)) (clerksessions.Session, error) {
	v, now := in.sessions.byID[id], in.nowMilli()
	if v == nil {
		return clerksessions.Session{}, fmt.Errorf("there is no session %s; add it first", quote(id))
	}
	session := v.at(now)
	before := session.UpdatedAt
	change(&session)
	if session.UpdatedAt == before {
		session.UpdatedAt = now
	}
	if session.ID != id {
		return clerksessions.Session{}, fmt.Errorf("the id of session %s cannot change", quote(id))
	}
	if err := in.checkSession(session); err != nil {
		return clerksessions.Session{}, err
	}
	in.sessions.remove(v)
	v.Session = clone(session)
	in.sessions.put(v)
	return session, nil
}

// deleteSession reports whether there was one.
func (in *instance) deleteSession(id string) bool {
	v := in.sessions.byID[id]
	if v != nil {
		in.sessions.remove(v)
	}
	return v != nil
}

// list returns the sessions of a user, or with "" of all users, newest first.
func (in *instance) list(userID string) []clerksessions.Session {
	list := in.sessions.byUser[userID]
	if userID == "" {
		list = slices.SortedFunc(maps.Values(in.sessions.byID), older)
	}
	sessions := make([]clerksessions.Session, 0, len(list))
	for _, v := range slices.Backward(list) {
		sessions = append(sessions, v.at(in.nowMilli()))
	}
	return sessions
}

// dump returns the state as a Seed. Users and sessions are sorted from the oldest to
// the newest, so that adding them in turn keeps their order.
func (in *instance) dump() Seed {
	sessions := in.list("")
	slices.Reverse(sessions)
	seed := Seed{Sessions: sessions, Deleted: slices.Sorted(maps.Keys(in.deleted))}
	users := slices.SortedFunc(maps.Values(in.users.byID), newerUser)
	for _, u := range slices.Backward(users) {
		seed.Users = append(seed.Users, u.clone())
	}
	for _, id := range slices.Sorted(maps.Keys(in.organizations)) {
		seed.Organizations = append(seed.Organizations, in.organizations[id].clone())
	}
	for _, name := range slices.Sorted(maps.Keys(in.templates)) {
		seed.Templates = append(seed.Templates, in.templates[name].clone())
	}
	for _, token := range slices.Sorted(maps.Keys(in.refresh)) {
		if in.sessions.byID[in.refresh[token]] != nil { // not of a deleted session
			seed.RefreshTokens = append(seed.RefreshTokens, RefreshToken{Token: token, SessionID: in.refresh[token]})
		}
	}
	return seed
}
