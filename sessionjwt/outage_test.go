package sessionjwt

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFailedFetchIsNotRepeatedForACoolDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		good := server.answer
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

func TestStaleKeysServeForAnHourOfOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t, WithCache(10))
		good, token, start := server.answer, goodToken(t), time.Now()
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		server.set(down, 0)
		for time.Since(start) < time.Hour {
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1+55*6, server.count(), "one attempt in 10 s since the set was 5 minutes old")
		_, err = v.Verify(t.Context(), token)
		require.ErrorIs(t, err, ErrKeysUnavailable)
		server.set(good, 0)
		time.Sleep(10 * time.Second)
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err, "and it recovers")
	})
}

func TestAHangingKeyServerHoldsUpOnlyThoseWhoMeetItFirst(t *testing.T) {
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

func TestAnOutageIsNotMistakenForAForgery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		server.set(down, 0)
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
		require.ErrorIs(t, err, ErrKeysUnavailable, "it may be the key of a rotation")
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
		require.ErrorIs(t, err, ErrKeysUnavailable, "within the cool-down as well")
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), keyID))
		require.ErrorIs(t, err, ErrSignature, "a bad signature under a key that is held stays one")
		_, err = v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		assert.Equal(t, 2, server.count())
	})
}

func TestAPastFailureIsNoOutage(t *testing.T) {
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
		server.set(answerKeys(t, jwk(t, "ins_new", otherKey())), 0)
		time.Sleep(58 * time.Minute)
		_, err = v.Verify(t.Context(), old)
		require.ErrorIs(t, err, ErrSignature, "its key was withdrawn, and the server would have said so")
	})
}

func TestWithSparseTrafficStaleKeysServeAfterAnAttempt(t *testing.T) {
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

func TestACallersDeadlineDoesNotMakeUsableStaleKeysUnusable(t *testing.T) {
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

// Otherwise a client with a token of a withdrawn key could have it accepted by
// hanging up before the new keys arrive.
func TestCallersThatAreGoneGetNoStaleKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		old := goodToken(t)
		_, err := v.Verify(t.Context(), old)
		require.NoError(t, err)
		server.set(answerKeys(t, jwk(t, "ins_new", otherKey())), time.Second)
		time.Sleep(30 * time.Minute)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = v.Verify(gone, old)
		require.ErrorIs(t, err, ErrKeysUnavailable)
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(2 * time.Second)
		_, err = v.Verify(gone, signedWith(t, otherKey(), "ins_new"))
		require.NoError(t, err, "keys that have arrived need no waiting")
	})
}
