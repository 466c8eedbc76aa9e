package sessionjwt

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestKeysAreFetchedFromTheirURL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, url, authorization string
		source                   func(KeyOption) (KeySource, error)
	}{
		{"issuer", issuer + "/.well-known/jwks.json", "", func(o KeyOption) (KeySource, error) { return KeysFromIssuer(issuer, o) }},
		{"issuer with a path", issuer + "/proxy/.well-known/jwks.json", "", func(o KeyOption) (KeySource, error) { return KeysFromIssuer(issuer+"/proxy", o) }},
		{"Backend API", "https://api.clerk.com/v1/jwks", "Bearer sk_test_abc", func(o KeyOption) (KeySource, error) { return KeysFromBackendAPI("sk_test_abc", o) }},
		{"Backend API elsewhere", "http://127.0.0.1:8080/clerk/v1/jwks", "Bearer sk_test_abc", func(o KeyOption) (KeySource, error) {
			return KeysFromBackendAPI("sk_test_abc", o, WithBaseURL("http://127.0.0.1:8080/clerk/v1/"))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := &jwksServer{response: respondKeys(t, jwk(t, keyID, clerkKey()))}
			keys, err := tc.source(WithHTTPClient(&http.Client{Transport: server}))
			require.NoError(t, err)
			assert.Zero(t, server.count(), "nothing is sent before Verify")
			v, err := New(keys, issuer, WithClock(fixedClock))
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), goodToken(t))
			require.NoError(t, err)
			assert.Equal(t, http.MethodGet, server.last.Method)
			assert.Equal(t, tc.url, server.last.URL.String())
			assert.Equal(t, tc.authorization, server.last.Header.Get("Authorization"))
		})
	}
}

func TestKeySetExpires5MinutesAfterItsFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		token := goodToken(t)
		for range 299 { // use does not extend its lifetime
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1, server.count())
		time.Sleep(time.Second)
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		assert.Equal(t, 2, server.count())
	})
}

func TestRemovedKeyIsRejectedAfter5Minutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t, WithCache(10))
		token := goodToken(t)
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
		server.set(respondKeys(t, jwk(t, "ins_new", otherKey())), 0)
		time.Sleep(5*time.Minute - time.Nanosecond)
		_, err = v.Verify(t.Context(), token)
		require.NoError(t, err)
		time.Sleep(time.Nanosecond)
		_, err = v.Verify(t.Context(), token)
		require.ErrorIs(t, err, ErrSignature)
		assert.Contains(t, err.Error(), keyID, "the token's key")
		assert.Contains(t, err.Error(), "ins_new", "the current key")
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_new"))
		require.NoError(t, err)
		assert.Equal(t, 2, server.count())
	})
}

func TestOneFetchIsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		server.set(server.response, time.Second)
		token := goodToken(t)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, err := v.Verify(t.Context(), token)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 1, server.count())
	})
}

func TestContextOfOneCallerDoesNotAffectOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		server.set(server.response, 2*time.Second)
		token := goodToken(t)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { // the first, which causes the fetch
			_, err := v.Verify(impatient, token)
			assert.ErrorIs(t, err, ErrKeysUnavailable)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, time.Second, time.Since(start), "no longer than its context")
		})
		synctest.Wait()
		wg.Go(func() {
			_, err := v.Verify(t.Context(), token)
			assert.NoError(t, err)
			assert.Equal(t, 2*time.Second, time.Since(start))
		})
		wg.Wait()
		assert.Equal(t, 1, server.count())
	})
}

func TestFetchTimesOutAfter5Seconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		server.set(server.response, time.Hour)
		start := time.Now()
		_, err := v.Verify(t.Context(), goodToken(t))
		require.ErrorIs(t, err, ErrKeysUnavailable)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestUnknownKeyIDsCauseOneFetchPerCoolDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		time.Sleep(time.Second)
		for i := range 100 { // 10 s of forged tokens
			_, err := v.Verify(t.Context(), signedWith(t, otherKey(), fmt.Sprint("ins_", i)))
			require.ErrorIs(t, err, ErrSignature)
			time.Sleep(100 * time.Millisecond)
		}
		assert.Equal(t, 2, server.count())
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_x"))
		require.ErrorIs(t, err, ErrSignature)
		assert.Equal(t, 3, server.count())
	})
}

func TestUnknownKeyIDCausesOneFetchOnAColdStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), signedWith(t, otherKey(), "ins_x"))
		require.ErrorIs(t, err, ErrSignature)
		assert.Equal(t, 1, server.count())
	})
}

func TestConcurrentUnknownKeyIDsShareOneFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		time.Sleep(time.Second)
		server.set(respondKeys(t, jwk(t, "ins_new", otherKey())), time.Second)
		token := signedWith(t, otherKey(), "ins_new")
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := v.Verify(t.Context(), token)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 2, server.count())
	})
}

func TestRotationIsNoticed(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{"to a new key id": "ins_new", "keeping the key id": keyID} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, v := remote(t, WithCache(10))
				old := goodToken(t)
				_, err := v.Verify(t.Context(), old)
				require.NoError(t, err)
				time.Sleep(time.Second)
				server.set(respondKeys(t, jwk(t, id, otherKey())), 0)
				_, err = v.Verify(t.Context(), signedWith(t, otherKey(), id))
				require.NoError(t, err, "the new key")
				assert.Equal(t, 2, server.count())
				_, err = v.Verify(t.Context(), old)
				require.ErrorIs(t, err, ErrSignature, "the old key was removed")
				assert.Equal(t, 2, server.count())
			})
		})
	}
}

func TestBadSignaturesCauseOneFetchPerCoolDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		_, err := v.Verify(t.Context(), goodToken(t))
		require.NoError(t, err)
		forged := signedWith(t, otherKey(), keyID)
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			_, err := v.Verify(t.Context(), forged)
			require.ErrorIs(t, err, ErrSignature)
		}
		assert.Equal(t, 2, server.count())
		time.Sleep(100 * time.Millisecond)
		_, err = v.Verify(t.Context(), signedWith(t, otherKey(), "ins_x"))
		require.ErrorIs(t, err, ErrSignature, "the cool-down is shared with unknown ids")
		assert.Equal(t, 3, server.count())
	})
}

func TestBothKeysOfOneIDAreTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, v := remote(t)
		server.set(respondKeys(t, jwk(t, keyID, otherKey()), jwk(t, keyID, clerkKey())), 0)
		for _, key := range []*rsa.PrivateKey{clerkKey(), otherKey()} {
			token := signedWith(t, key, keyID)
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), token[:len(token)-8]+"AAAAAAAA")
			require.ErrorIs(t, err, ErrSignature, "signed by neither")
		}
		assert.Equal(t, 1, server.count())
	})
}

func TestInstancesWithTheSameKeyIDShareNoKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, v := remote(t, WithCache(10))
		otherServer := &jwksServer{response: respondKeys(t, jwk(t, keyID, otherKey()))}
		client := WithHTTPClient(&http.Client{Transport: otherServer})
		otherSource, err := KeysFromIssuer("https://clerk.other.example", client)
		require.NoError(t, err)
		other, err := New(otherSource, "https://clerk.other.example", WithClock(fixedClock), WithCache(10))
		require.NoError(t, err)

		mine := goodToken(t)
		theirs := sign(t, otherKey(), goodHeader(), goodClaims().with("iss", "https://clerk.other.example"))
		for range 3 {
			_, err = v.Verify(t.Context(), mine)
			require.NoError(t, err)
			_, err = other.Verify(t.Context(), theirs)
			require.NoError(t, err)
			_, err = v.Verify(t.Context(), theirs)
			require.ErrorIs(t, err, ErrSignature)
			_, err = other.Verify(t.Context(), mine)
			require.ErrorIs(t, err, ErrSignature)
			time.Sleep(time.Minute)
		}
		otherServer.set(down, 0)
		time.Sleep(2 * time.Hour)
		_, err = other.Verify(t.Context(), mine)
		require.ErrorIs(t, err, ErrKeysUnavailable, "without its own keys")
	})
}
