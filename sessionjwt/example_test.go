package sessionjwt_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// The examples create tokens of a session of an emulated Clerk instance and verify
// them. A program gets tokens in requests, and its keys over the network.
var (
	clerk    = sessionstest.New(sessionstest.WithIssuer("https://clerk.example.com"))
	keys, _  = sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
	inMemory = &http.Client{Transport: clerk.Transport()}

	_ = clerk.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{
		{UserID: "user_1", Role: "org:admin", Permissions: []string{"org:billing:manage", "org:billing:read"}},
	}})
	session = clerk.AddSession(clerksessions.Session{ID: "sess_1", UserID: "user_1", LastActiveOrganizationID: "org_1"})
)

func mint(claims map[string]any) string {
	return clerk.Mint(session.ID, sessionstest.MintParams{Origin: "https://app.example.com", Claims: claims})
}

func Example() {
	os.Setenv("CLERK_PUBLISHABLE_KEY", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k")
	defer os.Unsetenv("CLERK_PUBLISHABLE_KEY")

	issuer, err := sessionjwt.IssuerFromPublishableKey(os.Getenv("CLERK_PUBLISHABLE_KEY"))
	if err != nil {
		panic(err)
	}
	keys, err := sessionjwt.KeysFromIssuer(issuer, sessionjwt.WithHTTPClient(inMemory))
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, issuer, sessionjwt.WithAuthorizedParties("https://app.example.com"))
	if err != nil {
		panic(err)
	}
	account := verifier.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		fmt.Fprintf(w, "account of %s", claims.UserID)
	}))
	// CrossOriginProtection rejects requests that a page of another origin makes with
	// the user's cookie, unless they are GET, HEAD or OPTIONS. Verify cannot do that.
	app := http.NewCrossOriginProtection().Handler(account)

	post := func(token, site string) {
		req := httptest.NewRequest(http.MethodPost, "https://app.example.com/account", nil)
		req.AddCookie(&http.Cookie{Name: "__session", Value: token})
		req.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, req)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	post(mint(nil), "same-origin")
	post(mint(nil), "same-site") // a page of https://evil.example.com
	post(mint(map[string]any{"iss": "https://evil.example"}), "same-origin")
	// Output:
	// 200 account of user_1
	// 403 cross-origin request detected from Sec-Fetch-Site header
	// 401 {"error":"token_invalid"}
}

func ExampleNew() {
	keys, err := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM()) // os.Getenv("CLERK_JWT_KEY")
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com",
		sessionjwt.WithAuthorizedParties("https://app.example.com", "https://admin.example.com"))
	if err != nil {
		panic(err)
	}
	token := clerk.Mint(session.ID, sessionstest.MintParams{Origin: "https://evil.example"})
	_, err = verifier.Verify(context.Background(), token)
	fmt.Println(errors.Is(err, sessionjwt.ErrAuthorizedParty))
	// Output: true
}

// For a server that can reach api.clerk.com but not the issuer.
func ExampleKeysFromBackendAPI() {
	secretKey := clerk.SecretKey // os.Getenv("CLERK_SECRET_KEY")
	keys, err := sessionjwt.KeysFromBackendAPI(secretKey, sessionjwt.WithHTTPClient(inMemory))
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com")
	if err != nil {
		panic(err)
	}
	claims, err := verifier.Verify(context.Background(), mint(nil)) // fetches the keys, once
	if err != nil {
		panic(err)
	}
	fmt.Println(claims.UserID)
	// Output: user_1
}

func ExampleVerifier_Verify() {
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com")
	if err != nil {
		panic(err)
	}
	claims, err := verifier.Verify(context.Background(), mint(nil))
	if err != nil {
		panic(err)
	}
	fmt.Println(claims.UserID, claims.SessionID, claims.Status)
	fmt.Println(claims.Organization.Role, claims.Organization.Permissions)

	_, err = verifier.Verify(context.Background(), mint(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}))
	switch {
	case errors.Is(err, sessionjwt.ErrKeysUnavailable):
		fmt.Println("503")
	case errors.Is(err, sessionjwt.ErrExpired):
		fmt.Println("401, get a new token")
	case err != nil:
		fmt.Println("401")
	}
	// Output:
	// user_1 sess_1 active
	// org:admin [org:billing:manage org:billing:read]
	// 401, get a new token
}

func ExampleClaims_Decode() {
	verifier, _ := sessionjwt.New(keys, "https://clerk.example.com")
	claims, err := verifier.Verify(context.Background(), mint(map[string]any{"metadata": map[string]any{"theme": "dark"}}))
	if err != nil {
		panic(err)
	}
	var custom struct {
		Metadata struct {
			Theme string `json:"theme"`
		} `json:"metadata"`
	}
	if err := claims.Decode(&custom); err != nil {
		panic(err)
	}
	fmt.Println(custom.Metadata.Theme)
	// Output: dark
}

func ExampleFactorAges() {
	verifier, _ := sessionjwt.New(keys, "https://clerk.example.com")
	claims, err := verifier.Verify(context.Background(), mint(nil))
	if err != nil {
		panic(err)
	}
	recently := func(age time.Duration, ok bool) bool { return ok && age <= 10*time.Minute }
	fmt.Println("first factor:", recently(claims.FactorAges.First()))
	fmt.Println("second factor:", recently(claims.FactorAges.Second()))
	// Output:
	// first factor: true
	// second factor: false
}

func ExampleVerifier_RequireSession() {
	verifier, _ := sessionjwt.New(keys, "https://clerk.example.com")
	account := verifier.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		fmt.Fprintf(w, "account of %s", claims.UserID)
	}))

	req := httptest.NewRequest(http.MethodGet, "/account", nil)
	for range 2 {
		w := httptest.NewRecorder()
		account.ServeHTTP(w, req)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
		req.Header.Set("Authorization", "Bearer "+mint(nil)) // the second time with a token
	}
	// Output:
	// 401 {"error":"token_missing"}
	// 200 account of user_1
}

func ExampleVerifier_OptionalSession() {
	verifier, _ := sessionjwt.New(keys, "https://clerk.example.com")
	home := verifier.OptionalSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if claims, ok := sessionjwt.ClaimsFromContext(r.Context()); ok {
			fmt.Println("hello", claims.UserID)
			return
		}
		fmt.Println("hello, stranger")
	}))

	req := httptest.NewRequest(http.MethodGet, "/", nil)
	home.ServeHTTP(httptest.NewRecorder(), req)
	req.AddCookie(&http.Cookie{Name: "__session", Value: mint(nil)})
	home.ServeHTTP(httptest.NewRecorder(), req)
	// Output:
	// hello, stranger
	// hello user_1
}

// A test of a handler that only reads claims.
func ExampleContextWithClaims() {
	handler := func(_ http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		fmt.Println("hello", claims.UserID)
	}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	ctx := sessionjwt.ContextWithClaims(req.Context(), &sessionjwt.Claims{UserID: "user_1"})
	handler(httptest.NewRecorder(), req.WithContext(ctx))
	// Output: hello user_1
}
