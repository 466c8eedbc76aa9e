package clerksessions_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// emulated returns an in-memory Clerk with sessions, and its client. In a program the
// client comes from New or NewFromEnv.
func emulated(sessions ...clerksessions.Session) (*sessionstest.Server, *clerksessions.Client) {
	srv := sessionstest.New(sessionstest.WithStart(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)))
	for _, session := range sessions {
		srv.AddSession(session)
	}
	return srv, srv.Client()
}

func Example() {
	srv := sessionstest.New()
	client, err := clerksessions.New(srv.SecretKey, clerksessions.WithHTTPClient(&http.Client{Transport: srv.Transport()}))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	session, err := client.Create(ctx, clerksessions.CreateParams{UserID: "user_alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UserID, session.Status)

	session, err = client.Revoke(ctx, session.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UserID, session.Status)
	// Output:
	// user_alice active
	// user_alice revoked
}

func ExampleNew() {
	_, err := clerksessions.New("pk_test_publishable", clerksessions.WithTimeout(5*time.Second))
	fmt.Println(errors.Is(err, clerksessions.ErrInvalidArgument))
	fmt.Println(err)
	// Output:
	// true
	// clerksessions: invalid argument: the secret key is a publishable key; use the key that begins with sk_
}

func ExampleNewFromEnv() {
	for name, value := range map[string]string{
		"CLERK_SECRET_KEY": "sk_test_0123456789",
		"CLERK_API_URL":    "http://127.0.0.1:8787", // an emulator; not set for Clerk itself
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	client, err := clerksessions.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client)
	// Output: clerksessions.Client{BaseURL:"http://127.0.0.1:8787/v1"}
}

// Production instances refuse to create sessions. This is for tests on a development
// instance or on sessionstest.
func ExampleClient_Create() {
	_, client := emulated()

	session, err := client.Create(context.Background(), clerksessions.CreateParams{UserID: "user_alice"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.UserID, session.Status, "until", session.ExpireAt)
	// Output: user_alice active until 2026-11-30T09:00:00.000Z
}

func ExampleClient_Get() {
	srv, client := emulated()
	id := srv.AddSession(clerksessions.Session{UserID: "user_alice"}).ID

	session, err := client.Get(context.Background(), id)
	switch {
	case errors.Is(err, clerksessions.ErrNotFound):
		fmt.Println("no such session")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(session.UserID, "seen", session.LastActiveAt.Time().Format(time.Kitchen))
	}
	// Output: user_alice seen 9:00AM
}

func ExampleClient_Revoke() {
	srv, client := emulated()
	id := srv.AddSession(clerksessions.Session{UserID: "user_alice"}).ID

	session, err := client.Revoke(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Status)
	// Output: revoked
}

// The server's part when a browser's request comes with an expired token.
func ExampleClient_Refresh() {
	const app = "https://app.example.com"
	srv, client := emulated()
	session := srv.AddSession(clerksessions.Session{UserID: "user_alice"})
	expired := srv.Mint(session.ID, sessionstest.MintParams{Origin: app})            // the cookie __session
	refresh := srv.AddRefreshToken(sessionstest.RefreshToken{SessionID: session.ID}) // the cookie __refresh_...
	srv.Advance(2 * time.Minute)

	token, err := client.Refresh(context.Background(), session.ID, clerksessions.RefreshParams{
		ExpiredToken:  expired,
		RefreshToken:  refresh.Token,
		RequestOrigin: app,
	})
	if errors.Is(err, clerksessions.ErrUnauthorized) {
		log.Fatal("send the browser through Clerk's handshake: ", err)
	}
	fmt.Println(token, err)
	// Output: {token [redacted]} <nil>
}

// A handler that refreshes the browser's cookies.
func ExampleClient_RefreshCookies() {
	const app = "https://app.example.com"
	srv, client := emulated()
	session := srv.AddSession(clerksessions.Session{UserID: "user_alice"})
	expired := srv.Mint(session.ID, sessionstest.MintParams{Origin: app})
	refresh := srv.AddRefreshToken(sessionstest.RefreshToken{SessionID: session.ID})
	srv.Advance(2 * time.Minute)

	handler := func(w http.ResponseWriter, r *http.Request) {
		cookies, err := client.RefreshCookies(r.Context(), session.ID, clerksessions.RefreshParams{
			ExpiredToken:  expired,
			RefreshToken:  refresh.Token,
			RequestOrigin: app,
		})
		if err != nil {
			http.Error(w, "please sign in again", http.StatusUnauthorized)
			return
		}
		for _, cookie := range cookies {
			w.Header().Add("Set-Cookie", cookie)
		}
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(w.Result().Cookies()[0].Name)
	// Output: __session
}

func ExampleClient_CreateTokenFromTemplate() {
	srv, client := emulated()
	srv.AddTemplate(sessionstest.Template{Name: "hasura", Claims: map[string]any{"role": "viewer"}})
	session := srv.AddSession(clerksessions.Session{UserID: "user_alice"})

	token, err := client.CreateTokenFromTemplate(context.Background(), session.ID, "hasura", clerksessions.TokenParams{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Object, "of", strings.Count(token.JWT, ".")+1, "parts")
	// Output: token of 3 parts
}

func ExampleOperations() {
	for _, op := range clerksessions.Operations() {
		fmt.Println(op.Method, op.Path, op.APIVersion, op.Retry)
	}
	// Output:
	// GET /sessions 2026-05-12 safe
	// POST /sessions 2026-05-12 unsent
	// GET /sessions/{session_id} 2026-05-12 safe
	// POST /sessions/{session_id}/refresh 2026-05-12 unsent
	// POST /sessions/{session_id}/revoke 2026-05-12 safe
	// POST /sessions/{session_id}/tokens 2026-05-12 safe
	// POST /sessions/{session_id}/tokens/{template_name} 2026-05-12 safe
	// POST /sessions/{session_id}/verify 2025-03-12 safe
}

func ExampleClient_List() {
	_, client := emulated(clerksessions.Session{UserID: "user_alice"}, clerksessions.Session{UserID: "user_alice"})

	page, err := client.List(context.Background(), clerksessions.ListParams{UserID: "user_alice", Limit: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(page.Data), "of", page.TotalCount)
	// Output: 1 of 2
}

func ExampleClient_All() {
	_, client := emulated(clerksessions.Session{UserID: "user_alice"}, clerksessions.Session{UserID: "user_alice"})

	for session, err := range client.All(context.Background(), clerksessions.ListParams{UserID: "user_alice"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(session.Status, "until", session.ExpireAt)
	}
	// Output:
	// active until 2026-11-30T09:00:00.000Z
	// active until 2026-11-30T09:00:00.000Z
}

func ExampleClient_RevokeAll() {
	_, client := emulated(clerksessions.Session{UserID: "user_alice"}, clerksessions.Session{UserID: "user_alice"})

	revoked := 0
	for session, err := range client.RevokeAll(context.Background(), clerksessions.ListParams{UserID: "user_alice"}) {
		var failed *clerksessions.RevokeError
		switch {
		case errors.As(err, &failed):
			fmt.Println(failed.SessionID, "could not be revoked:", failed.Err)
		case err != nil:
			log.Fatal("not every session was listed: ", err)
		case session.Status == clerksessions.SessionStatusRevoked:
			revoked++
		}
	}
	fmt.Println(revoked, "sessions revoked")
	// Output: 2 sessions revoked
}

func ExampleClient_CreateToken() {
	srv, client := emulated()
	session := srv.AddSession(clerksessions.Session{UserID: "user_alice"})

	token, err := client.CreateToken(context.Background(), session.ID,
		clerksessions.TokenParams{ExpiresIn: 10 * time.Minute},
		clerksessions.WithOrigin("https://app.example.com"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token)
	request, _ := http.NewRequest(http.MethodGet, "https://api.example.com/", nil)
	request.Header.Set("Authorization", "Bearer "+token.JWT)
	// Output: {token [redacted]}
}

func ExampleError() {
	_, client := emulated()

	_, err := client.Get(context.Background(), "sess_unknown")
	var apiErr *clerksessions.Error
	if errors.As(err, &apiErr) {
		fmt.Println(apiErr.Op, apiErr.StatusCode, apiErr.HasCode("resource_not_found"))
	}
	fmt.Println(errors.Is(err, clerksessions.ErrNotFound))
	// Output:
	// GetSession 404 true
	// true
}

func ExampleWithMeta() {
	srv, client := emulated()
	session := srv.AddSession(clerksessions.Session{UserID: "user_alice"})
	srv.Fail("GetSession", 1, sessionstest.Fault{Status: http.StatusTooManyRequests, RetryAfter: "0.01"})

	var meta clerksessions.Meta
	if _, err := client.Get(context.Background(), session.ID, clerksessions.WithMeta(&meta)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(meta.StatusCode, "after", meta.Attempts, "attempts, trace id of", len(meta.TraceID), "digits")
	// Output: 200 after 2 attempts, trace id of 32 digits
}

// A transport that labels each attempt with its operation. No label holds an id.
func ExampleOperationFromContext() {
	srv, _ := emulated()
	session := srv.AddSession(clerksessions.Session{UserID: "user_alice"})
	srv.Fail("GetSession", 1, sessionstest.Fault{Status: http.StatusTooManyRequests, RetryAfter: "0.01"})
	counting := transportFunc(func(request *http.Request) (*http.Response, error) {
		op, _ := clerksessions.OperationFromContext(request.Context())
		n, _ := clerksessions.AttemptFromContext(request.Context())
		fmt.Println(op.ID, op.Method, op.Path, "attempt", n)
		return srv.Transport().RoundTrip(request)
	})
	client := srv.Client(clerksessions.WithHTTPClient(&http.Client{Transport: counting}))

	if _, err := client.Get(context.Background(), session.ID); err != nil {
		log.Fatal(err)
	}
	// Output:
	// GetSession GET /sessions/{session_id} attempt 1
	// GetSession GET /sessions/{session_id} attempt 2
}

func ExampleNewUnixMilli() {
	begin := clerksessions.NewUnixMilli(time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC))
	fmt.Println(int64(begin), begin, begin.Before(begin.Time().Add(time.Hour)))
	// Output: 1778580000000 2026-05-12T10:00:00.000Z true
}
