// Otherdevices is a server with one endpoint, POST /sign-out-others. It signs the user
// out of all other devices and spares the session that the request came from.
//
// Set CLERK_SECRET_KEY, CLERK_PUBLISHABLE_KEY and APP_ORIGIN, the origin of the pages
// that send the request, such as https://app.example.com. The publishable key of an
// emulator does not contain the whole issuer; the test shows how to use one.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
)

func main() {
	client, err := clerksessions.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := sessionjwt.IssuerFromPublishableKey(os.Getenv("CLERK_PUBLISHABLE_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	keys, err := sessionjwt.KeysFromIssuer(issuer)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := sessionjwt.New(keys, issuer, sessionjwt.WithAuthorizedParties(os.Getenv("APP_ORIGIN")))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newHandler(client, verifier)))
}

// newHandler verifies the token of a request before it is handled. Cross-origin
// protection rejects requests that a page of another site sends with the user's cookie.
func newHandler(client *clerksessions.Client, verifier *sessionjwt.Verifier) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /sign-out-others", verifier.RequireSession(signOutOthers(client)))
	return http.NewCrossOriginProtection().Handler(mux)
}

func signOutOthers(client *clerksessions.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		claims, _ := sessionjwt.ClaimsFromContext(r.Context())
		sessions := clerksessions.ListParams{UserID: claims.UserID}
		signedOut := 0
		var failed error
		for _, err := range client.RevokeAll(r.Context(), sessions, clerksessions.WithExcept(claims.SessionID)) {
			if err != nil {
				failed = errors.Join(failed, err) // the other sessions are still revoked
				continue
			}
			signedOut++
		}
		if failed != nil {
			log.Print(failed)
			http.Error(w, "Some devices could not be signed out. Please try again.", http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, "Signed out of %d other devices.\n", signedOut)
	}
}
