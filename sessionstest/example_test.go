package sessionstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

func ExampleNewServer() {
	testSignOut := func(t *testing.T) {
		srv := sessionstest.NewServer(t)
		client := srv.Client()

		session, err := client.Create(t.Context(), clerksessions.CreateParams{UserID: "user_anna"})
		if err != nil {
			t.Fatal(err)
		}
		// ... run the code that signs the user out ...
		srv.RequireRevoked(t, session.ID)
	}
	_ = testSignOut
}

func ExampleNew() {
	// As a server for programs in any language:
	srv := sessionstest.New(sessionstest.WithSecretKey("sk_test_local"))
	web := httptest.NewServer(srv) // or http.ListenAndServe("127.0.0.1:8787", srv)
	defer web.Close()

	req, _ := http.NewRequest("GET", web.URL+"/v1/sessions?user_id=user_anna", nil)
	req.Header.Set("Authorization", "Bearer sk_test_local")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"))
	// Output: 200 application/json
}

func ExampleServer_Advance() {
	srv := sessionstest.New(sessionstest.WithStart(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)))
	session := srv.AddSession(clerksessions.Session{UserID: "user_anna"})
	fmt.Println(session.Status, "until", session.ExpireAt)

	srv.Advance(7 * 24 * time.Hour)
	session, _ = srv.Session(session.ID)
	fmt.Println(session.Status)
	// Output:
	// active until 2026-11-08T12:00:00.000Z
	// expired
}

func ExampleServer_Fail() {
	srv := sessionstest.New()
	session := srv.AddSession(clerksessions.Session{UserID: "user_anna"})

	srv.Fail("RevokeSession", 1, sessionstest.Fault{Status: 503, RetryAfter: "60"})
	_, err := srv.Client().Revoke(context.Background(), session.ID)
	var e *clerksessions.Error
	if errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Errors[0].Code, e.RetryAfter)
	}
	// Output: 503 service_unavailable 1m0s
}

func ExampleServer_FailFunc() {
	srv := sessionstest.New()
	session := srv.AddSession(clerksessions.Session{UserID: "user_anna"})
	client := srv.Client(clerksessions.WithMaxAttempts(1))

	srv.FailFunc(func(r sessionstest.Request) *sessionstest.Fault {
		if r.Method == http.MethodPost {
			return &sessionstest.Fault{HTML: true}
		}
		return nil
	})
	_, err := client.Revoke(context.Background(), session.ID)
	fmt.Println(errors.Is(err, clerksessions.ErrUnavailable))
	_, err = client.Get(context.Background(), session.ID)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleServer_Mint() {
	srv := sessionstest.New()
	session := srv.AddSession(clerksessions.Session{UserID: "user_anna"})
	keys, err := sessionjwt.KeysFromPEM(srv.PublicKeyPEM())
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := sessionjwt.New(keys, srv.Issuer, sessionjwt.WithClock(srv.Now))
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := verifier.Verify(context.Background(), srv.Mint(session.ID, sessionstest.MintParams{}))
	fmt.Println(claims.UserID, err)

	forged := srv.Mint(session.ID, sessionstest.MintParams{Claims: map[string]any{"iss": srv.Issuer + ".evil.example"}})
	_, err = verifier.Verify(context.Background(), forged)
	fmt.Println(errors.Is(err, sessionjwt.ErrIssuer))
	// Output:
	// user_anna <nil>
	// true
}

func ExampleReadSeed() {
	seed, err := sessionstest.ReadSeed(strings.NewReader(`{
		"organizations": [{"id": "org_acme", "members": [{"user_id": "user_anna", "role": "org:admin"}]}],
		"sessions": [
			{"user_id": "user_anna", "last_active_organization_id": "org_acme"},
			{"user_id": "user_anna", "status": "ended"},
			{"user_id": "user_bert", "tasks": [{"key": "setup-mfa"}]}
		]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := sessionstest.New()
	if err := srv.Seed(seed); err != nil {
		fmt.Println(err)
		return
	}
	for _, session := range srv.Sessions("") {
		fmt.Println(session.UserID, session.Status)
	}
	// Output:
	// user_bert pending
	// user_anna ended
	// user_anna active
}

func ExampleServer_Requests() {
	srv := sessionstest.New()
	session := srv.AddSession(clerksessions.Session{ID: "sess_1", UserID: "user_anna"})
	if _, err := srv.Client().Revoke(context.Background(), session.ID); err != nil {
		fmt.Println(err)
	}
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Path, r.Operation, r.Status, r.Header.Get("Authorization"))
	}
	// Output: POST /v1/sessions/sess_1/revoke RevokeSession 200 [redacted]
}
