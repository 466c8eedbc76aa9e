package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestEmulatorMeetsEveryClaim(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	outcomes, err := ask(&subject{ctx: t.Context(), url: srv.URL, key: srv.SecretKey, client: http.DefaultClient})
	require.NoError(t, err)
	names := map[string]bool{}
	for i, c := range claims {
		assert.Equal(t, c.want, outcomes[i], c.name)
		assert.False(t, names[c.name], "duplicate name %q", c.name)
		names[c.name] = true
	}
	assert.Empty(t, srv.State().Users, "the user is deleted")
}

func TestOtherKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"sk_live_canary", "live_canary", "pk_test_canary", "canary"} {
		srv := sessionstest.NewServer(t)
		err := run(t.Context(), &strings.Builder{}, srv.URL, key, 0)
		require.ErrorContains(t, err, "must be the key of a development instance")
		assert.NotContains(t, err.Error(), "canary")
		assert.Empty(t, srv.Requests())
	}
}

func TestReportWithoutClerk(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, "", "", 0))
	assert.Contains(t, out.String(), "no key (known)\n  claim     401 authorization_header_format_invalid\n  emulator  401 authorization_header_format_invalid\n")
	assert.Contains(t, out.String(), "Clerk was not tested")
	assert.NotContains(t, out.String(), "do not hold")
}

// WithLatestActivity makes the other Server differ in one claim.
func TestReportListsConfirmedAndDifferentClaims(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t, sessionstest.WithLatestActivity())
	var out strings.Builder
	err := run(t.Context(), &out, srv.URL, srv.SecretKey, 0)
	require.EqualError(t, err, "1 claims do not hold")
	assert.Contains(t, out.String(), "  Clerk     null  <- differs\n")
	assert.Contains(t, out.String(), "limit 501 (inferred)\n  claim     10 sessions\n  emulator  10 sessions\n  Clerk     10 sessions  <- confirmed\n")
	assert.Contains(t, out.String(), "Claims that do not hold:\n  latest_activity of one session (Clerk)\n")
	assert.Contains(t, out.String(), "Inferred claims that Clerk confirmed:\n")
	assert.NotContains(t, out.String(), srv.SecretKey)
	assert.Empty(t, srv.State().Users)
}

func TestUserIsDeletedAfterAnInterruption(t *testing.T) {
	t.Parallel()
	srv := sessionstest.NewServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	srv.FailFunc(func(r sessionstest.Request) *sessionstest.Fault {
		if r.Operation == "CreateSessionToken" {
			cancel()
		}
		return nil
	})
	_, err := ask(&subject{ctx: ctx, url: srv.URL, key: srv.SecretKey, client: http.DefaultClient})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, srv.State().Users)
	assert.Len(t, srv.RequestsOf("DeleteUser"), 1)
}

func TestRateIsBelowTheLimit(t *testing.T) {
	t.Parallel()
	assert.Less(t, 10*time.Second/pause, time.Duration(100))
}
