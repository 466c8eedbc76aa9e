package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

func (a *app) getCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get (ID... | -)",
		Short: "Read sessions by their ids",
		Long: `Read sessions by their ids, including sessions that have ended. With -, ids are read
from stdin, one on each line.`,
		Example: "  clerk-sessions get sess_2abc sess_2def --json",
		Args: func(cmd *cobra.Command, args []string) error {
			return cmp.Or(cobra.MinimumNArgs(1)(cmd, args), onlyDash(args))
		},
		RunE: a.action(func(ctx context.Context, ids []string) error {
			return a.each(ctx, ids, "", (*clerksessions.Client).Get)
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
revoked as its id arrives. Ctrl-C lets the call in flight finish and names the ids that
were not tried.`,
		Example: `  clerk-sessions revoke sess_2abc sess_2def
  jq -r .session_id failed.jsonl | clerk-sessions revoke -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (file == "") {
				return errors.New("want either session ids, - or --ids-file")
			}
			return onlyDash(args)
		},
		RunE: a.action(func(ctx context.Context, ids []string) error {
			return a.each(ctx, ids, file, revokeSession, clerksessions.WithMaxAttempts(5))
		}),
	}
	cmd.Flags().Func("ids-file", "read session ids from `FILE`, one on each line; - for stdin", text(&file))
	return cmd
}

// onlyDash rejects a - among ids.
func onlyDash(args []string) error {
	if len(args) > 1 && slices.Contains(args, "-") {
		return errors.New("- must be the only argument")
	}
	return nil
}

// wrongResponse is the error for a success that contradicts the request.
type wrongResponse struct{ error }

// revokeSession revokes a session and checks that the response says so.
func revokeSession(
	client *clerksessions.Client,
	ctx context.Context,
	id string,
	opts ...clerksessions.Option,
) (*clerksessions.Session, error) {
	session, err := client.Revoke(ctx, id, opts...)
	switch {
	case err != nil:
		return nil, err
	case session.ID != id:
		return nil, wrongResponse{
			fmt.Errorf("response is about session %q; check with 'clerk-sessions get %s'", session.ID, id),
		}
	case !session.Status.Ended():
		return nil, wrongResponse{fmt.Errorf("response has status %q; revoke it again", session.Status)}
	}
	return session, nil
}

type sessionCall func(
	*clerksessions.Client, context.Context, string, ...clerksessions.Option,
) (*clerksessions.Session, error)

// each makes one call for each id and prints the sessions: those whose ids come from a
// file as they come. It continues after a failure, but not after an interruption or
// when the secret key is rejected.
func (a *app) each(
	ctx context.Context,
	args []string,
	file string,
	call sessionCall,
	opts ...clerksessions.Option,
) error {
	client, err := a.client(opts...)
	if err != nil {
		return err
	}
	if slices.Equal(args, []string{"-"}) {
		args, file = nil, "-"
	}
	ids, name := argIDs(args), ""
	if file != "" {
		if name, ids, err = a.open(ctx, sessionIDs, file); err != nil {
			return err
		}
	}
	within, cancel := withGrace(ctx)
	defer cancel()
	var sessions []*clerksessions.Session // to be printed
	done, failed := 0, 0
	var rejected error
	fail := func(err error) {
		failed++
		a.printError(err)
	}
	for id, err := range ids {
		var wrong *wrongID
		if errors.As(err, &wrong) {
			fail(fmt.Errorf("want session ids such as sess_2abc, got %w", err))
			continue
		}
		if cause := cmp.Or(context.Cause(ctx), rejected); cause != nil {
			left := cmp.Or(strings.Join(args[min(done+failed, len(args)):], " "), "the rest")
			fail(fmt.Errorf("%w; not tried: %s", cause, left))
			break
		}
		if err != nil && done+failed == 0 {
			return err
		}
		if err != nil {
			fail(err)
			break
		}
		session, err := call(client, within, id)
		switch {
		case err == nil:
			done++
			sessions = append(sessions, session)
		case len(args) == 1:
			return err
		default:
			fail(fmt.Errorf("%s: %w", id, err))
		}
		if errors.Is(err, clerksessions.ErrUnauthorized) {
			rejected = errors.New("the secret key was rejected")
		}
		if file != "" {
			if err := a.printSessions(sessions...); err != nil {
				return err
			}
			sessions = nil
		}
	}
	if done+failed == 0 {
		return fmt.Errorf("%s has no session ids", name)
	}
	return cmp.Or(a.printSessions(sessions...), partly(failed, done))
}

func argIDs(args []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, id := range args {
			if !yield(id, nil) {
				return
			}
		}
	}
}

func (a *app) createCommand() *cobra.Command {
	var params clerksessions.CreateParams
	cmd := &cobra.Command{
		Use:   "create --user ID",
		Short: "Create a session, for tests",
		Long: `Create an active session for a user, for tests. Only development instances allow it.
Mint a token of it with 'clerk-sessions token'.`,
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
