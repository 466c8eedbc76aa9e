package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/spf13/cobra"
)

const (
	emulatorKey = "sk_test_clerk_sessions_emulator" // opens nothing but an emulator
	rateWindow  = 10 * time.Second                  // Clerk's own
)

type emulateFlags struct {
	addr, seed  string
	rateLimit   int
	production  bool
	allowRemote bool
}

func (a *app) emulateCommand() *cobra.Command {
	var f emulateFlags
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Run an emulator of Clerk's session endpoints",
		Long: `Serve Clerk's session endpoints from memory until Ctrl-C, for tests in any language:
sessions, tokens that verify, and the instance's keys. Its secret key is the one in
--secret-key-file or CLERK_SECRET_KEY, else a fixed one that it prints. Any well-formed user id, such as
user_1, is a user; nothing is kept when it stops.

Point clients at it like this:
  clerk-sessions and Clerk's JavaScript SDKs   CLERK_API_URL=http://127.0.0.1:8787
  Clerk's Go and Python SDKs                   base URL http://127.0.0.1:8787/v1
  verification of tokens                       issuer http://127.0.0.1:8787,
                                               keys at /.well-known/jwks.json`,
		Example: `  clerk-sessions emulate
  clerk-sessions emulate --addr 127.0.0.1:0 --seed seed.json --rate-limit 100`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ []string) error { return a.emulate(ctx, f) }),
	}
	flags := cmd.Flags()
	f.addr = "127.0.0.1:8787"
	flags.Var((*text)(&f.addr), "addr", "listen at this `ADDRESS`; port 0 takes any that is free")
	flags.Var((*text)(&f.seed), "seed", "begin with what is in this JSON `FILE`: users, organizations, sessions, templates, refresh_tokens")
	flags.IntVar(&f.rateLimit, "rate-limit", 0, "answer 429 to more than `N` requests in 10 seconds (default no limit)")
	flags.BoolVar(&f.production, "production", false, "be a production instance, which refuses to create sessions")
	flags.BoolVar(&f.allowRemote, "allow-remote", false, "let other machines in: allow an address that is not loopback")
	return cmd
}

func (a *app) emulate(ctx context.Context, f emulateFlags) error {
	if f.rateLimit < 0 {
		return usagef("--rate-limit is %d, but must be 1 or more", f.rateLimit)
	}
	if !f.allowRemote && !isLoopback(f.addr) {
		return usagef("%s is not a loopback address with a port, like 127.0.0.1:8787; to let other machines in, add --allow-remote", f.addr)
	}
	key, err := a.secretKey()
	if err != nil {
		return err
	}
	if _, err := clerksessions.New(cmp.Or(key, emulatorKey)); err != nil {
		return usagef("%w; check CLERK_SECRET_KEY or --secret-key-file", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", f.addr)
	if err != nil {
		return fmt.Errorf("the emulator cannot listen at %s: %w; take another --addr", f.addr, err)
	}
	defer listener.Close()
	url, everywhere := emulatorURL(f.addr, listener.Addr())
	server, err := a.emulator(f, key, url)
	if err != nil {
		return err
	}
	if err := a.announce(key, url); err != nil {
		return err
	}
	if everywhere {
		a.note("From other machines use this machine's name or address in place of 127.0.0.1; the issuer of tokens stays as it is.")
	}
	web := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second, DisableGeneralOptionsHandler: true}
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

// emulatorURL has the host that was asked for and the port that was got. An address
// that stands for all of this machine is none to call: then it is 127.0.0.1.
func emulatorURL(asked string, got net.Addr) (url string, everywhere bool) {
	host, _, _ := net.SplitHostPort(asked)
	_, port, _ := net.SplitHostPort(got.String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host, everywhere = "127.0.0.1", true
	}
	return "http://" + net.JoinHostPort(host, port), everywhere
}

func (a *app) emulator(f emulateFlags, key, url string) (*sessionstest.Server, error) {
	var one sync.Mutex
	opts := []sessionstest.Option{
		sessionstest.WithSecretKey(cmp.Or(key, emulatorKey)),
		sessionstest.WithIssuer(url),
		sessionstest.WithObserver(func(r sessionstest.Request) {
			one.Lock()
			defer one.Unlock()
			a.logRequest(r)
		}),
	}
	if f.production {
		opts = append(opts, sessionstest.WithProduction())
	}
	if f.rateLimit > 0 {
		opts = append(opts, sessionstest.WithRateLimit(f.rateLimit, rateWindow))
	}
	server := sessionstest.New(opts...)
	if f.seed == "" {
		return server, nil
	}
	file, err := os.Open(f.seed)
	if err != nil {
		return nil, usagef("the seed cannot be read: %w", err)
	}
	defer file.Close()
	seed, err := sessionstest.ReadSeed(file)
	if err == nil {
		err = server.Seed(seed)
	}
	if err != nil {
		return nil, usagef("%s: %w", f.seed, err)
	}
	return server, nil
}

// announce tells how to reach the emulator. A key that was given is not told again.
func (a *app) announce(given, url string) error {
	key, about := emulatorKey, "opens nothing but an emulator"
	if given != "" {
		key, about = "", "is taken as it is given"
	}
	if a.asJSON {
		return a.printJSON(struct {
			BaseURL   string `json:"base_url"`
			APIURL    string `json:"api_url"`
			Issuer    string `json:"issuer"`
			SecretKey string `json:"secret_key,omitzero"`
		}{url + "/v1", url, url, key})
	}
	err := a.printRows([][]string{
		{"Base URL", url + "/v1", "for Clerk's Go and Python SDKs"},
		{"CLERK_API_URL", url, "for clerk-sessions and Clerk's JavaScript SDKs"},
		{"CLERK_SECRET_KEY", key, about},
		{"Issuer of tokens", url, "has its keys at /.well-known/jwks.json"},
	})
	a.note("Ctrl-C stops it.")
	return err
}

func (a *app) logRequest(r sessionstest.Request) {
	if a.asJSON {
		_ = a.printJSON(map[string]any{"time": r.Time.UTC(), "method": r.Method, "path": r.Path, "query": r.Query.Encode(),
			"operation": r.Operation, "status": r.Status, "code": r.Code, "trace_id": r.TraceID})
		return
	}
	path := r.Path
	if len(r.Query) > 0 {
		path += "?" + r.Query.Encode()
	}
	line := fmt.Sprintf("%s %d %s %s", r.Time.Local().Format(time.TimeOnly), r.Status, r.Method, path)
	if r.Code != "" {
		line += " " + r.Code
	}
	fmt.Fprintln(a.out, clean(line))
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
