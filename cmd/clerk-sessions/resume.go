package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// past is what a report says about earlier runs.
type past struct {
	untried []*item  // sessions planned, or found live at the end
	failed  []*item  // sessions tried, but neither revoked nor gone
	list    []*item  // users whose sessions are not listed
	check   []string // users listed, to be listed again at the end
	done    int      // sessions revoked or gone
	empty   int      // users without a session to revoke
}

// resumeReport reads a report and opens it to append to. It drops a last line that a
// crash truncated.
func resumeReport(name, key string, users []string, header reportHeader) (*report, *past, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, usagef("cannot resume report: %w (nothing was revoked)", err)
	}
	r := &report{name: name, file: file}
	var p *past
	var size int64
	if err = r.acquire(); err == nil {
		p, size, err = readReport(io.MultiReader(strings.NewReader("{"), headerLess(file)), key, users, header)
	}
	if err == nil {
		err = os.Truncate(name, size)
	}
	if err != nil {
		_ = r.close()
		return nil, nil, usagef("cannot resume report %s: %w (nothing was revoked)", name, err)
	}
	if err := r.begin(); err != nil {
		_ = r.close()
		return nil, nil, err
	}
	return r, p, nil
}

// readReport returns what a report says and the size of its complete lines.
func readReport(from io.Reader, key string, users []string, header reportHeader) (*past, int64, error) {
	var size int64
	lines := bufio.NewReader(from)
	s := &reportState{left: map[string]*leftSession{}, users: map[string]outcomeKind{}, planned: map[string]bool{}}
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF) && n > 1:
			return s.past(users), size, nil
		case err != nil && !errors.Is(err, io.EOF):
			return nil, 0, err
		case n == 1 && errors.Is(err, io.EOF):
			err = errNoHeader
		case n == 1:
			err = header.match(line, key)
		default:
			err = s.add(n, line)
		}
		if err != nil {
			return nil, 0, err
		}
		size += int64(len(line))
	}
}

// reportState is what the lines read so far say. It forgets a session that is done.
type reportState struct {
	left    map[string]*leftSession
	users   map[string]outcomeKind // the last outcome of each
	planned map[string]bool        // users with a session to revoke
	done    int
}

type leftSession struct {
	item
	line    int
	outcome outcomeKind
}

func (s *reportState) add(n int, line []byte) error {
	var e struct {
		entry    `json:",inline"`
		runStart `json:",inline"`
	}
	err := json.Unmarshal(line, &e)
	switch {
	case err == nil && e.PID > 0:
	case err == nil && e.SessionID == "" && slices.Contains([]outcomeKind{listed, failed, checked}, e.Outcome):
		s.users[e.UserID] = e.Outcome
	case err == nil && e.SessionID != "" && (e.Outcome == revoked || e.Outcome == gone):
		delete(s.left, e.SessionID)
		s.done++
	case err == nil && e.SessionID != "" && slices.Contains([]outcomeKind{planned, failed, stillLive}, e.Outcome):
		s.left[e.SessionID] = &leftSession{item{user: e.UserID, session: e.SessionID}, n, e.Outcome}
		s.planned[e.UserID] = true
	default:
		return fmt.Errorf("line %d is not a valid report entry", n)
	}
	return nil
}

func (s *reportState) past(users []string) *past {
	p := &past{done: s.done}
	left := map[string]map[string]bool{} // by user
	byLine := func(a, b *leftSession) int { return cmp.Compare(a.line, b.line) }
	for _, l := range slices.SortedFunc(maps.Values(s.left), byLine) {
		if left[l.user] == nil {
			left[l.user] = map[string]bool{}
		}
		left[l.user][l.session] = true
		if l.outcome == failed {
			p.failed = append(p.failed, &l.item)
		} else {
			p.untried = append(p.untried, &l.item)
		}
	}
	var unlisted []*item // users whose listing failed, which come last
	for _, user := range users {
		switch {
		case s.users[user] == failed:
			unlisted = append(unlisted, &item{user: user, seen: left[user]})
		case s.users[user] != listed && s.users[user] != checked:
			p.list = append(p.list, &item{user: user, seen: left[user]})
		case s.planned[user] && s.users[user] == listed || left[user] != nil:
			p.check = append(p.check, user)
		case !s.planned[user]:
			p.empty++
		}
	}
	p.list = append(p.list, unlisted...)
	return p
}
