package sessionjwt

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	fetchTimeout = 5 * time.Second
	maxSetBytes  = 256 << 10 // a set of one key, as Clerk's are, has about 500
	maxSetKeys   = 64
)

// keySet is what a key server answered. It is immutable.
type keySet struct {
	keys    []namedKey
	fetched time.Time // when the request was sent
}

type namedKey struct {
	id     string
	public *rsa.PublicKey
}

// find returns the key with the given id that is not rejected, or nil.
func (s *keySet) find(id string, rejected *rsa.PublicKey) *rsa.PublicKey {
	for _, k := range s.keys {
		if k.id == id && (rejected == nil || !k.public.Equal(rejected)) {
			return k.public
		}
	}
	return nil
}

// ids lists the key ids held, for error texts: at most four.
func (s *keySet) ids() string {
	var ids []string
	for _, k := range s.keys[:min(4, len(s.keys))] {
		ids = append(ids, quoted(k.id))
	}
	return strings.Join(ids, ", ")
}

// fetch asks a key server once. The answer is a set of at least one key. An
// error that quotes the secret key, as net/http does when a server sends it
// back in a malformed answer, is cut down to its text without it.
func fetch(ctx context.Context, client *http.Client, newRequest func(context.Context) (*http.Request, error)) (*keySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := newRequest(ctx)
	if err != nil {
		return nil, err
	}
	secret := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	set, err := ask(client, req)
	if err != nil && secret != "" && strings.Contains(err.Error(), secret) {
		return nil, errors.New(strings.ReplaceAll(err.Error(), secret, "[redacted]"))
	}
	return set, err
}

func ask(client *http.Client, req *http.Request) (*keySet, error) {
	sent := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s answered %d, want 200 (redirects are not followed)", req.URL, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSetBytes+1))
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", req.URL, err)
	}
	if len(body) > maxSetBytes {
		return nil, fmt.Errorf("GET %s answered more than %d bytes", req.URL, maxSetBytes)
	}
	keys, err := parseKeySet(body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: key set: %w", req.URL, err)
	}
	return &keySet{keys: keys, fetched: sent}, nil
}

// parseKeySet returns the usable keys of a JWK set and skips the others.
func parseKeySet(body []byte) ([]namedKey, error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := decode(body, &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxSetKeys {
		return nil, fmt.Errorf("%d keys, at most %d are accepted", len(set.Keys), maxSetKeys)
	}
	var keys []namedKey
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || k.KeyID == "" || k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != string(jose.RS256) {
			continue
		}
		if public, ok := k.Key.(*rsa.PublicKey); ok && public.N.BitLen() >= minKeyBits {
			keys = append(keys, namedKey{id: k.KeyID, public: public})
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no RSA signing key of at least 2048 bits in it")
	}
	return slices.Clip(keys), nil
}
