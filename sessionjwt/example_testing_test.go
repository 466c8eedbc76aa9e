package sessionjwt_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// account is the handler under test.
func account(w http.ResponseWriter, r *http.Request) {
	claims, _ := sessionjwt.ClaimsFromContext(r.Context())
	fmt.Fprintf(w, "account of %s\n", claims.UserID)
}

// A test of a handler needs no Clerk instance: an emulated one has the keys, creates
// the tokens and sets the time.
func Example_testing() {
	clerk := sessionstest.New()
	session := clerk.AddSession(clerksessions.Session{UserID: "user_anna"})

	keys, err := sessionjwt.KeysFromPEM(clerk.PublicKeyPEM())
	if err != nil {
		panic(err)
	}
	verifier, err := sessionjwt.New(keys, clerk.Issuer, sessionjwt.WithClock(clerk.Now))
	if err != nil {
		panic(err)
	}
	get := func(token string) {
		req := httptest.NewRequest(http.MethodGet, "/account", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		verifier.RequireSession(http.HandlerFunc(account)).ServeHTTP(w, req)
		fmt.Print(w.Code, " ", w.Body)
	}

	token := clerk.Mint(session.ID, sessionstest.MintParams{})
	get(token)
	get(clerk.Mint(session.ID, sessionstest.MintParams{Claims: map[string]any{"sub": "mch_robot"}}))
	clerk.Advance(2 * time.Minute)
	get(token)
	// Output:
	// 200 account of user_anna
	// 401 {"error":"token_invalid"}
	// 401 {"error":"token_expired"}
}
