package bench

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clerk/clerk-sdk-go/v2"
	clerkhttp "github.com/clerk/clerk-sdk-go/v2/http"
	"github.com/clerk/clerk-sdk-go/v2/jwks"
	"github.com/clerk/clerk-sdk-go/v2/session"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// before is a program that uses clerk-sdk-go. Its pages show who is signed in.
func before(secretKey, apiURL string) http.Handler {
	config := &clerk.ClientConfig{}
	config.Key, config.URL = clerk.String(secretKey), clerk.String(apiURL)
	sessions := session.NewClient(config)
	options := []clerkhttp.AuthorizationOption{
		clerkhttp.JWKSClient(jwks.NewClient(config)),
		clerkhttp.AuthorizedPartyMatches(Origin),
		clerkhttp.Leeway(5 * time.Second),
	}
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := clerk.SessionClaimsFromContext(r.Context())
		if !ok {
			fmt.Fprint(w, "nobody")
			return
		}
		fmt.Fprint(w, claims.Subject, " ", claims.ActiveOrganizationRole, " ", claims.HasPermission("org:billing:read"))
	})
	signOut := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := clerk.SessionClaimsFromContext(r.Context())
		revoked, err := sessions.Revoke(r.Context(), &session.RevokeParams{ID: claims.SessionID})
		if apiErr, ok := err.(*clerk.APIErrorResponse); ok {
			w.WriteHeader(apiErr.HTTPStatusCode)
			return
		}
		fmt.Fprint(w, revoked.Status)
	})
	mux := http.NewServeMux()
	mux.Handle("/required", clerkhttp.RequireHeaderAuthorization(options...)(whoami))
	mux.Handle("/optional", clerkhttp.WithHeaderAuthorization(options...)(whoami))
	mux.Handle("/sign-out", clerkhttp.RequireHeaderAuthorization(options...)(signOut))
	return mux
}

// after is the same program, migrated by MIGRATING.md.
func after(secretKey, apiURL, issuer string) (http.Handler, error) {
	client, err := clerksessions.New(secretKey, clerksessions.WithBaseURL(apiURL))
	if err != nil {
		return nil, err
	}
	keys, err := sessionjwt.KeysFromBackendAPI(secretKey, sessionjwt.WithBaseURL(apiURL))
	if err != nil {
		return nil, err
	}
	verifier, err := sessionjwt.New(keys, issuer,
		sessionjwt.WithAuthorizedParties(Origin), sessionjwt.WithMissingAuthorizedParty())
	if err != nil {
		return nil, err
	}
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, ok := sessionjwt.ClaimsFromContext(r.Context())
		if !ok {
			fmt.Fprint(w, "nobody")
			return
		}
		var organization sessionjwt.Organization
		if claims.Organization != nil {
			organization = *claims.Organization
		}
		fmt.Fprint(w, claims.UserID, " ", organization.Role, " ", slices.Contains(organization.Permissions, "org:billing:read"))
	})
	signOut := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		revoked, err := client.Revoke(r.Context(), claims.SessionID)
		if err != nil {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, revoked.Status)
	})
	mux := http.NewServeMux()
	mux.Handle("/required", verifier.RequireSession(whoami))
	mux.Handle("/optional", verifier.OptionalSession(whoami))
	mux.Handle("/sign-out", verifier.RequireSession(signOut))
	return mux, nil
}

// MIGRATING.md describes this behavior.
func TestAMigratedProgramBehavesAsMIGRATINGSays(t *testing.T) {
	t.Parallel()
	type claims = map[string]any
	for _, tc := range []struct {
		name          string
		params        *sessionstest.MintParams // nil for the text
		text          string
		down          bool // the key server
		path          string
		before, after string
	}{
		{name: "valid token", params: &sessionstest.MintParams{}, path: "/required", before: "200 user_1 org:admin true", after: "200 user_1 org:admin true"},
		{name: "valid token", params: &sessionstest.MintParams{}, path: "/optional", before: "200 user_1 org:admin true", after: "200 user_1 org:admin true"},
		{name: "valid token", params: &sessionstest.MintParams{}, path: "/sign-out", before: "200 revoked", after: "200 revoked"},
		{name: "no token", path: "/required", before: "403", after: "401"},
		{name: "no token", path: "/optional", before: "200 nobody", after: "200 nobody"},
		{name: "undecodable token", text: "x.y.z", path: "/required", before: "403", after: "401"},
		{name: "undecodable token", text: "x.y.z", path: "/optional", before: "200 nobody", after: "200 nobody"},
		{name: "expired token", params: &sessionstest.MintParams{Claims: claims{"exp": 1}}, path: "/required", before: "401", after: "401"},
		{name: "expired token", params: &sessionstest.MintParams{Claims: claims{"exp": 1}}, path: "/optional", before: "401", after: "200 nobody"},
		{name: "other azp", params: &sessionstest.MintParams{Origin: "https://evil.example"}, path: "/required", before: "401", after: "401"},
		{name: "missing azp", params: &sessionstest.MintParams{Claims: claims{"azp": nil}}, path: "/required", before: "200 user_1 org:admin true", after: "200 user_1 org:admin true"},
		{name: "keys unavailable", params: &sessionstest.MintParams{}, down: true, path: "/required", before: "401", after: "503"},
		{name: "keys unavailable", params: &sessionstest.MintParams{}, down: true, path: "/optional", before: "401", after: "503"},
		{name: "other issuer", params: &sessionstest.MintParams{Claims: claims{"iss": "https://clerk.evil.example"}}, path: "/required", before: "200 user_1 org:admin true", after: "401"},
		{name: "machine", params: &sessionstest.MintParams{Claims: claims{"sub": "mch_1"}}, path: "/required", before: "200 mch_1 org:admin true", after: "401"},
		{name: "missing exp", params: &sessionstest.MintParams{Claims: claims{"exp": nil}}, path: "/required", before: "200 user_1 org:admin true", after: "401"},
		{name: "pending", params: &sessionstest.MintParams{Claims: claims{"sts": "pending"}}, path: "/required", before: "200 user_1 org:admin true", after: "401"},
	} {
		t.Run(tc.name+" "+tc.path, func(t *testing.T) {
			t.Parallel()
			for _, migrated := range []bool{false, true} {
				srv := sessionstest.NewServer(t, sessionstest.WithIssuer("https://clerk.example.com"))
				srv.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{
					{UserID: "user_1", Role: "org:admin", Permissions: []string{"org:billing:manage", "org:billing:read"}},
				}})
				added := srv.AddSession(clerksessions.Session{UserID: "user_1", LastActiveOrganizationID: "org_1"})
				handler, want := before(srv.SecretKey, srv.URL), tc.before
				if migrated {
					var err error
					handler, err = after(srv.SecretKey, srv.URL, srv.Issuer)
					require.NoError(t, err)
					want = tc.after
				}
				r := httptest.NewRequest(http.MethodPost, tc.path, nil)
				if tc.params != nil {
					params := *tc.params
					if params.Origin == "" {
						params.Origin = Origin
					}
					tc.text = srv.Mint(added.ID, params)
				}
				if tc.text != "" {
					r.Header.Set("Authorization", "Bearer "+tc.text)
				}
				if tc.down {
					srv.Fail(sessionstest.OpJWKS, 1, sessionstest.Fault{Status: 503})
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				assert.Equal(t, want, outcome(w), "migrated: %v", migrated)
			}
		})
	}
}

// outcome returns the status and, of a success, the body.
func outcome(w *httptest.ResponseRecorder) string {
	body, _ := io.ReadAll(w.Body)
	if w.Code != http.StatusOK {
		body = nil
	}
	return strings.TrimSpace(fmt.Sprint(w.Code, " ", string(body)))
}
