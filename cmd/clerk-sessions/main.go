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
// https://api.clerk.com, without the version, which is added. A flag that is given must
// have a value: one left empty by an unset variable is refused.
//
// # Revoking in an incident
//
// First look, then revoke, then do what is left until nothing is:
//
//	clerk-sessions revoke-all --users-file users.txt --dry-run
//	clerk-sessions revoke-all --users-file users.txt --report report.jsonl
//	clerk-sessions revoke-all --users-file users.txt --resume report.jsonl
//
// The file has one user id on a line. The command asks before it revokes, and needs
// --yes where nobody is at a terminal. The report says what became of each session, as
// it happens, so that after Ctrl-C or a crash --resume tries again what is left and
// nothing else. When Clerk's rate limit is used up it waits. End what lets the users
// sign in first: a session that begins after the listing is not revoked. Tokens given
// out before stay valid until they expire, usually within a minute.
//
// # Tokens
//
// The command token mints a token of a session, and verify checks one on this machine by
// the package [github.com/clerksessions/clerksessions/sessionjwt]. Only token and
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
// Results go to stdout, as tables or with --json as one object on a line; errors go to
// stderr, a sentence each with Clerk's code and trace id. The exit code is 0 when all is
// done, 1 when it failed or the answer is no, 2 for wrong usage, where nothing was sent
// or changed, and 3 when only a part is done and stderr says what is not.
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return a.execute(ctx, os.Args[1:])
}
