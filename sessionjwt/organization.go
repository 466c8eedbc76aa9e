package sessionjwt

import (
	"errors"
	"math/big"
	"strings"
)

// parseVersion reads the claims whose form depends on "v": the organization,
// and what billing adds. Names of the other version are left to the app, which
// may have put custom claims of its own there.
func (c *Claims) parseVersion(v *int, payload []byte) (err error) {
	c.Version = 1
	if v != nil {
		c.Version = *v
	}
	switch c.Version {
	case 1:
		c.Organization, err = organizationV1(payload)
	case 2:
		err = c.parseV2(payload)
	default:
		err = fail(ErrMalformed, "claims of version %d, only 1 and 2 are known", c.Version)
	}
	return err
}

func organizationV1(payload []byte) (*Organization, error) {
	var w struct {
		ID          string   `json:"org_id"`
		Slug        string   `json:"org_slug"`
		Role        string   `json:"org_role"`
		Permissions []string `json:"org_permissions"`
	}
	if err := decode(payload, &w); err != nil {
		return nil, fail(ErrMalformed, "claims: %w", err)
	}
	if w.ID == "" {
		return nil, nil
	}
	return &Organization{ID: w.ID, Slug: w.Slug, Role: withOrg(w.Role), Permissions: w.Permissions}, nil
}

func (c *Claims) parseV2(payload []byte) error {
	var w struct {
		Plan     string `json:"pla"`
		Features string `json:"fea"`
		Org      *struct {
			ID          string `json:"id"`
			Slug        string `json:"slg"`
			Role        string `json:"rol"`
			Permissions string `json:"per"`
			Map         string `json:"fpm"`
		} `json:"o"`
	}
	if err := decode(payload, &w); err != nil {
		return fail(ErrMalformed, "claims: %w", err)
	}
	features, orgFeatures, err := splitFeatures(w.Features)
	if err != nil {
		return fail(ErrMalformed, "claim fea: %w", err)
	}
	c.Plan, c.Features = w.Plan, features
	if w.Org == nil {
		return nil
	}
	if w.Org.ID == "" {
		return fail(ErrMalformed, "claim o has no id")
	}
	permissions, err := expandPermissions(orgFeatures, w.Org.Permissions, w.Org.Map)
	if err != nil {
		return fail(ErrMalformed, "claim o: %w", err)
	}
	c.Organization = &Organization{ID: w.Org.ID, Slug: w.Org.Slug, Role: withOrg(w.Org.Role), Permissions: permissions}
	return nil
}

// withOrg gives a role the form it has everywhere else at Clerk.
func withOrg(role string) string {
	if role == "" || strings.HasPrefix(role, "org:") {
		return role
	}
	return "org:" + role
}

// splitFeatures reads "o:dashboard,u:export,uo:teams". It returns each feature
// in the forms "o:name" and "u:name", and the names of the organization's
// alone, in the order of the claim, which is the order of "fpm".
func splitFeatures(claim string) (all, org []string, err error) {
	if claim == "" {
		return nil, nil, nil
	}
	for entry := range strings.SplitSeq(claim, ",") {
		scope, name, _ := strings.Cut(strings.TrimSpace(entry), ":")
		if name == "" {
			return nil, nil, errors.New("an entry is not of the form scope:feature")
		}
		switch scope {
		case "o":
			all, org = append(all, "o:"+name), append(org, name)
		case "u":
			all = append(all, "u:"+name)
		case "ou", "uo":
			all, org = append(all, "o:"+name, "u:"+name), append(org, name)
		default:
			return nil, nil, errors.New("an entry has a scope other than o, u and both")
		}
	}
	return all, org, nil
}

// expandPermissions undoes the packing of version 2: per lists permission
// names, fpm has one decimal number for each of the organization's features,
// and its lowest bit stands for the first name. Missing numbers grant nothing
// and zeros may be too many; anything granted that has no name or feature is an
// error, since it shows that the lists do not belong together. All the numbers
// together are no longer than the token, which bounds the work.
func expandPermissions(features []string, per, fpm string) ([]string, error) {
	if fpm == "" {
		return nil, nil
	}
	names := strings.Split(per, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	var permissions []string
	var mask big.Int
	for i, text := range strings.Split(fpm, ",") {
		text = strings.TrimSpace(text)
		if text == "" || strings.Trim(text, "0123456789") != "" {
			return nil, errors.New("fpm has an entry that is no number")
		}
		mask.SetString(text, 10)
		for bit := range mask.BitLen() {
			switch {
			case mask.Bit(bit) == 0:
				continue
			case i >= len(features):
				return nil, errors.New("fpm grants a permission of a feature that fea does not name")
			case bit >= len(names) || names[bit] == "":
				return nil, errors.New("fpm grants a permission that per does not name")
			}
			permissions = append(permissions, "org:"+features[i]+":"+names[bit])
		}
	}
	return permissions, nil
}
