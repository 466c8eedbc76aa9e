package sessionstest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Organization is an organization of the instance.
type Organization struct {
	// ID begins with org_. Default: a new one.
	ID string `json:"id"`

	// Slug is its name in URLs. Default: the ID in lower case, with hyphens.
	Slug string `json:"slug"`

	// Members are all its members.
	Members []Member `json:"members"`
}

// Member is a user's membership of an organization.
type Member struct {
	// UserID is the member. Required.
	UserID string `json:"user_id"`

	// Role is the member's role, for example org:admin. Default: org:member.
	Role string `json:"role"`

	// Permissions are the member's permissions, each of the form org:feature:name.
	Permissions []string `json:"permissions"`
}

func (o Organization) clone() Organization {
	o.Members = slices.Clone(o.Members)
	for i := range o.Members {
		o.Members[i].Permissions = slices.Clone(o.Members[i].Permissions)
	}
	return o
}

var organizations = kind[Organization]{
	name: "organization",
	id:   func(o Organization) string { return o.ID },
	find: func(in *instance, id string) (Organization, bool) {
		o, ok := in.organizations[id]
		return o.clone(), ok
	},
	add:    (*instance).addOrganization,
	set:    (*instance).addOrganization,
	remove: (*instance).deleteOrganization,
}

// organization returns an organization that was added or, unless the instance is strict,
// one that a well-formed id implies. It reports whether there is one.
func (in *instance) organization(id string) (Organization, bool) {
	if o, ok := in.organizations[id]; ok {
		return o, true
	}
	ok := !in.config.strict && !in.deleted[id] && wellFormed(id, "org_")
	return Organization{ID: id, Slug: slug(id)}, ok
}

// member returns a user's membership of an organization, nil if there is none. Every user
// is a member of an organization that was not added.
func (in *instance) member(organization, user string) *Member {
	o, ok := in.organizations[organization]
	if !ok {
		if _, ok := in.organization(organization); ok {
			return &Member{UserID: user, Role: "org:member"}
		}
	}
	for _, m := range o.Members {
		if m.UserID == user {
			return &m
		}
	}
	return nil
}

func slug(id string) string { return strings.ReplaceAll(strings.ToLower(id), "_", "-") }

// addOrganization adds an organization, or replaces the one of the same ID.
func (in *instance) addOrganization(o Organization) (Organization, error) {
	o = o.clone()
	o.ID = cmp.Or(o.ID, newID("org_"))
	o.Slug = cmp.Or(o.Slug, slug(o.ID))
	if err := checkID("organization", o.ID, "org_"); err != nil {
		return Organization{}, err
	}
	for i := range o.Members {
		m := &o.Members[i]
		m.Role = cmp.Or(m.Role, "org:member")
		if !in.userExists(m.UserID) {
			return Organization{}, fmt.Errorf("member %s does not exist; add the user first, "+
				"with AddUser or among the users of the seed", quote(m.UserID))
		}
		if err := m.check(); err != nil {
			return Organization{}, err
		}
	}
	in.organizations[o.ID] = o
	delete(in.deleted, o.ID)
	in.leaveOrganization(o.ID)
	return o.clone(), nil
}

// check returns an error if the permissions are invalid.
func (m *Member) check() error {
	names := map[string]bool{}
	for _, permission := range m.Permissions {
		parts := strings.Split(permission, ":")
		if len(parts) != 3 || parts[0] != "org" || parts[1] == "" || parts[2] == "" ||
			strings.Contains(permission, ",") {
			return fmt.Errorf("permission %s must have the form org:feature:name", quote(permission))
		}
		names[parts[2]] = true
	}
	if len(names) > 63 {
		return fmt.Errorf("%s has permissions of %d names, but a token can hold 63", quote(m.UserID), len(names))
	}
	return nil
}

// deleteOrganization reports whether the organization existed.
func (in *instance) deleteOrganization(id string) bool {
	_, found := in.organization(id)
	if found {
		delete(in.organizations, id)
		in.deleted[id] = true
		in.leaveOrganization(id)
	}
	return found
}

// leaveOrganization clears the organization in sessions of users that are not its
// members.
func (in *instance) leaveOrganization(id string) {
	for _, v := range in.sessions.byID {
		if v.LastActiveOrganizationID == id && in.member(id, v.UserID) == nil {
			v.LastActiveOrganizationID = ""
		}
	}
}
