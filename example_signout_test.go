package clerksessions_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/clerksessions/clerksessions"
)

// A handler that revokes the session of the request. A session that Clerk does not know
// is signed out already.
func Example_signOut() {
	_, client := emulated(clerksessions.Session{ID: "sess_laptop", UserID: "user_alice"})
	// In a server the id comes from a verified token; see the package sessionjwt.
	sessionID := func(r *http.Request) string { return r.Header.Get("X-Session") }

	signOut := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := client.Revoke(r.Context(), sessionID(r))
		var failed *clerksessions.Error
		gone := errors.As(err, &failed) && failed.StatusCode == http.StatusNotFound && failed.HasCode("resource_not_found")
		if err != nil && !gone {
			log.Print(err)
			http.Error(w, "signing out failed, please try again", http.StatusBadGateway)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "__session", Path: "/", MaxAge: -1})
		w.WriteHeader(http.StatusNoContent)
	})

	for _, id := range []string{"sess_laptop", "sess_laptop", "sess_long_gone"} {
		r := httptest.NewRequest(http.MethodPost, "/sign-out", nil)
		r.Header.Set("X-Session", id)
		w := httptest.NewRecorder()
		signOut.ServeHTTP(w, r)
		fmt.Println(id, w.Code)
	}
	// Output:
	// sess_laptop 204
	// sess_laptop 204
	// sess_long_gone 204
}

// To sign a user out of all other devices, spare the session of the request.
func ExampleWithExcept() {
	_, client := emulated(
		clerksessions.Session{ID: "sess_laptop", UserID: "user_alice"},
		clerksessions.Session{ID: "sess_phone", UserID: "user_alice"},
		clerksessions.Session{ID: "sess_tv", UserID: "user_alice"},
	)
	current := "sess_laptop"
	signedOut := 0
	for _, err := range client.RevokeAll(context.Background(), clerksessions.ListParams{UserID: "user_alice"}, clerksessions.WithExcept(current)) {
		if err != nil {
			log.Print(err) // this session was not revoked; the others are tried anyway
			continue
		}
		signedOut++
	}
	fmt.Println(signedOut, "other sessions signed out")

	session, err := client.Get(context.Background(), current)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(current, session.Status)
	// Output:
	// 2 other sessions signed out
	// sess_laptop active
}

// RevokeEach revokes the sessions that a filter selects, here those older than a day.
func ExampleClient_RevokeEach() {
	srv, client := emulated(clerksessions.Session{ID: "sess_old", UserID: "user_alice"})
	srv.Advance(48 * time.Hour)
	srv.AddSession(clerksessions.Session{ID: "sess_new", UserID: "user_alice"})
	now := srv.Now()

	ctx := context.Background()
	var listing error
	older := func(yield func(string) bool) {
		for session, err := range client.All(ctx, clerksessions.ListParams{UserID: "user_alice"}) {
			if err != nil {
				listing = err
				return
			}
			if !session.Status.Ended() && now.Sub(session.CreatedAt.Time()) > 24*time.Hour && !yield(session.ID) {
				return
			}
		}
	}
	for session, err := range client.RevokeEach(ctx, older) {
		if err != nil {
			log.Print(err)
			continue
		}
		fmt.Println(session.ID, session.Status)
	}
	if listing != nil {
		log.Fatal(listing)
	}
	// Output: sess_old revoked
}
