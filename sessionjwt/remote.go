package sessionjwt

import (
	"context"
	"crypto/rsa"
	"errors"
	"math"
	"net/http"
	"sync"
	"time"
)

const (
	// keyLifetime is the lifetime of the set in Clerk's JavaScript package.
	keyLifetime = 5 * time.Minute
	// maxStale is how old a set may get while the key server is down.
	maxStale = time.Hour
	// coolDown is the least time between two fetches that tokens provoke, and
	// between a failed fetch and the next.
	coolDown = 10 * time.Second
)

// remoteKeys is a KeySource that fetches its keys and keeps them for a time.
type remoteKeys struct {
	url        string // for error texts
	client     *http.Client
	newRequest func(context.Context) (*http.Request, error) // knows the secret key, if any

	mu       sync.Mutex
	set      *keySet       // the last good answer, nil before the first
	err      error         // of the last fetch, nil if it was good
	failed   time.Time     // when err came
	provoked time.Time     // when a token last caused a fetch of a set still fresh
	fetching chan struct{} // closed when the fetch under way has ended; nil if none
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
	if set.fetched.Before(start) { // it may have changed since
		if set, err = r.newer(ctx, set); err != nil {
			return nil, err
		}
		if key := set.find(id, rejected); key != nil {
			return key, nil
		}
	}
	if rejected != nil {
		return nil, fail(ErrSignature, "%s has no other key %s", r.url, quoted(id))
	}
	return nil, fail(ErrSignature, "made with key %s, but %s has only %s: do token and keys belong to the same instance?", quoted(id), r.url, set.ids())
}

// current returns a set no older than keyLifetime, or than maxStale while the
// key server is down.
func (r *remoteKeys) current(ctx context.Context) (*keySet, error) {
	r.mu.Lock()
	set, lastErr := r.set, r.err
	// A failure is news of an outage only until an attempt after it could have ended.
	outage := lastErr != nil && time.Since(r.failed) < coolDown+fetchTimeout
	age := time.Duration(math.MaxInt64)
	if set != nil {
		age = time.Since(set.fetched)
	}
	if age < keyLifetime {
		r.mu.Unlock()
		return set, nil
	}
	if r.fetching == nil && (r.err == nil || time.Since(r.failed) >= coolDown) {
		r.startFetch(ctx)
	}
	done := r.fetching
	r.mu.Unlock()

	// During an outage a set that may still be used is not held up by the
	// attempts to get another.
	if outage && age < maxStale {
		return set, nil
	}
	fetched, err := r.wait(ctx, done, lastErr)
	// A caller out of time gets the stale set, too, but not one that is gone: it
	// has no use for the answer, and a client must not be able to choose old keys.
	if err != nil && age < maxStale && !errors.Is(ctx.Err(), context.Canceled) {
		return set, nil
	}
	return fetched, err
}

// newer returns a set fetched after old, or old itself if a token has caused
// a fetch less than a cool-down ago.
func (r *remoteKeys) newer(ctx context.Context, old *keySet) (*keySet, error) {
	r.mu.Lock()
	set, lastErr := r.set, r.err
	if set != old {
		r.mu.Unlock()
		return set, nil
	}
	if r.fetching == nil && (r.err == nil || time.Since(r.failed) >= coolDown) {
		if time.Since(r.provoked) < coolDown {
			r.mu.Unlock()
			return old, nil
		}
		r.provoked = time.Now()
		r.startFetch(ctx)
	}
	done := r.fetching
	r.mu.Unlock()
	return r.wait(ctx, done, lastErr)
}

// startFetch begins a fetch that the end of ctx does not disturb, since others
// may come to wait for it. It lasts fetchTimeout at most. r.mu is held.
func (r *remoteKeys) startFetch(ctx context.Context) {
	done := make(chan struct{})
	r.fetching = done
	go func() {
		set, err := fetch(context.WithoutCancel(ctx), r.client, r.newRequest)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err = err; err != nil {
			r.failed = time.Now()
		} else {
			r.set = set
		}
		r.fetching = nil
		close(done)
	}()
}

// wait returns the outcome of the fetch that closes done. If done is nil there
// is none, because the last one failed with lastErr a moment ago.
func (r *remoteKeys) wait(ctx context.Context, done <-chan struct{}, lastErr error) (*keySet, error) {
	if done == nil {
		return nil, fail(ErrKeysUnavailable, "%w (next attempt within %v)", lastErr, coolDown)
	}
	select {
	case <-done:
	case <-ctx.Done():
		return nil, fail(ErrKeysUnavailable, "gave up waiting for %s: %w", r.url, ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, fail(ErrKeysUnavailable, "%w", r.err)
	}
	return r.set, nil
}
