package sessionstest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// userIDs lists users by a query.
func (h *harness) userIDs(query string) (ids []string) {
	h.t.Helper()
	a := h.do("GET", "/v1/users?"+query, "")
	require.Equal(h.t, 200, a.status, a.body)
	var users []struct {
		ID string `json:"id"`
	}
	require.NoError(h.t, json.Unmarshal([]byte(a.body), &users))
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

// Tests against Clerk begin like this: find or create a user, then create a session.
func TestFindOrCreateUser(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]sessionstest.Option{"any user": nil, "strict": {sessionstest.WithStrictUsers()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, opts...)
			assert.Empty(t, h.userIDs("email_address=anna@example.com"))
			created := h.do("POST", "/v1/users", `{"email_address":["Anna@example.com"],"first_name":"Anna","password":"hunter22","skip_password_checks":true,"public_metadata":{"role":"admin"},"created_at":"2026-01-02T03:04:05Z","phone_number":null}`)
			require.Equal(t, 200, created.status, created.body)
			id := created.members(t)["id"].(string)
			assert.Equal(t, []string{id}, h.userIDs("email_address=anna@example.com"))
			assert.Equal(t, created.body, h.do("GET", "/v1/users/"+id, "").body)
			assert.NotContains(t, h.Requests()[1].Body, "hunter22")

			createdAt, updatedAt := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli(), start.UnixMilli()
			email := "idn_" + strings.TrimPrefix(id, "user_")
			assert.JSONEq(t, fmt.Sprintf(`{"object":"user","id":%q,"username":null,"first_name":"Anna","last_name":null,"external_id":null,
				"primary_email_address_id":%q,"primary_phone_number_id":null,"primary_web3_wallet_id":null,
				"email_addresses":[{"object":"email_address","id":%[2]q,"email_address":"Anna@example.com","reserved":false,"linked_to":[],
					"verification":{"object":"verification_admin","status":"verified","strategy":"admin","attempts":null,"expire_at":null},
					"created_at":%[3]d,"updated_at":%[3]d}],
				"phone_numbers":[],"web3_wallets":[],"passkeys":[],"external_accounts":[],"saml_accounts":[],"enterprise_accounts":[],
				"public_metadata":{"role":"admin"},"private_metadata":{},"unsafe_metadata":{},"password_enabled":true,"banned":false,
				"two_factor_enabled":false,"totp_enabled":false,"backup_code_enabled":false,"has_image":false,"locked":false,
				"lockout_expires_in_seconds":null,"verification_attempts_remaining":null,"delete_self_enabled":true,
				"create_organization_enabled":true,"created_at":%[3]d,"updated_at":%[4]d,"last_active_at":null,"last_sign_in_at":null,
				"mfa_enabled_at":null,"mfa_disabled_at":null,"legal_accepted_at":null}`, id, email, createdAt, updatedAt), created.body)

			assert.EqualValues(t, updatedAt, h.do("POST", "/v1/users", "{}").members(t)["created_at"])
			h.do("POST", "/v1/users", `{"email_address":["anna@EXAMPLE.com"]}`).is(t, 422, "form_identifier_exists")
			h.do("POST", "/v1/sessions", `{"user_id":"`+id+`"}`).is(t, 200, "")
		})
	}
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	add := func(u sessionstest.User) { h.AddUser(u); h.Advance(time.Millisecond) }
	add(sessionstest.User{ID: "user_a", EmailAddresses: []string{"a@example.com", "a@example.org"}, Username: "ann"})
	add(sessionstest.User{ID: "user_b", EmailAddresses: []string{"b@example.com"}, ExternalID: "17"})
	add(sessionstest.User{ID: "user_c", CreatedAt: clerksessions.NewUnixMilli(start.Add(-time.Hour))})
	h.AddUser(sessionstest.User{ID: "user_d"})
	h.AddUser(sessionstest.User{ID: "user_e", LastName: "Ehrlich"}) // in the same millisecond
	h.AddUser(sessionstest.User{ID: "user_d"})                      // replaced, not newer
	h.DeleteUser("user_gone")
	for query, want := range map[string][]string{
		"":                        {"user_e", "user_d", "user_b", "user_a", "user_c"},
		"order_by=-created_at":    {"user_e", "user_d", "user_b", "user_a", "user_c"},
		"order_by=%2Bcreated_at":  {"user_c", "user_a", "user_b", "user_d", "user_e"},
		"limit=2":                 {"user_e", "user_d"},
		"limit=2&offset=1":        {"user_d", "user_b"},
		"limit=501":               {"user_e", "user_d", "user_b", "user_a", "user_c"},
		"offset=5":                nil,
		"offset=6":                nil,
		"user_id=user_a":          {"user_a"},
		"user_id=user_x":          {"user_x"},
		"user_id=user_gone":       nil,
		"user_id=nobody":          nil,
		"username=ANN":            {"user_a"},
		"external_id=17":          {"user_b"},
		"query=ehr":               {"user_e"},
		"email_address=c@e.com":   nil,
		"email_address=&username": nil,
		"user_id=user_a&user_id=user_c&user_id=user_b":         {"user_b", "user_a", "user_c"},
		"email_address=a@example.org&user_id=user_a":           {"user_a"},
		"email_address=a@example.org&user_id=user_b":           nil,
		"email_address=b@example.com&email_address=a@e.com":    {"user_b"},
		"email_address=" + url.QueryEscape(`' or "1"="1`) + "": nil,
	} {
		assert.Equal(t, want, h.userIDs(query), query)
		total := h.do("GET", "/v1/users/count?"+query, "").members(t)["total_count"]
		if !strings.Contains(query, "limit") && !strings.Contains(query, "offset") {
			assert.EqualValues(t, len(want), total, query)
		}
	}
	assert.Equal(t, "idn_a", h.do("GET", "/v1/users/user_a", "").members(t)["primary_email_address_id"])
	assert.Equal(t, "not_emulated", h.do("GET", "/v1/users?phone_number=1", "").code)
	assert.Equal(t, "not_emulated", h.do("GET", "/v1/users?order_by=email_address", "").code)
	assert.Equal(t, "form_param_value_invalid", h.do("GET", "/v1/users?limit=x", "").code)
}

func TestInvalidUsersAreRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for body, code := range map[string]string{
		`{"email_address":"anna@example.com"}`:  "form_param_value_invalid",
		`{"email_address":["anna"]}`:            "form_param_format_invalid",
		`{"email_address":["an na@e.com"]}`:     "form_param_format_invalid",
		`{"email_address":["@e.com"]}`:          "form_param_format_invalid",
		`{"created_at":"today"}`:                "form_param_value_invalid",
		`{"public_metadata":[]}`:                "form_param_value_invalid",
		`{"banned":"yes"}`:                      "form_param_value_invalid",
		`{"emailAddress":["anna@example.com"]}`: "form_param_unknown",
		`{"phone_number":["+15555550100"]}`:     "not_emulated",
	} {
		assert.Equal(t, code, h.do("POST", "/v1/users", body).code, body)
	}
	assert.Empty(t, h.State().Users)
}

// Banning and deleting a user both revoke its sessions and prevent new ones.
func TestBannedAndDeletedUsers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, path, code string
		status             int
	}{
		"ban":    {"POST", "/v1/users/user_1/ban", "user_banned", 403},
		"delete": {"DELETE", "/v1/users/user_1", "resource_not_found", 404},
	} {
		for _, known := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				h := newHarness(t)
				if known {
					h.AddUser(sessionstest.User{ID: "user_1", EmailAddresses: []string{"a@example.com"}})
				}
				live, ended := h.session(), h.AddSession(clerksessions.Session{UserID: "user_1", Status: "ended"})
				other := h.AddSession(clerksessions.Session{UserID: "user_2"})
				require.Equal(t, 200, h.do(test.method, test.path, "").status)
				for id, status := range map[string]clerksessions.SessionStatus{live.ID: "revoked", ended.ID: "ended", other.ID: "active"} {
					session, _ := h.Session(id)
					assert.Equal(t, status, session.Status)
				}
				signIn := h.do("POST", "/v1/sessions", `{"user_id":"user_1"}`)
				assert.Equal(t, test.status, signIn.status)
				assert.Equal(t, test.code, signIn.code)
				assert.Equal(t, 404, h.do("POST", "/v1/sessions/"+live.ID+"/tokens", "").status)
				again := sessionstest.New(sessionstest.WithStart(start))
				require.NoError(t, again.Seed(h.State()))
				assert.Equal(t, h.State(), again.State())
			})
		}
	}
	h := newHarness(t)
	assert.Equal(t, true, h.do("POST", "/v1/users/user_1/ban", "").members(t)["banned"])
	assert.Equal(t, false, h.do("POST", "/v1/users/user_1/unban", "").members(t)["banned"])
	assert.Equal(t, 200, h.do("POST", "/v1/sessions", `{"user_id":"user_1"}`).status)
	assert.JSONEq(t, `{"object":"user","id":"user_1","deleted":true}`, h.do("DELETE", "/v1/users/user_1", "").body)
	for _, request := range []string{"GET /v1/users/user_1", "DELETE /v1/users/user_1", "POST /v1/users/user_1/ban", "POST /v1/users/user_1/unban", "GET /v1/users/nobody"} {
		method, path, _ := strings.Cut(request, " ")
		a := h.do(method, path, "")
		assert.Equal(t, 404, a.status, request)
		assert.Equal(t, "resource_not_found", a.code, request)
	}
}

// The address of a user that was deleted or has another address now is free, and so is
// the id.
func TestEmailAddressIsFreeAgain(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	address := []string{"a@example.com"}
	srv.AddUser(sessionstest.User{ID: "user_1", EmailAddresses: address})
	srv.AddUser(sessionstest.User{ID: "user_1", EmailAddresses: []string{"b@example.com"}})
	srv.AddUser(sessionstest.User{ID: "user_2", EmailAddresses: address})
	srv.DeleteUser("user_2")
	srv.AddUser(sessionstest.User{ID: "user_3", EmailAddresses: address})
	srv.AddUser(sessionstest.User{ID: "user_2"})
	assert.Empty(t, srv.State().Deleted)
}

func TestGetClient(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first := h.AddSession(clerksessions.Session{UserID: "user_1", ClientID: "client_1"})
	h.Advance(time.Hour)
	second := h.AddSession(clerksessions.Session{UserID: "user_2", ClientID: "client_1"})
	third := h.AddSession(clerksessions.Session{UserID: "user_3", ClientID: "client_1"}) // in the same millisecond
	idle := h.AddSession(clerksessions.Session{UserID: "user_4", ClientID: "client_1", LastActiveAt: first.LastActiveAt})
	h.AddSession(clerksessions.Session{UserID: "user_1", ClientID: "client_2"})
	client := h.do("GET", "/v1/clients/client_1", "").members(t)
	assert.Equal(t, "client", client["object"])
	assert.Equal(t, []any{first.ID, second.ID, third.ID, idle.ID}, client["session_ids"])
	assert.Len(t, client["sessions"], 4)
	assert.Equal(t, third.ID, client["last_active_session_id"])
	assert.EqualValues(t, start.UnixMilli(), client["created_at"])
	assert.EqualValues(t, start.Add(time.Hour).UnixMilli(), client["updated_at"])
	h.Advance(7 * 24 * time.Hour)
	assert.Nil(t, h.do("GET", "/v1/clients/client_1", "").members(t)["last_active_session_id"])
	assert.Equal(t, 404, h.do("GET", "/v1/clients/client_3", "").status)
}
