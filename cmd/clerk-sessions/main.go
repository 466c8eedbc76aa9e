// Command clerk-sessions lists, reads, creates and revokes the sessions of a Clerk
// instance, mints and verifies their tokens, and emulates Clerk's session endpoints on
// this machine. It is the package [github.com/clerksessions/clerksessions] for a terminal.
//
//	go install github.com/clerksessions/clerksessions/cmd/clerk-sessions@latest
//	export CLERK_SECRET_KEY=sk_test_...
//	clerk-sessions list --user user_2abc --all
//
// Each command has examples in its --help, and the command completion prints a script
// that completes commands and flags in your shell.
//
// # Key and environment
//
// The instance's secret key comes from CLERK_SECRET_KEY, or from a file that
// --secret-key-file names; never from a flag, which other users of the machine could
// read. No command prints it. CLERK_API_URL names another host than
// https://api.clerk.com, without the version, which is added. An empty value of a flag,
// as of an unset variable, is rejected.
//
// # Revoking in an incident
//
// First ban the users, or change what lets them sign in. Then look, revoke, and resume
// until nothing is left:
//
//	clerk-sessions revoke-all --users-file users.txt --dry-run
//	clerk-sessions revoke-all --users-file users.txt --report report.jsonl
//	clerk-sessions revoke-all --users-file users.txt --resume report.jsonl
//
// The file has one user id on each line, or is a CSV file with a column named id or
// user_id. The command asks before it revokes, and needs --yes without a terminal; with
// --yes it revokes while it is still listing. At the end it lists the users again and
// reports the sessions that are still live. The report records each session as it
// happens, so that after Ctrl-C or a crash --resume does what is missing and nothing
// else. It is locked: a second run on it is refused. Tokens issued before stay valid
// until they expire, usually within a minute.
//
// # Reports
//
// A report is JSON Lines. The first line is a header whose member report names the
// format, "clerk-sessions revoke-all 2". Each run adds a line with its pid and the time
// it started. Every other line has an outcome, for a session if it has a session_id, and
// for a user otherwise:
//
//	planned   the session is to be revoked
//	listed    all sessions of the user are planned
//	revoked   the session was revoked
//	gone      Clerk no longer has the session
//	failed    the session was not revoked, or the user not listed; see error_code, error
//	live      the session is live after all were revoked
//	checked   no session of the user is live after all were revoked
//
// The last line of a session or user counts. Members may be added; ignore unknown ones.
//
// # Tokens
//
// The command token mints a token of a session, and verify verifies one on this machine
// with the package [github.com/clerksessions/clerksessions/sessionjwt]. Only token and
// refresh print tokens.
//
//	clerk-sessions token sess_2abc | clerk-sessions verify - --issuer https://clerk.example.com
//
// # Emulator
//
// The command emulate serves [github.com/clerksessions/clerksessions/sessionstest] over
// HTTP, for tests in any language and for trying out the commands above. It prints its
// URL and key and how to point a client at them.
//
// # Output and exit codes
//
// Results go to stdout, as tables or with --json as one object on each line; errors go
// to stderr, one line each, with Clerk's code and trace id. The exit code is 0 when all
// is done, 1 when it failed or the answer is no, 2 for wrong usage, where nothing was
// sent or changed, and 3 when only a part is done and stderr says what is not.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(run(newApp(time.Now))) }

func run(a *app) int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as by nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return a.execute(ctx, os.Args[1:])
}
