package sessionjwt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxSeconds = 253402300799  // the end of the year 9999
	maxMinutes = 100 * 525_600 // a hundred years, far from what a Duration holds
)

// wireClaims are the claims common to both versions, as they are in the token.
// A pointer distinguishes a claim that is missing or null from an empty one.
type wireClaims struct {
	Iss *string   `json:"iss"`
	Sub *string   `json:"sub"`
	Sid string    `json:"sid"`
	Azp *string   `json:"azp"`
	Sts *string   `json:"sts"`
	Jti string    `json:"jti"`
	Exp int64     `json:"exp"`
	Iat int64     `json:"iat"`
	Nbf int64     `json:"nbf"`
	Fva []minutes `json:"fva"`
	Act *Actor    `json:"act"`
	V   int       `json:"v"`
}

// minutes is the age of a factor. Null is an error: zero would mean verified just now.
type minutes int

func (m *minutes) UnmarshalJSON(text []byte) error {
	n, err := strconv.Atoi(string(text))
	*m = minutes(n)
	return err
}

// parseClaims decodes a payload whose signature has been verified. It checks
// form and presence; Verifier.check decides whether the claims are acceptable.
//
// Claims that only the other version has are ignored, since the app may have
// custom claims of that name. Version 2, which Clerk issues today, is tried
// first; what does not fit it may still be version 1.
func parseClaims(payload []byte) (*Claims, error) {
	version1 := wireClaims{V: 1} // if v is missing
	v2 := claimsV2{wireClaims: version1}
	v2err := decode(payload, &v2)
	if v2err == nil && v2.V == 2 {
		return v2.claims(payload)
	}
	v1 := claimsV1{wireClaims: version1}
	if err := decode(payload, &v1); err != nil {
		return nil, fail(ErrMalformed, "claims: %w", err)
	}
	switch v1.V {
	case 1:
		return v1.claims(payload)
	case 2:
		return nil, fail(ErrMalformed, "claims: %w", v2err)
	}
	return nil, fail(ErrMalformed, "claims of version %d, want 1 or 2", v1.V)
}

// claims returns the claims that have the same form in both versions.
func (w *wireClaims) claims(payload []byte) (*Claims, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	c := &Claims{
		SessionID:       w.Sid,
		UserID:          *w.Sub,
		Issuer:          *w.Iss,
		IssuedAt:        time.Unix(w.Iat, 0),
		ExpiresAt:       time.Unix(w.Exp, 0),
		AuthorizedParty: orEmpty(w.Azp),
		Status:          orEmpty(w.Sts),
		Actor:           w.Act,
		TokenID:         w.Jti,
		Version:         w.V,
		payload:         payload,
	}
	if w.Nbf != 0 {
		c.NotBefore = time.Unix(w.Nbf, 0)
	}
	if w.Fva != nil {
		c.FactorAges = &FactorAges{first: int(w.Fva[0]), second: int(w.Fva[1])}
	}
	return c, nil
}

func (w *wireClaims) check() error {
	isTime := func(seconds int64) bool { return seconds > 0 && seconds <= maxSeconds }
	switch {
	case w.Iss == nil:
		return fail(ErrMalformed, "missing claim iss")
	case w.Sub == nil:
		return fail(ErrMalformed, "missing claim sub")
	case w.Exp == 0:
		return fail(ErrMalformed, "missing claim exp")
	case w.Iat == 0:
		return fail(ErrMalformed, "missing claim iat")
	case !isTime(w.Exp), !isTime(w.Iat), w.Nbf != 0 && !isTime(w.Nbf):
		return fail(ErrMalformed, "exp %d, iat %d or nbf %d is not a time in seconds since 1970", w.Exp, w.Iat, w.Nbf)
	case w.Azp != nil && *w.Azp == "", w.Sts != nil && *w.Sts == "": // not the same as missing
		return fail(ErrMalformed, "claim azp or sts is empty")
	case w.Act != nil && w.Act.UserID == "":
		return fail(ErrMalformed, "claim act has no sub")
	case w.Fva != nil && (len(w.Fva) != 2 || slices.Min(w.Fva) < -1 || slices.Max(w.Fva) > maxMinutes):
		return fail(ErrMalformed, "claim fva is not a pair of ages in minutes, or -1 for none")
	}
	return nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// decode decodes one JSON object into v. Names are case-sensitive, duplicate
// names are an error, and unknown members are ignored. The error says where the
// problem is without quoting the value, which may be of any size.
func decode(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	switch {
	case jsontext.Value(data).Kind() != '{':
		return errors.New("not a JSON object")
	case err == nil:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errors.New("duplicate name")
	}
	var semantic *json.SemanticError
	switch {
	case !errors.As(err, &semantic):
		return errors.New("not a JSON object")
	case semantic.JSONPointer == "":
		return errors.New("not of the expected type")
	}
	return fmt.Errorf("member %s is not of the expected type", quoted(string(semantic.JSONPointer)))
}
