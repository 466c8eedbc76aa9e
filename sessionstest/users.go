package sessionstest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
)

// listUsers is GetUserList.
func (in *instance) listUsers(c *call) (any, *apiError) {
	p := c.queryParams()
	limit, offset := p.page()
	list, e := in.findUsers(c, p)
	if e != nil {
		return nil, e
	}
	list = list[min(offset, len(list)):]
	page := make([]wireUser, min(limit, len(list)))
	for i := range page {
		page[i] = newWireUser(list[i])
	}
	return page, nil
}

// countUsers is GetUsersCount.
func (in *instance) countUsers(c *call) (any, *apiError) {
	list, e := in.findUsers(c, c.queryParams())
	if e != nil {
		return nil, e
	}
	return wireTotal{Object: "total_count", TotalCount: len(list)}, nil
}

// findUsers returns the users that a query selects, newest first unless it says
// otherwise. Users that exist only because any id does are found by user_id.
func (in *instance) findUsers(c *call, p *params) ([]*storedUser, *apiError) {
	for name := range c.query {
		if !slices.Contains([]string{
			"email_address", "user_id", "username", "external_id", "query", "limit", "offset", "order_by", "paginated",
			"__clerk_api_version",
		}, name) {
			return nil, notEmulated("The query parameter " + quote(name) + " of users")
		}
	}
	order := strings.TrimSpace(p.first("order_by")) // a + in a query is a space
	if !slices.Contains([]string{"", "created_at", "+created_at", "-created_at"}, order) {
		return nil, notEmulated("The order " + quote(order) + " of users")
	}
	if p.err != nil {
		return nil, p.err
	}
	list := slices.Collect(maps.Values(in.users.byID))
	for _, id := range c.query["user_id"] {
		if u := in.user(id); u != nil && u != in.users.byID[id] {
			list = append(list, u)
		}
	}
	list = slices.DeleteFunc(list, func(u *storedUser) bool { return !u.matches(c.query) })
	slices.SortFunc(list, newerUser)
	if order != "" && order != "-created_at" {
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

// createUser is CreateUser. Its parameters that have no effect here are ignored, such
// as those that skip checks; those that would have one are refused.
func (in *instance) createUser(c *call) (any, *apiError) {
	p := c.bodyParams("email_address", "username", "first_name", "last_name", "external_id", "password",
		"public_metadata", "private_metadata", "unsafe_metadata", "banned", "created_at",
		"skip_password_checks", "skip_password_requirement", "skip_legal_checks", "legal_accepted_at", "locale",
		"phone_number", "web3_wallet", "totp_secret", "backup_codes", "password_digest", "password_hasher")
	for _, name := range []string{"phone_number", "web3_wallet", "totp_secret", "backup_codes", "password_digest"} {
		if p.err == nil && p.value(name) != nil {
			return nil, notEmulated("The parameter " + name + " of CreateUser")
		}
	}
	u := User{
		ID: newID("user_"), EmailAddresses: p.texts("email_address"),
		Username: p.text("username"), FirstName: p.text("first_name"), LastName: p.text("last_name"),
		ExternalID: p.text("external_id"), PasswordEnabled: p.text("password") != "", Banned: p.flag("banned"),
		PublicMetadata: p.object("public_metadata"), PrivateMetadata: p.object("private_metadata"),
		UnsafeMetadata: p.object("unsafe_metadata"),
	}
	if text := p.text("created_at"); text != "" {
		created, err := time.Parse(time.RFC3339, text)
		if err != nil {
			p.fail(invalid("created_at", "is %s, must be an RFC 3339 time.", quote(text)))
		}
		u.CreatedAt = milli(created)
	}
	if p.err != nil {
		return nil, p.err
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
	return newWireUser(in.users.put(u, in.nowMilli())), nil
}

// getUser is GetUser.
func (in *instance) getUser(c *call) (any, *apiError) {
	u := in.user(c.path["user_id"])
	if u == nil {
		return nil, unknownUser(c.path["user_id"])
	}
	return newWireUser(u), nil
}

// deleteUser is DeleteUser.
func (in *instance) deleteUser(c *call) (any, *apiError) {
	id := c.path["user_id"]
	if !in.endUser(id) {
		return nil, unknownUser(id)
	}
	return wireDeleted{Object: "user", ID: id, Deleted: true}, nil
}

// banUser is BanUser, which revokes the user's sessions.
func (in *instance) banUser(c *call) (any, *apiError) {
	in.sessions.revokeUser(c.path["user_id"], in.nowMilli())
	return in.setBanned(c, true)
}

// unbanUser is UnbanUser.
func (in *instance) unbanUser(c *call) (any, *apiError) { return in.setBanned(c, false) }

func (in *instance) setBanned(c *call, banned bool) (any, *apiError) {
	u := in.user(c.path["user_id"])
	if u == nil {
		return nil, unknownUser(c.path["user_id"])
	}
	changed := u.User
	changed.Banned = banned
	return newWireUser(in.users.put(changed, in.nowMilli())), nil
}

// wireUser is a user as Clerk writes it.
type wireUser struct {
	Object                   string                   `json:"object"`
	ID                       string                   `json:"id"`
	Username                 *string                  `json:"username"`
	FirstName                *string                  `json:"first_name"`
	LastName                 *string                  `json:"last_name"`
	ExternalID               *string                  `json:"external_id"`
	PrimaryEmailAddressID    *string                  `json:"primary_email_address_id"`
	PrimaryPhoneNumberID     *string                  `json:"primary_phone_number_id"`
	PrimaryWeb3WalletID      *string                  `json:"primary_web3_wallet_id"`
	EmailAddresses           []wireEmail              `json:"email_addresses"`
	PhoneNumbers             []any                    `json:"phone_numbers"`
	Web3Wallets              []any                    `json:"web3_wallets"`
	Passkeys                 []any                    `json:"passkeys"`
	ExternalAccounts         []any                    `json:"external_accounts"`
	SAMLAccounts             []any                    `json:"saml_accounts"`
	EnterpriseAccounts       []any                    `json:"enterprise_accounts"`
	PublicMetadata           map[string]any           `json:"public_metadata"`
	PrivateMetadata          map[string]any           `json:"private_metadata"`
	UnsafeMetadata           map[string]any           `json:"unsafe_metadata"`
	PasswordEnabled          bool                     `json:"password_enabled"`
	TwoFactorEnabled         bool                     `json:"two_factor_enabled"`
	TOTPEnabled              bool                     `json:"totp_enabled"`
	BackupCodeEnabled        bool                     `json:"backup_code_enabled"`
	HasImage                 bool                     `json:"has_image"`
	Banned                   bool                     `json:"banned"`
	Locked                   bool                     `json:"locked"`
	LockoutExpiresInSeconds  *int                     `json:"lockout_expires_in_seconds"`
	VerificationAttemptsLeft *int                     `json:"verification_attempts_remaining"`
	DeleteSelfEnabled        bool                     `json:"delete_self_enabled"`
	CreateOrganizationEnable bool                     `json:"create_organization_enabled"`
	CreatedAt                clerksessions.UnixMilli  `json:"created_at"`
	UpdatedAt                clerksessions.UnixMilli  `json:"updated_at"`
	LastActiveAt             *clerksessions.UnixMilli `json:"last_active_at"`
	LastSignInAt             *clerksessions.UnixMilli `json:"last_sign_in_at"`
	MFAEnabledAt             *clerksessions.UnixMilli `json:"mfa_enabled_at"`
	MFADisabledAt            *clerksessions.UnixMilli `json:"mfa_disabled_at"`
	LegalAcceptedAt          *clerksessions.UnixMilli `json:"legal_accepted_at"`
}

// wireEmail is an email address as Clerk writes it.
type wireEmail struct {
	Object       string                  `json:"object"`
	ID           string                  `json:"id"`
	EmailAddress string                  `json:"email_address"`
	Reserved     bool                    `json:"reserved"`
	Verification map[string]any          `json:"verification"`
	LinkedTo     []any                   `json:"linked_to"`
	CreatedAt    clerksessions.UnixMilli `json:"created_at"`
	UpdatedAt    clerksessions.UnixMilli `json:"updated_at"`
}

type wireTotal struct {
	Object     string `json:"object"`
	TotalCount int    `json:"total_count"`
}

type wireDeleted struct {
	Object  string `json:"object"`
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

// newWireUser returns a copy of a user in Clerk's form.
func newWireUser(u *storedUser) wireUser {
	optional := func(v string) *string {
		if v == "" {
			return nil
		}
		return &v
	}
	own := u.clone()
	w := wireUser{
		Object:                   "user",
		ID:                       own.ID,
		Username:                 optional(own.Username),
		FirstName:                optional(own.FirstName),
		LastName:                 optional(own.LastName),
		ExternalID:               optional(own.ExternalID),
		PublicMetadata:           own.PublicMetadata,
		PrivateMetadata:          own.PrivateMetadata,
		UnsafeMetadata:           own.UnsafeMetadata,
		PasswordEnabled:          own.PasswordEnabled,
		Banned:                   own.Banned,
		DeleteSelfEnabled:        true,
		CreateOrganizationEnable: true,
		CreatedAt:                u.created,
		UpdatedAt:                u.updated,
	}
	for i, address := range own.EmailAddresses {
		w.EmailAddresses = append(w.EmailAddresses, wireEmail{
			Object: "email_address", ID: emailID(own.ID, i), EmailAddress: address,
			Verification: map[string]any{"object": "verification_admin", "status": "verified", "strategy": "admin",
				"attempts": nil, "expire_at": nil},
			CreatedAt: u.created, UpdatedAt: u.created,
		})
	}
	if len(w.EmailAddresses) > 0 {
		w.PrimaryEmailAddressID = &w.EmailAddresses[0].ID
	}
	return w
}

// emailID returns the id of a user's n-th email address, which does not change.
func emailID(user string, n int) string {
	return "idn_" + strings.TrimPrefix(user, "user_") + strings.Repeat("x", n)
}
