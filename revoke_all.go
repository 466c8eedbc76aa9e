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

// ErrSurvived is the category of a [RevokeError] for a session that is still listed
// after [Client.RevokeAll] has listed and revoked five times.
var ErrSurvived = errors.New("still listed after the last revocation")

// maxSweeps is the maximum number of sweeps of [Client.RevokeAll]. A sweep lists the
// sessions and revokes those that are live.
const maxSweeps = 5

// WithExcept spares sessions from [Client.RevokeAll] and [Client.RevokeEach], for
// example the one that the request came from. The ids of several options are merged.
func WithExcept(ids ...string) Option {
	return func(c *config) error {
		if slices.Contains(ids, "") {
			return errors.New("WithExcept has an empty id")
		}
		c.except = append(slices.Clip(c.except), ids...)
		c.forRevoking = "WithExcept"
		return nil
	}
}

// spares reports whether WithExcept names the session.
func (c *config) spares(id string) bool { return slices.Contains(c.except, id) }

// RevokeAll revokes the sessions of a user or a client, or of a user on a client if
// both are given. It lists the sessions, revokes them concurrently, and yields each
// result as it completes. Then it lists again, and revokes sessions that have begun
// meanwhile, until a listing shows no session to revoke, at most five times. Nothing
// happens until the sequence is ranged over, and breaking out of the loop stops it.
//
// With params.Status empty it revokes every session whose status is not
// [SessionStatus.Ended]; otherwise, those with that status. params.Limit is only the
// size of the pages listed; params.Offset must be zero. [WithExcept] spares sessions.
//
// Each session is yielded once: as Clerk returned it when revoked; as it was listed,
// without an error, if Clerk no longer knew it; and otherwise as nil with a
// [*RevokeError], which does not stop the others. The exception is a session that is
// listed again after it was yielded without an error: it is yielded again if it cannot
// be revoked again, or if the last listing still shows it, with a RevokeError that is
// [ErrSurvived]. A session listed for another user or client is an error and is not
// revoked. If a listing fails, its error is yielded last, after the sessions listed
// before it have been revoked.
//
// Revoking signs a user out but does not prevent a new sign-in: ban or delete the user
// first (POST /users/{id}/ban), which this package does not do. A password change ends
// the other sessions if it sets sign_out_of_other_sessions. Trusted devices stay
// trusted, and session tokens minted before stay valid until they expire, usually
// within 60 seconds.
//
// Transient failures are retried after the rest; a session is given up after
// [WithMaxAttempts] consecutive rounds without a success, and while a thousand wait for
// a retry, after three times as many attempts. After a 429 response all calls wait as
// long as Clerk asks, reduce their rate and then recover, so that several processes can
// share an instance's limit. RevokeAll gives up, with an error for each session left,
// when ctx ends, when Clerk rejects the secret key, when Clerk asks to wait for more
// than five minutes or beyond the deadline of ctx, when nothing has succeeded for ten
// minutes, or when 50 different sessions have failed transiently without a success in
// between. A listing is retried like any call, but waits up to five minutes if Clerk
// asks for it.
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
		s.list = c.All(ctx, params, append(slices.Clip(opts), forListing)...)
		if err := s.run(ctx); err != nil && !s.broken {
			yield(nil, err)
		}
	}
}

// forListing is an option for the listings of RevokeAll: they accept the same Retry-After
// as revocations.
func forListing(c *config) error {
	c.MaxRetryAfter, c.forRevoking = 5*time.Minute, ""
	return nil
}

// sweeper lists and revokes sessions until none is left.
type sweeper struct {
	*revoker
	params  ListParams
	list    iter.Seq2[*Session, error]
	yield   func(*Session, error) bool
	results map[string]error // the results yielded, by session id
	broken  bool             // the caller's loop has ended
}

// run returns the error of the last listing.
func (s *sweeper) run(ctx context.Context) error {
	for sweep := 1; sweep <= maxSweeps; sweep++ {
		todo, err := s.live()
		if len(todo) == 0 || s.broken {
			return err
		}
		if _, again := s.results[todo[0].id]; again { // the newest: the listing lags behind
			_ = rest.Sleep(ctx, rest.Backoff(sweep)) // revoke reports the end of the context
		}
		// A listing by an ended status never becomes empty.
		if !s.revoke(ctx, todo) || err != nil || s.params.Status.Ended() {
			return err
		}
	}
	survivors, err := s.live()
	for _, v := range survivors {
		s.report(v, ErrSurvived)
	}
	return err
}

// live lists the sessions to revoke, each once. With an error, it also returns those
// listed before it.
func (s *sweeper) live() (todo []*revocation, err error) {
	listed := make(map[string]bool)
	for session, err := range s.list {
		if err != nil || s.broken {
			return todo, err
		}
		v := &revocation{id: session.ID, listed: session}
		switch {
		case listed[v.id] || s.results[v.id] != nil || s.spares(v.id):
		case s.params.Status == "" && session.Status.Ended(),
			s.params.Status != "" && s.params.Status != session.Status:
		case s.params.UserID != "" && s.params.UserID != session.UserID,
			s.params.ClientID != "" && s.params.ClientID != session.ClientID:
			s.report(v, errors.New("it was listed, but belongs to another user or client"))
		default:
			todo = append(todo, v)
		}
		listed[v.id] = true
	}
	return todo, nil
}

// revoke revokes sessions and yields each result. It reports whether the run completed, so
// that it was not given up and neither ctx nor the caller's loop has ended.
func (s *sweeper) revoke(ctx context.Context, todo []*revocation) (complete bool) {
	complete = true
	for v, err := range s.each(ctx, slices.Values(todo)) {
		if _, known := s.results[v.id]; !known || err != nil {
			s.report(v, err)
		}
		if s.broken {
			return false
		}
		complete = complete && !errors.As(err, new(*bulk.StoppedError))
	}
	return complete
}

// report records and yields the result of one session.
func (s *sweeper) report(v *revocation, err error) {
	s.results[v.id] = err
	s.broken = s.broken || !s.yield(v.result(err))
}
