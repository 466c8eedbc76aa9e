package main

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// outcome is the outcome for a session or a user; the package comment explains each.
type outcome string

const (
	planned   outcome = "planned"
	listed    outcome = "listed"
	revoked   outcome = "revoked"
	gone      outcome = "gone"
	failed    outcome = "failed"
	stillLive outcome = "live"
	checked   outcome = "checked"
)

// entry is the outcome for one session or, without SessionID, for one user.
type entry struct {
	SessionID    string  `json:"session_id,omitzero"`
	UserID       string  `json:"user_id"`
	Outcome      outcome `json:"outcome"`
	LiveSessions int     `json:"live_sessions,omitzero"` // with listed: of the user
	ErrorCode    string  `json:"error_code,omitzero"`
	Error        string  `json:"error,omitzero"`
	TraceID      string  `json:"trace_id,omitzero"`
}

// report holds the state of the users of a run and of their sessions. It drops sessions
// that are done once their user is listed.
type report struct {
	mu            sync.Mutex
	file          *reportFile // nil for none
	users         []string
	state         map[string]*userState
	revoked, gone int // numbers of sessions in this run
	before        int // the number of sessions that earlier runs revoked or found gone
}

type userState struct {
	outcome  outcome
	live     int  // the number of live sessions, selected or not
	found    bool // there was a session to revoke
	sessions map[string]session
}

type session struct {
	user    string
	outcome outcome
}

// forget drops a session if it is done. For most users none is left, so the map is dropped
// as well.
func (u *userState) forget(id string) {
	if o := u.sessions[id].outcome; o == revoked || o == gone {
		delete(u.sessions, id)
	}
	if len(u.sessions) == 0 {
		u.sessions = nil
	}
}

func newReport(users []string) *report {
	r := &report{users: users, state: make(map[string]*userState, len(users))}
	for _, user := range users {
		r.state[user] = new(userState)
	}
	return r
}

// stateOf returns the state of a user, or else that of the user "", who stands for all
// users of a client.
func (r *report) stateOf(user string) *userState { return cmp.Or(r.state[user], r.state[""]) }

// add adds entries to the state and to the file.
func (r *report) add(entries ...entry) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := make([]any, len(entries))
	for i, e := range entries {
		r.apply(e)
		lines[i] = e
	}
	if r.file == nil || len(entries) == 0 {
		return nil
	}
	r.file.used = true
	return r.file.write(lines...)
}

// apply adds an entry to the state. It reports whether the entry is valid.
func (r *report) apply(e entry) bool {
	u := r.stateOf(e.UserID)
	switch {
	case u == nil:
		return false
	case e.SessionID != "":
		return r.applySession(u, e)
	case e.Outcome == listed, e.Outcome == checked:
		for id := range u.sessions {
			u.forget(id)
		}
	case e.Outcome != failed:
		return false
	}
	u.outcome, u.live = e.Outcome, e.LiveSessions
	return true
}

func (r *report) applySession(u *userState, e entry) bool {
	switch e.Outcome {
	case planned, failed, stillLive:
	case revoked:
		r.revoked++
	case gone:
		r.gone++
	default:
		return false
	}
	u.found = true
	if u.sessions == nil {
		u.sessions = map[string]session{}
	}
	u.sessions[e.SessionID] = session{e.UserID, e.Outcome}
	if u.outcome == listed || u.outcome == checked {
		u.forget(e.SessionID)
	}
	return true
}

// knows reports whether the report has the session and has not dropped it.
func (r *report) knows(user, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.stateOf(user).sessions[id]
	return ok
}

// left returns the remaining items: sessions not tried yet, users to list, with those
// whose listing failed last, and sessions that failed.
func (r *report) left() (untried, users, again []*item) {
	var unlisted []*item
	for _, user := range r.users {
		u := r.state[user]
		switch u.outcome {
		case "":
			users = append(users, &item{user: user})
		case failed:
			unlisted = append(unlisted, &item{user: user})
		}
		for _, id := range slices.Sorted(maps.Keys(u.sessions)) {
			it := &item{user: u.sessions[id].user, session: id}
			switch u.sessions[id].outcome {
			case planned, stillLive:
				untried = append(untried, it)
			case failed:
				again = append(again, it)
			}
		}
	}
	return untried, append(users, unlisted...), again
}

// unchecked returns the users to list again at the end.
func (r *report) unchecked() (users []*item) {
	for _, user := range r.users {
		if u := r.state[user]; u.outcome == listed && u.found {
			users = append(users, &item{user: user})
		}
	}
	return users
}

// summary counts the sessions by outcome.
func (r *report) summary() summary {
	s := summary{Revoked: r.revoked, Gone: r.gone, Before: r.before}
	for _, u := range r.state {
		switch {
		case u.outcome == "", u.outcome == failed:
			s.Unlisted++
		case u.live == 0 && !u.found:
			s.Empty++
		}
		for _, session := range u.sessions {
			switch session.outcome {
			case planned:
				s.NotDone++
			case failed:
				s.Failed++
			case stillLive:
				s.Live++
			}
		}
	}
	return s
}
