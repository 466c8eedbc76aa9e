package sessionjwt

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFailedFetchIsRetriedAfterCoolDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		good := server.response
		server.set(down, 0)
		for range 100 {
			_, err := v.Verify(t.Context(), goodToken(t))
			require.ErrorIs(t, err, ErrKeysUnavailable)
			assert.NotErrorIs(t, err, ErrSignature)
			assert.Contains(t, err.Error(), "connection refused")
			time.Sleep(100 * time.Millisecond)
		}
		assert.Equal(t, 1, server.count())
		server.set(good, 0)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		assert.Equal(t, 2, server.count())
	})
}

func TestStaleKeysAreUsedForAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t, WithCache(10))
		good, token, start := server.response, goodToken(t), time.Now()
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		server.set(down, 0)
		for time.Since(start) < time.Hour {
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1+55*6, server.count(), "one fetch in 10 s since the set was 5 minutes old")
		_, err = v.Verify(t.Context(), token)
		require.ErrorIs(t, err, ErrKeysUnavailable)
		server.set(good, 0)
		time.Sleep(10 * time.Second)
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err, "once the key server is back")
	})
}

func TestOnlyTheFirstCallWaitsForAHangingKeyServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		token := goodToken(t)
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		server.set(down, time.Hour)
		time.Sleep(5 * time.Minute)
		start := time.Now()
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err)
		assert.Equal(t, fetchTimeout, time.Since(start))
		for range 100 {
			start = time.Now()
			_, err = v.Verify(t.Context(), token)
			require.NoError(t, err)
			assert.Zero(t, time.Since(start))
			time.Sleep(time.Second)
		}
	})
}

func TestNoTokenIsRejectedForAnUnknownKeyDuringAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		server.set(down, 0)
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
		require.ErrorIs(t, err, ErrKeysUnavailable, "it may be a new key")
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
		require.ErrorIs(t, err, ErrKeysUnavailable, "within the cool-down")
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), keyID))
		require.ErrorIs(t, err, ErrKeysUnavailable, "the key may have been rotated under its id")
		_, err = v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		assert.Equal(t, 2, server.count())
	})
}

func TestPastFailureIsNotAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t, WithCache(10))
		old := goodToken(t)
		_, err := v.Verify(t.Context(), old)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		server.set(down, 0)
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
		require.ErrorIs(t, err, ErrKeysUnavailable)
		server.set(respondKeys(t, jwk(t, "ins_new", otherKey())), 0)
		time.Sleep(58 * time.Minute)
		_, err = v.Verify(t.Context(), old)
		require.ErrorIs(t, err, ErrSignature, "its key was removed")
	})
}

func TestStaleKeysAreUsedAfterOneFetchWithSparseTraffic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		token := goodToken(t)
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		server.set(down, time.Hour)
		for range 10 {
			time.Sleep(5 * time.Minute)
			start := time.Now()
			_, err = v.Verify(t.Context(), token)
			require.NoError(t, err)
			assert.Equal(t, fetchTimeout, time.Since(start))
		}
		assert.Equal(t, 1+10, server.count())
	})
}

func TestStaleKeysAreUsedWhenTheDeadlinePasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		token := goodToken(t)
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		server.set(down, time.Hour)
		verifyFor2s := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			start := time.Now()
			_, err := v.Verify(ctx, token)
			assert.Equal(t, 2*time.Second, time.Since(start))
			return err
		}
		time.Sleep(5 * time.Minute)
		require.NoError(t, verifyFor2s())
		time.Sleep(55 * time.Minute)
		err = verifyFor2s()
		require.ErrorIs(t, err, ErrKeysUnavailable, "they are an hour old")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(fetchTimeout)
	})
}

// Otherwise a client could have a token of a removed key accepted by hanging up
// before the new keys arrive.
func TestStaleKeysAreNotUsedWhenTheContextIsCanceled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		old := goodToken(t)
		_, err := v.Verify(t.Context(), old)
		require.NoError(t, err)
		server.set(respondKeys(t, jwk(t, "ins_new", otherKey())), time.Second)
		time.Sleep(30 * time.Minute)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = v.Verify(gone, old)
		require.ErrorIs(t, err, ErrKeysUnavailable)
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(2 * time.Second)
		_, err = v.Verify(gone, signedWith(t, otherKey(), "ins_new"))
		require.NoError(t, err, "after the fetch")
	})
}

// Clerk can rotate a key and keep its id, so that only the current keys tell a
// token of the new key from a forged one.
func TestTokenOfARotatedKeyIsNotRejectedBeforeTheKeysAreFetched(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]Option{"without cache": nil, "with cache": {WithCache(10)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, v := remote(t, opts...)
				_, err := v.Verify(t.Context(), goodToken(t))
				require.NoError(t, err)
				time.Sleep(time.Second)
				server.set(respondKeys(t, jwk(t, keyID, otherKey())), 2*time.Second)
				rotated := signedWith(t, otherKey(), keyID)

				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				gone, hangUp := context.WithCancel(t.Context())
				hangUp()
				for ctx, cause := range map[context.Context]error{short: context.DeadlineExceeded, gone: context.Canceled} {
					_, err = v.Verify(ctx, rotated)
					assert.ErrorIs(t, err, ErrKeysUnavailable)
					assert.NotErrorIs(t, err, ErrSignature)
					assert.ErrorIs(t, err, cause)
				}
				time.Sleep(2 * time.Second)
				_, err = v.Verify(t.Context(), rotated)
				require.NoError(t, err)
				_, err = v.Verify(t.Context(), goodToken(t))
				require.ErrorIs(t, err, ErrSignature, "once the keys are known")
				assert.Equal(t, 2, server.count())
			})
		})
	}
}

func TestTokenOfARotatedKeyIsNotRejectedDuringAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		time.Sleep(time.Second)
		server.set(down, 0)
		for range 9 { // the failed fetch and its cool-down
			_, err = v.Verify(t.Context(), signedWith(t, otherKey(), keyID))
			require.ErrorIs(t, err, ErrKeysUnavailable)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 2, server.count())
		time.Sleep(time.Second)
		server.set(respondKeys(t, jwk(t, keyID, otherKey())), 0)
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), keyID))
		require.NoError(t, err)
	})
}
