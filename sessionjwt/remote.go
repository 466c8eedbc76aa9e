package sessionjwt

import (
	"context"
	"crypto/rsa"
	"errors"
	"math"
	"sync"
	"time"
)

const (
	// keyLifetime is the lifetime of the set in Clerk's JavaScript package.
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
	set      *keySet       // the last one fetched, nil before the first
	err      error         // of the last fetch, nil if it succeeded
	failedAt time.Time     // when err occurred
	causedAt time.Time     // when a token last caused a fetch of a set still fresh
	inFlight chan struct{} // closed when the fetch in flight ends; nil if there is none
}

func (r *remoteKeys) key(ctx context.Context, id string, rejected *rsa.PublicKey) (*rsa.PublicKey, error) {
	start := time.Now()
	set, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	if key := set.find(id, rejected); key != nil {
		return key, nil
	}
	if set.fetched.Before(start) { // it may have changed
		if set, err = r.newer(ctx, set); err != nil {
			return nil, err
		}
		if key := set.find(id, rejected); key != nil {
			return key, nil
		}
	}
	if rejected != nil {
		return nil, fail(ErrSignature, "%s has no other key %s", r.server.url, quoted(id))
	}
	return nil, fail(ErrSignature, "made with key %s; %s has only %s", quoted(id), r.server.url, set.ids())
}

// current returns a set no older than keyLifetime, or no older than maxStale
// while the key server is down.
func (r *remoteKeys) current(ctx context.Context) (*keySet, error) {
	r.mu.Lock()
	set, lastErr := r.set, r.err
	// A failure means an outage only until the next attempt could have ended.
	outage := lastErr != nil && time.Since(r.failedAt) < coolDown+fetchTimeout
	age := time.Duration(math.MaxInt64)
	if set != nil {
		age = time.Since(set.fetched)
	}
	if age < keyLifetime {
		r.mu.Unlock()
		return set, nil
	}
	if r.inFlight == nil && (r.err == nil || time.Since(r.failedAt) >= coolDown) {
		r.startFetch(ctx)
	}
	done := r.inFlight
	r.mu.Unlock()

	// During an outage, callers do not wait while there is a set they may use.
	if outage && age < maxStale {
		return set, nil
	}
	fetched, err := r.wait(ctx, done, lastErr)
	// A caller whose deadline passes gets the stale set. One that is cancelled
	// does not: otherwise a client could select old keys by hanging up.
	if err != nil && age < maxStale && !errors.Is(ctx.Err(), context.Canceled) {
		return set, nil
	}
	return fetched, err
}

// newer returns a set fetched after old, or old itself if a token caused a
// fetch less than coolDown ago.
func (r *remoteKeys) newer(ctx context.Context, old *keySet) (*keySet, error) {
	r.mu.Lock()
	set, lastErr := r.set, r.err
	if set != old {
		r.mu.Unlock()
		return set, nil
	}
	if r.inFlight == nil && (r.err == nil || time.Since(r.failedAt) >= coolDown) {
		if time.Since(r.causedAt) < coolDown {
			r.mu.Unlock()
			return old, nil
		}
		r.causedAt = time.Now()
		r.startFetch(ctx)
	}
	done := r.inFlight
	r.mu.Unlock()
	return r.wait(ctx, done, lastErr)
}

// startFetch starts a fetch in the background. Canceling ctx does not stop it,
// since other callers may wait for it. r.mu must be held.
func (r *remoteKeys) startFetch(ctx context.Context) {
	done := make(chan struct{})
	r.inFlight = done
	go func() {
		set, err := r.server.fetch(context.WithoutCancel(ctx))
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err = err; err != nil {
			r.failedAt = time.Now()
		} else {
			r.set = set
		}
		r.inFlight = nil
		close(done)
	}()
}

// wait returns the set fetched when done is closed. A nil done means that no
// fetch is in flight because the last one failed with lastErr within coolDown.
func (r *remoteKeys) wait(ctx context.Context, done <-chan struct{}, lastErr error) (*keySet, error) {
	if done == nil {
		return nil, fail(ErrKeysUnavailable, "%w (next attempt within %v)", lastErr, coolDown)
	}
	select {
	case <-done:
	case <-ctx.Done():
		return nil, fail(ErrKeysUnavailable, "waiting for %s: %w", r.server.url, ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, fail(ErrKeysUnavailable, "%w", r.err)
	}
	return r.set, nil
}
