package sessionjwt

import (
	"context"
	"crypto/rsa"
	"errors"
	"sync"
	"time"
)

const (
	// keyLifetime is the same as in Clerk's backend package for JavaScript.
	keyLifetime = 5 * time.Minute
	// maxStale is the maximum age of a set while the key server is down.
	maxStale = time.Hour
	// coolDown is the minimum time between two fetches caused by tokens, and
	// between a failed fetch and the next.
	coolDown = 10 * time.Second
)

// remoteKeys is a KeySource that fetches keys and caches them.
type remoteKeys struct {
	server *keyServer

	mu       sync.Mutex
	set      *keySet   // the last one fetched, nil before the first
	latest   *fetch    // the fetch that is in flight or has failed; nil after a success
	failedAt time.Time // when a fetch last failed
	causedAt time.Time // when a token last caused a fetch although the set was fresh
}

// fetch is one request for a key set. Its result is set before done is closed.
type fetch struct {
	done chan struct{}
	set  *keySet
	err  error
}

func (r *remoteKeys) key(ctx context.Context, id string, token signed) (*rsa.PublicKey, error) {
	start := time.Now()
	set, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	key, known := set.find(id, token)
	if key == nil && set.fetched.Before(start) { // the keys may have been rotated
		old := set
		if set, err = r.newer(ctx); err != nil {
			return nil, err
		}
		if set != old {
			key, known = set.find(id, token)
		}
	}
	switch {
	case key != nil:
		return key, nil
	case known:
		return nil, fail(ErrSignature, "not signed with key %s, or altered", quoted(id))
	}
	return nil, fail(ErrSignature, "signed with key %s; %s has only %s", quoted(id), r.server.url, set.ids())
}

// current returns a set no older than keyLifetime, or no older than maxStale
// while the key server is down.
func (r *remoteKeys) current(ctx context.Context) (*keySet, error) {
	r.mu.Lock()
	set, age := r.set, maxStale
	if set != nil {
		age = time.Since(set.fetched)
	}
	if age < keyLifetime {
		r.mu.Unlock()
		return set, nil
	}
	// A failed fetch indicates an outage only until the next one must have ended.
	outage := time.Since(r.failedAt) < coolDown+fetchTimeout
	f := r.pending()
	if f == nil {
		f = r.start(ctx)
	}
	r.mu.Unlock()

	// During an outage, callers do not wait if there is a set they may use.
	if outage && age < maxStale {
		return set, nil
	}
	fetched, err := r.wait(ctx, f)
	// A caller whose deadline passes gets the stale set. One that is canceled
	// does not: otherwise a client could select old keys by hanging up.
	if err != nil && age < maxStale && !errors.Is(ctx.Err(), context.Canceled) {
		return set, nil
	}
	return fetched, err
}

// newer returns a set that is fetched now, or the current one if a token caused
// a fetch less than coolDown ago.
func (r *remoteKeys) newer(ctx context.Context) (*keySet, error) {
	r.mu.Lock()
	set, f := r.set, r.pending()
	if f == nil && time.Since(r.causedAt) < coolDown {
		r.mu.Unlock()
		return set, nil
	}
	if f == nil {
		r.causedAt = time.Now()
		f = r.start(ctx)
	}
	r.mu.Unlock()
	return r.wait(ctx, f)
}

// pending returns the fetch in flight, or the last one if it failed less than
// coolDown ago, or nil if it is time for another. r.mu must be held.
func (r *remoteKeys) pending() *fetch {
	if f := r.latest; f != nil && (f.err == nil || time.Since(r.failedAt) < coolDown) {
		return f
	}
	return nil
}

// start starts a fetch in the background. Canceling ctx does not stop it, since
// other callers may wait for it. r.mu must be held.
func (r *remoteKeys) start(ctx context.Context) *fetch {
	f := &fetch{done: make(chan struct{})}
	r.latest = f
	go func() {
		set, err := r.server.fetch(context.WithoutCancel(ctx))
		r.mu.Lock()
		if f.set, f.err = set, err; err != nil {
			r.failedAt = time.Now()
		} else {
			r.set, r.latest = set, nil
		}
		r.mu.Unlock()
		close(f.done)
	}()
	return f
}

// wait returns the result of f, or an error when ctx ends first.
func (r *remoteKeys) wait(ctx context.Context, f *fetch) (*keySet, error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, fail(ErrKeysUnavailable, "waiting for %s: %w", r.server.url, ctx.Err())
	}
	if f.err != nil {
		return nil, fail(ErrKeysUnavailable, "%w", f.err)
	}
	return f.set, nil
}
