package sessionjwt

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	now := fixedClock().Unix()
	for _, tc := range []struct {
		name   string
		header []any
		claims []any
		opts   []Option
	}{
		{name: "missing typ", header: []any{"typ", absent}},
		{name: "unknown headers", header: []any{"oiat", now, "x5t", "abc"}},
		{name: "missing cat", header: []any{"cat", absent}},
		{name: "instance that ignores categories", header: []any{"cat", categoryIgnored}},
		{name: "any key id with a PEM", header: []any{"kid", "ins_other"}},
		{name: "missing sts", claims: []any{"sts", absent}},
		{name: "missing nbf, jti and fva", claims: []any{"nbf", absent, "jti", absent, "fva", absent}},
		{name: "iat 5 s ahead", claims: []any{"iat", now + 5}},
		{name: "nbf 5 s ahead", claims: []any{"nbf", now + 5}},
		{name: "exp 4 s ago", claims: []any{"exp", now - 4}},
		{name: "pending with WithPending", claims: []any{"sts", "pending"}, opts: []Option{WithPending()}},
		{name: "missing azp with WithMissingAuthorizedParty", claims: []any{"azp", absent}, opts: []Option{WithMissingAuthorizedParty()}},
		{name: "second party", claims: []any{"azp", "http://localhost:3000"}, opts: []Option{WithAuthorizedParties("http://localhost:3000")}},
		{name: "more leeway", claims: []any{"exp", now - 59}, opts: []Option{WithLeeway(time.Minute)}},
		{name: "custom claims named like another version's", claims: []any{"org_id", 1, "org_permissions", "x"}},
		{name: "version 1 with custom claims named like version 2's", claims: []any{"v", absent, "o", 1, "fea", 2, "pla", 3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			token := sign(clerkKey(), goodHeader().with(tc.header...), goodClaims().with(tc.claims...))
			claims, err := newVerifier(t, tc.opts...).Verify(t.Context(), token)
			require.NoError(t, err)
			assert.Equal(t, "user_2abc", claims.UserID)
		})
	}
}

func TestOptionsAcceptOnlyWhatTheyName(t *testing.T) {
	t.Parallel()
	now := fixedClock().Unix()
	for _, tc := range []struct {
		name   string
		claims []any
		opt    Option
		want   error
	}{
		{"other status with WithPending", []any{"sts", "frozen"}, WithPending(), ErrPending},
		{"other azp with WithMissingAuthorizedParty", []any{"azp", "https://evil.example"}, WithMissingAuthorizedParty(), ErrAuthorizedParty},
		{"empty azp with WithMissingAuthorizedParty", []any{"azp", ""}, WithMissingAuthorizedParty(), ErrMalformed},
		{"no leeway for exp", []any{"exp", now}, WithLeeway(0), ErrExpired},
		{"no leeway for iat", []any{"iat", now + 1}, WithLeeway(0), ErrNotYetValid},
		{"no leeway for nbf", []any{"nbf", now + 1}, WithLeeway(0), ErrNotYetValid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			token := goodToken(tc.claims...)
			_, err := newVerifier(t, tc.opt).Verify(t.Context(), token)
			require.ErrorIs(t, err, tc.want)
		})
	}
}

func TestTheLongestToken(t *testing.T) {
	t.Parallel()
	v := newVerifier(t)
	tested := make(map[int]bool)
	for kid := range 4 { // with claims alone, base64 does not reach every length
		header := goodHeader().with("kid", strings.Repeat("k", kid+1))
		short := len(sign(clerkKey(), header, goodClaims().with("x", "")))
		for pad := range 12 {
			claims := goodClaims().with("x", strings.Repeat("x", (maxTokenBytes-short)*3/4-4+pad))
			token := sign(clerkKey(), header, claims)
			_, err := v.Verify(t.Context(), token)
			assert.Equal(t, len(token) <= 8192, err == nil, "%d bytes", len(token))
			tested[len(token)] = true
		}
	}
	assert.True(t, tested[8192] && tested[8193])
}
