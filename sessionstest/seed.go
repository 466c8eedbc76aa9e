package sessionstest

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/clerksessions/clerksessions"
)

// RefreshToken is the value of a browser's __refresh cookie.
type RefreshToken struct {
	// Token is its value. Default: a new one.
	Token string `json:"token"`

	// SessionID is the session that it refreshes. Required.
	SessionID string `json:"session_id"`
}

// Seed is state to add to a Server: see [Server.Seed] and [ReadSeed].
type Seed struct {
	// Deleted lists the ids of deleted users and organizations. Without
	// [WithStrictUsers], every other well-formed id exists. Sessions may belong to a
	// deleted user.
	Deleted []string `json:"deleted,omitzero"`

	// These are added in this order; each may be empty.
	Users         []User                  `json:"users"`
	Organizations []Organization          `json:"organizations"`
	Sessions      []clerksessions.Session `json:"sessions"`
	Templates     []Template              `json:"templates"`
	RefreshTokens []RefreshToken          `json:"refresh_tokens"`
}

// ReadSeed reads a Seed from JSON: one object with any of the members users,
// organizations, sessions, templates, refresh_tokens and deleted, each a list. A session
// has the form of Clerk's API; only user_id is required, and times are in milliseconds.
// Unknown members are an error.
func ReadSeed(r io.Reader) (Seed, error) {
	var seed Seed
	document, err := io.ReadAll(r)
	if err == nil {
		err = decode(document, &seed)
	}
	if err != nil {
		return Seed{}, fmt.Errorf("sessionstest: invalid seed: %w", err)
	}
	for i, v := range seed.Sessions {
		if member := unknownMember(v); member != "" {
			member = fmt.Sprintf("/sessions/%d%s", i, member)
			return Seed{}, fmt.Errorf("sessionstest: invalid seed: unknown member %s", quote(member))
		}
	}
	return seed, nil
}

// unknownMember returns the JSON pointer of a member of a session that Clerk does not
// have, or "" if there is none. Decoding keeps such members in Extra.
func unknownMember(v clerksessions.Session) string {
	extra := map[string]map[string]any{"": v.Extra}
	if v.LatestActivity != nil {
		extra["/latest_activity"] = v.LatestActivity.Extra
	}
	for i, task := range v.Tasks {
		extra[fmt.Sprintf("/tasks/%d", i)] = task.Extra
	}
	for _, place := range slices.Sorted(maps.Keys(extra)) {
		for _, name := range slices.Sorted(maps.Keys(extra[place])) {
			return string(jsontext.Pointer(place).AppendToken(name))
		}
	}
	return ""
}

// Seed adds the seed to the Server. It stops at the first entry that is invalid and
// returns an error that names it. Tests can use [Server.AddUser] and the like instead.
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

// reset restores the initial state with the seeds. The keys are kept.
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

// dump returns the state as a Seed. Users and sessions are sorted from the oldest to the
// newest, so that adding them in turn preserves their order.
func (in *instance) dump() Seed {
	sessions := in.list("")
	slices.Reverse(sessions)
	seed := Seed{Sessions: sessions, Deleted: slices.Sorted(maps.Keys(in.deleted))}
	for _, u := range slices.SortedFunc(maps.Values(in.users.byID), olderUser) {
		seed.Users = append(seed.Users, u.clone())
	}
	for _, id := range slices.Sorted(maps.Keys(in.organizations)) {
		seed.Organizations = append(seed.Organizations, in.organizations[id].clone())
	}
	for _, name := range slices.Sorted(maps.Keys(in.templates)) {
		seed.Templates = append(seed.Templates, in.templates[name].clone())
	}
	for _, token := range slices.Sorted(maps.Keys(in.refresh)) {
		if in.sessions.byID[in.refresh[token]] != nil { // the session was not deleted
			seed.RefreshTokens = append(seed.RefreshTokens, RefreshToken{Token: token, SessionID: in.refresh[token]})
		}
	}
	return seed
}
