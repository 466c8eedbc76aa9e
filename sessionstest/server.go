package sessionstest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"

	"github.com/clerksessions/clerksessions"
)

// TB is what [NewServer] needs of a test. *testing.T, *testing.B and *testing.F have
// it; for another framework write an adapter of three lines. If it has Errorf too,
// that is told of mistakes which only a request brings to light.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is one emulated Clerk instance: an [http.Handler] with state, keys and a
// clock of its own. It is safe for concurrent use. Make one with [NewServer] or [New].
type Server struct {
	// URL is the base URL of the Backend API, up to and including /v1: what
	// clerksessions.WithBaseURL and Clerk's Go and Python SDKs want. Without the /v1
	// it is what others call CLERK_API_URL. Of a Server made by [New] only
	// [Server.Transport] knows the address.
	URL string

	// SecretKey is the instance's only secret key.
	SecretKey string

	// Issuer is the claim iss of its tokens: by default an address like that of a
	// Clerk instance, different for each Server, which only [Server.Transport] knows.
	Issuer string

	// PublishableKey is what the instance's front end would use: CLERK_PUBLISHABLE_KEY.
	// Its host is that of Issuer.
	PublishableKey string

	config  config
	tb      TB
	remote  bool          // URL is a real address
	done    chan struct{} // closed when the test ends; nil without a test
	routes  []route
	clock   clock
	limit   limiter
	faults  faults
	log     requestLog
	keys    keyring
	mu      sync.RWMutex // guards what follows
	store   store
	outage  bool // maintenance
	orgs    map[string]*Organization
	users   map[string]*User
	deleted map[string]bool // users that exist no more
	models  map[string]*Template
	refresh map[string]string // refresh token to session id
	spent   map[string]bool   // the expired tokens that were exchanged; open takes one spelling of each
}

// memoryURL is the base URL of a Server without a socket. The name .invalid is
// reserved, so that nothing sent there by mistake leaves the machine.
const memoryURL = "https://clerk.invalid/v1"

// New returns a Server without a socket: serve it as an [http.Handler], or reach it
// through [Server.Client] and [Server.Transport], which need no network and work
// inside a testing/synctest bubble. Everything is below /v1, but for the instance's
// /.well-known/jwks.json.
//
// It panics when an option has a value that cannot be, and when the contract has an
// operation that this package does not emulate.
func New(opts ...Option) *Server { return newServer(nil, opts) }

func newServer(tb TB, opts []Option) *Server {
	s := &Server{URL: memoryURL, config: defaults(), tb: tb}
	s.helper()
	for _, opt := range opts {
		opt(&s.config)
	}
	routes, err := routesOf(clerksessions.Operations())
	if err != nil {
		panic("sessionstest: " + err.Error())
	}
	s.routes = routes
	environment := "test"
	if s.config.production {
		environment = "live"
	}
	s.SecretKey = cmp.Or(s.config.secretKey, "sk_"+environment+"_"+randomText(40))
	s.config.secretKey = s.SecretKey
	if _, err := clerksessions.New(s.SecretKey, clerksessions.WithBaseURL(memoryURL)); err != nil {
		s.config.wrong = fmt.Sprintf("WithSecretKey: no client takes this key: %v", err)
	}
	if s.config.wrong != "" {
		s.fail("%s", s.config.wrong)
	}
	s.Issuer = cmp.Or(s.config.issuer, defaultIssuer(s.config.production))
	s.config.issuer = s.Issuer
	s.PublishableKey = publishableKey(environment, s.Issuer)
	s.clock.start = s.config.start
	s.limit.most, s.limit.window = s.config.rateLimit, s.config.rateWindow
	s.log.observe = s.config.observer
	s.keys.kid = newID("ins_")
	s.store = newStore()
	s.orgs, s.users, s.deleted = map[string]*Organization{}, map[string]*User{}, map[string]bool{}
	s.models = map[string]*Template{}
	s.refresh, s.spent = map[string]string{}, map[string]bool{}
	return s
}

// NewServer starts a Server on loopback and stops it when the test ends. Its methods
// fail the test when they are used wrongly, with a sentence on what to do.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	s := newServer(tb, opts)
	s.remote, s.done = true, make(chan struct{})
	web := httptest.NewUnstartedServer(nil)
	web.Config = s.HTTPServer()
	web.Start()
	s.URL = web.URL + "/v1"
	tb.Cleanup(func() {
		close(s.done) // lets go of requests that a fault makes wait
		web.CloseClientConnections()
		web.Close()
	})
	return s
}

// Client returns a client of this Server, over loopback if it was made by
// [NewServer] and in memory if by [New]. The options come after those that say so,
// and may override them.
func (s *Server) Client(opts ...clerksessions.Option) *clerksessions.Client {
	own := []clerksessions.Option{clerksessions.WithBaseURL(s.URL)}
	if !s.remote {
		own = append(own, clerksessions.WithHTTPClient(&http.Client{Transport: s.Transport()}))
	}
	client, err := clerksessions.New(s.SecretKey, append(own, opts...)...)
	if err != nil {
		s.helper()
		s.fail("Client: %v", err)
	}
	return client
}

// fail ends the test, or panics if there is none.
func (s *Server) fail(format string, args ...any) {
	if s.tb == nil {
		panic("sessionstest: " + fmt.Sprintf(format, args...))
	}
	s.tb.Helper()
	s.tb.Fatalf("sessionstest: "+format, args...)
}

// misused fails the test from the goroutine of a request, where Fatalf must not be
// called, and is the reply that says so to the client as well.
func (s *Server) misused(sentence string) *apiError {
	if tb, ok := s.tb.(interface{ Errorf(string, ...any) }); ok {
		tb.Errorf("sessionstest: %s", sentence)
	}
	return &apiError{status: http.StatusInternalServerError, code: "internal_clerk_error", message: "Wrong use of the emulator", long: sentence}
}

func (s *Server) helper() {
	if s.tb != nil {
		s.tb.Helper()
	}
}

func defaultIssuer(production bool) string {
	name := strings.ToLower(randomText(12))
	if production {
		return "https://clerk." + name + ".example"
	}
	return "https://" + name + "-00.clerk.accounts.dev"
}

// publishableKey returns the publishable key of a test or live instance. It encodes
// the host of the issuer.
func publishableKey(environment, issuer string) string {
	host := issuer
	if u, err := url.Parse(issuer); err == nil && u.Host != "" {
		host = u.Host
	}
	return "pk_" + environment + "_" + base64Text(host+"$")
}
