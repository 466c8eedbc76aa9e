package sessionjwt

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// claimsV1 are the claims of a version 1 token.
type claimsV1 struct {
	wireClaims
	OrgID          string   `json:"org_id"`
	OrgSlug        string   `json:"org_slug"`
	OrgRole        string   `json:"org_role"`
	OrgPermissions []string `json:"org_permissions"`
}

func (w *claimsV1) claims(payload []byte) (*Claims, error) {
	c, err := w.wireClaims.claims(payload)
	if err == nil && w.OrgID != "" {
		role := withOrg(w.OrgRole)
		c.Organization = &Organization{ID: w.OrgID, Slug: w.OrgSlug, Role: role, Permissions: w.OrgPermissions}
	}
	return c, err
}

// claimsV2 are the claims of a version 2 token.
type claimsV2 struct {
	wireClaims
	Plan     string   `json:"pla"`
	Features string   `json:"fea"`
	Org      *wireOrg `json:"o"`
}

type wireOrg struct {
	ID          string `json:"id"`
	Slug        string `json:"slg"`
	Role        string `json:"rol"`
	Permissions string `json:"per"`
	Map         string `json:"fpm"`
}

func (w *claimsV2) claims(payload []byte) (*Claims, error) {
	c, err := w.wireClaims.claims(payload)
	if err != nil {
		return nil, err
	}
	c.Plan = w.Plan
	features, orgFeatures, err := splitFeatures(w.Features)
	if err != nil {
		return nil, fail(ErrMalformed, "claim fea: %w", err)
	}
	c.Features = features
	if w.Org == nil {
		return c, nil
	}
	permissions, err := expandPermissions(orgFeatures, w.Org.Permissions, w.Org.Map)
	if err != nil {
		return nil, fail(ErrMalformed, "claim o: %w", err)
	}
	if w.Org.ID == "" {
		return nil, fail(ErrMalformed, "claim o: missing id")
	}
	c.Organization = &Organization{ID: w.Org.ID, Slug: w.Org.Slug, Role: withOrg(w.Org.Role), Permissions: permissions}
	return c, nil
}

// withOrg adds the prefix "org:" to a role, which version 2 tokens omit.
func withOrg(role string) string {
	if role == "" || strings.HasPrefix(role, "org:") {
		return role
	}
	return "org:" + role
}

// splitFeatures parses the claim "fea", such as "o:dashboard,u:export,uo:teams". It
// returns each feature in the forms "o:name" and "u:name", and the names of the
// organization's features. Both are in the order of the claim, as "fpm" is.
func splitFeatures(claim string) (all, org []string, err error) {
	if claim == "" {
		return nil, nil, nil
	}
	n := 1 + strings.Count(claim, ",")
	all, org = make([]string, 0, n), make([]string, 0, n)
	for entry := range strings.SplitSeq(claim, ",") {
		entry = strings.TrimSpace(entry)
		scope, name, _ := strings.Cut(entry, ":")
		if name == "" {
			return nil, nil, errors.New("entry is not of the form scope:feature")
		}
		switch scope {
		case "o":
			all, org = append(all, entry), append(org, name)
		case "u":
			all = append(all, entry)
		case "ou", "uo":
			all, org = append(all, "o:"+name, "u:"+name), append(org, name)
		default:
			return nil, nil, errors.New("entry has a scope other than o, u and both")
		}
	}
	return all, org, nil
}

// expandPermissions unpacks the permissions of version 2. per lists permission
// names. fpm has one decimal number for each of the organization's features;
// its lowest bit stands for the first name. Missing numbers grant nothing, and
// surplus zeros are ignored. A bit without a name or a feature is an error,
// since the lists then do not belong together. The length of the token bounds
// the work.
func expandPermissions(features []string, per, fpm string) (permissions []string, err error) {
	if fpm == "" {
		return nil, nil
	}
	names := strings.Split(per, ",")
	var mask big.Int
	for i, text := range strings.Split(fpm, ",") {
		text = strings.TrimSpace(text)
		if text == "" || strings.Trim(text, "0123456789") != "" {
			return nil, errors.New("fpm entry is not a number")
		}
		if small, err := strconv.ParseUint(text, 10, 64); err == nil { // the usual case; saves an allocation
			mask.SetUint64(small)
		} else {
			mask.SetString(text, 10)
		}
		for bit := range mask.BitLen() {
			if mask.Bit(bit) == 0 {
				continue
			}
			if i >= len(features) {
				return nil, errors.New("fpm grants a permission of a feature that is missing from fea")
			}
			if bit >= len(names) || strings.TrimSpace(names[bit]) == "" {
				return nil, errors.New("fpm grants a permission that is missing from per")
			}
			if permissions == nil {
				permissions = make([]string, 0, len(names)+len(features)) // an estimate
			}
			permissions = append(permissions, "org:"+features[i]+":"+strings.TrimSpace(names[bit]))
		}
	}
	return permissions, nil
}
