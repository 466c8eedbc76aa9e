package clerksessions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/clerksessions/clerksessions/internal/bulk"
	"github.com/clerksessions/clerksessions/internal/rest"
)

// RevokeError is the error of one session of [Client.RevokeAll] or [Client.RevokeEach].
type RevokeError struct {
	// SessionID is the session's id.
	SessionID string

	// Err is what [Client.Revoke] would return, or why the session was not revoked.
	Err error
}

// Error returns the session's id and why it was not revoked.
func (e *RevokeError) Error() string {
	id, cause := cmp.Or(rest.OneLine(e.SessionID), `""`), strings.TrimPrefix(fmt.Sprint(e.Err), "clerksessions: ")
	return fmt.Sprintf("clerksessions: session %s was not revoked: %s", id, cause)
}

// Unwrap returns Err.
func (e *RevokeError) Unwrap() error { return e.Err }

// WithConcurrency limits how many sessions [Client.RevokeAll] and [Client.RevokeEach]
// revoke concurrently. Default: 8.
//
// Over HTTP/1.1, net/http keeps two idle connections for each host, so with n above 2
// most calls dial a new connection: use [WithHTTPClient] with a Transport whose
// MaxIdleConnsPerHost is n. Over HTTP/2, which Clerk supports, this is not needed.
func WithConcurrency(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("the concurrency is %d, but must be at least 1", n)
		}
		c.concurrency = n
		c.forRevoking = "WithConcurrency"
		return nil
	}
}

// RevokeEach revokes the sessions with the given ids, for example those of [Client.All]
// that pass your own filter, and yields each result as it completes. It retries, limits
// its rate and gives up like [Client.RevokeAll], but lists nothing.
//
// For each id, unless [WithExcept] names it, one result is yielded: the revoked session
// as Clerk returned it; for a session that Clerk does not know, which counts as done, a
// Session of which only ID is set; and otherwise nil with a [*RevokeError], which does
// not stop the others. An invalid id is such an error.
//
// The ids are read in another goroutine, only a few ahead of the calls, so millions of
// ids need not be in memory. When ctx ends or RevokeEach gives up, it still reads the
// remaining ids and yields each with an error: let ids end with ctx, or break out of the
// loop. Breaking out cancels the calls in flight. RevokeEach returns only after ids has,
// and panics if ids does.
func (c *Client) RevokeEach(ctx context.Context, ids iter.Seq[string], opts ...Option) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		problem := ""
		if ids == nil {
			problem = "ids is nil"
		}
		r, err := c.newRevoker(ctx, "RevokeEach", problem, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		items := func(yield func(*revocation) bool) {
			for id := range ids {
				if !r.spares(id) && !yield(&revocation{id: id}) {
					return
				}
			}
		}
		for v, err := range r.each(ctx, items) {
			if !yield(v.result(err)) {
				return
			}
		}
	}
}

// revoker revokes sessions, with one call each.
type revoker struct {
	*config
	pace *bulk.Pace // shared by all sweeps
}

// newRevoker returns a revoker, or an error if an option or the context is invalid or
// the method has found a problem with its arguments.
func (c *Client) newRevoker(ctx context.Context, method, problem string, opts []Option) (*revoker, error) {
	api := c.with(opts)
	switch {
	case api.err != nil:
		return nil, api.err
	case ctx == nil:
		problem = "ctx is nil"
	case api.meta != nil:
		problem = "WithMeta is for single calls"
	}
	if problem != "" {
		return nil, fmt.Errorf("clerksessions: %s: %w: %s", method, ErrInvalidArgument, problem)
	}
	return &revoker{api.config, new(bulk.Pace)}, nil
}

// revocation is a session to revoke, and the outcome.
type revocation struct {
	id       string
	listed   *Session // nil if it was not listed
	revoked  *Session // nil if it was not revoked, or Clerk did not know it
	attempts int
}

// result returns what is yielded for the session.
func (v *revocation) result(err error) (*Session, error) {
	if err != nil {
		return nil, &RevokeError{SessionID: v.id, Err: err}
	}
	return cmp.Or(v.revoked, v.listed, &Session{ID: v.id}), nil
}

// each revokes sessions concurrently and yields each with its error.
func (r *revoker) each(ctx context.Context, items iter.Seq[*revocation]) iter.Seq2[*revocation, error] {
	runner := bulk.Runner[*revocation]{
		Do:          r.attempt,
		Concurrency: r.concurrency,
		Pace:        r.pace,
		MaxRounds:   r.MaxAttempts,
		Notify: func(e bulk.Event[*revocation]) {
			if e.Kind == bulk.Retry {
				r.logRetry(ctx, &opRevokeSession, e.Item.attempts, e.Wait, e.Err)
			}
		},
	}
	return runner.Run(ctx, items)
}

// attempt makes one attempt at a revocation. The runner makes the retries, since it
// coordinates all calls.
func (r *revoker) attempt(ctx context.Context, v *revocation) bulk.Outcome[*revocation] {
	once := *r.config
	once.MaxAttempts, once.tried, once.forRevoking = 1, v.attempts, ""
	v.attempts++
	session, err := (&lowLevel{config: &once}).revokeSession(ctx, v.id)
	if err == nil {
		if session.ID != v.id || !session.Status.Ended() {
			return bulk.Outcome[*revocation]{
				Err: fmt.Errorf("clerksessions: %s: response is session %s with status %s, want %s revoked",
					opRevokeSession.ID, rest.Quote(session.ID), rest.Quote(string(session.Status)), rest.Quote(v.id)),
			}
		}
		v.revoked = session
		return bulk.Outcome[*revocation]{}
	}
	outcome := bulk.Outcome[*revocation]{Err: err}
	if transient(err) {
		outcome.Class = bulk.Transient
	}
	if refused := (*Error)(nil); errors.As(err, &refused) {
		outcome.RetryAfter = refused.RetryAfter
		switch {
		case refused.StatusCode == http.StatusNotFound && refused.HasCode("resource_not_found"):
			return bulk.Outcome[*revocation]{}
		case refused.StatusCode == http.StatusTooManyRequests:
			outcome.Class = bulk.RateLimited
		case refused.StatusCode == http.StatusUnauthorized:
			outcome.Class = bulk.Fatal
		}
	}
	return outcome
}
