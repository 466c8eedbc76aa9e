package sessionjwt

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A step verifies a token at a certain time.
type step struct {
	at      time.Duration    // since the start, if not at once
	serve   http.HandlerFunc // the key server's response from now on
	delay   time.Duration    // of that response
	token   string
	timeout time.Duration // of the context, if not 0
	gone    bool          // the context is canceled
	times   int           // how often the token is verified, if not once
	every   time.Duration // the pause after each time
	want    error
	causes  error         // what want wraps, if not nil
	takes   time.Duration // each time
	fetches int           // from the start
}

func (s step) run(t *testing.T, start time.Time, server *jwksServer, v *Verifier) {
	time.Sleep(s.at - time.Since(start))
	if s.serve != nil {
		server.set(s.serve, s.delay)
	}
	for range max(s.times, 1) {
		ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(s.timeout, 24*time.Hour))
		if s.gone {
			cancel()
		}
		began := time.Now()
		claims, err := v.Verify(ctx, s.token)
		cancel()
		require.ErrorIs(t, err, s.want, "after %v", began.Sub(start))
		if s.want != nil {
			require.Nil(t, claims)
			require.Equal(t, s.want == ErrSignature, errorIs(err, ErrSignature), "%v", err)
			assertHarmless(t, err, s.token)
		}
		if s.causes != nil {
			require.ErrorIs(t, err, s.causes)
		}
		require.Equal(t, s.takes, time.Since(began), "duration")
		time.Sleep(s.every)
	}
	synctest.Wait()
	require.Equal(t, s.fetches, server.count(), "fetches after %v", time.Since(start))
}

func TestKeysOverTime(t *testing.T) {
	t.Parallel()
	const ns, s, m, h = time.Nanosecond, time.Second, time.Minute, time.Hour
	good := goodToken()
	rotated := signedWith(otherKey(), keyID) // Clerk can rotate a key and keep its id
	renamed := signedWith(otherKey(), "ins_new")
	third := signedWith(thirdKey(), keyID)
	oldKey, newKey := respondKeys(jwk(keyID, clerkKey())), respondKeys(jwk("ins_new", otherKey()))
	sameID := respondKeys(jwk(keyID, otherKey()))
	threeKeys := respondKeys(jwk(keyID, otherKey()), jwk(keyID, clerkKey()), jwk(keyID, thirdKey()))

	for name, steps := range map[string][]step{
		"a set expires 5 minutes after its fetch, however often it is used": {
			{token: good, times: 300, every: s - ns, fetches: 1},
			{at: 5*m - ns, token: good, fetches: 1},
			{at: 5 * m, token: good, fetches: 2},
		},
		"a removed key is used for 5 minutes": {
			{token: good, fetches: 1},
			{at: 5*m - ns, serve: newKey, token: good, fetches: 1},
			{at: 5 * m, token: good, want: ErrSignature, fetches: 2},
			{token: renamed, fetches: 2},
		},
		"a fetch times out after 5 seconds": {
			{serve: oldKey, delay: h, token: good, want: ErrKeysUnavailable, causes: context.DeadlineExceeded, takes: 5 * s, fetches: 1},
		},
		"a failed fetch is retried after the cool-down": {
			{serve: down, token: good, times: 100, every: 100 * time.Millisecond, want: ErrKeysUnavailable, fetches: 1},
			{at: 10 * s, serve: oldKey, token: good, fetches: 2},
		},

		"a new key id causes a fetch": {
			{token: good, fetches: 1},
			{at: s, serve: newKey, token: renamed, fetches: 2},
			{token: good, want: ErrSignature, fetches: 2},
		},
		"a rotated key with the same id causes a fetch": {
			{token: good, fetches: 1},
			{at: s, serve: sameID, token: rotated, fetches: 2},
			{token: good, want: ErrSignature, fetches: 2},
		},
		"an unknown key id causes one fetch on a cold start": {{token: renamed, want: ErrSignature, fetches: 1}},
		"a bad signature causes one fetch on a cold start":   {{token: rotated, want: ErrSignature, fetches: 1}},
		"unknown key ids and bad signatures cause one fetch in a cool-down": {
			{token: good, fetches: 1},
			{at: s, token: renamed, times: 100, every: 100 * time.Millisecond, want: ErrSignature, fetches: 2},
			{at: 11 * s, token: rotated, times: 100, every: 100 * time.Millisecond, want: ErrSignature, fetches: 3},
			{at: 21 * s, token: renamed, want: ErrSignature, fetches: 4},
		},
		"every key of one id is tried": {
			{serve: threeKeys, token: rotated, fetches: 1},
			{token: good, fetches: 1},
			{token: third, fetches: 1},
			{token: third[:len(third)-8] + "AAAAAAAA", want: ErrSignature, fetches: 1},
		},

		"stale keys are used for an hour": {
			{token: good, fetches: 1},
			{at: s, serve: down, token: good, times: 3599, every: s, fetches: 1 + 55*6},
			{at: h, token: good, want: ErrKeysUnavailable, fetches: 2 + 55*6},
			{at: h + 10*s, serve: oldKey, token: good, fetches: 3 + 55*6},
		},
		"only the first call waits for a hanging key server": {
			{token: good, fetches: 1},
			{at: 5 * m, serve: down, delay: h, token: good, takes: 5 * s, fetches: 2},
			{token: good, times: 100, every: s, fetches: 8},
		},
		"stale keys are used after one fetch with sparse traffic": {
			{token: good, fetches: 1},
			{at: 5 * m, serve: down, delay: h, token: good, times: 10, every: 5 * m, takes: 5 * s, fetches: 1 + 10},
		},
		"stale keys are used when the deadline passes": {
			{token: good, fetches: 1},
			{at: 5 * m, serve: down, delay: h, token: good, timeout: 2 * s, takes: 2 * s, fetches: 2},
			{at: h, token: good, timeout: 2 * s, want: ErrKeysUnavailable, causes: context.DeadlineExceeded, takes: 2 * s, fetches: 3},
		},
		// Otherwise a client could have a token of a removed key accepted by hanging up.
		"stale keys are not used when the context is canceled": {
			{token: good, fetches: 1},
			{at: 30 * m, serve: newKey, delay: s, token: good, gone: true, want: ErrKeysUnavailable, causes: context.Canceled, fetches: 2},
			{at: 30*m + 2*s, token: renamed, gone: true, fetches: 2},
		},
		"a failure long ago is not an outage": {
			{token: good, fetches: 1},
			{at: m, serve: down, token: renamed, want: ErrKeysUnavailable, fetches: 2},
			{at: 59 * m, serve: newKey, token: good, want: ErrSignature, fetches: 3},
		},
		"an outage ends with the first fetch that succeeds": {
			{token: good, fetches: 1},
			{at: 5 * m, serve: down, token: good, fetches: 2},
			{at: 5*m + 10*s, serve: oldKey, token: renamed, want: ErrSignature, fetches: 3},
			{token: renamed, want: ErrSignature, fetches: 3},
		},
		"no token is rejected for its key during an outage": {
			{token: good, fetches: 1},
			{at: s, serve: down, token: renamed, want: ErrKeysUnavailable, fetches: 2},
			{token: renamed, want: ErrKeysUnavailable, fetches: 2},
			{token: rotated, times: 9, every: s, want: ErrKeysUnavailable, fetches: 2},
			{token: good, fetches: 2},
			{at: 11 * s, serve: sameID, token: rotated, fetches: 3},
		},
		"no token is rejected for its key while the keys are fetched": {
			{token: good, fetches: 1},
			{at: s, serve: sameID, delay: 2 * s, token: rotated, timeout: s, want: ErrKeysUnavailable, causes: context.DeadlineExceeded, takes: s, fetches: 2},
			{token: rotated, gone: true, want: ErrKeysUnavailable, causes: context.Canceled, fetches: 2},
			{at: 4 * s, token: rotated, fetches: 2},
			{token: good, want: ErrSignature, fetches: 2},
		},
	} {
		for size, opts := range map[string][]Option{"without cache": nil, "with cache": {WithCache(10)}} {
			t.Run(name+" "+size, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					server, v := remote(t, inMemory, opts...)
					defer time.Sleep(fetchTimeout) // for the last fetch to end
					start := time.Now()
					for _, s := range steps {
						s.run(t, start, server, v)
					}
				})
			})
		}
	}
}

func TestConcurrentCallersShareOneFetch(t *testing.T) {
	t.Parallel()
	for name, rotation := range map[string]bool{"on a cold start": false, "after a rotation": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, v := remote(t, inMemory, WithCache(2))
				token := goodToken()
				if rotation {
					_, err := v.Verify(t.Context(), token)
					require.NoError(t, err)
					time.Sleep(time.Second)
					token = signedWith(otherKey(), "ins_new")
					server.set(respondKeys(jwk("ins_new", otherKey())), 0)
				}
				server.set(server.response, 2*time.Second)
				before, start := server.count(), time.Now()
				var wg sync.WaitGroup
				wg.Go(func() { // the first, which causes the fetch
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_, err := v.Verify(ctx, token)
					assert.ErrorIs(t, err, ErrKeysUnavailable)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, time.Second, time.Since(start))
				})
				synctest.Wait()
				for range 100 {
					wg.Go(func() {
						for range 2 {
							claims, err := v.Verify(t.Context(), token)
							if assert.NoError(t, err) {
								claims.UserID, claims.Features[0] = "spoiled", "spoiled" // no other caller's
							}
						}
						assert.Equal(t, 2*time.Second, time.Since(start))
					})
				}
				wg.Wait()
				assert.Equal(t, 1, server.count()-before)
			})
		})
	}
}

func TestInstancesWithTheSameKeyIDDoNotShareKeys(t *testing.T) {
	t.Parallel()
	_, mine := remote(t, inMemory, WithCache(10))
	server, theirs := remote(t, inMemory, WithCache(10))
	server.set(respondKeys(jwk(keyID, otherKey())), 0)
	for range 3 {
		for token, owner := range map[string]*Verifier{goodToken(): mine, signedWith(otherKey(), keyID): theirs} {
			for _, v := range []*Verifier{mine, theirs} {
				_, err := v.Verify(t.Context(), token)
				require.Equal(t, v != owner, errorIs(err, ErrSignature), "%v", err)
				require.Equal(t, v == owner, err == nil)
			}
		}
	}
}
