package sessionstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clerksessions/clerksessions"
	"github.com/go-json-experiment/json"
)

// User is a user of the instance.
type User struct {
	// ID begins with user_. Default: a new one.
	ID string `json:"id"`
}

// Organization is an organization of the instance.
type Organization struct {
	// ID begins with org_. Default: a new one.
	ID string `json:"id"`

	// Slug is its name in URLs. Default: the ID in lower case, with hyphens.
	Slug string `json:"slug"`

	// Members are all its members; nobody else is one.
	Members []Member `json:"members"`
}

// Member is a user's membership of an organization.
type Member struct {
	// UserID is the member. Required.
	UserID string `json:"user_id"`

	// Role is what the member is, for example org:admin. Default: org:member.
	Role string `json:"role"`

	// Permissions are what the member may do, each of the form org:feature:name.
	Permissions []string `json:"permissions"`
}

// Template is a JWT template.
type Template struct {
	// Name is what requests call it: up to 512 bytes without /, \, % and control
	// characters. Required.
	Name string `json:"name"`

	// Claims are those it adds. They are copied as they are: Clerk's shortcodes such
	// as {{user.id}} are not replaced. Claims that Clerk sets itself or reserves for
	// session tokens are refused, as Clerk refuses them (jwt_template_reserved_claim).
	Claims map[string]any `json:"claims"`

	// Lifetime is that of its tokens in seconds, 30 to 315,360,000. Default: 60.
	Lifetime int `json:"lifetime"`

	// AllowedClockSkew is how many seconds nbf lies before iat. Default: 5.
	AllowedClockSkew int `json:"allowed_clock_skew"`
}

// RefreshToken is what a browser keeps in its __refresh cookie.
type RefreshToken struct {
	// Token is its value. Default: a new one.
	Token string `json:"token"`

	// SessionID is the session it refreshes. Required.
	SessionID string `json:"session_id"`
}

// Seed is what a Server shall hold: see [Server.Seed] and [ReadSeed].
type Seed struct {
	// What to add, in this order; each of these may be empty.
	Users         []User                  `json:"users"`
	Organizations []Organization          `json:"organizations"`
	Sessions      []clerksessions.Session `json:"sessions"`
	Templates     []Template              `json:"templates"`
	RefreshTokens []RefreshToken          `json:"refresh_tokens"`
}

// Seed adds what a program gives, in the order of the fields, and stops at the first
// thing that cannot be: the error says which and why. Tests do the same, one by one,
// with [Server.AddUser] and its siblings.
func (s *Server) Seed(seed Seed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmpErr(
		each("users", seed.Users, s.addUser),
		each("organizations", seed.Organizations, s.addOrganization),
		each("sessions", seed.Sessions, s.addSession),
		each("templates", seed.Templates, s.addTemplate),
		each("refresh_tokens", seed.RefreshTokens, s.addRefreshToken),
	)
}

// each adds all of a list.
func each[T any](name string, all []T, add func(T) (T, error)) func() error {
	return func() error {
		for i, v := range all {
			if _, err := add(v); err != nil {
				return fmt.Errorf("sessionstest: %s[%d]: %w", name, i, err)
			}
		}
		return nil
	}
}

func cmpErr(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// must adds one thing for a test.
func must[T any](s *Server, name string, v T, add func(T) (T, error)) T {
	s.helper()
	s.mu.Lock()
	added, err := add(v)
	s.mu.Unlock()
	if err != nil {
		s.fail("%s: %v", name, err)
	}
	return added
}

func (s *Server) addUser(u User) (User, error) {
	if u.ID == "" {
		u.ID = newID("user_")
	}
	if !wellFormed(u.ID, "user_") {
		return User{}, noUserID(u.ID)
	}
	s.users[u.ID] = &u
	delete(s.deleted, u.ID)
	return u, nil
}

func noUserID(id string) error {
	return fmt.Errorf("the user id %s must be user_ and 1 to 64 letters, digits, - or _", shown(id))
}

func (s *Server) addOrganization(o Organization) (Organization, error) {
	if o.ID == "" {
		o.ID = newID("org_")
	}
	if !wellFormed(o.ID, "org_") {
		return Organization{}, fmt.Errorf("the organization id %s must be org_ and 1 to 64 letters, digits, - or _", shown(o.ID))
	}
	if o.Slug == "" {
		o.Slug = slug(o.ID)
	}
	o = o.clone()
	for i := range o.Members {
		m := &o.Members[i]
		if !s.userExists(m.UserID) {
			return Organization{}, fmt.Errorf("its member %s does not exist; add the user first, with AddUser or among the users of the seed", shown(m.UserID))
		}
		if m.Role == "" {
			m.Role = "org:member"
		}
		names := map[string]bool{}
		for _, permission := range m.Permissions {
			parts := strings.Split(permission, ":")
			if len(parts) != 3 || parts[0] != "org" || parts[1] == "" || parts[2] == "" || strings.Contains(permission, ",") {
				return Organization{}, fmt.Errorf("the permission %s must have the form org:feature:name", shown(permission))
			}
			names[parts[2]] = true
		}
		if len(names) > 63 {
			return Organization{}, fmt.Errorf("%s has permissions of %d names, but a token holds at most 63", shown(m.UserID), len(names))
		}
	}
	own := o.clone()
	s.orgs[o.ID] = &own
	return o, nil
}

func (o Organization) clone() Organization {
	o.Members = slices.Clone(o.Members)
	for i := range o.Members {
		o.Members[i].Permissions = slices.Clone(o.Members[i].Permissions)
	}
	return o
}

func slug(id string) string { return strings.ReplaceAll(strings.ToLower(id), "_", "-") }

// reservedClaims are those that a template cannot set: Clerk's automatic ones and
// those of session tokens.
var reservedClaims = []string{"azp", "exp", "fea", "iat", "iss", "jti", "nbf", "pla", "sid", "sts", "sub", "v"}

const maxName = 512 // bytes, the most the client puts into a path

// inPath tells whether the client puts a name into a path. It refuses what leads
// elsewhere once it is unescaped; to refuse every backslash and % is the short way.
func inPath(name string) bool {
	return name != "" && len(name) <= maxName && utf8.ValidString(name) && name != "." && name != ".." &&
		!strings.ContainsAny(name, `/\%`) && !strings.ContainsFunc(name, unicode.IsControl)
}

func (s *Server) addTemplate(t Template) (Template, error) {
	if !inPath(t.Name) {
		return Template{}, fmt.Errorf("the template name %s cannot stand in a path; take 1 to %d bytes of text without /, \\, %% and control characters that is no dot segment", shown(t.Name), maxName)
	}
	for _, name := range reservedClaims {
		if _, ok := t.Claims[name]; ok {
			return Template{}, fmt.Errorf("the template %s sets the claim %s, which Clerk reserves; leave it out, or in a Go test mint such a token with Mint", shown(t.Name), name)
		}
	}
	if t.Lifetime == 0 {
		t.Lifetime = defaultLifetime
	}
	if t.Lifetime < minLifetime || t.Lifetime > maxLifetime {
		return Template{}, fmt.Errorf("the template %s has a lifetime of %d seconds, but it must be %d to %d", shown(t.Name), t.Lifetime, minLifetime, maxLifetime)
	}
	if t.AllowedClockSkew == 0 {
		t.AllowedClockSkew = templateSkew
	}
	if t.AllowedClockSkew < 0 {
		return Template{}, fmt.Errorf("the template %s has an allowed clock skew of %d seconds, but it must not be negative", shown(t.Name), t.AllowedClockSkew)
	}
	if _, err := json.Marshal(t.Claims); err != nil {
		return Template{}, fmt.Errorf("the template %s has claims that JSON cannot hold: %w", shown(t.Name), err)
	}
	own := t
	own.Claims = maps.Clone(t.Claims)
	s.models[t.Name] = &own
	return t, nil
}

func (s *Server) addRefreshToken(r RefreshToken) (RefreshToken, error) {
	if s.store.byID[r.SessionID] == nil {
		return RefreshToken{}, fmt.Errorf("the session %s does not exist; add it first, with AddSession or among the sessions of the seed", shown(r.SessionID))
	}
	if r.Token == "" {
		r.Token = "rt_" + randomText(40)
	}
	s.refresh[r.Token] = r.SessionID
	return r, nil
}
