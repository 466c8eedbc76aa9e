package sessionstest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/clerksessions/clerksessions"
)

func (in *instance) listUsers(c *call) (any, *apiError) {
	list, e := in.findUsers(c)
	q := query{Values: c.query, err: e}
	limit, offset := q.page()
	if q.err != nil {
		return nil, q.err
	}
	list = list[min(offset, len(list)):]
	page := make([]object, min(limit, len(list)))
	for i := range page {
		page[i] = list[i].wire()
	}
	return page, nil
}

func (in *instance) countUsers(c *call) (any, *apiError) {
	list, e := in.findUsers(c)
	return object{"object": "total_count", "total_count": len(list)}, e
}

// findUsers returns the users that a query selects, newest first unless order_by is set.
// Users that were not added are found only by user_id.
func (in *instance) findUsers(c *call) ([]*storedUser, *apiError) {
	for name := range c.query {
		if !slices.Contains([]string{
			"email_address", "user_id", "username", "external_id", "query", "limit", "offset", "order_by", "paginated",
			"__clerk_api_version",
		}, name) {
			return nil, notEmulated("The query parameter " + quote(name) + " of users")
		}
	}
	order := strings.TrimSpace(c.query.Get("order_by")) // a + in a query is a space
	if !slices.Contains([]string{"", "created_at", "+created_at", "-created_at"}, order) {
		return nil, notEmulated("The order " + quote(order) + " of users")
	}
	list := slices.Collect(maps.Values(in.users.byID))
	for _, id := range c.query["user_id"] {
		if u := in.user(id); u != nil && u != in.users.byID[id] {
			list = append(list, u)
		}
	}
	list = slices.DeleteFunc(list, func(u *storedUser) bool { return !u.matches(c.query) })
	slices.SortFunc(list, olderUser)
	if order == "" || order == "-created_at" {
		slices.Reverse(list)
	}
	return list, nil
}

// matches reports whether a user has one of the values of each filter.
func (u *storedUser) matches(query map[string][]string) bool {
	has := func(name string, values ...string) bool {
		asked, ok := query[name]
		return !ok || slices.ContainsFunc(values, func(value string) bool {
			return slices.ContainsFunc(asked, func(v string) bool { return strings.EqualFold(v, value) })
		})
	}
	if words := query["query"]; len(words) > 0 {
		text := strings.Join(append([]string{u.ID, u.Username, u.FirstName, u.LastName}, u.EmailAddresses...), "\n")
		if !strings.Contains(strings.ToLower(text), strings.ToLower(words[0])) {
			return false
		}
	}
	return has("user_id", u.ID) && has("email_address", u.EmailAddresses...) &&
		has("username", u.Username) && has("external_id", u.ExternalID)
}

func (in *instance) createUser(c *call) (any, *apiError) {
	var body struct {
		EmailAddresses  []string                  `json:"email_address"`
		Username        string                    `json:"username"`
		FirstName       string                    `json:"first_name"`
		LastName        string                    `json:"last_name"`
		ExternalID      string                    `json:"external_id"`
		Password        string                    `json:"password"`
		PublicMetadata  map[string]any            `json:"public_metadata"`
		PrivateMetadata map[string]any            `json:"private_metadata"`
		UnsafeMetadata  map[string]any            `json:"unsafe_metadata"`
		Banned          bool                      `json:"banned"`
		CreatedAt       time.Time                 `json:"created_at"`
		Others          map[string]jsontext.Value `json:",embed"`
	}
	if e := c.decode(&body); e != nil {
		return nil, e
	}
	if e := checkOtherParams(body.Others); e != nil {
		return nil, e
	}
	u := User{
		ID: newID("user_"), EmailAddresses: body.EmailAddresses, Username: body.Username,
		FirstName: body.FirstName, LastName: body.LastName, ExternalID: body.ExternalID,
		PublicMetadata: body.PublicMetadata, PrivateMetadata: body.PrivateMetadata, UnsafeMetadata: body.UnsafeMetadata,
		PasswordEnabled: body.Password != "", Banned: body.Banned,
	}
	if !body.CreatedAt.IsZero() {
		u.CreatedAt = clerksessions.NewUnixMilli(body.CreatedAt)
	}
	for _, address := range u.EmailAddresses {
		if in.users.byEmail[strings.ToLower(address)] != nil {
			return nil, unprocessable("form_identifier_exists", "email_address", "Identifier exists",
				"The email address %s is taken.", quote(address))
		}
	}
	if err := in.checkUser(u); err != nil {
		return nil, unprocessable("form_param_format_invalid", "email_address", "Invalid format", "%v.", err)
	}
	return in.users.put(u, in.nowMilli()).wire(), nil
}

// checkOtherParams checks the parameters of CreateUser that are not stored. Those without
// effect here are ignored, such as those that skip checks.
func checkOtherParams(params map[string]jsontext.Value) *apiError {
	ignored := []string{"skip_password_checks", "skip_password_requirement", "skip_legal_checks", "legal_accepted_at",
		"locale", "password_hasher"}
	unsupported := []string{"phone_number", "web3_wallet", "totp_secret", "backup_codes", "password_digest"}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		switch {
		case slices.Contains(ignored, name):
		case !slices.Contains(unsupported, name):
			return unknownParam(name)
		case params[name].Kind() != 'n':
			return notEmulated("The parameter " + name + " of CreateUser")
		}
	}
	return nil
}

func (in *instance) getUser(c *call) (any, *apiError) {
	u := in.user(c.path["user_id"])
	if u == nil {
		return nil, unknownUser(c.path["user_id"])
	}
	return u.wire(), nil
}

func (in *instance) deleteUser(c *call) (any, *apiError) {
	id := c.path["user_id"]
	if !in.endUser(id) {
		return nil, unknownUser(id)
	}
	return object{"object": "user", "id": id, "deleted": true}, nil
}

// banUser handles BanUser, which also revokes the user's sessions.
func (in *instance) banUser(c *call) (any, *apiError) {
	in.sessions.revokeUser(c.path["user_id"], in.nowMilli())
	return in.setBanned(c, true)
}

func (in *instance) unbanUser(c *call) (any, *apiError) { return in.setBanned(c, false) }

func (in *instance) setBanned(c *call, banned bool) (any, *apiError) {
	u := in.user(c.path["user_id"])
	if u == nil {
		return nil, unknownUser(c.path["user_id"])
	}
	changed := u.User
	changed.Banned = banned
	return in.users.put(changed, in.nowMilli()).wire(), nil
}

// wire returns a copy of the user as Clerk writes it. What is not emulated is null, false
// or empty.
func (u *storedUser) wire() object {
	own := u.clone()
	addresses := []object{}
	var primary any
	for i, address := range own.EmailAddresses {
		// The id of a user's n-th address does not change.
		id := "idn_" + strings.TrimPrefix(own.ID, "user_") + strings.Repeat("x", i)
		if i == 0 {
			primary = id
		}
		addresses = append(addresses, object{
			"object": "email_address", "id": id, "email_address": address, "reserved": false, "linked_to": []any{},
			"verification": object{"object": "verification_admin", "status": "verified", "strategy": "admin",
				"attempts": nil, "expire_at": nil},
			"created_at": u.CreatedAt, "updated_at": u.CreatedAt,
		})
	}
	return object{
		"object": "user", "id": own.ID, "username": orNull(own.Username),
		"first_name": orNull(own.FirstName), "last_name": orNull(own.LastName), "external_id": orNull(own.ExternalID),
		"primary_email_address_id": primary, "email_addresses": addresses,
		"public_metadata": own.PublicMetadata, "private_metadata": own.PrivateMetadata,
		"unsafe_metadata": own.UnsafeMetadata, "password_enabled": own.PasswordEnabled, "banned": own.Banned,
		"delete_self_enabled": true, "create_organization_enabled": true,
		"created_at": u.CreatedAt, "updated_at": u.updated,

		"primary_phone_number_id": nil, "phone_numbers": []any{}, "primary_web3_wallet_id": nil,
		"web3_wallets": []any{}, "passkeys": []any{}, "external_accounts": []any{}, "saml_accounts": []any{},
		"enterprise_accounts": []any{}, "has_image": false, "last_active_at": nil, "last_sign_in_at": nil,
		"legal_accepted_at": nil, "two_factor_enabled": false, "totp_enabled": false, "backup_code_enabled": false,
		"mfa_enabled_at": nil, "mfa_disabled_at": nil,
		"locked": false, "lockout_expires_in_seconds": nil, "verification_attempts_remaining": nil,
	}
}
