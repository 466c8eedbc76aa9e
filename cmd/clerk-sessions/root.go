package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

const rootHelp = `clerk-sessions manages the sessions of a Clerk instance: who is signed in, and
where. It lists, reads, creates and revokes sessions, mints and verifies their
tokens, and can emulate Clerk's session endpoints on this machine.

The secret key of the instance (sk_test_... or sk_live_..., from the API keys page
of Clerk's Dashboard) is read from the environment or from a file. It is never
printed, and it cannot be a flag, which other users of this machine could see.

Environment:
  CLERK_SECRET_KEY       the secret key, unless --secret-key-file is given
  CLERK_API_URL          the API's URL without a version (default https://api.clerk.com)
  CLERK_API_VERSION      the version in the API's paths (default v1)
  CLERK_JWT_KEY          for verify: the instance's public key, in PEM form
  CLERK_PUBLISHABLE_KEY  for verify: contains the issuer of the instance's tokens
  NO_COLOR               disables colors if not empty

Exit codes:
  0  done
  1  failed, or the answer is no
  2  wrong usage: nothing was sent or changed
  3  partly failed: some of it is done; stderr says what is not`

const rootExample = `  export CLERK_SECRET_KEY=sk_test_...
  clerk-sessions list --user user_2abc --all
  clerk-sessions revoke sess_2abc
  clerk-sessions revoke-all --users-file users.txt --dry-run
  clerk-sessions revoke-all --users-file users.txt --report report.jsonl`

// app is one run of the program.
type app struct {
	in                    io.Reader
	out, errs             io.Writer
	inTTY, outTTY, errTTY bool
	dumb                  bool       // the terminal cannot move its cursor
	width, errWidth       func() int // of stdout and stderr in columns, not above zero if unknown
	now                   func() time.Time

	secretKeyFile string
	asJSON        bool
	noColor       bool
	verbose       bool
	timeout       time.Duration

	key, baseURL string // of the instance, once there is a client

	started bool  // a command has started; an earlier error is a usage error
	table   table // nil before the first row

	mu       sync.Mutex // guards progress and the output beside it
	progress *progress  // nil if there is none
}

func newApp(now func() time.Time) *app {
	return &app{
		in: os.Stdin, out: os.Stdout, errs: os.Stderr,
		inTTY:    term.IsTerminal(int(os.Stdin.Fd())),
		outTTY:   term.IsTerminal(int(os.Stdout.Fd())),
		errTTY:   term.IsTerminal(int(os.Stderr.Fd())),
		dumb:     os.Getenv("TERM") == "dumb",
		width:    func() int { return columns(os.Stdout) },
		errWidth: func() int { return columns(os.Stderr) },
		now:      now,
	}
}

// columns returns the width of a terminal, -1 for anything else.
func columns(file *os.File) int {
	width, _, _ := term.GetSize(int(file.Fd()))
	return width
}

func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.started {
		err = usagef("%s; see '%s --help'", usage(cmd, err), cmd.CommandPath())
	}
	return a.exitCode(err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "clerk-sessions",
		Short:         "Manage the sessions of a Clerk instance",
		Long:          rootHelp,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.errs)
	flags := root.PersistentFlags()
	flags.Func("secret-key-file", "read the secret key from `FILE` instead of CLERK_SECRET_KEY", text(&a.secretKeyFile))
	flags.BoolVar(&a.asJSON, "json", false, "print JSON, one object on each line")
	flags.BoolVar(&a.noColor, "no-color", false, "disable colors (also: NO_COLOR in the environment)")
	flags.BoolVar(&a.verbose, "verbose", false, "log each attempt of a call to stderr")
	flags.Func("timeout", "stop after this `DURATION`, such as 10m (default none)", duration(&a.timeout))
	root.AddCommand(
		a.listCommand(), a.getCommand(), a.createCommand(), a.revokeCommand(), a.revokeAllCommand(),
		a.tokenCommand(), a.refreshCommand(), a.verifyCommand(), a.emulateCommand(), a.versionCommand(),
	)
	refuseUnknownTopics(root)
	return root
}

// refuseUnknownTopics makes cobra's help and completion commands fail for an unknown
// command or shell.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, topic []string) error {
		_, _, err := root.Find(topic)
		return err
	}
	completion, _, _ := root.Find([]string{"completion"})
	// cobra checks Args only of commands with a RunE.
	completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// action returns the RunE of a command. It applies --timeout.
func (a *app) action(run func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		ctx := cmd.Context()
		if a.timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, a.timeout, fmt.Errorf("--timeout %s exceeded", a.timeout))
			defer cancel()
		}
		return run(ctx, args)
	}
}
