package sessionjwt

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
)

// cache holds verified tokens by their hash, the oldest giving way to the
// newest. Session tokens all live about as long, so the oldest is the one
// that expires first.
type cache struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]*verified
	order   [][sha256.Size]byte // what was stored, a ring once it is full
	oldest  int                 // where the ring begins
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
	if _, ok := c.entries[id]; ok { // another caller was faster
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

// verifyCached is Verify for a Verifier with a cache. Only what time can
// change is checked again for a token seen before: that its key is still one
// of the instance's, and its times.
func (v *Verifier) verifyCached(ctx context.Context, token string) (*Claims, error) {
	if len(token) > maxTokenBytes { // not worth a hash
		_, _, err := parseToken(token)
		return nil, err
	}
	id := sha256.Sum256([]byte(token))
	if e := v.cache.get(id); e != nil {
		key, err := v.keys.key(ctx, e.keyID, nil)
		if errors.Is(err, ErrKeysUnavailable) {
			return nil, err
		}
		current := err == nil && key.Equal(e.key)
		if err == nil && !current { // it may be the other of two with this id
			key, err = v.keys.key(ctx, e.keyID, key)
			current = err == nil && key.Equal(e.key)
		}
		if current {
			if err := v.checkTimes(e.claims); err != nil {
				v.cache.remove(id)
				return nil, err
			}
			return e.claims.clone(), nil
		}
		v.cache.remove(id)
	}
	e, err := v.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	v.cache.put(id, e)
	return e.claims.clone(), nil
}
