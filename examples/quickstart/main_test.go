package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestWithoutKey(t *testing.T) {
	t.Setenv("CLERK_SECRET_KEY", "")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	assert.Contains(t, out.String(), "in-memory emulator")
	assert.Contains(t, out.String(), "resource_not_found")
	assert.NotContains(t, out.String(), "eyJ")
	assert.InDelta(t, 20, strings.Count(out.String(), "\n"), 5, "about twenty lines")
}

// environment sets the environment to an emulated instance on loopback.
func environment(t *testing.T, opts ...sessionstest.Option) *sessionstest.Server {
	srv := sessionstest.NewServer(t, opts...)
	t.Setenv("CLERK_SECRET_KEY", srv.SecretKey)
	t.Setenv("CLERK_USER_ID", "user_anna")
	t.Setenv("CLERK_API_URL", strings.TrimSuffix(srv.URL, "/v1"))
	t.Setenv("CLERK_API_VERSION", "")
	return srv
}

func TestWithKey(t *testing.T) {
	srv := environment(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	assert.NotContains(t, out.String(), "emulator")
	assert.NotContains(t, out.String(), srv.SecretKey)
	assert.NotContains(t, out.String(), "eyJ")
	assert.Len(t, srv.Sessions("user_anna"), 1)
}

func TestFailures(t *testing.T) {
	environment(t)
	t.Setenv("CLERK_USER_ID", "")
	require.ErrorContains(t, run(t.Context(), &bytes.Buffer{}), "set it to a test user of the instance, or unset CLERK_SECRET_KEY to use the emulator")
	environment(t, sessionstest.WithProduction())
	require.ErrorContains(t, run(t.Context(), &bytes.Buffer{}), "request_invalid_for_environment")
	for _, op := range []string{"CreateSession", "GetSessionList", "GetSession", "CreateSessionToken", sessionstest.OpJWKS, "RevokeSession"} {
		environment(t).FailFunc(func(r sessionstest.Request) *sessionstest.Fault {
			if r.Operation == op {
				return &sessionstest.Fault{Status: 403}
			}
			return nil
		})
		require.Error(t, run(t.Context(), &bytes.Buffer{}), op)
	}
}
