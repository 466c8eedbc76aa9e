package sessionjwt

import (
	"context"
	"crypto/sha256"
	"sync"
)

// cache holds verified tokens by their hash. When it is full, a new token
// replaces the oldest, which usually expires first, since session tokens have
// the same lifetime.
type cache struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]*verified
	order   [][sha256.Size]byte // the keys of entries in order of insertion; a ring when full
	oldest  int                 // the index in order of the oldest entry
	max     int
}

func (c *cache) get(id [sha256.Size]byte) *verified {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[id]
}

func (c *cache) put(id [sha256.Size]byte, e *verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[id]; ok { // a concurrent caller has added it
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

// verifyCached is Verify for a Verifier with a cache. For a cached token it checks
// only that its key is still in the current set, and the times.
func (v *Verifier) verifyCached(ctx context.Context, token string) (*Claims, error) {
	id := sha256.Sum256([]byte(token))
	e := v.cache.get(id)
	if e == nil {
		var err error
		if e, err = v.verify(ctx, token); err != nil {
			return nil, err
		}
		v.cache.put(id, e)
		return e.claims.clone(), nil
	}
	if _, err := v.keys.key(ctx, e.keyID, e); err != nil {
		return nil, err
	}
	if err := v.checkTimes(e.claims); err != nil {
		return nil, err
	}
	return e.claims.clone(), nil
}
