package sessionjwt

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

const (
	fetchTimeout = 5 * time.Second
	maxSetBytes  = 256 << 10 // a set of one key, as Clerk's are, has about 500
)

// keyServer is where a key set is fetched from.
type keyServer struct {
	url       string
	client    *http.Client
	authorize func(*http.Request) // nil: the server needs no key
}

// fetch requests the key set once.
func (s *keyServer) fetch(ctx context.Context) (*keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	if s.authorize != nil {
		s.authorize(req)
	}
	set, err := s.send(req)
	if err != nil { // net/http quotes what a server sends, which may echo the secret
		var redactor rest.Redactor
		redactor.Add(strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
		return nil, redactor.Error(err)
	}
	return set, nil
}

func (s *keyServer) send(req *http.Request) (*keySet, error) {
	sent := time.Now()
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: status %d, want 200 (redirects are refused)", s.url, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSetBytes+1)) // one extra byte detects an oversized body
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", s.url, err)
	}
	if len(body) > maxSetBytes {
		return nil, fmt.Errorf("GET %s: response exceeds %d bytes", s.url, maxSetBytes)
	}
	keys, err := parseKeySet(body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: key set: %w", s.url, err)
	}
	return &keySet{keys: keys, fetched: sent}, nil
}
