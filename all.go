package clerksessions

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
)

const (
	pageSize   = maxListParamsLimit
	maxStalled = 10 // consecutive pages without a new session before giving up
)

// All returns every session that matches, newest first, page by page. Pages have 500
// sessions unless params.Limit is set; a limit of 1 counts as 2. params.Offset skips
// that many sessions.
//
// The list may change while it is read. Pages overlap, and All reads again from a
// smaller offset when the overlap is gone, so a session that matches during the whole
// iteration is yielded exactly once. A session that starts or stops matching during
// iteration may or may not be yielded. This relies on Clerk's order, newest first. The
// order of sessions with the same creation time may change between requests as long as
// there are fewer than a page of them and pages have at least 20 sessions.
//
// An error is yielded once and ends the sequence: an error of [Client.List], or one for
// a server whose total_count or paging is inconsistent. Only the last thousand sessions
// are remembered, so a session that the server lists again after more than that may be
// yielded twice.
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

// pager reads a list by offset while the list changes. Insertions shift unread sessions
// to higher offsets, so that some are listed again; removals shift them to lower ones,
// so that some would be skipped. Each page therefore has to begin with a session that is
// newer than the last one returned.
type pager struct {
	params   ListParams
	overlap  int       // how many sessions two consecutive pages share
	recent   []seen    // the last sessions returned, about a thousand
	oldest   UnixMilli // the creation time of the oldest session returned, if the list is sorted
	unsorted bool      // the first page was not sorted, so pages are joined by ids alone
	tied     bool      // nearly all of the last page had one creation time, so it may have begun before the page
	stalled  int       // consecutive pages without a new session
	done     bool
}

// seen is a session that was returned.
type seen struct {
	id      string
	created UnixMilli
}

func newPager(params ListParams) *pager {
	params.Limit = cmp.Or(params.Limit, pageSize)
	if params.Limit == 1 {
		params.Limit = 2 // pages of one session cannot overlap
	}
	overlap := max(2, params.Limit/50)
	if params.Limit < 20 {
		overlap = 1 // so that a page makes progress while sessions are added
	}
	return &pager{params: params, overlap: overlap}
}

// next returns the sessions of the next page that were not returned before.
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
	p.stalled++
	if len(fresh) > 0 {
		p.stalled = 0
	}
	n := min(distinct(page.Data), p.params.Limit)
	end := p.params.Offset + n
	// Only a page that is not full is the last: a full one may be followed by more, even
	// if total_count, which may be stale, says otherwise. A bare list has no total: its
	// TotalCount is that of the page.
	p.done = n < p.params.Limit && (end >= page.TotalCount || page.TotalCount == len(page.Data))
	if !p.done && p.stalled == maxStalled {
		return nil, fmt.Errorf("clerksessions: %s: inconsistent paging: total_count is %d, but %d consecutive pages "+
			"up to offset %d had no new session", opGetSessionList.ID, page.TotalCount, maxStalled, end)
	}
	p.params.Offset += max(0, p.advance(page.Data[:n]))
	return fresh, nil
}

// joins reports whether the page follows on from the sessions returned so far, so that
// none can have been skipped in between.
func (p *pager) joins(page []Session) bool {
	if p.params.Offset == 0 || len(p.recent) == 0 {
		return true
	}
	if len(page) == 0 {
		return false
	}
	first := page[0]
	if first.CreatedAt == p.oldest && !p.tied && p.overlap > 1 {
		return false // another session with this creation time may now precede it
	}
	return first.CreatedAt > p.oldest || slices.ContainsFunc(p.recent, func(s seen) bool { return s.id == first.ID })
}

// fresh returns the sessions of the page that were not returned before, and records
// them. In a sorted list, these are at most as new as the last one returned. In an
// unsorted list, they follow a known session. A session newer than all recent ones was
// returned long ago or has begun since; in a sorted list it is skipped.
func (p *pager) fresh(page []Session) (fresh []*Session) {
	known := make(map[string]bool, len(p.recent)+len(page))
	for _, s := range p.recent {
		known[s.id] = true
	}
	firstPage := len(p.recent) == 0
	newest, oldest := UnixMilli(0), p.oldest
	if !firstPage {
		newest = p.recent[0].created
	} else {
		p.unsorted = !slices.IsSortedFunc(page, func(a, b Session) int { return cmp.Compare(b.CreatedAt, a.CreatedAt) })
	}
	joined := false
	for i := range page {
		session := &page[i]
		switch {
		case known[session.ID]:
			joined = true
		case firstPage, session.CreatedAt <= oldest, joined && (p.unsorted || session.CreatedAt <= newest):
			known[session.ID] = true
			fresh = append(fresh, session)
			p.recent = append(p.recent, seen{session.ID, session.CreatedAt})
			if len(p.recent) == 1 || p.unsorted || session.CreatedAt < p.oldest {
				p.oldest = session.CreatedAt // a session with a skewed clock may follow older ones
			}
		}
	}
	if limit := max(2*p.params.Limit, 2*pageSize); len(p.recent) > limit {
		p.recent = slices.Clone(p.recent[len(p.recent)-limit:])
	}
	return fresh
}

// advance returns how far the offset of the next page is beyond that of this one. The
// next page begins with the overlap, or before all sessions with the creation time of
// the last one, as their order may change.
func (p *pager) advance(page []Session) int {
	last := len(page) - 1
	tie := last // the first session with the last one's creation time
	for tie > 0 && page[tie-1].CreatedAt == page[last].CreatedAt {
		tie--
	}
	p.tied = tie < 2
	if tie == last || p.tied {
		return len(page) - p.overlap
	}
	return min(len(page)-p.overlap, tie-1)
}

// distinct returns the number of different sessions in a page.
func distinct(page []Session) int {
	ids := make(map[string]bool, len(page))
	for i := range page {
		ids[page[i].ID] = true
	}
	return len(ids)
}
