package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"github.com/clerksessions/clerksessions"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"
)

type revokeAllFlags struct {
	users          []string
	usersFile      string
	status         clerksessions.SessionStatus
	dryRun, yes    bool
	concurrency    int
	report, resume string
}

func (a *app) revokeAllCommand() *cobra.Command {
	var f revokeAllFlags
	cmd := &cobra.Command{
		Use:   "revoke-all (--user ID... | --users-file FILE)",
		Short: "End all sessions of many users",
		Long: `End all live sessions, active and pending, of the users given. First the sessions of
all of them are listed; then, after a yes or with --yes, exactly those are revoked. A
session that begins after the listing is not among them: end what lets users sign in
first, and run it again at the end to see that none is left. --dry-run only lists.

With --report a line of JSON tells what became of each session: planned, revoked, gone
(Clerk knows it no more) or failed, with error code and trace id. It is written as it
happens, so that after Ctrl-C, a crash or failures the same command with --resume in
place of --report does what is left and nothing else, and adds to the same file. Ctrl-C
lets the calls under way come to their end; a second one does not.

When the instance's rate limit is used up, all calls pause as long as Clerk asks, at
most 5 minutes at a time, and what was refused is tried again.

The last line says how many sessions were revoked, were already gone, and failed. The
exit code is 0 only if none is left, 3 if some are, and 1 if none were revoked or the
output could not be written.`,
		Example: `  clerk-sessions revoke-all --user user_2abc --user user_2def
  clerk-sessions revoke-all --users-file users.txt --report report.jsonl
  clerk-sessions revoke-all --users-file users.txt --resume report.jsonl
  cut -d, -f1 export.csv | clerk-sessions revoke-all --users-file - --yes --json`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error { return a.revokeAll(ctx, f) }),
	}
	flags := cmd.Flags()
	flags.Var((*texts)(&f.users), "user", "a user `ID`; may be repeated, or hold several with commas")
	flags.Var((*text)(&f.usersFile), "users-file", "read user ids from `FILE`, one on a line, - for stdin; # begins a comment")
	statusFlag(cmd, &f.status, "only sessions in this `STATUS` (default active and pending)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only show the sessions that would be revoked")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.IntVar(&f.concurrency, "concurrency", 8, "make `N` calls at a time")
	flags.Var((*text)(&f.report), "report", "write what becomes of each session to the new `FILE`")
	flags.Var((*text)(&f.resume), "resume", "do what is left by the `REPORT` of an earlier run with the same users and secret key")
	cmd.MarkFlagsOneRequired("user", "users-file")
	cmd.MarkFlagsMutuallyExclusive("user", "users-file")
	cmd.MarkFlagsMutuallyExclusive("report", "resume", "dry-run")
	cmd.MarkFlagsMutuallyExclusive("yes", "dry-run")
	return cmd
}

func (a *app) revokeAll(ctx context.Context, f revokeAllFlags) error {
	// What is read from here may stop reading; what was begun goes on.
	signal.Ignore(syscall.SIGPIPE)

	if f.concurrency < 1 {
		return usagef("--concurrency is %d, but must be 1 or more", f.concurrency)
	}
	if !f.yes && !f.dryRun && !(a.inTTY && a.errTTY) {
		return usagef("nobody is at a terminal to be asked, so nothing was revoked: add --yes to revoke, or --dry-run to see what would be")
	}
	users, err := a.users(f.users, f.usersFile)
	if err != nil {
		return err
	}
	key, err := a.secretKey()
	if err != nil {
		return err
	}
	r := &revoking{app: a, status: f.status, concurrency: f.concurrency}
	if r.client, err = newClient(key, connections(f.concurrency), clerksessions.WithMaxAttempts(5), r.watched()); err != nil {
		return err
	}
	var before past
	header := newRunHeader(key, users, f.status)
	switch {
	case f.resume != "":
		var resumed *past
		r.report, resumed, err = resumeReport(f.resume, key, header)
		if err != nil {
			return err
		}
		before = *resumed
	case f.report != "":
		if r.report, err = createReport(f.report, header); err != nil {
			return err
		}
	}
	began, err := a.planAndRevoke(ctx, r, users, before, f)
	switch {
	case began:
		return err
	case f.report != "":
		return errors.Join(err, r.report.discard())
	}
	if unwritten := r.report.close(); !errors.Is(err, unwritten) {
		return errors.Join(err, unwritten)
	}
	return err
}

// planAndRevoke tells whether there was a yes to revoking; then it closes the report.
func (a *app) planAndRevoke(ctx context.Context, r *revoking, users []string, before past, f revokeAllFlags) (began bool, err error) {
	todo := before.left
	if before.planned {
		users = before.unlisted
	} else {
		todo = nil
	}
	listed, unlisted, err := r.list(ctx, users)
	if err != nil {
		return false, err
	}
	todo = append(todo, listed...)
	if f.dryRun {
		return false, a.printPlan(todo, len(unlisted), len(users))
	}
	question := "Revoke " + sessionsOfUsers(todo)
	if f.resume != "" {
		question += ", which are left"
	}
	if !f.yes && len(todo) > 0 {
		if ok, err := a.confirm(ctx, question); err != nil || !ok {
			return false, err
		}
	}
	if len(users) > 0 {
		if err := r.report.plan(listed, unlisted); err != nil {
			return false, err
		}
	}
	r.unlisted = len(unlisted)
	err = r.revoke(ctx, todo)
	return true, r.conclude(err, len(todo), before.done, f)
}

// sessionsOfUsers is like "3 sessions of 2 users".
func sessionsOfUsers(sessions []*clerksessions.Session) string {
	users := map[string]bool{}
	for _, s := range sessions {
		users[s.UserID] = true
	}
	return english.Plural(len(sessions), "session", "") + " of " + english.Plural(len(users), "user", "")
}

func (a *app) printPlan(todo []*clerksessions.Session, unlisted, users int) error {
	if err := a.printSessions(todo...); err != nil {
		return err
	}
	if !a.asJSON {
		if _, err := fmt.Fprintln(a.out, "To be revoked: "+sessionsOfUsers(todo)+"."); err != nil {
			return err
		}
	}
	return outcome(unlisted, users)
}

// confirm asks a person. Everything but a yes is a no.
func (a *app) confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(a.errs, "%s? This cannot be undone. [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		a.note("")
		return false, fmt.Errorf("interrupted, so nothing was revoked")
	case line := <-answer:
		if line == "y" || line == "yes" {
			return true, nil
		}
		return false, fmt.Errorf("the answer was not yes, so nothing was revoked")
	}
}
