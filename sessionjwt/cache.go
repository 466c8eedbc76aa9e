package sessionjwt

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"sync"
)

// cache holds verified tokens by their hash. When it is full, a new token
// replaces the oldest, which usually expires first, since session tokens have
// the same lifetime.
type cache struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]*verified
	order   [][sha256.Size]byte // in order of arrival; a ring once it is full
	oldest  int                 // index in order
	max     int
}

func newCache(n int) *cache {
	return &cache{entries: map[[sha256.Size]byte]*verified{}, max: n}
}

func (c *cache) get(id [sha256.Size]byte) *verified {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[id]
}

func (c *cache) put(id [sha256.Size]byte, e *verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[id]; ok { // by a concurrent caller
		return
	}
	if len(c.order) < c.max {
		c.order = append(c.order, id)
	} else {
		delete(c.entries, c.order[c.oldest])
		c.order[c.oldest] = id
		c.oldest = (c.oldest + 1) % c.max
	}
	c.entries[id] = e
}

func (c *cache) remove(id [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, id)
}

// verifyCached is Verify for a Verifier with a cache. For a cached token it
// checks only what can change: the times, and that the key is still one of the
// instance's.
func (v *Verifier) verifyCached(ctx context.Context, token string) (*Claims, error) {
	if len(token) > maxTokenBytes { // not worth a hash
		_, err := parseToken(token)
		return nil, err
	}
	id := sha256.Sum256([]byte(token))
	if e := v.cache.get(id); e != nil {
		_, err := v.findKey(ctx, e.keyID, func(key *rsa.PublicKey) bool { return key.Equal(e.key) })
		if err == nil {
			err = v.checkTimes(e.claims)
		}
		if err == nil {
			return e.claims.clone(), nil
		}
		if !errors.Is(err, ErrKeysUnavailable) {
			v.cache.remove(id)
		}
		return nil, err
	}
	e, err := v.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	v.cache.put(id, e)
	return e.claims.clone(), nil
}
