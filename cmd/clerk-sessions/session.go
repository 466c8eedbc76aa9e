package main

import (
	"context"
	"fmt"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

func (a *app) getCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "get ID...",
		Short:   "Read sessions by their ids",
		Long:    "Read sessions by their ids, also those that are no longer active.",
		Example: "  clerk-sessions get sess_2abc sess_2def --json",
		Args:    cobra.MinimumNArgs(1),
		RunE:    a.forEachSession((*clerksessions.Client).Get),
	}
}

func (a *app) revokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID...",
		Short: "End sessions by their ids",
		Long: `End sessions by their ids. Revoking one again does no harm. Tokens that a session
has been given stay valid until they expire, usually within a minute. Ctrl-C lets the
call under way come to its end, and names the ids that were not tried.`,
		Example: "  clerk-sessions revoke sess_2abc sess_2def",
		Args:    cobra.MinimumNArgs(1),
		RunE:    a.forEachSession(revokeSession, connections(1)),
	}
}

// revokeSession revokes a session and makes sure that the reply says so.
func revokeSession(client *clerksessions.Client, ctx context.Context, id string, opts ...clerksessions.Option) (*clerksessions.Session, error) {
	session, err := client.Revoke(ctx, id, opts...)
	switch {
	case err != nil:
		return nil, err
	case session.ID != id:
		return nil, fmt.Errorf("the reply to revoking %s is about the session %q, so it is not known to have ended: look with 'clerk-sessions get %[1]s'", id, session.ID)
	case isLive(session) || session.Status == "":
		return nil, fmt.Errorf("the reply to revoking %s says that its status is %q, not that it has ended: revoke it again", id, session.Status)
	}
	return session, nil
}

func isLive(s *clerksessions.Session) bool {
	return s.Status == clerksessions.SessionStatusActive || s.Status == clerksessions.SessionStatusPending
}

// forEachSession makes one call for each id and prints the sessions that come back.
func (a *app) forEachSession(call func(*clerksessions.Client, context.Context, string, ...clerksessions.Option) (*clerksessions.Session, error), opts ...clerksessions.Option) func(*cobra.Command, []string) error {
	return a.action(func(ctx context.Context, ids []string) error {
		client, err := a.client(opts...)
		if err != nil {
			return err
		}
		var sessions []*clerksessions.Session
		failed := a.each(ctx, ids, func(id string) error {
			session, err := call(client, ctx, id)
			if err == nil {
				sessions = append(sessions, session)
			}
			return err
		})
		if err := a.printSessions(sessions...); err != nil {
			return err
		}
		return failed
	})
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
