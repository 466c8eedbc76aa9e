// Quickstart creates a session, lists and gets it, mints and verifies a token, revokes
// the session, and shows the typed error of a call after that.
//
// Without CLERK_SECRET_KEY it runs against the emulator of the package sessionstest. With
// CLERK_SECRET_KEY and CLERK_USER_ID it runs against that instance, which must be a
// development instance: production instances refuse to create sessions.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

// origin is the origin of the app, which a token is minted for.
const origin = "https://app.example.com"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	client, keys, userID, err := connect(out)
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "\n1. Create a session for %s\n", userID)
	session, err := client.Create(ctx, clerksessions.CreateParams{UserID: userID})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "   %s is %s until %s\n", session.ID, session.Status, session.ExpireAt)

	fmt.Fprintln(out, "2. List the user's active sessions")
	active := clerksessions.ListParams{UserID: userID, Status: clerksessions.SessionStatusActive, Limit: 5}
	page, err := client.List(ctx, active)
	if err != nil {
		return err
	}
	if len(page.Data) == 0 {
		return errors.New("the new session is not in the list")
	}
	fmt.Fprintf(out, "   %d active; the newest is %s\n", page.TotalCount, page.Data[0].ID)

	fmt.Fprintln(out, "3. Get the session")
	if session, err = client.Get(ctx, session.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "   created at %s on %s\n", session.CreatedAt, session.ClientID)

	fmt.Fprintln(out, "4. Mint a token, as a browser would hold it")
	token, err := client.CreateToken(ctx, session.ID, clerksessions.TokenParams{}, clerksessions.WithOrigin(origin))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "   %d bytes; it prints as %v\n", len(token.JWT), *token)

	fmt.Fprintln(out, "5. Verify the token locally, without a call to Clerk")
	claims, err := verify(ctx, keys, token.JWT)
	if err != nil {
		return err
	}
	lifetime := claims.ExpiresAt.Sub(claims.IssuedAt)
	fmt.Fprintf(out, "   signed by %s for %s, valid for %s\n", claims.Issuer, claims.UserID, lifetime)

	fmt.Fprintln(out, "6. Revoke the session")
	if session, err = client.Revoke(ctx, session.ID); err != nil {
		return err
	}
	fmt.Fprintf(out, "   %s since %s\n", session.Status, session.UpdatedAt)

	fmt.Fprintln(out, "7. Ask for another token")
	_, err = client.CreateToken(ctx, session.ID, clerksessions.TokenParams{})
	if !errors.Is(err, clerksessions.ErrNotFound) {
		return fmt.Errorf("minting a token for a revoked session: want ErrNotFound, got %w", err)
	}
	fmt.Fprintf(out, "   errors.Is(err, clerksessions.ErrNotFound): %v\n", err)
	return nil
}

// connect returns a client for the instance that the environment names, or for an
// emulated one, and the source of its public keys.
func connect(out io.Writer) (client *clerksessions.Client, keys sessionjwt.KeySource, userID string, err error) {
	secretKey := os.Getenv("CLERK_SECRET_KEY")
	if secretKey == "" {
		fmt.Fprintln(out, "CLERK_SECRET_KEY is not set: using sessionstest, an in-memory emulator of Clerk.")
		srv := sessionstest.New()
		inMemory := sessionjwt.WithHTTPClient(&http.Client{Transport: srv.Transport()})
		keys, err = sessionjwt.KeysFromIssuer(srv.Issuer, inMemory)
		return srv.Client(), keys, "user_quickstart", err
	}
	userID = os.Getenv("CLERK_USER_ID")
	if userID == "" {
		return nil, nil, "", errors.New("CLERK_USER_ID is not set: " +
			"set it to a test user of the instance, or unset CLERK_SECRET_KEY to use the emulator")
	}
	fmt.Fprintln(out, "CLERK_SECRET_KEY is set: using a real instance.")
	if client, err = clerksessions.NewFromEnv(); err != nil {
		return nil, nil, "", err
	}
	var opts []sessionjwt.KeyOption
	if host := os.Getenv("CLERK_API_URL"); host != "" { // which has no version
		opts = append(opts, sessionjwt.WithBaseURL(strings.TrimRight(host, "/")+"/v1"))
	}
	keys, err = sessionjwt.KeysFromBackendAPI(secretKey, opts...)
	return client, keys, userID, err
}

// verify verifies a token with the instance's keys. A server is configured with its
// issuer; here the issuer is that of the token, which comes from Clerk.
func verify(ctx context.Context, keys sessionjwt.KeySource, token string) (*sessionjwt.Claims, error) {
	var payload struct {
		Issuer string `json:"iss"`
	}
	_, rest, _ := strings.Cut(token, ".")
	part, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(raw, &payload)
	}
	if err != nil {
		return nil, errors.New("not a JSON Web Token")
	}
	verifier, err := sessionjwt.New(keys, payload.Issuer,
		sessionjwt.WithAuthorizedParties(origin), sessionjwt.WithLeeway(30*time.Second))
	if err != nil {
		return nil, err
	}
	return verifier.Verify(ctx, token)
}
