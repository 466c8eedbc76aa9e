package sessionstest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/go-json-experiment/json"
)

// User is a user of the instance.
type User struct {
	// ID begins with user_. Default: a new one.
	ID string `json:"id"`

	// EmailAddresses are verified; the first is the primary one. No two users share
	// an address.
	EmailAddresses []string `json:"email_addresses,omitzero"`

	// Username is the user's name for signing in, if any.
	Username string `json:"username,omitzero"`

	// FirstName is the first name, if known.
	FirstName string `json:"first_name,omitzero"`

	// LastName is the last name, if known.
	LastName string `json:"last_name,omitzero"`

	// ExternalID is the user's id in another system, if any.
	ExternalID string `json:"external_id,omitzero"`

	// PublicMetadata is readable by the front end and the back end.
	PublicMetadata map[string]any `json:"public_metadata,omitzero"`

	// PrivateMetadata is readable by the back end.
	PrivateMetadata map[string]any `json:"private_metadata,omitzero"`

	// UnsafeMetadata is writable by the front end.
	UnsafeMetadata map[string]any `json:"unsafe_metadata,omitzero"`

	// PasswordEnabled reports whether the user has a password. The password is not stored.
	PasswordEnabled bool `json:"password_enabled,omitzero"`

	// Banned users cannot sign in.
	Banned bool `json:"banned,omitzero"`

	// CreatedAt is when the user was created. Default: when it was added.
	CreatedAt clerksessions.UnixMilli `json:"created_at,omitzero"`
}

func (u User) clone() User {
	u.EmailAddresses = slices.Clone(u.EmailAddresses)
	u.PublicMetadata = maps.Clone(u.PublicMetadata)
	u.PrivateMetadata = maps.Clone(u.PrivateMetadata)
	u.UnsafeMetadata = maps.Clone(u.UnsafeMetadata)
	return u
}

var users = kind[User]{
	name: "user",
	id:   func(u User) string { return u.ID },
	find: func(in *instance, id string) (User, bool) {
		if u := in.user(id); u != nil {
			return u.clone(), true
		}
		return User{}, false
	},
	add:    (*instance).addUser,
	set:    (*instance).addUser,
	remove: (*instance).endUser,
}

// userStore holds the users that were added.
type userStore struct {
	byID    map[string]*storedUser
	byEmail map[string]*storedUser // in lower case
	count   uint64
}

type storedUser struct {
	User
	updated clerksessions.UnixMilli
	seq     uint64 // orders users of the same millisecond
}

// put adds a user, or replaces the one of the same ID.
func (st *userStore) put(u User, now clerksessions.UnixMilli) *storedUser {
	v := st.byID[u.ID]
	if v == nil {
		st.count++
		v = &storedUser{seq: st.count}
	}
	st.remove(u.ID)
	u.CreatedAt = cmp.Or(u.CreatedAt, v.CreatedAt, now)
	v.User, v.updated = u.clone(), now
	st.byID[u.ID] = v
	for _, address := range u.EmailAddresses {
		st.byEmail[strings.ToLower(address)] = v
	}
	return v
}

func (st *userStore) remove(id string) {
	if v := st.byID[id]; v != nil {
		delete(st.byID, id)
		for _, address := range v.EmailAddresses {
			delete(st.byEmail, strings.ToLower(address))
		}
	}
}

func olderUser(a, b *storedUser) int {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.seq, b.seq))
}

// userExists reports whether a user exists.
func (in *instance) userExists(id string) bool {
	if in.deleted[id] {
		return false
	}
	return in.users.byID[id] != nil || !in.config.strict && wellFormed(id, "user_")
}

// user returns a user that was added or, unless the instance is strict, one that a
// well-formed id implies. It returns nil if there is none.
func (in *instance) user(id string) *storedUser {
	if v := in.users.byID[id]; v != nil || !in.userExists(id) {
		return v
	}
	return &storedUser{User: User{ID: id}}
}

// checkUser returns an error if a user is invalid.
func (in *instance) checkUser(u User) error {
	if err := checkID("user", u.ID, "user_"); err != nil {
		return err
	}
	for i, address := range u.EmailAddresses {
		name, domain, _ := strings.Cut(address, "@")
		if name == "" || domain == "" || strings.ContainsAny(address, " \t\r\n") {
			return fmt.Errorf("%s is not an email address", quote(address))
		}
		owner := in.users.byEmail[strings.ToLower(address)]
		twice := slices.ContainsFunc(u.EmailAddresses[:i], func(v string) bool { return strings.EqualFold(v, address) })
		if owner != nil && owner.ID != u.ID || twice {
			return fmt.Errorf("the email address %s is taken", quote(address))
		}
	}
	if _, err := json.Marshal(u); err != nil {
		return fmt.Errorf("user %s cannot be represented in JSON: %w", quote(u.ID), err)
	}
	return nil
}

// addUser adds a user, or replaces the one of the same ID.
func (in *instance) addUser(u User) (User, error) {
	u.ID = cmp.Or(u.ID, newID("user_"))
	if err := in.checkUser(u); err != nil {
		return User{}, err
	}
	delete(in.deleted, u.ID)
	return in.users.put(u, in.nowMilli()).clone(), nil
}

// removeUser deletes a user and its memberships; its sessions stay.
func (in *instance) removeUser(id string) {
	in.users.remove(id)
	in.deleted[id] = true
	for _, o := range in.organizations {
		o.Members = slices.DeleteFunc(o.Members, func(m Member) bool { return m.UserID == id })
		in.organizations[o.ID] = o
		in.leaveOrganization(o.ID)
	}
}

// endUser deletes a user and revokes its sessions: that Clerk revokes them is inferred. It
// reports whether the user existed.
func (in *instance) endUser(id string) bool {
	if !in.userExists(id) {
		return false
	}
	in.removeUser(id)
	in.sessions.revokeUser(id, in.nowMilli())
	return true
}
