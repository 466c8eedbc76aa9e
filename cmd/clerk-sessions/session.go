package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

func (a *app) getCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get (ID... | -)",
		Short: "Read sessions by their ids",
		Long: `Read sessions by their ids, including sessions that have ended. With -, ids are read
from stdin, one on each line. Without any ids the exit code is 1.`,
		Example: "  clerk-sessions get sess_2abc sess_2def --json",
		Args: func(cmd *cobra.Command, args []string) error {
			return cmp.Or(cobra.MinimumNArgs(1)(cmd, args), onlyDash(args))
		},
		RunE: a.action(func(ctx context.Context, ids []string) error {
			return a.callEach(ctx, ids, "", (*clerksessions.Client).Get)
		}),
	}
}

func (a *app) revokeCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "revoke (ID... | - | --ids-file FILE)",
		Short: "End sessions by their ids",
		Long: `End sessions by their ids. Revoking a session twice does no harm. Tokens issued for a
session stay valid until they expire, usually within a minute.

With - or --ids-file -, ids are read from stdin, one on each line, and each session is
revoked as its id arrives. Without any ids the exit code is 1.

After Ctrl-C or --timeout the call in flight gets 5 more seconds. Then ids given as
arguments that were not tried are printed to stderr.`,
		Example: `  clerk-sessions revoke sess_2abc sess_2def
  jq -rs 'group_by(.session_id)[][-1] | select(.outcome == "failed").session_id // empty' report.jsonl |
    xargs -r clerk-sessions revoke`,
		Args: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (file == "") {
				return errors.New("want either session ids, - or --ids-file")
			}
			return onlyDash(args)
		},
		RunE: a.action(func(ctx context.Context, ids []string) error {
			return a.callEach(ctx, ids, file, revokeSession, clerksessions.WithMaxAttempts(5))
		}),
	}
	cmd.Flags().Func("ids-file", "read session ids from `FILE`, one on each line; - for stdin", text(&file))
	return cmd
}

// onlyDash rejects "-" among several arguments.
func onlyDash(args []string) error {
	if len(args) > 1 && slices.Contains(args, "-") {
		return errors.New("- must be the only argument")
	}
	return nil
}

// wrongResponse is the error for a 2xx response that contradicts the request.
type wrongResponse struct{ error }

// revokeSession revokes a session and checks that the response says so.
func revokeSession(
	client *clerksessions.Client, ctx context.Context, id string, opts ...clerksessions.Option,
) (*clerksessions.Session, error) {
	session, err := client.Revoke(ctx, id, opts...)
	switch {
	case err != nil:
		return nil, err
	case session.ID != id:
		return nil, wrongResponse{fmt.Errorf("response is for session %q; check with 'clerk-sessions get %s'",
			session.ID, id)}
	case !session.Status.Ended():
		return nil, wrongResponse{fmt.Errorf("response has status %q; revoke it again", session.Status)}
	}
	return session, nil
}

func (a *app) createCommand() *cobra.Command {
	var params clerksessions.CreateParams
	cmd := &cobra.Command{
		Use:   "create --user ID",
		Short: "Create a session, for tests",
		Long: `Create an active session for a user, for tests. Only development instances allow it.
Mint a token for it with 'clerk-sessions token'.`,
		Example: "  clerk-sessions create --user user_2abc --organization org_2abc",
		Args:    cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			session, err := client.Create(ctx, params)
			if err != nil {
				return err
			}
			return a.printSessions(session)
		}),
	}
	cmd.Flags().Func("user", "the user `ID` to sign in (required)", text(&params.UserID))
	cmd.Flags().Func("organization", "the organization `ID` to make active", text(&params.ActiveOrganizationID))
	_ = cmd.MarkFlagRequired("user")
	return cmd
}
