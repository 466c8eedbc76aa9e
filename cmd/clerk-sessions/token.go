package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

func (a *app) tokenCommand() *cobra.Command {
	var user, template, origin string
	var params clerksessions.TokenParams
	cmd := &cobra.Command{
		Use:   "token (ID | --user ID)",
		Short: "Mint a token for a session",
		Long: `Mint a token for a session and print it. It is what a signed-in browser sends: treat
it like a password until it expires.

With --user the token is for the user's newest active session. If there is none, one is
created, which only development instances allow. The session's id is printed to stderr.`,
		Example: `  clerk-sessions token sess_2abc
  clerk-sessions token sess_2abc --origin https://app.example.com --expires-in 10m
  curl -H "Authorization: Bearer $(clerk-sessions token --user user_2abc)" http://localhost:3000`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.action(func(ctx context.Context, args []string) error {
			if (len(args) == 1) == (user != "") {
				return usagef("give either the id of a session or --user; see 'clerk-sessions token --help'")
			}
			var opts []clerksessions.Option
			if origin != "" {
				opts = append(opts, clerksessions.WithOrigin(origin))
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			mint := func(ctx context.Context, id string) (*clerksessions.Token, error) {
				if template != "" {
					return client.CreateTokenFromTemplate(ctx, id, template, params, opts...)
				}
				return client.CreateToken(ctx, id, params, opts...)
			}
			id := strings.Join(args, "")
			if user != "" {
				if err := checkArguments(ctx, mint); err != nil {
					return err
				}
				if id, err = a.sessionOf(ctx, client, user); err != nil {
					return err
				}
			}
			token, err := mint(ctx, id)
			if err != nil {
				return err
			}
			return a.printToken(token)
		}),
	}
	flags := cmd.Flags()
	flags.Func("user", "use the newest active session of the user `ID`, or create one", text(&user))
	flags.Func("template", "use JWT template `NAME` (the result is not a session token)", text(&template))
	flags.DurationVar(&params.ExpiresIn, "expires-in", 0,
		"the `LIFETIME` of the token, such as 10m; at least 30s (default 60s, or the template's)")
	flags.Func("origin",
		"the `ORIGIN` for the claim azp, such as https://app.example.com (default none)", text(&origin))
	return cmd
}

// checkArguments returns the error of mint if its arguments are invalid. It sends nothing,
// since the context has ended.
func checkArguments(ctx context.Context, mint func(context.Context, string) (*clerksessions.Token, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := mint(ctx, "sess_of_user"); errors.Is(err, clerksessions.ErrInvalidArgument) {
		return err
	}
	return nil
}

// sessionOf returns the newest active session of a user. On a development instance it
// creates one if there is none.
func (a *app) sessionOf(ctx context.Context, client *clerksessions.Client, user string) (string, error) {
	params := clerksessions.ListParams{UserID: user, Status: clerksessions.SessionStatusActive, Limit: 1}
	page, err := client.List(ctx, params)
	if err != nil {
		return "", err
	}
	if len(page.Data) > 0 {
		session := page.Data[0]
		a.note("Token for session %s, created %s.", session.ID, a.when(session.CreatedAt.Time()))
		return session.ID, nil
	}
	if instanceKind(a.key) != "test" {
		return "", fmt.Errorf("user %s has no active session, and only development instances can create one: "+
			"sign in first", user)
	}
	session, err := client.Create(ctx, clerksessions.CreateParams{UserID: user})
	if err != nil {
		return "", err
	}
	a.note("Token for session %s, created now: the user had no active session.", session.ID)
	return session.ID, nil
}

func (a *app) refreshCommand() *cobra.Command {
	var expiredFile, refreshFile string
	var params clerksessions.RefreshParams
	cmd := &cobra.Command{
		Use:   "refresh ID --expired-token-file FILE --refresh-token-file FILE --origin ORIGIN",
		Short: "Exchange an expired token for a fresh one",
		Long: `Exchange an expired session token for a fresh one and print it. Both tokens come
from a browser: the expired token from the cookie __session, and the refresh token from
the cookie whose name begins with __refresh. Clerk accepts an expired token only once;
whether it accepts a refresh token again is not known.`,
		Example: `  clerk-sessions refresh sess_2abc --expired-token-file session.txt --refresh-token-file refresh.txt \
    --origin https://app.example.com`,
		Args: cobra.ExactArgs(1),
		RunE: a.action(func(ctx context.Context, args []string) (err error) {
			if expiredFile == "-" && refreshFile == "-" {
				return usagef("only one of the tokens can come from stdin")
			}
			if params.ExpiredToken, err = a.secretFrom(expiredFile); err != nil {
				return err
			}
			if params.RefreshToken, err = a.secretFrom(refreshFile); err != nil {
				return err
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			token, err := client.Refresh(ctx, args[0], params)
			if err != nil {
				return err
			}
			return a.printToken(token)
		}),
	}
	flags := cmd.Flags()
	flags.Func("expired-token-file", "read the expired token from `FILE`, - for stdin (required)", text(&expiredFile))
	flags.Func("refresh-token-file", "read the refresh token from `FILE`, - for stdin (required)", text(&refreshFile))
	flags.Func("origin",
		"the `ORIGIN` of the browser's request, such as https://app.example.com (required)",
		text(&params.RequestOrigin))
	for _, name := range []string{"expired-token-file", "refresh-token-file", "origin"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// printToken prints a token unredacted, unlike fmt.
func (a *app) printToken(token *clerksessions.Token) error {
	if a.asJSON {
		return a.printJSON(struct {
			Object string `json:"object"`
			JWT    string `json:"jwt"`
		}{token.Object, token.JWT})
	}
	_, err := fmt.Fprintln(a.out, clean(token.JWT))
	return err
}

// secretFrom reads a secret from a file, or from stdin for "-".
func (a *app) secretFrom(file string) (string, error) {
	name, from := "stdin", a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usagef("cannot read the token: %w", err)
		}
		defer f.Close()
		name, from = file, f
	}
	const limit = 64 << 10
	text, err := io.ReadAll(io.LimitReader(from, limit))
	if err != nil {
		return "", usagef("cannot read the token: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", usagef("the token is empty in %s", name)
	}
	return secret, nil
}
