package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

func (a *app) tokenCommand() *cobra.Command {
	var template, origin string
	var params clerksessions.TokenParams
	cmd := &cobra.Command{
		Use:   "token ID",
		Short: "Mint a token of a session",
		Long: `Mint a token of a session and print it. It is what a signed-in browser sends: treat
it like a password until it expires.`,
		Example: `  clerk-sessions token sess_2abc
  clerk-sessions token sess_2abc --origin https://app.example.com --expires-in 10m`,
		Args: cobra.ExactArgs(1),
		RunE: a.action(func(ctx context.Context, args []string) error {
			var opts []clerksessions.Option
			if origin != "" {
				opts = append(opts, clerksessions.WithOrigin(origin))
			}
			client, err := a.client()
			if err != nil {
				return err
			}
			var token *clerksessions.Token
			if template != "" {
				token, err = client.CreateTokenFromTemplate(ctx, args[0], template, params, opts...)
			} else {
				token, err = client.CreateToken(ctx, args[0], params, opts...)
			}
			if err != nil {
				return err
			}
			return a.printToken(token)
		}),
	}
	flags := cmd.Flags()
	flags.Var((*text)(&template), "template", "make it from the JWT template `NAME` instead; that is no session token")
	flags.DurationVar(&params.ExpiresIn, "expires-in", 0, "its `LIFETIME`, such as 10m; at least 30s (default 60s, or the template's)")
	flags.Var((*text)(&origin), "origin", "the `ORIGIN` for its claim azp, such as https://app.example.com (default none)")
	return cmd
}

func (a *app) refreshCommand() *cobra.Command {
	var expiredFile, refreshFile string
	var params clerksessions.RefreshParams
	cmd := &cobra.Command{
		Use:   "refresh ID --expired-token-file FILE --refresh-token-file FILE --origin ORIGIN",
		Short: "Exchange an expired token for a fresh one",
		Long: `Exchange an expired session token for a fresh one and print that. It takes what a
browser holds: the expired token from the cookie __session, and the refresh token from
the cookie whose name begins with __refresh. Clerk takes an expired token only once;
whether it takes a refresh token again is not known.`,
		Example: "  clerk-sessions refresh sess_2abc --expired-token-file session.txt --refresh-token-file refresh.txt --origin https://app.example.com",
		Args:    cobra.ExactArgs(1),
		RunE: a.action(func(ctx context.Context, args []string) (err error) {
			if expiredFile == "-" && refreshFile == "-" {
				return usagef("both tokens cannot come from stdin: give one of them in a file")
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
	flags.Var((*text)(&expiredFile), "expired-token-file", "read the expired token from `FILE`, - for stdin (required)")
	flags.Var((*text)(&refreshFile), "refresh-token-file", "read the refresh token from `FILE`, - for stdin (required)")
	flags.Var((*text)(&params.RequestOrigin), "origin", "the `ORIGIN` of the browser's request, such as https://app.example.com (required)")
	for _, name := range []string{"expired-token-file", "refresh-token-file", "origin"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// printToken prints a token; a Token by itself prints redacted.
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
	from := a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", usagef("the token cannot be read: %w", err)
		}
		defer f.Close()
		from = f
	}
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(from, most))
	if err != nil {
		return "", usagef("the token cannot be read: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", usagef("the token is empty in %s", file)
	}
	return secret, nil
}
