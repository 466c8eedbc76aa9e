package sessionjwt

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// claimsOf verifies a good token with some claims changed.
func claimsOf(t *testing.T, pairs ...any) *Claims {
	t.Helper()
	claims, err := newVerifier(t).Verify(t.Context(), goodToken(pairs...))
	require.NoError(t, err)
	return claims
}

func TestClaims(t *testing.T) {
	t.Parallel()
	c := claimsOf(t, "act", members{"iss": "https://dashboard.clerk.com", "sid": "sess_2admin", "sub": "user_2admin"})
	full := &Claims{
		SessionID: "sess_2abc", UserID: "user_2abc", Issuer: issuer,
		IssuedAt: issued, NotBefore: issued.Add(-10 * time.Second), ExpiresAt: issued.Add(time.Minute),
		AuthorizedParty: party, Status: "active", FactorAges: &FactorAges{3, -1},
		Actor: &Actor{UserID: "user_2admin", SessionID: "sess_2admin", Issuer: "https://dashboard.clerk.com"},
		Organization: &Organization{ID: "org_2abc", Slug: "acme", Role: "org:admin", Permissions: []string{
			"org:dashboard:read", "org:dashboard:manage", "org:teams:manage",
		}},
		Plan: "o:pro", Features: []string{"o:dashboard", "u:export", "o:teams"},
		TokenID: "0123456789abcdef", Version: 2, payload: c.payload,
	}
	assert.Equal(t, full, c)

	c = claimsOf(t, "nbf", absent, "sts", absent, "fva", absent, "o", absent, "fea", absent, "pla", absent, "jti", absent)
	assert.Equal(t, &Claims{
		SessionID: "sess_2abc", UserID: "user_2abc", Issuer: issuer, AuthorizedParty: party,
		IssuedAt: issued, ExpiresAt: issued.Add(time.Minute), Version: 2, payload: c.payload,
	}, c, "missing claims are zero")

	c = claimsOf(t, "v", absent, "o", absent, "org_id", "org_2abc", "org_slug", "acme", "org_role", "org:admin",
		"org_permissions", full.Organization.Permissions)
	assert.Equal(t, full.Organization, c.Organization, "the same form in version 1")
	assert.Equal(t, 1, c.Version)
	assert.Empty(t, c.Plan)
	assert.Empty(t, c.Features)
	assert.Nil(t, claimsOf(t, "v", 1, "org_role", "org:admin").Organization, "a role in no organization")
}

func TestFactorAges(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fva  any
		want string
	}{
		{[]int{0, 0}, "0s true, 0s true"},
		{[]int{3, -1}, "3m0s true, 0s false"},
		{[]int{-1, -1}, "0s false, 0s false"},
		{[]int{maxMinutes, 1}, "876000h0m0s true, 1m0s true"},
		{absent, "0s false, 0s false"},
		{nil, "0s false, 0s false"},
	} {
		ages := claimsOf(t, "fva", tc.fva).FactorAges
		first, firstOK := ages.First()
		second, secondOK := ages.Second()
		assert.Equal(t, tc.want, fmt.Sprintf("%v %v, %v %v", first, firstOK, second, secondOK), "%v", tc.fva)
	}
}

func TestPermissionsOfVersion2(t *testing.T) {
	t.Parallel()
	names := make([]string, 70)
	for i := range names {
		names[i] = fmt.Sprint("p", i)
	}
	for _, tc := range []struct {
		name, fea, per, fpm string
		want                []string
	}{
		{"lowest bit first", "o:a", "x,y,z", "6", []string{"org:a:y", "org:a:z"}},
		{"nothing granted", "o:a,o:b", "x", "0,0", nil},
		{"user features without a number", "u:n,o:a,u:m,o:b", "x,y", "1,2", []string{"org:a:x", "org:b:y"}},
		{"features of both scopes", "uo:a,ou:b", "x", "1,1", []string{"org:a:x", "org:b:x"}},
		{"missing numbers grant nothing", "o:a,o:b", "x", "1", []string{"org:a:x"}},
		{"no fpm grants nothing", "o:a", "x", "", nil},
		{"neither per nor fpm", "o:a", "", "", nil},
		{"zero without names", "o:a", "", "0", nil},
		{"zero without features", "u:a", "", "0", nil},
		{"zero beyond the features", "o:a", "read", "1,0", []string{"org:a:read"}},
		{"leading zeros", "o:a", "read", "001", []string{"org:a:read"}},
		{"unused gap in per", "o:a", "x,,z,", "5", []string{"org:a:x", "org:a:z"}},
		{"spaces", "o:a, o:b", "x, y", "1, 2", []string{"org:a:x", "org:b:y"}},
		{"more than 64 permissions", "o:a", strings.Join(names, ","), "590295810358705651713", []string{"org:a:p0", "org:a:p69"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := claimsOf(t, "fea", tc.fea, "o", members{"id": "org_2abc", "per": tc.per, "fpm": tc.fpm})
			assert.Equal(t, tc.want, c.Organization.Permissions)
		})
	}
	assert.Equal(t, []string{"o:a", "u:a", "u:b"}, claimsOf(t, "fea", "uo:a, u:b", "o", absent).Features)
	for given, want := range map[string]string{"admin": "org:admin", "org:admin": "org:admin", "": ""} {
		assert.Equal(t, want, claimsOf(t, "o", members{"id": "org_2abc", "rol": given}).Organization.Role)
	}
}

func TestDecodeCustomClaims(t *testing.T) {
	t.Parallel()
	c := claimsOf(t, "seats", 3, "Sub", "user_2eve")
	var custom struct {
		Sub   string `json:"sub"`
		Seats int    `json:"seats"`
	}
	require.NoError(t, c.Decode(&custom))
	assert.Equal(t, 3, custom.Seats)
	assert.Equal(t, "user_2abc", custom.Sub, "names are case-sensitive")

	var deep map[string]map[string]int
	err := claimsOf(t, "a", members{hostile: "no number"}).Decode(&deep)
	require.ErrorIs(t, err, ErrMalformed)
	assertHarmless(t, err, "")
	require.ErrorIs(t, c.Decode(nil), ErrMalformed)
	require.ErrorIs(t, c.Decode(custom), ErrMalformed, "not a pointer")
	require.ErrorIs(t, new(Claims).Decode(&custom), ErrMalformed, "not from Verify")
}
