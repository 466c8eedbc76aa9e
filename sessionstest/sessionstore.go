package sessionstest

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/clerksessions/clerksessions"
)

// sessionStore holds the sessions, sorted for each user and client, so that a page of
// the newest costs no more than its length.
type sessionStore struct {
	byID     map[string]*stored
	byUser   map[string][]*stored // oldest first
	byClient map[string][]*stored // oldest first
	count    uint64
}

// stored is a session as it was last written. Its status may have changed with time
// since; see statusAt.
type stored struct {
	clerksessions.Session
	seq uint64 // orders sessions of the same millisecond
}

func older(a, b *stored) int {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.seq, b.seq))
}

func insert(list []*stored, v *stored) []*stored {
	at, _ := slices.BinarySearchFunc(list, v, older)
	return slices.Insert(list, at, v)
}

func (st *sessionStore) add(session clerksessions.Session) *stored {
	st.count++
	v := &stored{Session: session, seq: st.count}
	st.put(v)
	return v
}

func (st *sessionStore) put(v *stored) {
	st.byID[v.ID] = v
	st.byUser[v.UserID] = insert(st.byUser[v.UserID], v)
	st.byClient[v.ClientID] = insert(st.byClient[v.ClientID], v)
}

func (st *sessionStore) remove(v *stored) {
	take := func(index map[string][]*stored, key string) {
		at, _ := slices.BinarySearchFunc(index[key], v, older)
		index[key] = slices.Delete(index[key], at, at+1)
	}
	delete(st.byID, v.ID)
	take(st.byUser, v.UserID)
	take(st.byClient, v.ClientID)
}

// sessionQuery selects sessions. It needs a user or a client.
type sessionQuery struct {
	user, client  string
	status        clerksessions.SessionStatus
	limit, offset int
}

// page returns at most limit matching sessions after the newest offset ones, newest
// first, and the number of all that match.
func (st *sessionStore) page(q sessionQuery, now clerksessions.UnixMilli) ([]clerksessions.Session, int) {
	list := st.byUser[q.user]
	if ofClient := st.byClient[q.client]; q.user == "" || q.client != "" && len(ofClient) < len(list) {
		list = ofClient
	}
	page := make([]clerksessions.Session, 0, min(q.limit, len(list)))
	if q.status == "" && (q.user == "" || q.client == "") {
		for i := len(list) - 1 - min(q.offset, len(list)); i >= 0 && len(page) < q.limit; i-- {
			page = append(page, list[i].at(now))
		}
		return page, len(list)
	}
	total := 0
	for _, v := range slices.Backward(list) {
		if q.user != "" && v.UserID != q.user || q.client != "" && v.ClientID != q.client {
			continue
		}
		if is, _ := v.statusAt(now); q.status != "" && is != q.status {
			continue
		}
		if total++; total > q.offset && len(page) < q.limit {
			page = append(page, v.at(now))
		}
	}
	return page, total
}

// statusAt returns the status at a time and when it began. A live session is expired
// from expire_at on and abandoned from abandon_at on, whichever comes first.
func (v *stored) statusAt(now clerksessions.UnixMilli) (clerksessions.SessionStatus, clerksessions.UnixMilli) {
	switch {
	case v.Status.Ended() || now < v.ExpireAt && now < v.AbandonAt:
		return v.Status, v.UpdatedAt
	case v.AbandonAt < v.ExpireAt:
		return clerksessions.SessionStatusAbandoned, v.AbandonAt
	}
	return clerksessions.SessionStatusExpired, v.ExpireAt
}

// at returns a deep copy of the session as it is at a time.
func (v *stored) at(now clerksessions.UnixMilli) clerksessions.Session {
	session := clone(v.Session)
	session.Status, session.UpdatedAt = v.statusAt(now)
	return session
}

func clone(session clerksessions.Session) clerksessions.Session {
	session.Actor = maps.Clone(session.Actor)
	session.Tasks = slices.Clone(session.Tasks)
	if session.LatestActivity != nil {
		session.LatestActivity = new(*session.LatestActivity)
	}
	return session
}

// revoke sets the status revoked, even if the session has ended in another way: this is
// inferred from the contract.
func (v *stored) revoke(now clerksessions.UnixMilli) {
	if v.Status != clerksessions.SessionStatusRevoked {
		v.Status, v.UpdatedAt = clerksessions.SessionStatusRevoked, now
	}
}

// live returns the live sessions of a user.
func (st *sessionStore) live(user string, now clerksessions.UnixMilli) iter.Seq[*stored] {
	return func(yield func(*stored) bool) {
		for _, v := range st.byUser[user] {
			if status, _ := v.statusAt(now); !status.Ended() && !yield(v) {
				return
			}
		}
	}
}

// revokeUser revokes the live sessions of a user.
func (st *sessionStore) revokeUser(id string, now clerksessions.UnixMilli) {
	for v := range st.live(id, now) {
		v.revoke(now)
	}
}
