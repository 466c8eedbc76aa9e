package sessionjwt

import (
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCachedTokensExpire(t *testing.T) {
	t.Parallel()
	now := fixedClock()
	v := newVerifier(t, WithCache(2), WithClock(func() time.Time { return now }))
	for _, tc := range []struct {
		age  time.Duration
		want error
	}{{10 * time.Second, nil}, {65*time.Second - 1, nil}, {65 * time.Second, ErrExpired}, {time.Hour, ErrExpired}, {-6 * time.Second, ErrNotYetValid}} {
		now = issued.Add(tc.age)
		claims, err := v.Verify(t.Context(), goodToken())
		require.ErrorIs(t, err, tc.want)
		assert.Equal(t, err == nil, claims != nil)
	}
}

func TestFullCacheReplacesTheOldestToken(t *testing.T) {
	t.Parallel()
	c := &cache{entries: map[[sha256.Size]byte]*verified{}, max: 3}
	for n := range byte(10) {
		for range 3 { // concurrent callers of one token store it once
			c.put([sha256.Size]byte{n}, &verified{})
		}
		for old := range n + 1 {
			assert.Equal(t, old+3 > n, c.get([sha256.Size]byte{old}) != nil, "token %d after token %d", old, n)
		}
		assert.LessOrEqual(t, len(c.entries), 3)
		assert.LessOrEqual(t, len(c.order), 3)
	}
}

func TestCachedTokensAreNotVerifiedAgain(t *testing.T) {
	t.Parallel()
	server, v := remote(t, inMemory, WithCache(4))
	server.set(respondKeys(jwk(keyID, otherKey()), jwk(keyID, clerkKey())), 0)
	for _, key := range []*rsa.PrivateKey{clerkKey(), otherKey()} {
		token := signedWith(key, keyID)
		var entries []*verified
		for range 4 {
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err)
			entries = append(entries, v.cache.get(sha256.Sum256([]byte(token))))
		}
		require.NotNil(t, entries[0])
		assert.Same(t, entries[0], entries[3])
	}
	assert.Len(t, v.cache.entries, 2)
}

func TestCacheHoldsClaimsOfValidTokensOnly(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, WithCache(2))
	token := goodToken()
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	for _, forged := range []string{signedWith(otherKey(), keyID), token[:len(token)-8] + "AAAAAAAA", goodToken("sid", absent)} {
		_, err := v.Verify(t.Context(), forged)
		require.Error(t, err)
	}
	assert.Len(t, v.cache.entries, 1)
	for _, e := range v.cache.entries {
		assert.NotContains(t, fmt.Sprintf("%#v %#v", *e, *e.claims), strings.Split(token, ".")[2][:20])
	}
}

func TestCallersDoNotShareClaims(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, WithCache(2))
	token := goodToken("act", members{"sub": "user_2admin"})
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
}
