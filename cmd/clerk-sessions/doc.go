// Command clerk-sessions lists, reads, creates and revokes the sessions of a Clerk
// instance, mints and verifies their tokens, and emulates Clerk's session endpoints on
// this machine. It is the package [github.com/clerksessions/clerksessions] for a terminal.
//
//	go install github.com/clerksessions/clerksessions/cmd/clerk-sessions@latest
//	export CLERK_SECRET_KEY=sk_test_...
//	clerk-sessions list --user user_2abc --all
//
// The --help of the program describes the environment and the exit codes, and that of
// each command has examples.
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
// The command asks before it revokes, and needs --yes without a terminal; with --yes it
// revokes while it is still listing. At the end it lists the users that had sessions to
// revoke again, and reports the sessions that are still live. The report records each
// session as it happens, so that --resume can continue after Ctrl-C or a crash. The
// report is locked during a run: a second run with it is refused. Tokens issued before
// stay valid until they expire, usually within a minute.
//
// # Reports
//
// A report is JSON Lines. The first line is a header whose member report names the
// format, "clerk-sessions revoke-all 2". Each run adds a line with its pid and the time
// it started. Every other line has an outcome, for a session if it has a session_id, and
// for a user otherwise:
//
//	planned   the session is to be revoked
//	listed    the user's selected sessions are planned; live_sessions counts all live ones
//	revoked   the session was revoked
//	gone      Clerk no longer has the session
//	failed    the session was not revoked, or the user not listed; see error_code, error
//	live      the session is live after all were revoked
//	checked   no selected session of the user is live after all were revoked
//
// The last line about a session or user counts. Members may be added; ignore unknown ones.
// With --older-than, the header's created_before is the time that sessions are compared
// with, also when a run is resumed later.
//
// # Tokens and emulator
//
// The command verify is [github.com/clerksessions/clerksessions/sessionjwt] for a
// terminal, and emulate is [github.com/clerksessions/clerksessions/sessionstest]. Only
// token and refresh print tokens.
//
//	clerk-sessions token sess_2abc | clerk-sessions verify - --issuer https://clerk.example.com
package main
