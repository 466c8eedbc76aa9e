package sessionjwt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// The examples have an emulated Clerk instance, and in it a session of which they
// mint tokens. A program has a real one, and gets its tokens in requests.
var (
	clerk = sessionstest.New(sessionstest.WithIssuer("https://clerk.example.com"))

	_ = clerk.AddOrganization(sessionstest.Organization{ID: "org_1", Members: []sessionstest.Member{
		{UserID: "user_1", Role: "org:admin", Permissions: []string{"org:billing:manage", "org:billing:read"}},
	}})
	session = clerk.AddSession(clerksessions.Session{ID: "sess_1", UserID: "user_1", LastActiveOrganizationID: "org_1"})
)

func mint(claims map[string]any) string {
	return clerk.Mint(session.ID, sessionstest.MintParams{Origin: "https://app.example.com", Claims: claims})
}

func Example() {
	inMemory := &http.Client{Transport: clerk.Transport()} // in production: no such option
	keys, err := sessionjwt.KeysFromIssuer("https://clerk.example.com", sessionjwt.WithHTTPClient(inMemory))
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com", sessionjwt.WithAuthorizedParties("https://app.example.com"))
	if err != nil {
		panic(err)
	}
	app := httptest.NewServer(verifier.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		fmt.Fprintf(w, "hello %s\n", claims.UserID)
	})))
	defer app.Close()

	for _, token := range []string{mint(nil), mint(map[string]any{"iss": "https://evil.example"})} {
		req, _ := http.NewRequest(http.MethodGet, app.URL, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Print(resp.StatusCode, " ", string(body))
	}
	// Output:
	// 200 hello user_1
	// 401 {"error":"token_invalid"}
}

func ExampleNew() {
	keys, err := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com",
		sessionjwt.WithAuthorizedParties("https://app.example.com", "https://admin.example.com"))
	if err != nil {
		panic(err)
	}
	_, err = verifier.Verify(context.Background(), clerk.Mint(session.ID, sessionstest.MintParams{Origin: "https://evil.example"}))
	fmt.Println(errors.Is(err, sessionjwt.ErrAuthorizedParty))
	// Output: true
}

// The key from the Dashboard, as it comes in CLERK_JWT_KEY.
func ExampleKeysFromPEM() {
	_, err := sessionjwt.KeysFromPEM("sk_test_not_a_public_key")
	fmt.Println(errors.Is(err, sessionjwt.ErrInvalidArgument))

	_, err = sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleKeysFromIssuer() {
	inMemory := &http.Client{Transport: clerk.Transport()} // in production: no such option
	keys, err := sessionjwt.KeysFromIssuer("https://clerk.example.com", sessionjwt.WithHTTPClient(inMemory))
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

// Where the issuer cannot be reached but api.clerk.com can.
func ExampleKeysFromBackendAPI() {
	inMemory := &http.Client{Transport: clerk.Transport()}                                           // in production: no such option
	keys, err := sessionjwt.KeysFromBackendAPI(clerk.SecretKey, sessionjwt.WithHTTPClient(inMemory)) // os.Getenv("CLERK_SECRET_KEY")
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com")
	if err != nil {
		panic(err)
	}
	claims, err := verifier.Verify(context.Background(), mint(nil))
	if err != nil {
		panic(err)
	}
	fmt.Println(claims.UserID)
	// Output: user_1
}

func ExampleVerifier_Verify() {
	keys, err := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM()) // os.Getenv("CLERK_JWT_KEY")
	if err != nil {
		panic(err)
	}
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
	keys, _ := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
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
	keys, _ := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
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
	os.Setenv("CLERK_JWT_KEY", clerk.PublicKeyPEM())
	defer os.Unsetenv("CLERK_JWT_KEY")

	keys, err := sessionjwt.KeysFromPEM(os.Getenv("CLERK_JWT_KEY"))
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, "https://clerk.example.com",
		sessionjwt.WithAuthorizedParties("https://app.example.com"))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/account", verifier.RequireSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		fmt.Fprintf(w, "account of %s", claims.UserID)
	})))

	req := httptest.NewRequest(http.MethodGet, "/account", nil)
	for range 2 {
		reply := httptest.NewRecorder()
		mux.ServeHTTP(reply, req)
		fmt.Println(reply.Code, strings.TrimSpace(reply.Body.String()))
		req.Header.Set("Authorization", "Bearer "+mint(nil)) // the second time with a token
	}
	// Output:
	// 401 {"error":"token_missing"}
	// 200 account of user_1
}

// Behind RequireSession there are always claims; elsewhere ask whether there are.
func ExampleClaimsFromContext() {
	greet := func(w http.ResponseWriter, r *http.Request) {
		claims, ok := sessionjwt.ClaimsFromContext(r.Context())
		if !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(w, "hello", claims.UserID)
	}
	reply := httptest.NewRecorder()
	greet(reply, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Print(reply.Code, " ", reply.Body)
	// Output: 401 who are you?
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

func ExampleVerifier_OptionalSession() {
	keys, _ := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
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
