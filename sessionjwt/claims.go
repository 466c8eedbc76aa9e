package sessionjwt

import (
	"slices"
	"time"
)

// Claims are the claims of a verified session token. Each call of Verify returns a
// copy, which the caller may change. The names in quotation marks are those of the
// claims in the token, as Clerk documents them.
type Claims struct {
	// SessionID ("sid") is never empty.
	SessionID string
	// UserID ("sub") starts with "user_".
	UserID string
	// Issuer ("iss") is the issuer given to New.
	Issuer string

	// IssuedAt and ExpiresAt ("iat", "exp") are always set. NotBefore ("nbf") is
	// zero if missing. A session token lives 60 s, unless the call that created it
	// set another lifetime, and becomes valid 10 s before it was issued.
	IssuedAt, NotBefore, ExpiresAt time.Time

	// AuthorizedParty ("azp") is the origin of the page the token was created for.
	// It is empty if there was none, as with the Backend API.
	AuthorizedParty string
	// Status ("sts") is "active" or, with WithPending, "pending". It is empty if
	// missing, as in some version 1 tokens; the session then counts as active.
	Status string
	// FactorAges ("fva") says how long ago the user passed each factor. It is nil
	// if missing. Its methods are safe on nil and then report no verification, so
	// that a check for recent verification fails closed.
	FactorAges *FactorAges
	// Actor ("act") is the impersonator, or nil if there is none.
	Actor *Actor
	// Organization is the active organization, or nil if there is none.
	Organization *Organization

	// Plan ("pla") is the plan of the user or of the active organization, with its
	// scope: "u:free", "o:pro". It is empty in version 1 tokens.
	Plan string
	// Features ("fea") are the features of that plan, with their scope:
	// "o:dashboard", "u:export". A feature granted in both scopes is listed in both
	// forms. There are none in version 1 tokens.
	Features []string

	// TokenID ("jti") is empty if missing.
	TokenID string
	// Version ("v") is the version of the claims: 2, or 1 if missing.
	Version int

	payload []byte // all claims, as signed; never changed
}

// Actor is an impersonator: a user who is signed in as another user.
type Actor struct {
	// UserID ("sub") is the impersonator. It is never empty.
	UserID string `json:"sub"`
	// SessionID ("sid") and Issuer ("iss") are the impersonator's own, or empty.
	SessionID string `json:"sid"`
	Issuer    string `json:"iss"`
}

// Organization is the active organization and the user's role in it. It has the
// same form for version 1 and version 2 tokens.
type Organization struct {
	// ID is never empty.
	ID string
	// Slug is empty for organizations without one.
	Slug string
	// Role has the form "org:admin". It is empty if missing.
	Role string
	// Permissions have the form "org:dashboard:read".
	Permissions []string
}

// FactorAges says how long before the token was issued the user last passed each
// factor of sign-in, in whole minutes.
type FactorAges struct {
	first, second int // minutes, -1 for never
}

// First returns the age of the first factor, such as a password. ok is false if
// it was never passed or the claim is missing.
func (f *FactorAges) First() (age time.Duration, ok bool) {
	if f == nil || f.first < 0 {
		return 0, false
	}
	return time.Duration(f.first) * time.Minute, true
}

// Second returns the age of the second factor, such as a code from an
// authenticator app. ok is false if it was never passed or the claim is missing.
func (f *FactorAges) Second() (age time.Duration, ok bool) {
	if f == nil || f.second < 0 {
		return 0, false
	}
	return time.Duration(f.second) * time.Minute, true
}

// Decode decodes all claims of the token, custom ones included, into the value that
// v points to, with the JSON package github.com/go-json-experiment/json: names are
// case-sensitive and unknown members are ignored. The error is ErrMalformed if a
// claim does not fit v, or if c was not returned by Verify.
func (c *Claims) Decode(v any) error {
	if err := decode(slices.Clone(c.payload), v); err != nil {
		return fail(ErrMalformed, "decode claims into %T: %w", v, err)
	}
	return nil
}

// clone returns a copy that shares no memory the caller can change.
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
