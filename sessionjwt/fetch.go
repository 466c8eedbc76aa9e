package sessionjwt

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/clerksessions/clerksessions/internal/rest"
)

const (
	fetchTimeout = 5 * time.Second
	maxSetBytes  = 256 << 10 // a set of one key, as Clerk's are, has about 500
)

// keyServer is where a key set is fetched from.
type keyServer struct {
	url    string
	client *http.Client
	// secret returns the secret key, or "". It is a function because formatting
	// one never prints what it captures.
	secret func() string
}

// fetch requests the key set once.
func (s *keyServer) fetch(ctx context.Context) (*keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var redactor rest.Redactor // errors quote what a server sends, which may echo the secret
	redactor.Add(s.secret())
	sent := time.Now()
	keys, err := s.get(ctx)
	if err != nil {
		return nil, redactor.Error(err)
	}
	for i := range keys {
		keys[i].id = redactor.Text(keys[i].id)
	}
	return &keySet{keys: keys, fetched: sent}, nil
}

func (s *keyServer) get(ctx context.Context) ([]namedKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	if secret := s.secret(); secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	keys, err := readKeySet(resp)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", s.url, err)
	}
	return keys, nil
}

func readKeySet(resp *http.Response) ([]namedKey, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d, want 200", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSetBytes+1)) // one extra byte detects an oversized body
	if err != nil {
		return nil, err
	}
	if len(body) > maxSetBytes {
		return nil, fmt.Errorf("response exceeds %d bytes", maxSetBytes)
	}
	return parseKeySet(body)
}
