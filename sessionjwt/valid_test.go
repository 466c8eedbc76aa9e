package sessionjwt

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerifyAcceptsWhatTheOptionsAllow(t *testing.T) {
	t.Parallel()
	type list = []any
	now := fixedClock().Unix()
	for _, tc := range []struct {
		name   string
		header list
		claims list
		opt    Option
		want   error
	}{
		{name: "missing typ", header: list{"typ", absent}},
		{name: "unknown headers", header: list{"oiat", now, "x5t", "abc"}},
		{name: "missing cat", header: list{"cat", absent}},
		{name: "instance that ignores categories", header: list{"cat", categoryIgnored}},
		{name: "any key id with a PEM", header: list{"kid", "ins_other"}},
		{name: "missing sts", claims: list{"sts", absent}},
		{name: "missing nbf, jti and fva", claims: list{"nbf", absent, "jti", absent, "fva", absent}},
		{name: "last second of the year 9999", claims: list{"exp", int64(253402300799)}},
		{name: "custom claims named like version 1's", claims: list{"org_id", 1, "org_permissions", "x"}},
		{name: "version 1 with custom claims named like version 2's", claims: list{"v", absent, "o", 1, "fea", 2, "pla", 3}},

		{name: "iat 5 s ahead", claims: list{"iat", now + 5}},
		{name: "nbf 5 s ahead", claims: list{"nbf", now + 5}},
		{name: "exp 4 s ago", claims: list{"exp", now - 4}},
		{name: "more leeway", claims: list{"exp", now - 59}, opt: WithLeeway(time.Minute)},
		{name: "no leeway for exp", claims: list{"exp", now}, opt: WithLeeway(0), want: ErrExpired},
		{name: "no leeway for iat", claims: list{"iat", now + 1}, opt: WithLeeway(0), want: ErrNotYetValid},
		{name: "no leeway for nbf", claims: list{"nbf", now + 1}, opt: WithLeeway(0), want: ErrNotYetValid},

		{name: "pending", claims: list{"sts", "pending"}, opt: WithPending()},
		{name: "other status than pending", claims: list{"sts", "frozen"}, opt: WithPending(), want: ErrPending},
		{name: "missing azp", claims: list{"azp", absent}, opt: WithMissingAuthorizedParty()},
		{name: "other azp", claims: list{"azp", "https://evil.example"}, opt: WithMissingAuthorizedParty(), want: ErrAuthorizedParty},
		{name: "empty azp", claims: list{"azp", ""}, opt: WithMissingAuthorizedParty(), want: ErrMalformed},
		{name: "second party", claims: list{"azp", "http://localhost:3000"}, opt: WithAuthorizedParties("http://localhost:3000")},
		{name: "other scheme", claims: list{"azp", "capacitor://x"}, opt: WithAuthorizedParties("capacitor://x", "https://[::1]:8443")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := newVerifier(t)
			if tc.opt != nil {
				v = newVerifier(t, tc.opt)
			}
			token := sign(clerkKey(), goodHeader().with(tc.header...), goodClaims().with(tc.claims...))
			claims, err := v.Verify(t.Context(), token)
			require.ErrorIs(t, err, tc.want)
			assert.Equal(t, err == nil, claims != nil)
		})
	}
}

func TestTheLongestToken(t *testing.T) {
	t.Parallel()
	v := newVerifier(t)
	tested := make(map[int]bool)
	for n := range 48 { // with claims or header alone, base64 does not reach every length
		header := goodHeader().with("kid", strings.Repeat("k", n%4+1))
		token := sign(clerkKey(), header, goodClaims().with("x", strings.Repeat("x", 5465+n/4)))
		_, err := v.Verify(t.Context(), token)
		assert.Equal(t, len(token) <= 8192, err == nil, "%d bytes", len(token))
		tested[len(token)] = true
	}
	assert.True(t, tested[8192] && tested[8193], "%v", tested)
}
