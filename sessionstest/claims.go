package sessionstest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
)

// The categories of tokens, in the header parameter cat.
const (
	categorySession  = "cl_B7d4PD111AAA"
	categoryTemplate = "cl_B7d4PD222AAA"
)

const (
	defaultLifetime = 60 // seconds, of a session token
	sessionSkew     = 10 // seconds from nbf to iat
	templateSkew    = 5  // seconds from nbf to iat in a template's token
)

// unsigned returns the header and the claims that Clerk would give a token. It reports
// whether the template exists.
func (in *instance) unsigned(session clerksessions.Session, params MintParams) (head, claims map[string]any, ok bool) {
	template, ok := in.templates[params.Template]
	category := categoryTemplate
	switch {
	case params.Template == "":
		category, claims, ok = categorySession, in.sessionClaims(session, params), true
	case ok:
		claims = in.templateClaims(session, template, params)
	}
	return map[string]any{"alg": "RS256", "cat": category, "kid": in.keys.kid, "typ": "JWT"}, claims, ok
}

// commonClaims returns the claims that every token has.
func (in *instance) commonClaims(session clerksessions.Session, lifetime, skew int64, origin string) map[string]any {
	iat := in.clock.now().Unix()
	claims := map[string]any{
		"exp": iat + lifetime, "iat": iat, "iss": in.config.issuer, "nbf": iat - skew,
		"sub": session.UserID, "jti": randomHex(10),
	}
	if origin != "" {
		claims["azp"] = origin
	}
	return claims
}

// templateClaims returns the claims of a template's token: the common ones and those of
// the template.
func (in *instance) templateClaims(v clerksessions.Session, t Template, params MintParams) map[string]any {
	lifetime := cmp.Or(params.ExpiresIn, int64(t.Lifetime))
	claims := in.commonClaims(v, lifetime, int64(t.AllowedClockSkew), params.Origin)
	maps.Copy(claims, t.Claims) // they override none, since the common ones are reserved
	return claims
}

// sessionClaims returns the claims of a session token, of version 1 or 2.
func (in *instance) sessionClaims(session clerksessions.Session, params MintParams) map[string]any {
	claims := in.commonClaims(session, cmp.Or(params.ExpiresIn, defaultLifetime), sessionSkew, params.Origin)
	claims["sid"] = session.ID
	if session.Actor != nil {
		claims["act"] = session.Actor
	}
	organization, _ := in.organization(session.LastActiveOrganizationID)
	member := in.member(organization.ID, session.UserID)
	if cmp.Or(params.Version, in.config.tokenVersion) == 1 {
		if member != nil {
			claims["org_id"], claims["org_slug"], claims["org_role"] = organization.ID, organization.Slug, member.Role
			claims["org_permissions"] = slices.Clone(member.Permissions)
		}
		return claims
	}
	claims["v"], claims["sts"] = 2, string(session.Status)
	age := in.clock.now().Sub(session.CreatedAt.Time()) / time.Minute
	claims["fva"] = []int64{max(0, int64(age)), -1}
	if member != nil {
		o, features := packed(organization, member)
		claims["o"] = o
		if features != "" {
			claims["fea"] = features
		}
	}
	return claims
}

// packed returns the organization in the form of a version 2 token, and its features.
// Each permission org:<feature>:<name> is a bit: there is one number for each feature
// and one bit for each name.
func packed(organization Organization, member *Member) (o map[string]any, features string) {
	o = map[string]any{"id": organization.ID, "slg": organization.Slug, "rol": strings.TrimPrefix(member.Role, "org:")}
	names := map[string]bool{}
	granted := map[string][]string{}
	for _, permission := range member.Permissions {
		feature, name, _ := strings.Cut(strings.TrimPrefix(permission, "org:"), ":")
		names[name] = true
		granted[feature] = append(granted[feature], name)
	}
	if len(granted) == 0 {
		return o, ""
	}
	per := slices.Sorted(maps.Keys(names))
	var fea, fpm []string
	for _, feature := range slices.Sorted(maps.Keys(granted)) {
		var bits uint64
		for i, name := range per {
			if slices.Contains(granted[feature], name) {
				bits |= 1 << i
			}
		}
		fea = append(fea, "o:"+feature)
		fpm = append(fpm, strconv.FormatUint(bits, 10))
	}
	o["per"], o["fpm"] = strings.Join(per, ","), strings.Join(fpm, ",")
	return o, strings.Join(fea, ",")
}
