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
		Long: `Read sessions by their ids, including those that have ended. With - the ids are read
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
		Long: `End sessions by their ids. Revoking a session again does no harm. Tokens issued for a
session stay valid until they expire, usually within a minute. With - or --ids-file -
the ids are read from stdin, one on each line, and each is revoked as it arrives.

Ctrl-C lets the call in flight finish, and the ids that were not tried are named.`,
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
	cmd.Flags().Var((*text)(&file), "ids-file", "read session ids from `FILE`, one on each line; - for stdin")
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

// each makes one call for each id, given as an argument or read from a file, and prints
// the sessions: those from a file as they come. It continues after a failure, but not
// after an interruption.
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
	if len(args) == 1 && args[0] == "-" {
		args, file = nil, "-"
	}
	ids, streamed := argIDs(args), file != ""
	if streamed {
		if ids, err = a.idsFrom(ctx, file); err != nil {
			return err
		}
	}
	within, cancel := withGrace(ctx)
	defer cancel()
	var sessions []*clerksessions.Session
	total, failed := 0, 0
	for id, err := range ids {
		if ctx.Err() != nil {
			left := cmp.Or(strings.Join(args[min(total, len(args)):], " "), "the rest")
			a.printError(fmt.Errorf("%w; not tried: %s", context.Cause(ctx), left))
			failed, total = failed+1, max(len(args), total+1)
			break
		}
		var wrong *wrongID
		if err != nil && !errors.As(err, &wrong) {
			if total == 0 {
				return err
			}
			a.printError(err) // the rest of the file cannot be read
			failed, total = failed+1, total+1
			break
		}
		total++
		var session *clerksessions.Session
		if err == nil {
			session, err = call(client, within, id)
		}
		switch {
		case err == nil && streamed:
			if err := a.printSessions(session); err != nil {
				return err
			}
		case err == nil:
			sessions = append(sessions, session)
		case len(args) == 1:
			return err
		case id == "":
			failed++
			a.printError(fmt.Errorf("want session ids such as sess_2abc, got %w", err))
		default:
			failed++
			a.printError(fmt.Errorf("%s: %w", id, err))
		}
	}
	if err := a.printSessions(sessions...); err != nil {
		return err
	}
	return partly(failed, total)
}

// idsFrom reads session ids from a file, which stays open until the program ends.
func (a *app) idsFrom(ctx context.Context, file string) (iter.Seq2[string, error], error) {
	name, from, err := a.open(file)
	if err != nil {
		return nil, usagef("cannot read session ids: %w", err)
	}
	return interruptible(ctx, sessionIDs.read(name, from)), nil
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

// interruptible yields what ids does, and ctx's error at once when it ends.
func interruptible(ctx context.Context, ids iter.Seq2[string, error]) iter.Seq2[string, error] {
	type line struct {
		id  string
		err error
	}
	lines, done := make(chan line), make(chan struct{})
	return func(yield func(string, error) bool) {
		defer close(done)
		go func() {
			defer close(lines)
			for id, err := range ids {
				select {
				case lines <- line{id, err}:
				case <-done:
					return
				}
			}
		}()
		for {
			select {
			case <-ctx.Done():
				yield("", ctx.Err())
				return
			case l, ok := <-lines:
				if !ok || !yield(l.id, l.err) {
					return
				}
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
	cmd.Flags().Var((*text)(&params.UserID), "user", "the user `ID` to sign in (required)")
	cmd.Flags().Var((*text)(&params.ActiveOrganizationID), "organization", "the organization `ID` to make active")
	_ = cmd.MarkFlagRequired("user")
	return cmd
}
