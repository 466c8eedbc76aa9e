package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/spf13/cobra"
)

const (
	emulatorKey = "sk_test_clerk_sessions_emulator" // the default secret key
	rateWindow  = 10 * time.Second                  // the same as Clerk's
)

type emulateFlags struct {
	addr, seed, issuer string
	start              time.Time
	rateLimit          int
	production, strict bool
	quiet, env         bool
	allowRemote        bool
}

func (a *app) emulateCommand() *cobra.Command {
	f := emulateFlags{addr: "127.0.0.1:8787"}
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Run an emulator of Clerk's session endpoints",
		Long: `Serve Clerk's session endpoints from memory until Ctrl-C, for tests in any language:
sessions, verifiable tokens, users, and the instance's keys. The secret key is the one
in --secret-key-file or CLERK_SECRET_KEY, which is not printed, or a fixed one, which is.
Any well-formed user id, such as user_1, is a user unless --strict is given. Nothing is
kept when the emulator stops.

It prints the environment variables that Clerk's SDKs read, then a line for each
request. Requests never wait for this log: lines that are not read in time are dropped.
With --env it also prints CLERK_EMULATOR_PID, its process id: in the background, it runs
until 'kill $CLERK_EMULATOR_PID'.

Clerk's Go and Python SDKs take the base URL http://127.0.0.1:8787/v1; clerk-sessions and
Clerk's JavaScript SDKs take CLERK_API_URL. The issuer of tokens is
http://127.0.0.1:8787, which serves the keys at /.well-known/jwks.json. Clerk's Go SDK
does not accept that issuer; set another with --issuer https://clerk.example.com.

Tests move the clock, inject faults and change state through the control API below
/_emulator/, which /_emulator/openapi.yaml describes. The commands verify and
revoke-all --older-than use the clock of this machine, not the emulator's.`,
		Example: `  clerk-sessions emulate
  clerk-sessions emulate --addr 127.0.0.1:0 --seed seed.json --rate-limit 100
  export $(clerk-sessions emulate --env &)
  clerk-sessions token --user user_1 | clerk-sessions verify -
  kill $CLERK_EMULATOR_PID`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error { return a.emulate(ctx, &f) }),
	}
	flags := cmd.Flags()
	flags.Func("addr", "listen at this `ADDRESS`; port 0 picks a free port (default "+f.addr+")", text(&f.addr))
	flags.Func("seed",
		"start with this JSON `FILE` of users, organizations, sessions, templates, refresh_tokens, deleted",
		text(&f.seed))
	flags.Func("issuer", "the `URL` in the claim iss of tokens (default the emulator's own)", f.setIssuer)
	flags.Func("start", "set the clock to this `TIME` and stop it, such as 2026-01-02T15:04:05Z", f.setStart)
	flags.Func("rate-limit",
		"refuse more than `N` requests in 10 seconds with 429 (default no limit)", number(&f.rateLimit))
	flags.BoolVar(&f.strict, "strict", false, "accept only users and organizations that were added")
	flags.BoolVar(&f.production, "production", false, "act as a production instance, which refuses to create sessions")
	flags.BoolVar(&f.quiet, "quiet", false, "do not log requests")
	flags.BoolVar(&f.env, "env", false, "print only the environment variables, as NAME=value, and close stdout")
	flags.BoolVar(&f.allowRemote, "allow-remote", false, "allow an address that other machines can reach")
	return cmd
}

func (f *emulateFlags) setIssuer(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("want a URL such as https://clerk.example.com")
	}
	f.issuer = value
	return nil
}

func (f *emulateFlags) setStart(value string) (err error) {
	if f.start, err = time.Parse(time.RFC3339, value); err != nil {
		return errors.New("want a time such as 2026-01-02T15:04:05Z")
	}
	return nil
}

// options returns the flags that are options of the emulator.
func (f *emulateFlags) options(key, ownURL string) []sessionstest.Option {
	opts := []sessionstest.Option{
		sessionstest.WithSecretKey(key),
		sessionstest.WithIssuer(cmp.Or(f.issuer, ownURL)),
		sessionstest.WithControl(),
	}
	add := func(isSet bool, opt sessionstest.Option) {
		if isSet {
			opts = append(opts, opt)
		}
	}
	add(!f.start.IsZero(), sessionstest.WithStart(f.start))
	add(f.strict, sessionstest.WithStrictUsers())
	add(f.production, sessionstest.WithProduction())
	add(f.rateLimit > 0, sessionstest.WithRateLimit(f.rateLimit, rateWindow))
	return opts
}

func (a *app) emulate(ctx context.Context, f *emulateFlags) error {
	signal.Ignore(syscall.SIGPIPE) // without a reader of stdout the log ends, not the emulator
	if !f.allowRemote && !isLoopback(f.addr) {
		return usagef("%s is not a loopback address with a port, such as 127.0.0.1:8787; "+
			"to let other machines in, add --allow-remote", f.addr)
	}
	key, err := a.secretKey()
	if err != nil {
		return err
	}
	key = cmp.Or(key, emulatorKey)
	if _, err := clerksessions.New(key); err != nil {
		return usagef("%w; check CLERK_SECRET_KEY or --secret-key-file", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", f.addr)
	if err != nil {
		return fmt.Errorf("cannot listen at %s: %w; choose another --addr", f.addr, err)
	}
	defer listener.Close()
	ownURL := emulatorURL(f.addr, listener.Addr())
	opts := f.options(key, ownURL)
	if !f.quiet && !f.env {
		log := newEmulatorLog(a.logRequest)
		defer func() {
			if n := log.close(); n > 0 {
				a.note("%d requests were not logged: nothing read the log.", n)
			}
		}()
		opts = append(opts, sessionstest.WithObserver(log.add))
	}
	server, err := seededServer(f.seed, opts)
	if err != nil {
		return err
	}
	env := newEmulatorEnv(server, ownURL)
	if !f.env {
		a.announce(server, ownURL, env)
	} else if err := a.printEnv(env); err != nil {
		return fmt.Errorf("cannot write to stdout: %w", err)
	}
	if !isLoopback(f.addr) && isLoopback(strings.TrimPrefix(ownURL, "http://")) {
		a.note("From other machines use this machine's name or address in place of 127.0.0.1; " +
			"the issuer of tokens does not change.")
	}
	return serve(ctx, listener, server)
}

// serve runs the emulator until ctx ends.
func serve(ctx context.Context, listener net.Listener, server *sessionstest.Server) error {
	web := server.HTTPServer()
	stopped := make(chan error, 1)
	go func() { stopped <- web.Serve(listener) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("the emulator stopped: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if web.Shutdown(last) != nil {
		return web.Close()
	}
	return nil
}

// emulatorURL returns the URL of an emulator with this --addr and listener address. The
// host is 127.0.0.1 if it listens on all interfaces.
func emulatorURL(flag string, listening net.Addr) string {
	host, _, _ := net.SplitHostPort(flag)
	_, port, _ := net.SplitHostPort(listening.String())
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// seededServer returns an emulator with the contents of a seed file. path may be empty.
func seededServer(path string, opts []sessionstest.Option) (*sessionstest.Server, error) {
	server := sessionstest.New(opts...)
	if path == "" {
		return server, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usagef("cannot read the seed: %w", err)
	}
	defer file.Close()
	seed, err := sessionstest.ReadSeed(file)
	if err == nil {
		err = server.Seed(seed)
	}
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	return server, nil
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
