package sessionjwt

import (
	"slices"
	"time"
)

// Claims is what a verified session token says. Verify returns a copy of its
// own to every caller, so it may be changed freely. The claims named in
// quotation marks are described in Clerk's documentation of session tokens.
type Claims struct {
	// SessionID ("sid") is never empty.
	SessionID string
	// UserID ("sub") starts with "user_".
	UserID string
	// Issuer ("iss") is the issuer given to New.
	Issuer string

	// IssuedAt and ExpiresAt ("iat", "exp") are always set; NotBefore ("nbf")
	// is zero when the token does not have it. By Clerk's documentation session
	// tokens live 60 s, unless the call that minted them asked for another
	// lifetime, and are valid from 10 s before they were issued.
	IssuedAt, NotBefore, ExpiresAt time.Time

	// AuthorizedParty ("azp") is the origin of the page the token was made
	// for, empty when there was none, as with the Backend API.
	AuthorizedParty string
	// Status ("sts") is "active" or, with WithPending, "pending". It is empty
	// when the token does not say, as version 1 tokens may not: the session then
	// counts as active.
	Status string
	// FactorAges ("fva") tells how long ago the user proved who they are. It is
	// nil when the token does not say; its methods are safe on nil and then
	// report no verification, so that a check for a recent one fails closed.
	FactorAges *FactorAges
	// Actor ("act") is who acts in the user's place, nil without impersonation.
	Actor *Actor
	// Organization is the active organization, nil when there is none.
	Organization *Organization

	// Plan ("pla") is the plan of the user or of the active organization with
	// its scope, as in "u:free" or "o:pro". Empty in version 1 tokens.
	Plan string
	// Features ("fea") are the features that plan brings, with their scope, as
	// in "o:dashboard" or "u:export". One granted in both scopes is listed in
	// both forms. Empty in version 1 tokens.
	Features []string

	// TokenID ("jti") is empty when the token has none.
	TokenID string
	// Version ("v") of the claims: 2, or 1 for tokens that do not say.
	Version int

	payload string // all claims, as signed
}

// Actor is who is signed in as somebody else.
type Actor struct {
	// UserID ("sub") is the impersonator. It is never empty.
	UserID string `json:"sub"`
	// SessionID ("sid") and Issuer ("iss") are the impersonator's own, or empty.
	SessionID string `json:"sid"`
	Issuer    string `json:"iss"`
}

// Organization is the active organization and the user's part in it, written
// the same for version 1 and version 2 tokens.
type Organization struct {
	// ID is never empty.
	ID string
	// Slug is empty for organizations without one.
	Slug string
	// Role has the form "org:admin", with the prefix also where the token
	// (version 2) leaves it out.
	Role string
	// Permissions have the form "org:dashboard:read", which is that of version 1;
	// those of version 2 are unpacked as Clerk's JavaScript packages do it.
	Permissions []string
}

// FactorAges tells how long before the token was issued the user last passed
// each factor of sign-in, to the minute.
type FactorAges struct {
	first, second int // minutes, -1 for never
}

// First returns the age of the first factor, such as a password. ok is false
// when it was never passed or the token does not say.
func (f *FactorAges) First() (age time.Duration, ok bool) {
	if f == nil || f.first < 0 {
		return 0, false
	}
	return time.Duration(f.first) * time.Minute, true
}

// Second returns the age of the second factor, such as a code from an
// authenticator app. ok is false when it was never passed or the token does
// not say.
func (f *FactorAges) Second() (age time.Duration, ok bool) {
	if f == nil || f.second < 0 {
		return 0, false
	}
	return time.Duration(f.second) * time.Minute, true
}

// Decode reads all claims of the token, custom ones included, into v, which is
// a pointer as for [json.Unmarshal] of go-json-experiment: names are
// case-sensitive and members that v does not have are skipped. The error is
// ErrMalformed when a claim does not fit v. Claims that Verify did not make
// have nothing to decode, which is ErrMalformed as well.
func (c *Claims) Decode(v any) error {
	if err := decode([]byte(c.payload), v); err != nil {
		return fail(ErrMalformed, "claims do not fit %T: %w", v, err)
	}
	return nil
}

// clone returns a copy that shares nothing that can be changed.
func (c *Claims) clone() *Claims {
	d := *c
	d.Features = slices.Clone(c.Features)
	if c.FactorAges != nil {
		d.FactorAges = new(*c.FactorAges)
	}
	if c.Actor != nil {
		d.Actor = new(*c.Actor)
	}
	if c.Organization != nil {
		d.Organization = new(*c.Organization)
		d.Organization.Permissions = slices.Clone(c.Organization.Permissions)
	}
	return &d
}
