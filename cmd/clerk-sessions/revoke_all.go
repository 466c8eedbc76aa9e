package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"syscall"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/clerkenv"
	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"
)

type revokeAllFlags struct {
	users     texts
	usersFile string
	selection
	dryRun, yes, once bool
	concurrency, max  positive
	report, resume    string
}

const revokeAllHelp = `End all live sessions of many users: every session that has not ended. With --yes
sessions are revoked while other users are still being listed. Otherwise all users are
listed first, then you are asked, and exactly those sessions are revoked. At the end
the users are listed again: a session that is still live, or began meanwhile, is
reported and makes the exit code 3. First ban the users or change what lets them sign
in. Tokens issued before stay valid until they expire, usually within a minute.

The users file has one user id on each line, or is a CSV file with a column named id or
user_id.

With --report a line of JSON records each session: planned, revoked, gone (Clerk no
longer has it), failed (with error code and trace id) or live. Lines are written as it
happens, so that after Ctrl-C, a crash or failures the same command with --resume in
place of --report does what is missing, and what failed last. Ctrl-C lets the calls in
flight finish; a second one does not.

A failure of one session or user does not stop the others. When the instance's rate
limit is reached, all calls pause for as long as Clerk asks. The run is given up when
nothing has succeeded for 10 minutes, or for 200 different users.

The exit code is 0 if no session is left, 3 if some are, and 1 if none was revoked, if
no user has a live session, or if the output could not be written.`

func (a *app) revokeAllCommand() *cobra.Command {
	f := revokeAllFlags{concurrency: 8}
	cmd := &cobra.Command{
		Use:   "revoke-all (--user ID... | --users-file FILE | --client ID)",
		Short: "End all sessions of many users",
		Long:  revokeAllHelp,
		Example: `  clerk-sessions revoke-all --user user_2abc --except sess_2abc
  clerk-sessions revoke-all --users-file users.txt --report report.jsonl
  clerk-sessions revoke-all --users-file users.txt --resume report.jsonl
  cut -d, -f1 export.csv | clerk-sessions revoke-all --users-file - --yes --json`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error { return a.revokeAll(ctx, &f) }),
	}
	flags := cmd.Flags()
	flags.Var(&f.users, "user", "a user `ID`; may be repeated, or hold several separated by commas")
	flags.Var((*text)(&f.usersFile), "users-file", "read user ids from `FILE`, - for stdin; # begins a comment")
	f.selection.flags(cmd)
	flags.Var(&f.max, "max", "stop before more than `N` sessions are revoked")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show the sessions that would be revoked")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.once, "once", false, "do not list the users again at the end")
	flags.Var(&f.concurrency, "concurrency", "make up to `N` concurrent calls")
	flags.Var((*text)(&f.report), "report", "record each session in the new `FILE`, - for stdout")
	flags.Var(
		(*text)(&f.resume),
		"resume",
		"do what is left by the `REPORT` of an earlier run with the same users, selection and secret key",
	)
	cmd.MarkFlagsOneRequired("user", "users-file", "client")
	cmd.MarkFlagsMutuallyExclusive("user", "users-file")
	cmd.MarkFlagsMutuallyExclusive("report", "resume", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("yes", "dry-run")
	return cmd
}

func (a *app) revokeAll(ctx context.Context, f *revokeAllFlags) error {
	// The reader of the output may stop reading; the run continues.
	signal.Ignore(syscall.SIGPIPE)

	if err := f.selection.check(); err != nil {
		return err
	}
	key, err := a.secretKey()
	if err != nil {
		return err
	}
	client, err := a.newClient(key, keepAlive(int(f.concurrency)), clerksessions.WithMaxAttempts(1))
	if err != nil {
		return err
	}
	base, _ := clerkenv.BaseURL() // the client has it, too
	terminal, err := a.terminal(f)
	if err != nil {
		return err
	}
	users := []string{""} // whoever has the client
	if len(f.users) > 0 || f.usersFile != "" {
		if users, err = a.users(ctx, f.users, f.usersFile); err != nil {
			return err
		}
	}
	within, cancel := withGrace(ctx)
	defer cancel()
	r := newRun(within, a, client, f)
	before := &past{list: userItems(users)}
	header := newReportHeader(base, key, users, &f.selection)
	switch {
	case f.resume != "":
		r.report, before, err = resumeReport(f.resume, key, users, header)
	case f.report != "":
		r.report, err = a.createReport(f.report, header)
	}
	if err != nil {
		return err
	}
	r.sum.Before, r.sum.Empty, r.check = before.done, before.empty, before.check
	ask := func(todo []*item) error {
		return a.confirm(ctx, terminal, "Revoke "+sessionsOfUsers(todo)+" on "+hostOf(base)+instanceType(key))
	}
	switch {
	case f.dryRun:
		return r.dryRun(ctx, f, before.list)
	case f.yes:
		items := slices.Concat(before.untried, before.list, before.failed)
		r.pass(ctx, "Revoking", len(before.list), len(items)-len(before.list), slices.Values(items), r.listAndRevoke)
	default:
		if err := r.askAndRevoke(ctx, f, before, ask); err != nil {
			return err
		}
	}
	if !f.once && r.stopped == nil && len(r.check) > 0 {
		r.pass(ctx, "Checking", len(r.check), 0, slices.Values(userItems(r.check)), r.listAgain)
	}
	return r.conclude(len(users))
}

// askAndRevoke lists all users, asks, and revokes. The error is why it did not.
func (r *revokeRun) askAndRevoke(ctx context.Context, f *revokeAllFlags, before *past, ask func([]*item) error) error {
	r.pass(ctx, "Listing", len(before.list), 0, slices.Values(before.list), r.listOnly)
	todo := slices.Concat(before.untried, r.todo, before.failed)
	if r.stopped != nil { // which conclude tells
		r.sum.NotDone = len(todo)
		return nil //nolint:nilerr // it is not why nothing was revoked
	}
	if len(todo) == 0 {
		return nil
	}
	err := exceeds(f.max, len(todo))
	if err == nil {
		err = ask(todo)
	}
	switch {
	case err == nil:
		r.pass(ctx, "Revoking", 0, len(todo), slices.Values(todo), r.revoke)
		return nil
	case f.report != "" && errors.Is(err, errNo):
		return errors.Join(err, r.report.discard())
	}
	r.sum.NotDone = len(todo)
	_ = r.closeReport()
	return err
}

// dryRun lists all users and shows what would be revoked.
func (r *revokeRun) dryRun(ctx context.Context, f *revokeAllFlags, users []*item) error {
	r.showPlan = true
	r.pass(ctx, "Listing", len(users), 0, slices.Values(users), r.listOnly)
	if r.unshown == nil && !r.asJSON {
		_, r.unshown = fmt.Fprintln(r.out, "To be revoked: "+sessionsOfUsers(r.todo)+".")
	}
	switch {
	case r.unshown != nil:
		return r.unshown
	case r.stopped != nil:
		return r.stopped
	case r.sum.Empty == len(users):
		return errNone(len(users), r.selection)
	}
	return cmp.Or(partly(r.sum.Unlisted, len(users)), exceeds(f.max, len(r.todo)))
}

// exceeds returns the error for more sessions than --max allows.
func exceeds(most positive, sessions int) error {
	if most == 0 || sessions <= int(most) {
		return nil
	}
	return fmt.Errorf(
		"%s match, more than --max %d; nothing was revoked",
		english.Plural(sessions, "session", ""),
		most,
	)
}

// sessionsOfUsers is like "1,200 sessions of 1 user".
func sessionsOfUsers(sessions []*item) string {
	users := map[string]bool{}
	for _, s := range sessions {
		users[s.user] = true
	}
	plural := func(n int, noun string) string {
		return humanize.Comma(int64(n)) + " " + english.PluralWord(n, noun, "")
	}
	return plural(len(sessions), "session") + " of " + plural(len(users), "user")
}

func userItems(users []string) []*item {
	var items []*item
	for _, user := range users {
		items = append(items, &item{user: user})
	}
	return items
}
