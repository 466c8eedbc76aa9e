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
	expireAfter  = clerksessions.UnixMilli(7 * 24 * time.Hour / time.Millisecond)
	abandonAfter = clerksessions.UnixMilli(30 * 24 * time.Hour / time.Millisecond)
)

// withDefaults sets the fields that are unset.
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
	v.ExpireAt = cmp.Or(v.ExpireAt, v.CreatedAt+expireAfter)
	v.AbandonAt = cmp.Or(v.AbandonAt, v.CreatedAt+abandonAfter)
	if a := v.LatestActivity; a != nil {
		a.Object = "session_activity"
		a.ID = cmp.Or(a.ID, newID("sess_activity_"))
	}
	return v
}

var sessions = kind[clerksessions.Session]{
	name: "session",
	id:   func(v clerksessions.Session) string { return v.ID },
	find: (*instance).findSession,
	add:  (*instance).addSession,
	set:  (*instance).setSession,
	remove: func(in *instance, id string) bool {
		v := in.sessions.byID[id]
		if v != nil {
			in.sessions.remove(v)
		}
		return v != nil
	},
}

// findSession returns a session as it is now.
func (in *instance) findSession(id string) (clerksessions.Session, bool) {
	if v := in.sessions.byID[id]; v != nil {
		return v.at(in.nowMilli()), true
	}
	return clerksessions.Session{}, false
}

func (in *instance) addSession(v clerksessions.Session) (clerksessions.Session, error) {
	v = in.withDefaults(clone(v))
	if in.sessions.byID[v.ID] != nil {
		return v, fmt.Errorf("session %s already exists; use another id, or change that session", quote(v.ID))
	}
	if err := in.checkSession(v); err != nil {
		return v, err
	}
	return in.sessions.add(v).at(in.nowMilli()), nil
}

// setSession replaces the session of the same ID. UpdatedAt is set to now unless it changed.
func (in *instance) setSession(session clerksessions.Session) (clerksessions.Session, error) {
	v, now := in.sessions.byID[session.ID], in.nowMilli()
	if _, updated := v.statusAt(now); session.UpdatedAt == updated {
		session.UpdatedAt = now
	}
	if err := in.checkSession(session); err != nil {
		return session, err
	}
	in.sessions.remove(v)
	v.Session = clone(session)
	in.sessions.put(v)
	return session, nil
}

// checkSession returns an error if a session is invalid.
func (in *instance) checkSession(v clerksessions.Session) error {
	user, organization := v.UserID, v.LastActiveOrganizationID
	if user == "" {
		return errors.New("session without a user; set user_id, in Go UserID, such as user_anna")
	}
	if err := cmp.Or(checkID("session", v.ID, "sess_"), checkID("client", v.ClientID, "client_"),
		checkID("user", user, "user_")); err != nil {
		return err
	}
	_, err := json.Marshal(v)
	switch {
	case unknownMember(v) != "":
		return fmt.Errorf("unknown member %s", quote(unknownMember(v)))
	case !in.userExists(user) && !in.deleted[user]:
		return fmt.Errorf("user %s does not exist; add it first, with AddUser or among the users of the seed",
			quote(user))
	case organization != "" && in.member(organization, user) == nil:
		return fmt.Errorf(
			"user %s is not a member of an organization %s; add it first, with AddOrganization or in the seed",
			quote(user), quote(organization))
	case !slices.Contains(statusFilters, string(v.Status)) && v.Status != clerksessions.SessionStatusPending:
		return fmt.Errorf(
			"unknown status %s; use abandoned, active, ended, expired, pending, removed, replaced or revoked",
			quote(string(v.Status)))
	case err != nil:
		return fmt.Errorf("session cannot be represented in JSON: %w", err)
	}
	return nil
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
