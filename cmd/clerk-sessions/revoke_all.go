package main

import (
	"cmp"
	"context"
	"fmt"
	"os/signal"
	"slices"
	"syscall"

	"github.com/clerksessions/clerksessions"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"
)

type revokeAllFlags struct {
	users     []string
	usersFile string
	selection
	dryRun, yes, once       bool
	concurrency, max        int
	reportName, resumedName string
}

const revokeAllHelp = `End all live sessions of many users: those that have not ended. First ban the users or
change what lets them sign in. Tokens issued before stay valid until they expire,
usually within a minute.

First the sessions of all users are listed. Then you are asked for confirmation, and
exactly the sessions listed are revoked. With --yes you are not asked, and sessions are
revoked while others are still being listed. At the end the users that had sessions to
revoke are listed again. A session that is still live, or that began meanwhile, is
reported, and the exit code is 3.

The users file has one user id on each line, or is a CSV file with a column named id or
user_id.

With --report each session is recorded in a file of JSON lines as it happens: planned,
revoked, gone (Clerk no longer has it), failed (with error code and trace id) or live.
After Ctrl-C, a crash or failures, run the same command with --resume in place of
--report: it continues with what is missing, then retries what failed. After Ctrl-C or
--timeout calls in flight get 5 more seconds; a second Ctrl-C ends the program at once.

A failure of one session or user does not stop the others. With --report or --json, which
have all errors, only a few of equal ones are printed to stderr. When the instance's rate
limit is reached, all calls pause for as long as Clerk asks. The run gives up when Clerk
asks to wait for more than 5 minutes, when nothing has succeeded for 10 minutes, or when
200 different users have failed without a success in between.

With --json the last line has the counts. users_without_session counts the users for
whom no live session was listed or, with --status or --client, no such session.

The exit code is 0 if no session is left and 3 if some are. It is 1 if some are left and
none was revoked, if no user has a live session, or if the output cannot be written.`

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
	flags.Func("user", "a user `ID`; may be repeated, or list several separated by commas", userIDs.several(&f.users))
	flags.Func("users-file", "read user ids from `FILE`, - for stdin; # begins a comment", text(&f.usersFile))
	f.selection.flags(cmd)
	flags.Func("max", "revoke at most `N` sessions; without --yes, revoke none if more match", number(&f.max))
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show the sessions that would be revoked")
	flags.BoolVar(&f.yes, "yes", false, "do not ask for confirmation")
	flags.BoolVar(&f.once, "once", false, "do not list the sessions again at the end")
	flags.Func("concurrency",
		fmt.Sprintf("make up to `N` concurrent calls (default %d)", f.concurrency), number(&f.concurrency))
	flags.Func("report", "record each session in the new `FILE`, - for stdout", text(&f.reportName))
	flags.Func("resume",
		"continue the run of `REPORT`, with the same users, selection and secret key",
		text(&f.resumedName))
	cmd.MarkFlagsOneRequired("user", "users-file", "client")
	cmd.MarkFlagsMutuallyExclusive("user", "users-file")
	cmd.MarkFlagsMutuallyExclusive("report", "resume", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("yes", "dry-run")
	return cmd
}

func (a *app) revokeAll(ctx context.Context, f *revokeAllFlags) error {
	// The run continues even if nothing reads the output any more.
	signal.Ignore(syscall.SIGPIPE)

	client, err := a.client(keepAlive(f.concurrency), clerksessions.WithMaxAttempts(1))
	if err != nil {
		return err
	}
	terminal, err := a.terminal(f)
	if err != nil {
		return err
	}
	if f.usersFile != "" {
		name, ids, err := a.open(ctx, userIDs, f.usersFile)
		if err == nil {
			f.users, err = userIDs.collect(name, ids)
		}
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
	}
	if len(f.users) == 0 {
		f.users = []string{""} // stands for all users of the client
	}
	if f.olderThan > 0 {
		f.createdBefore = a.now().Add(-f.olderThan)
	}
	within, cancel := withGrace(ctx)
	defer cancel()
	r := newRun(within, a, client, f)
	if err := r.openReport(); err != nil {
		return err
	}
	untried, unlisted, again := r.report.left()
	if f.yes {
		r.pass(ctx, "Revoking", slices.Concat(untried, unlisted, again), r.do)
	} else {
		r.pass(ctx, "Listing", unlisted, r.do)
		untried, _, again = r.report.left()
		todo := slices.Concat(untried, again)
		if f.dryRun {
			return r.showPlan(todo)
		}
		if err := r.ask(ctx, terminal, todo); err != nil {
			return err
		}
		r.pass(ctx, "Revoking", todo, r.do)
	}
	if !f.once && !f.status.Ended() { // a listing by an ended status never becomes empty
		r.pass(ctx, "Checking", r.report.unchecked(), r.check)
	}
	return r.conclude()
}

// openReport creates or resumes the report, if the flags ask for one.
func (r *revokeRun) openReport() (err error) {
	f := r.flags
	header := newReportHeader(r.baseURL, r.key, r.report.users, &f.selection)
	switch {
	case f.resumedName != "":
		header, err = r.report.resume(f.resumedName, r.key, header)
		f.createdBefore = cmp.Or(header.CreatedBefore, f.createdBefore)
	case f.reportName != "":
		r.report.file, err = r.createReport(f.reportName, header)
	}
	return err
}

// ask asks for confirmation. If it is refused, ask prints the error and closes the report.
func (r *revokeRun) ask(ctx context.Context, t *terminal, todo []*item) error {
	if r.stopped != nil || len(todo) == 0 {
		return nil //nolint:nilerr // conclude reports r.stopped
	}
	err := r.exceeds(len(todo))
	if err == nil {
		err = t.confirm(ctx, "Revoke "+sessionsOfUsers(todo)+" on "+instanceName(r.baseURL, r.key))
	}
	if err == nil {
		return nil
	}
	r.printError(err)
	if ctx.Err() == nil && r.report.file != nil { // refused
		return &exitError{exitFailed, r.report.file.discard()}
	}
	_ = r.closeReport(true) // it prints its error
	return &exitError{code: exitFailed}
}

// showPlan concludes a dry run.
func (r *revokeRun) showPlan(todo []*item) error {
	if !r.asJSON {
		_, err := fmt.Fprintln(r.out, "To be revoked: "+sessionsOfUsers(todo)+".")
		r.unshown = cmp.Or(r.unshown, err)
	}
	s := r.report.summary()
	switch {
	case r.unshown != nil:
		return r.unshown
	case r.stopped != nil:
		return r.stopped
	case s.Empty == len(r.report.users):
		return r.errNone()
	}
	return cmp.Or(partly(s.Unlisted, len(r.report.users)-s.Unlisted), r.exceeds(len(todo)))
}

// exceeds returns an error if --max does not allow so many sessions.
func (r *revokeRun) exceeds(sessions int) error {
	if r.flags.max == 0 || sessions <= r.flags.max {
		return nil
	}
	return fmt.Errorf("%s match, more than --max %d; nothing was revoked",
		english.Plural(sessions, "session", ""), r.flags.max)
}

// sessionsOfUsers returns, for example, "1,200 sessions of 1 user".
func sessionsOfUsers(sessions []*item) string {
	users := map[string]bool{}
	for _, s := range sessions {
		users[s.user] = true
	}
	return english.Plural(len(sessions), "session", "") + " of " + english.Plural(len(users), "user", "")
}
