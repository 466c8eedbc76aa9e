package main

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/spf13/cobra"
)

func (a *app) listCommand() *cobra.Command {
	var params clerksessions.ListParams
	var all bool
	cmd := &cobra.Command{
		Use:   "list (--user ID | --client ID)",
		Short: "List the sessions of a user or a client",
		Long: `List the sessions of a user, or of a client, which is one browser or device. The
newest come first; 10 are listed unless --limit or --all is given. Clerk deletes a
session some time after it has ended.`,
		Example: `  clerk-sessions list --user user_2abc
  clerk-sessions list --user user_2abc --status active --all --json`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error { return a.list(ctx, params, all) }),
	}
	flags := cmd.Flags()
	flags.Func("user", "list the sessions of the user `ID`", userIDs.one(&params.UserID))
	flags.Func("client", "list the sessions of the client `ID`", clientIDs.one(&params.ClientID))
	statusFlag(cmd, &params.Status, "only sessions with this `STATUS`; Clerk has no filter for pending")
	flags.Func("limit", "list at most `N` sessions, 1 to 500 (default 10)", number(&params.Limit))
	flags.BoolVar(&all, "all", false, "list all sessions")
	cmd.MarkFlagsOneRequired("user", "client")
	cmd.MarkFlagsMutuallyExclusive("limit", "all")
	return cmd
}

// statuses are the statuses that Clerk can filter by.
var statuses = []string{"abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"}

// statusFlag adds --status with completion.
func statusFlag(cmd *cobra.Command, status *clerksessions.SessionStatus, usage string) {
	cmd.Flags().Func("status", usage, nonEmpty(func(value string) error {
		if !slices.Contains(statuses, value) {
			return errors.New("want one of " + strings.Join(statuses, ", "))
		}
		*status = clerksessions.SessionStatus(value)
		return nil
	}))
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(statuses, cobra.ShellCompDirectiveNoFileComp))
}

func (a *app) list(ctx context.Context, params clerksessions.ListParams, all bool) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	if all {
		return a.listAll(client.All(ctx, params))
	}
	page, err := client.List(ctx, params)
	if err != nil {
		return err
	}
	var sessions []*clerksessions.Session
	for i := range page.Data {
		sessions = append(sessions, &page.Data[i])
	}
	switch {
	case len(sessions) == 0:
		a.note("No sessions.")
	case page.TotalCount > len(sessions):
		defer a.note("These are %d of %d; --all shows all.", len(sessions), page.TotalCount)
	}
	return a.printSessions(sessions...)
}

// listAll prints sessions as they are listed, a page at a time.
func (a *app) listAll(sessions iter.Seq2[*clerksessions.Session, error]) error {
	const size = 500
	var page []*clerksessions.Session
	var failed error
	count := 0
	for session, err := range sessions {
		if failed = err; err != nil {
			break
		}
		count++
		if page = append(page, session); len(page) == size {
			if err := a.printSessions(page...); err != nil {
				return err
			}
			page = nil
		}
	}
	switch {
	case failed != nil && count > 0:
		failed = &exitError{exitPartly, failed}
	case failed == nil && count == 0:
		a.note("No sessions.")
	}
	return cmp.Or(a.printSessions(page...), failed)
}
