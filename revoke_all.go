package clerksessions

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// RevokeError says which session [Client.RevokeAll] could not revoke.
type RevokeError struct {
	// SessionID is the session's id.
	SessionID string

	// Err is what [Client.Revoke] would return, or why the session was not tried.
	Err error
}

// Error tells the session and why it was not revoked.
func (e *RevokeError) Error() string {
	return fmt.Sprintf("clerksessions: session %s was not revoked: %v", rest.OneLine(e.SessionID), e.Err)
}

// Unwrap returns Err.
func (e *RevokeError) Unwrap() error { return e.Err }

// WithConcurrency limits how many sessions [Client.RevokeAll] revokes at the same
// time. Default: 8.
func WithConcurrency(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("the concurrency is %d, but must be at least 1", n)
		}
		c.concurrency = n
		return nil
	}
}

// RevokeAll revokes the sessions of a user, of a client or of both: first it lists
// them all, then it revokes them, several at the same time, and yields each result
// as it comes. Nothing happens until the sequence is ranged over, and breaking off
// the loop stops it.
//
// With params.Status empty only live sessions are taken, active and pending. Sessions
// that begin after the listing are not: end what lets the user sign in first.
// params.Limit is only the size of the pages listed; params.Offset must be zero.
//
// Each session is yielded once. It is yielded as Clerk returned it when revoked; as
// it was listed, without error, when Clerk no longer knew it; and otherwise as nil
// with a [*RevokeError], which does not stop the others. What fails in passing is
// tried again after the others, until [WithMaxAttempts] rounds in a row have got
// nowhere. When ctx ends, the sessions not revoked are yielded with its error. An
// error of the listing, which is retried like any call but waits up to five minutes
// if Clerk asks for that, comes last, as what was listed before it is still revoked.
//
// An answer 429 makes all of it wait as long as Clerk asks, and go on more slowly
// before it finds its rate again. So several processes can share an instance's limit.
// It gives up, and says so for each session left, when Clerk asks for more than five
// minutes or more than ctx has left, or keeps refusing or failing for long.
func (c *Client) RevokeAll(ctx context.Context, params ListParams, opts ...Option) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		api := c.with(opts)
		if err := notRevocable(ctx, api, params); err != nil {
			yield(nil, err)
			return
		}
		todo, listing := c.toRevoke(ctx, params, opts)
		most := max(1, min(api.concurrency, len(todo)))
		r := &revoker{
			config: api.config, yield: yield, limit: float64(most), most: float64(most),
			results: make(chan revocation, most), // so that no call ever waits to report
		}
		if r.run(ctx, todo) && listing != nil {
			yield(nil, listing)
		}
	}
}

// toRevoke lists the sessions to revoke, each once. With an error it returns those
// listed before.
func (c *Client) toRevoke(ctx context.Context, params ListParams, opts []Option) (todo []revocation, err error) {
	patient := func(c *config) error {
		c.MaxRetryAfter = maxPause
		return nil
	}
	seen := make(map[string]bool)
	for session, err := range c.All(ctx, params, append(slices.Clip(opts), patient)...) {
		if err != nil {
			return todo, err
		}
		if !seen[session.ID] && (params.Status != "" || isLive(session)) {
			seen[session.ID] = true
			todo = append(todo, revocation{listed: session})
		}
	}
	return todo, nil
}

func isLive(session *Session) bool {
	return session.Status == SessionStatusActive || session.Status == SessionStatusPending
}

func notRevocable(ctx context.Context, api *lowLevel, params ListParams) error {
	switch {
	case api.err != nil:
		return api.err
	case ctx == nil:
		return fmt.Errorf("clerksessions: RevokeAll: %w: ctx is nil", ErrInvalidArgument)
	case params.UserID == "" && params.ClientID == "":
		return fmt.Errorf("clerksessions: RevokeAll: %w: give UserID, ClientID or both", ErrInvalidArgument)
	case params.Offset != 0:
		return fmt.Errorf("clerksessions: RevokeAll: %w: Offset would spare the newest sessions; leave it zero", ErrInvalidArgument)
	case api.meta != nil:
		return fmt.Errorf("clerksessions: RevokeAll: %w: WithMeta is for single calls", ErrInvalidArgument)
	}
	return nil
}
