package main

import (
	"cmp"
	"context"
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
		Long: `List the sessions of a user, or of a client, which is one browser or device; newest
first. Clerk gives 10 unless --limit or --all says otherwise. Old sessions that are no
longer active disappear after a while.`,
		Example: `  clerk-sessions list --user user_2abc
  clerk-sessions list --user user_2abc --status active --all --json`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error { return a.list(ctx, params, all) }),
	}
	flags := cmd.Flags()
	flags.Var((*text)(&params.UserID), "user", "sessions of the user `ID`")
	flags.Var((*text)(&params.ClientID), "client", "sessions of the client `ID`")
	statusFlag(cmd, &params.Status, "only sessions in this `STATUS`; there is no filter for pending")
	flags.IntVar(&params.Limit, "limit", 0, "how many, 1 to 500 (default 10)")
	flags.BoolVar(&all, "all", false, "all of them")
	cmd.MarkFlagsOneRequired("user", "client")
	cmd.MarkFlagsMutuallyExclusive("limit", "all")
	return cmd
}

// statusFlag adds --status with completion. What Clerk does not filter by is refused
// by the client.
func statusFlag(cmd *cobra.Command, status *clerksessions.SessionStatus, usage string) {
	cmd.Flags().Var((*text)(status), "status", usage)
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(
		[]string{"abandoned", "active", "ended", "expired", "removed", "replaced", "revoked"}, cobra.ShellCompDirectiveNoFileComp))
}

func (a *app) list(ctx context.Context, params clerksessions.ListParams, all bool) error {
	if err := cmp.Or(otherKind("user", params.UserID), otherKind("client", params.ClientID)); err != nil {
		return err
	}
	client, err := a.client()
	if err != nil {
		return err
	}
	if all {
		return a.listAll(ctx, client, params)
	}
	page, err := client.List(ctx, params)
	if err != nil {
		return err
	}
	var sessions []*clerksessions.Session
	for i := range page.Data {
		sessions = append(sessions, &page.Data[i])
	}
	if err := a.printSessions(sessions...); err != nil {
		return err
	}
	switch {
	case len(sessions) == 0:
		a.note("No sessions.")
	case page.TotalCount > len(sessions):
		a.note("These are %d of %d; --all shows all.", len(sessions), page.TotalCount)
	}
	return nil
}

// otherKind refuses an id that is of another kind: Clerk would say that it has no
// sessions.
func otherKind(kind, id string) error {
	prefix, _, _ := strings.Cut(id, "_")
	if prefix != kind && slices.Contains([]string{"sess", "user", "client", "org"}, prefix) {
		return usagef("--%s is %q, but the id of a %[1]s begins with %[1]s_, not with %[3]s_", kind, id, prefix)
	}
	return nil
}

// listAll prints JSON as it comes, a table when it is complete, or as far as it came.
func (a *app) listAll(ctx context.Context, client *clerksessions.Client, params clerksessions.ListParams) error {
	var sessions []*clerksessions.Session
	var failed error
	count := 0
	for session, err := range client.All(ctx, params) {
		if err != nil {
			failed = err
			break
		}
		count++
		if !a.asJSON {
			sessions = append(sessions, session)
		} else if err := a.printSessions(session); err != nil {
			return err
		}
	}
	if err := a.printSessions(sessions...); err != nil {
		return err
	}
	switch {
	case failed != nil && count > 0:
		return &exitError{exitPartly, failed}
	case failed == nil && count == 0:
		a.note("No sessions.")
	}
	return failed
}
