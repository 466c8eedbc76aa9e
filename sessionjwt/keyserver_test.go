package sessionjwt

import (
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// keyServer is a key server without a network, so that it can be used where
// time is virtual. It counts what it is asked.
type keyServer struct {
	mu      sync.Mutex
	fetches int
	answer  func(*http.Request) (*http.Response, error)
	delay   time.Duration // it honours the request's context meanwhile
	last    *http.Request
}

func (s *keyServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.fetches++
	s.last = req
	answer, delay := s.answer, s.delay
	s.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return answer(req)
}

func (s *keyServer) set(answer func(*http.Request) (*http.Response, error), delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.delay = answer, delay
}

func (s *keyServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

func answerText(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	}
}

func answerKeys(t testing.TB, keys ...members) func(*http.Request) (*http.Response, error) {
	raw, err := json.Marshal(members{"keys": keys})
	require.NoError(t, err)
	return answerText(http.StatusOK, string(raw))
}

func down(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// remote is a key server that has Clerk's key, and a Verifier that asks it.
// The clock of the Verifier is fixed; that of the keys is the bubble's.
func remote(t testing.TB, opts ...Option) (*keyServer, *Verifier) {
	t.Helper()
	server := &keyServer{answer: answerKeys(t, jwk(t, keyID, clerkKey()))}
	keys, err := KeysFromIssuer(issuer, WithHTTPClient(&http.Client{Transport: server}))
	require.NoError(t, err)
	v, err := New(keys, issuer, append([]Option{WithClock(fixedClock)}, opts...)...)
	require.NoError(t, err)
	return server, v
}

// signedWith is a good token but for its key and key id.
func signedWith(t testing.TB, key *rsa.PrivateKey, id string) string {
	t.Helper()
	return sign(t, key, goodHeader().with("kid", id), goodClaims())
}
