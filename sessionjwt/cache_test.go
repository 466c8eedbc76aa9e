package sessionjwt

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// changingKeys is a KeySource of one key, which a test can change.
type changingKeys struct {
	mu     sync.Mutex
	public *rsa.PublicKey
	err    error
}

func (k *changingKeys) change(public *rsa.PublicKey, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.public, k.err = public, err
}

func (k *changingKeys) key(_ context.Context, _ string, token signed) (*rsa.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil && !token.signedBy(k.public) {
		return nil, ErrSignature
	}
	return k.public, k.err
}

// cached returns a Verifier with a cache of two, its keys, and its clock.
func cached(t *testing.T) (v *Verifier, keys *changingKeys, now *time.Time) {
	t.Helper()
	now = new(fixedClock())
	keys = &changingKeys{public: &clerkKey().PublicKey}
	v, err := New(keys, issuer, WithClock(func() time.Time { return *now }), WithCache(2))
	require.NoError(t, err)
	return v, keys, now
}

func tokenOfUser(t *testing.T, user string) string {
	return sign(t, clerkKey(), goodHeader(), goodClaims().with("sub", user))
}

func TestCachedTokensExpire(t *testing.T) {
	t.Parallel()
	v, _, now := cached(t)
	token := goodToken(t)
	for range 2 {
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
	}
	*now = issued.Add(65*time.Second - 1)
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err, "the leeway applies")
	*now = issued.Add(65 * time.Second)
	for range 2 {
		_, err = v.Verify(t.Context(), token)
		require.ErrorIs(t, err, ErrExpired)
	}
}

func TestCachedTokensAreDroppedWithTheirKey(t *testing.T) {
	t.Parallel()
	v, keys, _ := cached(t)
	token := goodToken(t)
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)

	keys.change(nil, ErrKeysUnavailable)
	_, err = v.Verify(t.Context(), token)
	require.ErrorIs(t, err, ErrKeysUnavailable)

	keys.change(&otherKey().PublicKey, nil)
	_, err = v.Verify(t.Context(), token)
	require.ErrorIs(t, err, ErrSignature)

	keys.change(nil, ErrSignature)
	_, err = v.Verify(t.Context(), token)
	require.ErrorIs(t, err, ErrSignature)

	keys.change(&clerkKey().PublicKey, nil)
	_, err = v.Verify(t.Context(), token)
	require.NoError(t, err)
	assert.Len(t, v.cache.entries, 1)
}

func TestFullCacheReplacesTheOldestToken(t *testing.T) {
	t.Parallel()
	c := &cache{entries: map[[sha256.Size]byte]*verified{}, max: 3}
	id := func(n int) [sha256.Size]byte { return [sha256.Size]byte{byte(n)} }
	for n := range 10 {
		c.put(id(n), &verified{})
		for old := range n + 1 {
			assert.Equal(t, old > n-3, c.get(id(old)) != nil, "token %d after token %d", old, n)
		}
		assert.LessOrEqual(t, len(c.entries), 3)
		assert.LessOrEqual(t, len(c.order), 3)
	}
}

func TestCacheStoresConcurrentCallsOfOneTokenOnce(t *testing.T) {
	t.Parallel()
	c := &cache{entries: map[[sha256.Size]byte]*verified{}, max: 2}
	for _, id := range []byte{1, 2, 2, 2} {
		c.put([sha256.Size]byte{id}, &verified{})
	}
	assert.NotNil(t, c.get([sha256.Size]byte{1}))
}

func TestCacheServesTokensOfTwoKeysWithOneID(t *testing.T) {
	t.Parallel()
	server, v := remote(t, WithCache(4))
	server.set(respondKeys(t, jwk(t, keyID, otherKey()), jwk(t, keyID, clerkKey())), 0)
	for _, key := range []*rsa.PrivateKey{clerkKey(), otherKey()} {
		token := signedWith(t, key, keyID)
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		first := v.cache.get(sha256.Sum256([]byte(token)))
		require.NotNil(t, first)
		for range 4 {
			_, err = v.Verify(t.Context(), token)
			require.NoError(t, err)
		}
		assert.Same(t, first, v.cache.get(sha256.Sum256([]byte(token))), "not verified again")
	}
	assert.Len(t, v.cache.entries, 2)
	assert.Len(t, v.cache.order, 2, "each once")
	assert.Equal(t, 1, server.count())
}

func TestForgedTokensAreNotCached(t *testing.T) {
	t.Parallel()
	v, _, _ := cached(t)
	token := goodToken(t)
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	for i := range 10 {
		forged := sign(t, otherKey(), goodHeader(), goodClaims().with("sub", fmt.Sprint("user_", i)))
		_, err := v.Verify(t.Context(), forged)
		require.ErrorIs(t, err, ErrSignature)
	}
	_, err = v.Verify(t.Context(), token[:len(token)-8]+strings.Repeat("A", 8))
	require.ErrorIs(t, err, ErrSignature, "another signature on a cached token")
	_, err = v.Verify(t.Context(), strings.Repeat("x", maxTokenBytes+1))
	require.ErrorIs(t, err, ErrMalformed)
	assert.Len(t, v.cache.entries, 1)
}

func TestCallersDoNotShareClaims(t *testing.T) {
	t.Parallel()
	v, _, _ := cached(t)
	token := sign(t, clerkKey(), goodHeader(), goodClaims().with("act", members{"sub": "user_2admin"}))
	want, err := newVerifier(t).Verify(t.Context(), token) // which shares nothing with v
	require.NoError(t, err)
	for range 3 {
		spoiled, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, want, spoiled)
		spoiled.UserID = "user_2eve"
		spoiled.Features[0] = "o:everything"
		spoiled.Organization.Role = "org:owner"
		spoiled.Organization.Permissions[0] = "org:everything:manage"
		spoiled.Actor.UserID = "user_2eve"
		*spoiled.FactorAges = FactorAges{0, 0}
	}
	again, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	assert.Equal(t, want, again)
}

func TestCacheHoldsNoToken(t *testing.T) {
	t.Parallel()
	v, _, _ := cached(t)
	token := goodToken(t)
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	for _, e := range v.cache.entries {
		assert.NotContains(t, fmt.Sprintf("%#v %#v", *e, *e.claims), token[strings.LastIndexByte(token, '.')+1:][:20])
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	v, keys, _ := cached(t)
	tokens := []string{tokenOfUser(t, "user_1"), tokenOfUser(t, "user_2"), tokenOfUser(t, "user_3")}
	forged := sign(t, otherKey(), goodHeader(), goodClaims())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				n := (i + j) % len(tokens)
				claims, err := v.Verify(t.Context(), tokens[n])
				if assert.NoError(t, err) {
					assert.Equal(t, fmt.Sprint("user_", n+1), claims.UserID)
					claims.UserID, claims.Features[0] = "spoiled", "spoiled"
				}
				_, err = v.Verify(t.Context(), forged)
				assert.ErrorIs(t, err, ErrSignature)
				keys.change(new(clerkKey().PublicKey), nil) // equal, not identical
			}
		})
	}
	wg.Wait()
}
