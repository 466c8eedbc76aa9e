package clerksessions

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/clerksessions/clerksessions/internal/rest"
)

const (
	pageSize   = maxListParamsLimit
	maxStalled = 10 // pages in a row without a new session before giving up
)

// All returns every session that matches, newest first, page by page: pages of 500
// unless params.Limit says otherwise (at least 2), from params.Offset on.
//
// The list may change while it is read. Pages overlap, and All goes back when they
// turn out not to, so a session that matches from beginning to end is yielded, and
// yielded once. One that begins or stops to match meanwhile may be yielded or not.
// This rests on Clerk's order, newest first.
//
// An error is yielded once and ends the sequence. Besides those of [Client.List]
// there is one for a server that contradicts itself, by telling of more sessions
// than it ever shows, or by going round in circles. Only the last thousand sessions
// are remembered, so one that a server lists twice farther apart may be yielded twice.
func (c *Client) All(ctx context.Context, params ListParams, opts ...Option) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		p := newPager(params)
		for !p.done {
			fresh, err := p.next(func(page ListParams) (*SessionPage, error) { return c.List(ctx, page, opts...) })
			for _, session := range fresh {
				if !yield(session, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// pager walks a list by offset while the list changes. New sessions push what it has
// not read yet back, which merely repeats some. Sessions that leave the list pull it
// forward, which would skip some: the pager notices that by the seam, a session it
// knows at the head of each page.
type pager struct {
	params   ListParams
	overlap  int       // how many sessions of a page are asked for again
	recent   []string  // the ids returned last, a thousand or so
	oldest   UnixMilli // when the last of them was created
	stalled  int       // pages in a row with nothing new
	count    int       // how many sessions were returned
	marks    []string  // the ids of those whose number was a power of two
	repeated int       // how often one of these came again
	done     bool
}

func newPager(params ListParams) *pager {
	if params.Limit == 0 {
		params.Limit = pageSize
	}
	if params.Limit == 1 {
		params.Limit = 2 // one session cannot overlap
	}
	return &pager{params: params, overlap: max(1, params.Limit/50)}
}

// next returns the sessions of the next page that were not returned before, with an
// error those that are good all the same.
func (p *pager) next(list func(ListParams) (*SessionPage, error)) ([]*Session, error) {
	page, err := list(p.params)
	for err == nil && !p.joins(page.Data) {
		p.params.Offset = max(0, p.params.Offset-(p.params.Limit-p.overlap))
		page, err = list(p.params)
	}
	if err != nil {
		return nil, err
	}

	fresh := p.fresh(page.Data)
	fresh, again := p.circles(fresh)
	if again != "" {
		return fresh, fmt.Errorf("clerksessions: %s: the server goes round in circles: after %d sessions it lists %s again",
			opGetSessionList.ID, p.count, rest.OneLine(again))
	}
	p.stalled++
	if len(fresh) > 0 {
		p.stalled = 0
	}
	n := min(distinct(page.Data), p.params.Limit)
	end := p.params.Offset + n
	// Only a page that is not full is the last: a full one may be followed by more,
	// whatever the total says, which may be a moment older. A bare list tells none: its
	// TotalCount is that of the page.
	p.done = n < p.params.Limit && (end >= page.TotalCount || page.TotalCount == len(page.Data))
	if !p.done && p.stalled == maxStalled {
		return nil, fmt.Errorf("clerksessions: %s: the server tells of %d sessions, but %d pages in a row up to number %d had none that was not listed before",
			opGetSessionList.ID, page.TotalCount, maxStalled, end)
	}
	p.params.Offset = max(0, end-p.overlap)
	return fresh, nil
}

// circles looks for sessions that come round again. It remembers few, farther and
// farther apart, and so finds a circle of any length. The first to come again is left
// out; of the second it returns the id, and what comes before.
func (p *pager) circles(fresh []*Session) (once []*Session, again string) {
	for _, session := range fresh {
		if slices.Contains(p.marks, session.ID) {
			if p.repeated++; p.repeated > 1 {
				return once, session.ID
			}
			continue
		}
		if p.count++; p.count&(p.count-1) == 0 {
			p.marks = append(p.marks, session.ID)
		}
		once = append(once, session)
	}
	return once, ""
}

// distinct counts the sessions of a page.
func distinct(page []Session) int {
	ids := make(map[string]bool, len(page))
	for i := range page {
		ids[page[i].ID] = true
	}
	return len(ids)
}

// joins tells whether nothing can have been skipped between what was returned so far
// and this page.
func (p *pager) joins(page []Session) bool {
	if p.params.Offset == 0 || len(p.recent) == 0 {
		return true
	}
	if len(page) == 0 {
		return false
	}
	if page[0].CreatedAt > p.oldest {
		return true
	}
	for _, id := range p.recent {
		if id == page[0].ID {
			return true
		}
	}
	return false
}

// fresh picks what was not returned before, and remembers it.
func (p *pager) fresh(page []Session) []*Session {
	known := make(map[string]bool, len(p.recent))
	for _, id := range p.recent {
		known[id] = true
	}
	var fresh []*Session
	for i := p.seam(page); i < len(page); i++ {
		if session := &page[i]; !known[session.ID] {
			known[session.ID] = true
			fresh = append(fresh, session)
		}
	}
	for _, session := range fresh {
		p.recent = append(p.recent, session.ID)
		p.oldest = session.CreatedAt
	}
	if most := max(2*p.params.Limit, 2*pageSize); len(p.recent) > most {
		p.recent = append([]string(nil), p.recent[len(p.recent)-most:]...)
	}
	return fresh
}

// seam is the index behind the session returned last, or the latest before it that
// is still there. If none is, the creation time decides.
func (p *pager) seam(page []Session) int {
	if len(p.recent) == 0 {
		return 0
	}
	index := make(map[string]int, len(page))
	for i := len(page) - 1; i >= 0; i-- {
		index[page[i].ID] = i
	}
	for i := len(p.recent) - 1; i >= 0; i-- {
		if at, ok := index[p.recent[i]]; ok {
			return at + 1
		}
	}
	at := 0
	for at < len(page) && page[at].CreatedAt > p.oldest {
		at++
	}
	return at
}
