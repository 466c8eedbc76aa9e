package sessionstest

import (
	"maps"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions"
)

// store holds the sessions, and for each user and client their order, so that a page
// of the newest costs no more than its length.
type store struct {
	byID     map[string]*stored
	byUser   map[string][]*stored // oldest first
	byClient map[string][]*stored // oldest first
	acted    map[string][]*stored // by user, only sessions with an actor
	count    uint64
}

// stored is a session as it was last written. What time makes of its status is worked
// out when it is read.
type stored struct {
	clerksessions.Session
	seq uint64 // tells apart sessions of the same millisecond
}

func newStore() store {
	return store{byID: map[string]*stored{}, byUser: map[string][]*stored{}, byClient: map[string][]*stored{}, acted: map[string][]*stored{}}
}

func older(a, b *stored) int {
	switch {
	case a.CreatedAt != b.CreatedAt:
		return int(min(1, max(-1, a.CreatedAt-b.CreatedAt)))
	case a.seq < b.seq:
		return -1
	case a.seq > b.seq:
		return 1
	}
	return 0
}

func insert(list []*stored, v *stored) []*stored {
	if n := len(list); n == 0 || older(list[n-1], v) < 0 {
		return append(list, v)
	}
	at, _ := slices.BinarySearchFunc(list, v, older)
	return slices.Insert(list, at, v)
}

func (st *store) add(session clerksessions.Session) *stored {
	st.count++
	v := &stored{Session: session, seq: st.count}
	st.put(v)
	return v
}

func (st *store) put(v *stored) {
	st.byID[v.ID] = v
	st.byUser[v.UserID] = insert(st.byUser[v.UserID], v)
	st.byClient[v.ClientID] = insert(st.byClient[v.ClientID], v)
	if v.Actor != nil {
		st.acted[v.UserID] = insert(st.acted[v.UserID], v)
	}
}

func (st *store) remove(v *stored) {
	take := func(index map[string][]*stored, key string) {
		list := index[key]
		if at, ok := slices.BinarySearchFunc(list, v, older); ok {
			list = slices.Delete(list, at, at+1)
		}
		if index[key] = list; len(list) == 0 {
			delete(index, key)
		}
	}
	delete(st.byID, v.ID)
	take(st.byUser, v.UserID)
	take(st.byClient, v.ClientID)
	take(st.acted, v.UserID)
}

// page returns the matching sessions after the newest offset ones, newest first, at
// most limit, and how many match in all. Without user or client nothing matches.
func (st *store) page(user, client string, status clerksessions.SessionStatus, limit, offset int, now clerksessions.UnixMilli) ([]clerksessions.Session, int) {
	list := st.byUser[user]
	switch {
	case user == "":
		list = st.byClient[client]
	case client != "" && len(st.byClient[client]) < len(list):
		list = st.byClient[client]
	}
	page := make([]clerksessions.Session, 0, min(limit, len(list)))
	if status == "" && (user == "" || client == "") {
		for i := len(list) - 1 - min(offset, len(list)); i >= 0 && len(page) < limit; i-- {
			page = append(page, list[i].at(now))
		}
		return page, len(list)
	}
	total := 0
	for _, v := range slices.Backward(list) {
		if user != "" && v.UserID != user || client != "" && v.ClientID != client {
			continue
		}
		if is, _ := v.statusAt(now); status != "" && is != status {
			continue
		}
		if total++; total > offset && len(page) < limit {
			page = append(page, v.at(now))
		}
	}
	return page, total
}

// live tells whether a status is one of a session that goes on.
func live(status clerksessions.SessionStatus) bool {
	return status == clerksessions.SessionStatusActive || status == clerksessions.SessionStatusPending
}

// statusAt is the status at a time, and since when if time has changed it: a live
// session is expired from expire_at on and abandoned from abandon_at on, whichever
// comes first.
func (v *stored) statusAt(now clerksessions.UnixMilli) (clerksessions.SessionStatus, clerksessions.UnixMilli) {
	switch {
	case !live(v.Status) || now < v.ExpireAt && now < v.AbandonAt:
		return v.Status, v.UpdatedAt
	case v.AbandonAt < v.ExpireAt:
		return clerksessions.SessionStatusAbandoned, v.AbandonAt
	}
	return clerksessions.SessionStatusExpired, v.ExpireAt
}

// at is the session at a time, a copy that shares nothing.
func (v *stored) at(now clerksessions.UnixMilli) clerksessions.Session {
	session := clone(v.Session)
	session.Status, session.UpdatedAt = v.statusAt(now)
	return session
}

func clone(session clerksessions.Session) clerksessions.Session {
	session.Actor = maps.Clone(session.Actor)
	session.Tasks = slices.Clone(session.Tasks)
	if session.LatestActivity != nil {
		activity := *session.LatestActivity
		session.LatestActivity = &activity
	}
	return session
}

func milli(t time.Time) clerksessions.UnixMilli { return clerksessions.UnixMilli(t.UnixMilli()) }

func (s *Server) nowMilli() clerksessions.UnixMilli { return milli(s.Now()) }
