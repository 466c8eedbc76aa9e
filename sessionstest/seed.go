package sessionstest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clerksessions/clerksessions"
	"github.com/go-json-experiment/json"
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

// Template is a JWT template.
type Template struct {
	// Name is the name in requests: up to 512 bytes without /, \, % and control
	// characters. Required.
	Name string `json:"name"`

	// Claims are added to the token as they are: Clerk's shortcodes such as
	// {{user.id}} are not replaced. Claims that Clerk sets or reserves for session
	// tokens are refused, as Clerk does (jwt_template_reserved_claim).
	Claims map[string]any `json:"claims"`

	// Lifetime is that of its tokens in seconds, 30 to 315,360,000. Default: 60.
	Lifetime int `json:"lifetime"`

	// AllowedClockSkew is the time from nbf to iat in seconds. Default: 5.
	AllowedClockSkew int `json:"allowed_clock_skew"`
}

// RefreshToken is the value of a browser's __refresh cookie.
type RefreshToken struct {
	// Token is its value. Default: a new one.
	Token string `json:"token"`

	// SessionID is the session that it refreshes. Required.
	SessionID string `json:"session_id"`
}

// Seed is state to add to a Server: see [Server.Seed] and [ReadSeed].
type Seed struct {
	// Deleted are the ids of users and organizations that do not exist, although any
	// well-formed id would be one. Sessions may belong to a deleted user.
	Deleted []string `json:"deleted,omitzero"`

	// These are added in this order; each may be empty.
	Users         []User                  `json:"users"`
	Organizations []Organization          `json:"organizations"`
	Sessions      []clerksessions.Session `json:"sessions"`
	Templates     []Template              `json:"templates"`
	RefreshTokens []RefreshToken          `json:"refresh_tokens"`
}

// Seed adds the seed to the Server. It stops at the first entry that is invalid and
// returns an error that names it. Tests can use [Server.AddUser] and its siblings.
func (s *Server) Seed(seed Seed) (err error) {
	s.with(func(in *instance) {
		if err = in.seed(seed); err == nil {
			s.seeds = append(s.seeds, seed)
		}
	})
	return err
}

// load replaces the state by a seed, unless the seed is invalid.
func (in *instance) load(seed Seed) error {
	fresh := &instance{config: in.config, clock: in.clock, state: newState()}
	if err := fresh.seed(seed); err != nil {
		return err
	}
	in.state = fresh.state
	return nil
}

// reset makes the instance what it was when the seeds had been added, keys excepted.
func (in *instance) reset(seeds []Seed) error {
	keys := in.keys
	*in = *newInstance(in.config)
	in.keys = keys
	for _, seed := range seeds {
		if err := in.seed(seed); err != nil {
			return err
		}
	}
	return nil
}

// seed adds a seed to the state.
func (in *instance) seed(seed Seed) error {
	for i, id := range seed.Deleted {
		if !wellFormed(id, "user_") && !wellFormed(id, "org_") {
			return fmt.Errorf("sessionstest: deleted[%d]: %s is not the id of a user or an organization", i, quote(id))
		}
		in.removeUser(id)
	}
	return cmp.Or(
		addAll("users", seed.Users, in.addUser),
		addAll("organizations", seed.Organizations, in.addOrganization),
		addAll("sessions", seed.Sessions, in.addSession),
		addAll("templates", seed.Templates, in.addTemplate),
		addAll("refresh_tokens", seed.RefreshTokens, in.addRefreshToken),
	)
}

// addAll adds the entries of a list.
func addAll[T any](name string, all []T, add func(T) (T, error)) error {
	for i, v := range all {
		if _, err := add(v); err != nil {
			return fmt.Errorf("sessionstest: %s[%d]: %w", name, i, err)
		}
	}
	return nil
}

func (in *instance) addOrganization(o Organization) (Organization, error) {
	o = o.clone()
	o.ID = cmp.Or(o.ID, newID("org_"))
	o.Slug = cmp.Or(o.Slug, slug(o.ID))
	if !wellFormed(o.ID, "org_") {
		return Organization{}, fmt.Errorf(
			"organization id %s must be org_ and 1 to 64 letters, digits, - or _",
			quote(o.ID),
		)
	}
	for i := range o.Members {
		m := &o.Members[i]
		m.Role = cmp.Or(m.Role, "org:member")
		if !in.userExists(m.UserID) {
			return Organization{}, fmt.Errorf(
				"member %s does not exist; add the user first, with AddUser or among the users of the seed",
				quote(m.UserID),
			)
		}
		if err := m.check(); err != nil {
			return Organization{}, err
		}
	}
	own := o.clone()
	in.organizations[o.ID] = &own
	delete(in.deleted, o.ID)
	in.leaveOrganization(o.ID)
	return o, nil
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

// deleteOrganization reports whether there was one.
func (in *instance) deleteOrganization(id string) bool {
	if in.organization(id) == nil {
		return false
	}
	delete(in.organizations, id)
	in.deleted[id] = true
	in.leaveOrganization(id)
	return true
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

func (o Organization) clone() Organization {
	o.Members = slices.Clone(o.Members)
	for i := range o.Members {
		o.Members[i].Permissions = slices.Clone(o.Members[i].Permissions)
	}
	return o
}

func slug(id string) string { return strings.ReplaceAll(strings.ToLower(id), "_", "-") }

// reservedClaims are those that a template cannot set: the automatic ones and those of
// session tokens.
var reservedClaims = []string{"azp", "exp", "fea", "iat", "iss", "jti", "nbf", "pla", "sid", "sts", "sub", "v"}

const maxName = 512 // bytes of a template's name, the client's maximum in a path

// inPath reports whether the client accepts a name in a path. It rejects names that
// change the path once unescaped; rejecting every backslash and % is simpler.
func inPath(name string) bool {
	return name != "" && len(name) <= maxName && utf8.ValidString(name) && name != "." && name != ".." &&
		!strings.ContainsAny(name, `/\%`) && !strings.ContainsFunc(name, unicode.IsControl)
}

func (in *instance) addTemplate(t Template) (Template, error) {
	t.Lifetime = cmp.Or(t.Lifetime, defaultLifetime)
	t.AllowedClockSkew = cmp.Or(t.AllowedClockSkew, templateSkew)
	for _, name := range reservedClaims {
		if _, ok := t.Claims[name]; ok {
			return Template{}, fmt.Errorf(
				"template %s sets the claim %s, which Clerk reserves; remove it, or in a Go test use Mint",
				quote(t.Name),
				name,
			)
		}
	}
	_, err := json.Marshal(t.Claims)
	switch {
	case !inPath(t.Name):
		return Template{}, fmt.Errorf(
			"template name %s must be 1 to %d bytes of text without /, \\, %% and control characters, "+
				"and not a dot segment",
			quote(t.Name),
			maxName,
		)
	case t.Lifetime < minLifetime || t.Lifetime > maxLifetime:
		return Template{}, fmt.Errorf("template %s has a lifetime of %d seconds, must be %d to %d", quote(t.Name),
			t.Lifetime, minLifetime, maxLifetime)
	case t.AllowedClockSkew < 0:
		return Template{}, fmt.Errorf("template %s has an allowed clock skew of %d seconds, must not be negative",
			quote(t.Name), t.AllowedClockSkew)
	case err != nil:
		return Template{}, fmt.Errorf(
			"template %s has claims that cannot be represented in JSON: %w",
			quote(t.Name),
			err,
		)
	}
	own := t.clone()
	in.templates[t.Name] = &own
	return t, nil
}

func (t Template) clone() Template {
	t.Claims = maps.Clone(t.Claims)
	return t
}

func (in *instance) addRefreshToken(r RefreshToken) (RefreshToken, error) {
	if in.sessions.byID[r.SessionID] == nil {
		return RefreshToken{}, fmt.Errorf(
			"session %s does not exist; add it first, with AddSession or among the sessions of the seed",
			quote(r.SessionID),
		)
	}
	r.Token = cmp.Or(r.Token, "rt_"+randomText(40))
	in.refresh[r.Token] = r.SessionID
	return r, nil
}
