package clerksessions

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/clerksessions/clerksessions/internal/bulk"
	"github.com/clerksessions/clerksessions/internal/rest"
)

// ErrSurvived is the category of a [RevokeError] for a session that was still listed
// after [Client.RevokeAll] had revoked what was listed five times.
var ErrSurvived = errors.New("still listed after the last revocation")

// maxSweeps is how often [Client.RevokeAll] revokes what a listing shows.
const maxSweeps = 5

// WithExcept spares sessions from [Client.RevokeAll] and [Client.RevokeEach], for
// example the one that the request came from. Several of these options add up.
func WithExcept(ids ...string) Option {
	return func(c *config) error {
		if slices.Contains(ids, "") {
			return errors.New("an id to except is empty")
		}
		c.except = append(slices.Clip(c.except), ids...)
		c.forRevoking = "WithExcept"
		return nil
	}
}

// spares reports whether WithExcept names the session.
func (c *config) spares(id string) bool { return slices.Contains(c.except, id) }

// RevokeAll revokes the sessions of a user, of a client or of both. It lists them,
// revokes them, several concurrently, and yields each result as it completes. Then it
// lists again, and revokes what has begun meanwhile, until a listing shows no session
// that is left to revoke, at most five times. Nothing happens until the sequence is
// ranged over, and breaking out of the loop stops it.
//
// With params.Status empty it revokes every session that has not [SessionStatus.Ended];
// else those with that status. params.Limit is only the size of the pages listed;
// params.Offset must be zero. [WithExcept] spares sessions.
//
// Each session is yielded once: as Clerk returned it when revoked; as it was listed,
// without error, when Clerk no longer knew it; and otherwise as nil with a
// [*RevokeError], which does not stop the others. The exception is a session that is
// listed again after it was yielded without an error: it is yielded again if it cannot
// be revoked again, or if the last listing still shows it, with a RevokeError that is
// [ErrSurvived]. A session listed for another user or client is an error and is not
// revoked. An error of a listing comes last; what was listed before it is revoked.
//
// Revoking signs a user out but keeps nobody out. To prevent a new sign-in, ban or
// delete the user first (POST /users/{id}/ban), which this package does not do. A
// password change can end the other sessions by itself, with
// sign_out_of_other_sessions. Revoking removes no trusted device, and session tokens
// minted before stay valid until they expire, usually within 60 seconds.
//
// Transient failures are retried after the rest; a session is given up after
// [WithMaxAttempts] consecutive rounds without a success, and once a thousand have
// failed, after three times as many attempts. After a response 429 all calls wait as
// long as Clerk asks, reduce their rate and then recover, so that several processes can
// share an instance's limit. RevokeAll gives up, with an error for each session left,
// when ctx ends, when Clerk rejects the secret key, when Clerk asks to wait for more
// than five minutes or beyond the deadline of ctx, when nothing has succeeded for ten
// minutes, and when 50 different sessions have failed transiently without a success in
// between. A listing is retried like any call, but waits up to five minutes if Clerk
// asks for that.
func (c *Client) RevokeAll(ctx context.Context, params ListParams, opts ...Option) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		problem := ""
		switch {
		case params.UserID == "" && params.ClientID == "":
			problem = "give UserID, ClientID or both"
		case params.Offset != 0:
			problem = "Offset would spare the newest sessions; leave it zero"
		}
		r, err := c.newRevoker(ctx, "RevokeAll", problem, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		s := &sweeper{revoker: r, params: params, yield: yield, results: make(map[string]error)}
		s.list = c.All(ctx, params, append(slices.Clip(opts), listing)...)
		s.run(ctx)
	}
}

// listing is the option of what RevokeAll lists: it waits as long as a revocation does.
func listing(c *config) error {
	c.MaxRetryAfter, c.forRevoking = 5*time.Minute, ""
	return nil
}

// sweeper revokes what is listed until nothing is.
type sweeper struct {
	*revoker
	params  ListParams
	list    iter.Seq2[*Session, error]
	yield   func(*Session, error) bool
	results map[string]error // of the sessions yielded, by id
	broken  bool             // the caller's loop has ended
}

func (s *sweeper) run(ctx context.Context) {
	for sweep, last := 1, false; !last && !s.broken; sweep++ {
		todo, lagging, err := s.live()
		// Sessions that have ended are listed for ever.
		last = err != nil || len(todo) == 0 || sweep > maxSweeps || s.params.Status.Ended()
		switch {
		case sweep > maxSweeps:
			for _, v := range todo {
				s.report(v, ErrSurvived)
			}
		case lagging && !last:
			_ = rest.Sleep(ctx, rest.Backoff(sweep)) // an ended context shows when revoking
			fallthrough
		default:
			last = !s.revoke(ctx, todo) || last
		}
		if err != nil && !s.broken {
			s.yield(nil, err)
		}
	}
}

// live lists the sessions to revoke, each once, and reports whether all of them were
// revoked before. With an error it returns those listed before it.
func (s *sweeper) live() (todo []*revocation, lagging bool, err error) {
	listed := make(map[string]bool)
	lagging = true
	for session, err := range s.list {
		if err != nil || s.broken {
			return todo, false, err
		}
		v := &revocation{id: session.ID, listed: session}
		failed, known := s.results[v.id]
		switch {
		case listed[v.id] || failed != nil || s.spares(v.id):
		case s.params.Status == "" && session.Status.Ended(), s.params.Status != "" && session.Status != s.params.Status:
		case s.params.UserID != "" && s.params.UserID != session.UserID,
			s.params.ClientID != "" && s.params.ClientID != session.ClientID:
			s.report(v, errors.New("it was listed, but belongs to another user or client"))
		default:
			todo = append(todo, v)
			lagging = lagging && known
		}
		listed[v.id] = true
	}
	return todo, lagging, nil
}

// revoke revokes sessions and yields each. It returns false if some were given up.
func (s *sweeper) revoke(ctx context.Context, todo []*revocation) (complete bool) {
	complete = true
	for v, err := range s.each(ctx, slices.Values(todo)) {
		if _, known := s.results[v.id]; !known || err != nil {
			s.report(v, err)
		}
		if s.broken {
			break
		}
		complete = complete && !errors.As(err, new(*bulk.StoppedError))
	}
	return complete
}

// report yields the result of one session.
func (s *sweeper) report(v *revocation, err error) {
	s.results[v.id] = err
	s.broken = s.broken || !s.yield(v.result(err))
}
