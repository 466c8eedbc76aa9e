package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/clerksessions/clerksessions/internal/clerkenv"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/spf13/cobra"
)

type verifyFlags struct {
	issuer, jwtKeyFile string
	parties            []string
	remote             bool
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify (TOKEN | -)",
		Short: "Verify a session token on this machine",
		Long: `Verify a session token and print its claims. The exit code is 1 if the token is
rejected. With - the token is read from stdin, so that other users of this machine do
not see it.

The issuer is never taken from the token: give --issuer, or CLERK_PUBLISHABLE_KEY,
which contains it. The key of an emulator contains only a host and port; if they are
those of CLERK_API_URL, that URL is the issuer. The keys come from --jwt-key-file or
CLERK_JWT_KEY without a network call, from the Backend API if there is a secret key, or
from the issuer.

A valid token does not prove that its session is still active: after a revocation its
tokens remain valid until they expire. Use 'clerk-sessions get' where that matters.

With --remote Clerk verifies the token instead, with a deprecated call to which newer
instances respond with 410.`,
		Example: `  clerk-sessions verify --issuer https://clerk.example.com - < token.txt

  export CLERK_PUBLISHABLE_KEY=pk_live_Y2xlcmsuZXhhbXBsZS5jb20k
  clerk-sessions token sess_2abc | clerk-sessions verify -`,
		Args: cobra.ExactArgs(1),
		RunE: a.action(func(ctx context.Context, args []string) (err error) {
			token := strings.TrimSpace(args[0])
			if token == "-" {
				if token, err = a.secretFrom("-"); err != nil {
					return err
				}
			}
			if f.remote {
				return a.verifyRemote(ctx, token)
			}
			return a.verify(ctx, token, f)
		}),
	}
	flags := cmd.Flags()
	flags.Func("issuer",
		"the `URL` that must be the token's issuer (default from CLERK_PUBLISHABLE_KEY)", text(&f.issuer))
	flags.Func("jwt-key-file",
		"read the instance's public key, in PEM form, from `FILE` (default CLERK_JWT_KEY)", text(&f.jwtKeyFile))
	flags.Func("authorized-party",
		"an `ORIGIN` that the claim azp may have; may be repeated (default any)", texts(&f.parties))
	flags.BoolVar(&f.remote, "remote", false, "let Clerk verify the token, with a deprecated call")
	for _, name := range []string{"issuer", "jwt-key-file", "authorized-party"} {
		cmd.MarkFlagsMutuallyExclusive("remote", name)
	}
	return cmd
}

func (a *app) verify(ctx context.Context, token string, f verifyFlags) error {
	issuer, err := issuerOf(f.issuer)
	if err != nil {
		return err
	}
	opts := []sessionjwt.Option{sessionjwt.WithClock(a.now)}
	if len(f.parties) > 0 {
		opts = append(opts, sessionjwt.WithAuthorizedParties(f.parties...))
	}
	var verifier *sessionjwt.Verifier
	keys, err := a.keys(issuer, f.jwtKeyFile)
	if err == nil {
		verifier, err = sessionjwt.New(keys, issuer, opts...)
	}
	if err != nil {
		return usagef("%w", err)
	}
	claims, err := verifier.Verify(ctx, token)
	if err != nil {
		return err
	}
	return a.printClaims(claims)
}

// issuerOf returns the expected issuer: the one given, or that of the publishable key.
func issuerOf(given string) (string, error) {
	key := os.Getenv("CLERK_PUBLISHABLE_KEY")
	switch {
	case given != "":
		return given, nil
	case key == "":
		return "", usagef("missing issuer: give --issuer, such as https://clerk.example.com, " +
			"or set CLERK_PUBLISHABLE_KEY")
	}
	issuer, err := sessionjwt.IssuerFromPublishableKey(key)
	if err != nil {
		if issuer, ok := emulatorIssuer(key); ok {
			return issuer, nil
		}
		return "", usagef("cannot read the issuer from CLERK_PUBLISHABLE_KEY: "+
			"copy the key from Clerk's Dashboard, or give --issuer (%w)", err)
	}
	return issuer, nil
}

// emulatorIssuer returns the issuer of the emulator at CLERK_API_URL, which is that URL, if
// the publishable key contains its host and port.
func emulatorIssuer(publishableKey string) (string, bool) {
	issuer := strings.TrimRight(os.Getenv("CLERK_API_URL"), "/")
	u, err := url.Parse(issuer)
	return issuer, err == nil && u.Host != "" &&
		strings.HasSuffix(publishableKey, "_"+base64.StdEncoding.EncodeToString([]byte(u.Host+"$")))
}

// keys returns the public keys from a file, the environment, the Backend API or the issuer.
func (a *app) keys(issuer, file string) (sessionjwt.KeySource, error) {
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the public key: %w", err)
		}
		return sessionjwt.KeysFromPEM(string(text))
	}
	if pem := os.Getenv("CLERK_JWT_KEY"); pem != "" {
		return sessionjwt.KeysFromPEM(pem)
	}
	secretKey, err := a.secretKey()
	if err != nil {
		return nil, err
	}
	if secretKey == "" {
		return sessionjwt.KeysFromIssuer(issuer)
	}
	base, err := clerkenv.BaseURL()
	if err != nil {
		return nil, err
	}
	return sessionjwt.KeysFromBackendAPI(secretKey, sessionjwt.WithBaseURL(base))
}

func (a *app) printClaims(c *sessionjwt.Claims) error {
	if a.asJSON {
		var all map[string]any
		if err := c.Decode(&all); err != nil {
			return err
		}
		return a.printJSON(all)
	}
	rows := [][]string{
		{"session", c.SessionID},
		{"user", c.UserID},
		{"status", cmp.Or(c.Status, "active")},
		{"issuer", c.Issuer},
		{"issued", a.when(c.IssuedAt)},
		{"expires", a.when(c.ExpiresAt)},
	}
	if c.AuthorizedParty != "" {
		rows = append(rows, []string{"made for", c.AuthorizedParty})
	}
	if c.Organization != nil {
		rows = append(rows, []string{"organization", c.Organization.ID})
	}
	if c.Actor != nil {
		rows = append(rows, []string{"impersonated by", c.Actor.UserID})
	}
	return a.printRows(rows)
}

// verifyRemote verifies the token with Clerk. The unverified session id in the token only
// selects the session: Clerk checks that the token belongs to it.
func (a *app) verifyRemote(ctx context.Context, token string) error {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	var claims struct {
		SessionID string `json:"sid"`
	}
	if err == nil {
		err = parsed.UnsafeClaimsWithoutVerification(&claims)
	}
	if err != nil || claims.SessionID == "" {
		return errors.New("not a session token: expected an RS256-signed JWT with a sid claim")
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	//lint:ignore SA1019 deprecated, but the purpose of --remote
	session, err := client.Verify(ctx, claims.SessionID, token)
	if err != nil {
		return err
	}
	return a.printSessions(session)
}
