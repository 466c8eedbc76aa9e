package sessionstest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	"github.com/clerksessions/clerksessions"
)

// TB is the subset of [testing.TB] that [NewServer] needs. If it also has Errorf, misuse
// detected while serving a request is reported through it.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is an emulated Clerk instance with state, keys and a clock, and the
// [http.Handler] that serves it. It is safe for concurrent use. Make one with
// [NewServer] or [New].
type Server struct {
	// URL is the base URL of the Backend API, including /v1: what
	// clerksessions.WithBaseURL and Clerk's Go and Python SDKs expect. Without /v1 it
	// is CLERK_API_URL. The URL of a Server made by [New] is reachable only through
	// [Server.Transport].
	URL string

	// SecretKey is the instance's only secret key.
	SecretKey string

	// Issuer is the iss claim of its tokens. By default it looks like the address of a
	// Clerk instance, is different for each Server, and is reachable only through
	// [Server.Transport].
	Issuer string

	// PublishableKey is the key for front ends: CLERK_PUBLISHABLE_KEY. It encodes the
	// host of Issuer.
	PublishableKey string

	config  config
	tb      TB
	done    chan struct{} // closed when the test ends; nil if the Server has no socket
	routes  []route
	control http.Handler // the control API; nil if it is off

	mu       sync.Mutex // guards instance; only with takes it
	instance *instance
	seeds    []Seed // added again by reset
}

// memoryURL is the base URL of a Server without a socket. The top-level domain
// .invalid is reserved, so a request sent there by mistake goes nowhere.
const memoryURL = "https://clerk.invalid/v1"

// New returns a Server without a socket. Serve it with [Server.HTTPServer] or as an
// [http.Handler], or reach it through [Server.Client] and [Server.Transport], which
// need no network and work inside a testing/synctest bubble. All paths are below /v1,
// except /.well-known/jwks.json.
//
// New panics if an option is invalid, or if the contract has an operation that this
// package does not emulate.
func New(opts ...Option) *Server { return newServer(noTest{}, opts) }

// noTest is the TB of a Server made by New. It panics where a test would fail.
type noTest struct{}

func (noTest) Helper()        {}
func (noTest) Cleanup(func()) {}
func (noTest) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

func newServer(tb TB, opts []Option) *Server {
	tb.Helper()
	c := config{tokenVersion: 2}
	for _, opt := range opts {
		opt(&c)
	}
	routes, err := routesOf(clerksessions.Operations())
	if err != nil {
		panic("sessionstest: " + err.Error())
	}
	c.secretKey = cmp.Or(c.secretKey, "sk_"+c.environment()+"_"+randomText(40))
	c.issuer = cmp.Or(c.issuer, defaultIssuer(c.production))
	if _, err := clerksessions.New(c.secretKey, clerksessions.WithBaseURL(memoryURL)); err != nil {
		c.optionErr = fmt.Sprintf("WithSecretKey: %v", err)
	}
	if c.optionErr != "" {
		tb.Fatalf("sessionstest: %s", c.optionErr)
	}
	s := &Server{
		URL:            memoryURL,
		SecretKey:      c.secretKey,
		Issuer:         c.issuer,
		PublishableKey: publishableKey(c.environment(), c.issuer),
		config:         c,
		tb:             tb,
		routes:         routes,
		instance:       newInstance(c),
	}
	if c.control {
		s.control = newControl(s)
	}
	return s
}

// NewServer starts a Server on loopback and stops it when the test ends. Misuse of a
// method fails the test with a message that says what to do.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	s := newServer(tb, opts)
	s.done = make(chan struct{})
	web := httptest.NewUnstartedServer(nil)
	web.Config = s.HTTPServer()
	web.Start()
	s.URL = web.URL + "/v1"
	tb.Cleanup(func() {
		close(s.done) // ends requests that a fault delays
		web.CloseClientConnections()
		web.Close()
	})
	return s
}

// Client returns a client for the Server. It connects over loopback to a Server made by
// [NewServer], and in memory to one made by [New]. The options can override this.
func (s *Server) Client(opts ...clerksessions.Option) *clerksessions.Client {
	s.tb.Helper()
	own := []clerksessions.Option{clerksessions.WithBaseURL(s.URL)}
	if s.done == nil {
		own = append(own, clerksessions.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	}
	client, err := clerksessions.New(s.SecretKey, append(own, opts...)...)
	if err != nil {
		s.tb.Fatalf("sessionstest: Client: %v", err)
	}
	return client
}

// misused reports misuse from the goroutine of a request, where Fatalf must not be
// called, and returns the error to respond with.
func (s *Server) misused(problem string) *apiError {
	if tb, ok := s.tb.(interface{ Errorf(string, ...any) }); ok {
		tb.Errorf("sessionstest: %s", problem)
	}
	return newError(http.StatusInternalServerError, "internal_clerk_error", "Misuse of the emulator", "%s", problem)
}

func defaultIssuer(production bool) string {
	name := strings.ToLower(randomText(12))
	if production {
		return "https://clerk." + name + ".example"
	}
	return "https://" + name + "-00.clerk.accounts.dev"
}

// publishableKey returns the publishable key of a test or live instance.
func publishableKey(environment, issuer string) string {
	host := issuer
	if u, err := url.Parse(issuer); err == nil && u.Host != "" {
		host = u.Host
	}
	return "pk_" + environment + "_" + base64.StdEncoding.EncodeToString([]byte(host+"$"))
}
