package sessionjwt

import (
	"slices"
	"time"
)

const (
	maxSeconds = 253402300799  // the end of the year 9999
	maxMinutes = 100 * 525_600 // a hundred years, far from what a Duration holds
)

// wireClaims are the claims common to both versions, as they are in the token.
// A pointer tells a claim that is absent or null from one that is empty.
type wireClaims struct {
	Iss *string `json:"iss"`
	Sub *string `json:"sub"`
	Sid string  `json:"sid"`
	Azp *string `json:"azp"`
	Sts *string `json:"sts"`
	Jti string  `json:"jti"`
	Exp *int64  `json:"exp"`
	Iat *int64  `json:"iat"`
	Nbf *int64  `json:"nbf"`
	Fva []int   `json:"fva"`
	Act *Actor  `json:"act"`
	V   *int    `json:"v"`
}

// parseClaims reads a payload whose signature has been checked. It answers for
// form and presence; whether the claims are acceptable is for Verifier.check.
func parseClaims(payload []byte) (*Claims, error) {
	var w wireClaims
	if err := decode(payload, &w); err != nil {
		return nil, fail(ErrMalformed, "claims: %w", err)
	}
	for _, claim := range []struct {
		name   string
		absent bool
	}{{"exp", w.Exp == nil}, {"iat", w.Iat == nil}, {"iss", w.Iss == nil}, {"sub", w.Sub == nil}} {
		if claim.absent {
			return nil, fail(ErrMalformed, "claim %s is missing", claim.name)
		}
	}
	for _, seconds := range []*int64{w.Exp, w.Iat, w.Nbf} {
		if seconds != nil && (*seconds <= 0 || *seconds > maxSeconds) {
			return nil, fail(ErrMalformed, "exp, iat or nbf is %d, which is no time in seconds since 1970", *seconds)
		}
	}
	// Nobody may mistake an empty claim for one that was never set.
	if w.Azp != nil && *w.Azp == "" || w.Sts != nil && *w.Sts == "" {
		return nil, fail(ErrMalformed, "claim azp or sts is empty")
	}
	if w.Act != nil && w.Act.UserID == "" {
		return nil, fail(ErrMalformed, "claim act has no sub")
	}
	c := &Claims{
		SessionID:       w.Sid,
		UserID:          *w.Sub,
		Issuer:          *w.Iss,
		IssuedAt:        time.Unix(*w.Iat, 0),
		ExpiresAt:       time.Unix(*w.Exp, 0),
		AuthorizedParty: orEmpty(w.Azp),
		Status:          orEmpty(w.Sts),
		Actor:           w.Act,
		TokenID:         w.Jti,
		payload:         string(payload),
	}
	if w.Nbf != nil {
		c.NotBefore = time.Unix(*w.Nbf, 0)
	}
	if w.Fva != nil {
		if len(w.Fva) != 2 || slices.Min(w.Fva) < -1 || slices.Max(w.Fva) > maxMinutes {
			return nil, fail(ErrMalformed, "claim fva is not a pair of ages in minutes, or -1 for none")
		}
		c.FactorAges = &FactorAges{first: w.Fva[0], second: w.Fva[1]}
	}
	if err := c.parseVersion(w.V, payload); err != nil {
		return nil, err
	}
	return c, nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
