package main

import (
	"bytes"
	pemfile "encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionstest"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
)

// canaryKey must not appear in anything the program writes.
const canaryKey = "sk_test_canary_4f1d8e2b"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"clerk-sessions": func() {
		a := newApp(func() time.Time {
			if os.Getenv("TEST_NOW") == "" {
				return time.Now()
			}
			now, err := time.Parse(time.RFC3339, os.Getenv("TEST_NOW"))
			if err != nil {
				panic(err)
			}
			return now
		})
		a.out, a.errs = canaries{os.Stdout}, canaries{os.Stderr}
		os.Exit(run(a))
	}})
}

// token is the beginning of every JWT. A random id may contain it too.
var token = regexp.MustCompile(`\beyJ`)

// canaries matches secrets, except those that commands print on purpose.
type canaries struct{ io.Writer }

func (c canaries) Write(p []byte) (int, error) {
	printsTokens := slices.ContainsFunc(os.Args, func(arg string) bool { return arg == "token" || arg == "refresh" })
	if bytes.Contains(p, []byte(canaryKey)) || token.Match(p) && !printsTokens {
		panic("a secret is printed")
	}
	return c.Writer.Write(p)
}

func (c canaries) Close() error { return c.Writer.(io.Closer).Close() }

func TestScripts(t *testing.T) {
	// A shell such as nohup's may have SIGHUP ignored, which programs inherit. Those
	// started by a program that handles it do not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUp(t, env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"seed": seed, "fault": fault, "respond": respond, "slow": slow, "flaky": flaky, "http2": http2, "heal": heal, "live": live, "revoked": revokedAtLeast,
			"calls": calls, "begun": begun, "lines": lines, "mint": mint, "pem": pem, "delete": deleteSession, "reachable": reachable,
		},
	})
}

// setUp starts an emulator with a stopped clock for each script.
func setUp(t *testing.T, env *testscript.Env) error {
	server := sessionstest.New(
		sessionstest.WithSecretKey(canaryKey),
		sessionstest.WithIssuer("https://clerk.example.com"),
		sessionstest.WithStart(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	web := httptest.NewServer(server)
	free, err := freeAddr()
	if err != nil {
		return err
	}
	env.Values["server"], env.Values["begun"] = server, new(atomic.Int64)
	env.Setenv("GORACE", "atexit_sleep_ms=0") // else each run takes a second more to end
	env.Setenv("CLERK_SECRET_KEY", canaryKey)
	env.Setenv("CLERK_API_URL", web.URL)
	env.Setenv("TEST_NOW", "2026-01-02T03:04:35Z")
	env.Setenv("FREE_ADDR", free)
	env.Defer(func() {
		web.CloseClientConnections()
		web.Close()
		noCanaries(t, env.WorkDir)
	})
	return nil
}

// freeAddr returns a loopback address that nothing listens on. Its port is below the
// ephemeral ports, so that no connection takes it in the meantime.
func freeAddr() (string, error) {
	for {
		addr := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))
		if listener, err := net.Listen("tcp", addr); err == nil {
			return addr, listener.Close()
		} else if !errors.Is(err, syscall.EADDRINUSE) {
			return "", err
		}
	}
}

// noCanaries checks every file that a script left, except those in the directory secret.
func noCanaries(t *testing.T, dir string) {
	assert.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && entry.Name() == "secret" {
				return fs.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(path)
		assert.NotContains(t, string(text), canaryKey, path)
		return err
	}))
}

func serverOf(ts *testscript.TestScript) *sessionstest.Server {
	return ts.Value("server").(*sessionstest.Server)
}

func atoi(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

// seed FILE adds the contents of a file; seed USERS EACH [NAME] adds EACH active sessions
// for each of USERS users.
func seed(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 1 {
		seed, err := sessionstest.ReadSeed(strings.NewReader(ts.ReadFile(args[0])))
		ts.Check(err)
		ts.Check(serverOf(ts).Seed(seed))
		return
	}
	name := strings.Join(args[2:], "")
	for user := range atoi(ts, args[0]) {
		for session := range atoi(ts, args[1]) {
			serverOf(ts).AddSession(clerksessions.Session{ID: fmt.Sprintf("sess_%s%d_%d", name, user, session), UserID: fmt.Sprintf("user_%s%d", name, user)})
		}
	}
}

// fault OPERATION N STATUS [RETRY-AFTER] makes the next calls fail. Status html is a
// proxy's page that says 404, and status reset breaks the connection after the call.
func fault(ts *testscript.TestScript, _ bool, args []string) {
	var f sessionstest.Fault
	switch args[2] {
	case "html":
		f.Status, f.HTML = 404, true
	case "reset":
		f.ResetAfter = true
	default:
		f.Status = atoi(ts, args[2])
	}
	if len(args) > 3 {
		f.RetryAfter = args[3]
	}
	serverOf(ts).Fail(args[0], atoi(ts, args[1]), f)
}

// respond OPERATION N FILE [CONTENT-TYPE] makes a file the response to the next N calls, which have no
// other effect.
func respond(ts *testscript.TestScript, _ bool, args []string) {
	serverOf(ts).Fail(args[0], atoi(ts, args[1]), sessionstest.Fault{Body: []byte(ts.ReadFile(args[2])), ContentType: strings.Join(args[3:], "")})
}

// slow OPERATION MILLISECONDS makes an operation slow.
func slow(ts *testscript.TestScript, _ bool, args []string) {
	latency := time.Duration(atoi(ts, args[1])) * time.Millisecond
	begun := ts.Value("begun").(*atomic.Int64)
	begun.Store(0)
	serverOf(ts).FailFunc(func(r sessionstest.Request) *sessionstest.Fault {
		if r.Operation != args[0] {
			return nil
		}
		begun.Add(1)
		return &sessionstest.Fault{Latency: latency}
	})
}

// begun N waits until N slow calls have begun.
func begun(ts *testscript.TestScript, _ bool, args []string) {
	await(ts, func() bool { return ts.Value("begun").(*atomic.Int64).Load() >= int64(atoi(ts, args[0])) })
}

// flaky makes one call in twenty fail, in seven ways, but only two with a pause.
func flaky(ts *testscript.TestScript, _ bool, _ []string) {
	var calls, limited atomic.Int64
	kinds := []sessionstest.Fault{{Status: 500}, {HTML: true, Status: 503}, {Latency: 50 * time.Millisecond},
		{ResetBefore: true}, {ResetAfter: true}, {ResetBody: true}, {Status: 429, RetryAfter: "1"}}
	serverOf(ts).FailFunc(func(sessionstest.Request) *sessionstest.Fault {
		n := int(calls.Add(1))
		if n%20 != 0 {
			return nil
		}
		fault := kinds[n/20%len(kinds)]
		if fault.Status == 429 && limited.Add(1) > 2 {
			return nil
		}
		return &fault
	})
}

// http2 makes the server use HTTP/2 from now on.
func http2(ts *testscript.TestScript, _ bool, _ []string) {
	web := httptest.NewUnstartedServer(serverOf(ts))
	web.EnableHTTP2 = true
	web.Config.ErrorLog = log.New(io.Discard, "", 0)
	web.StartTLS()
	ts.Defer(web.Close)
	cert := pemfile.EncodeToMemory(&pemfile.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs("cert.pem"), cert, 0o600))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("cert.pem"))
	ts.Setenv("CLERK_API_URL", web.URL)
}

// heal removes all faults and clears the recorded calls.
func heal(ts *testscript.TestScript, _ bool, _ []string) {
	serverOf(ts).StopFailing()
	serverOf(ts).ClearRequests()
}

func countOf(ts *testscript.TestScript, is func(clerksessions.SessionStatus) bool) (n int) {
	for _, session := range serverOf(ts).Sessions("") {
		if is(session.Status) {
			n++
		}
	}
	return n
}

// live N asserts that N sessions are live.
func live(ts *testscript.TestScript, neg bool, args []string) {
	n := countOf(ts, func(s clerksessions.SessionStatus) bool { return s == "active" || s == "pending" })
	if (n == atoi(ts, args[0])) == neg {
		ts.Fatalf("%d sessions are live", n)
	}
}

// revoked N waits until N sessions are revoked.
func revokedAtLeast(ts *testscript.TestScript, _ bool, args []string) {
	await(ts, func() bool {
		return countOf(ts, func(s clerksessions.SessionStatus) bool { return s == "revoked" }) >= atoi(ts, args[0])
	})
}

func await(ts *testscript.TestScript, done func() bool) {
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// calls OPERATION N asserts that there were N requests, and clears them.
func calls(ts *testscript.TestScript, _ bool, args []string) {
	if n := len(serverOf(ts).RequestsOf(args[0])); n != atoi(ts, args[1]) {
		ts.Fatalf("there were %d calls of %s", n, args[0])
	}
	serverOf(ts).ClearRequests()
}

// lines N FILE asserts that a file, stdout or stderr has N lines.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	if n := strings.Count(ts.ReadFile(args[1]), "\n"); n != atoi(ts, args[0]) {
		ts.Fatalf("%s has %d lines", args[1], n)
	}
}

// mint SESSION FILE [ORIGIN [LIFETIME]] writes a token to a file.
func mint(ts *testscript.TestScript, _ bool, args []string) {
	params := sessionstest.MintParams{}
	if len(args) > 2 {
		params.Origin = args[2]
	}
	if len(args) > 3 {
		lifetime, err := time.ParseDuration(args[3])
		ts.Check(err)
		params.Claims = map[string]any{"exp": serverOf(ts).Now().Add(lifetime).Unix()}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(serverOf(ts).Mint(args[0], params)), 0o600))
}

func pem(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(serverOf(ts).PublicKeyPEM()), 0o600))
}

func deleteSession(ts *testscript.TestScript, _ bool, args []string) {
	if !serverOf(ts).DeleteSession(args[0]) {
		ts.Fatalf("there is no session %s", args[0])
	}
}

// reachable ADDR waits until a server listens.
func reachable(ts *testscript.TestScript, _ bool, args []string) {
	await(ts, func() bool {
		conn, err := net.Dial("tcp", args[0])
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}
