package sessionjwt

import (
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// jwksServer is a key server whose response a test sets. It counts requests.
// It serves a real network as an http.Handler. As an http.RoundTripper it is
// reached without one, which tests with virtual time need.
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
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	response(w, r)
}

// RoundTrip fails if the handler aborts before it writes, and returns a
// truncated response if it aborts later.
func (s *jwksServer) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	w := httptest.NewRecorder()
	defer func() {
		switch recovered := recover(); {
		case recovered == nil:
		case recovered != http.ErrAbortHandler:
			panic(recovered)
		case r.Context().Err() != nil:
			err = r.Context().Err()
		case w.Body.Len() == 0:
			err = errors.New("connection refused")
		default:
			resp = w.Result()
			resp.Body = io.NopCloser(io.MultiReader(w.Body, errReader{}))
		}
	}()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// networks are the ways to reach a jwksServer: each starts it and returns its
// URL and a client for it.
var networks = map[string]func(testing.TB, *jwksServer) (string, *http.Client){
	"in memory": func(_ testing.TB, s *jwksServer) (string, *http.Client) {
		return issuer, &http.Client{Transport: s}
	},
	"HTTP/1.1": func(t testing.TB, s *jwksServer) (string, *http.Client) {
		return started(t, s, (*httptest.Server).Start)
	},
	"TLS": func(t testing.TB, s *jwksServer) (string, *http.Client) {
		return started(t, s, (*httptest.Server).StartTLS)
	},
	"HTTP/2": func(t testing.TB, s *jwksServer) (string, *http.Client) {
		return started(t, s, func(server *httptest.Server) {
			server.EnableHTTP2 = true
			server.StartTLS()
		})
	},
}

func started(t testing.TB, handler http.Handler, start func(*httptest.Server)) (string, *http.Client) {
	server := httptest.NewUnstartedServer(handler)
	start(server)
	t.Cleanup(server.Close)
	return server.URL, server.Client()
}

func respondText(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func respondKeys(t testing.TB, keys ...members) http.HandlerFunc {
	raw, err := json.Marshal(members{"keys": keys})
	require.NoError(t, err)
	return respondText(http.StatusOK, string(raw))
}

// down closes the connection.
func down(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// remote returns a key server with Clerk's key and a Verifier that uses it. The
// Verifier's clock is fixed; the keys' is the bubble's.
func remote(t testing.TB, opts ...Option) (*jwksServer, *Verifier) {
	t.Helper()
	return remoteOver(t, "in memory", opts...)
}

func remoteOver(t testing.TB, network string, opts ...Option) (*jwksServer, *Verifier) {
	t.Helper()
	server := &jwksServer{response: respondKeys(t, jwk(t, keyID, clerkKey()))}
	url, client := networks[network](t, server)
	keys, err := KeysFromIssuer(url, WithHTTPClient(client))
	require.NoError(t, err)
	v, err := New(keys, issuer, append([]Option{WithClock(fixedClock)}, opts...)...)
	require.NoError(t, err)
	return server, v
}

// signedWith is a valid token except for its key and key id.
func signedWith(t testing.TB, key *rsa.PrivateKey, id string) string {
	t.Helper()
	return sign(t, key, goodHeader().with("kid", id), goodClaims())
}
