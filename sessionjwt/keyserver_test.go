package sessionjwt

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// jwksServer is a key server whose response a test sets. It counts requests. It is an
// http.Handler for a real network, and an http.RoundTripper for tests in virtual time.
type jwksServer struct {
	mu       sync.Mutex
	requests int
	last     *http.Request
	response http.HandlerFunc
	delay    time.Duration // ends early with the request's context
}

func (s *jwksServer) set(response http.HandlerFunc, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.response, s.delay = response, delay
}

func (s *jwksServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

func (s *jwksServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	s.last = r
	response, delay := s.response, s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
		response(w, r)
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// RoundTrip fails if the handler aborts.
func (s *jwksServer) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	w := httptest.NewRecorder()
	defer func() {
		switch recovered := recover(); {
		case recovered == nil:
		case recovered != http.ErrAbortHandler:
			panic(recovered)
		default:
			err = cmp.Or(r.Context().Err(), errors.New("connection refused"))
		}
	}()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

const inMemory = "in memory"

// networks are the ways to reach a jwksServer: each starts it and returns its
// URL and a client for it.
var networks = map[string]func(testing.TB, *jwksServer) (string, *http.Client){
	inMemory: func(_ testing.TB, s *jwksServer) (string, *http.Client) {
		return issuer, &http.Client{Transport: s}
	},
	"HTTP/1.1": over((*httptest.Server).Start),
	"TLS":      over((*httptest.Server).StartTLS),
	"HTTP/2": over(func(server *httptest.Server) {
		server.EnableHTTP2 = true
		server.StartTLS()
	}),
}

func over(start func(*httptest.Server)) func(testing.TB, *jwksServer) (string, *http.Client) {
	return func(t testing.TB, s *jwksServer) (string, *http.Client) {
		server := httptest.NewUnstartedServer(s)
		start(server)
		t.Cleanup(server.Close)
		return server.URL, server.Client()
	}
}

func respondText(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func respondKeys(keys ...members) http.HandlerFunc {
	return respondText(http.StatusOK, keySetOf(keys...))
}

// down closes the connection.
func down(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// remote returns a key server with Clerk's key and a Verifier that uses it. The
// Verifier's clock is fixed; the keys' is the bubble's.
func remote(t testing.TB, network string, opts ...Option) (*jwksServer, *Verifier) {
	t.Helper()
	server := &jwksServer{response: respondKeys(jwk(keyID, clerkKey()))}
	url, client := networks[network](t, server)
	v, err := New(must(KeysFromIssuer(url, WithHTTPClient(client))), issuer, append(opts, WithClock(fixedClock))...)
	require.NoError(t, err)
	return server, v
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
