package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// subject is what the claims are about: the emulator or Clerk.
type subject struct {
	url    string
	key    string
	client *http.Client
	pause  time.Duration // between requests
	last   time.Time     // of the last request
	err    error         // the first request without a response

	email    string
	user     string
	sessions []string // of the user, newest first
	device   string   // client id of the newest session
}

// sessionCount is more than the default length of a page.
const sessionCount = 12

// setUp creates a user with sessions.
func (s *subject) setUp(ctx context.Context) error {
	s.email = "sessions-live-" + strings.ToLower(rand.Text()[:12]) + "+clerk_test@example.com"
	user := s.do(ctx, "POST", "/users", fmt.Sprintf(`{"email_address":[%q],"skip_password_requirement":true}`, s.email))
	if s.err != nil {
		return s.err
	}
	if user.status != http.StatusOK {
		return fmt.Errorf("cannot create a user: %s", user)
	}
	s.user = user.text("id")
	for range sessionCount {
		session := s.do(ctx, "POST", "/sessions", `{"user_id":"`+s.user+`"}`)
		if s.err != nil {
			return s.err
		}
		if session.status != http.StatusOK {
			return fmt.Errorf("cannot create a session: %s", session)
		}
		s.sessions = append([]string{session.text("id")}, s.sessions...)
		s.device = session.text("client_id")
	}
	return nil
}

// cleanUp deletes the user.
func (s *subject) cleanUp(ctx context.Context) error {
	if s.user == "" {
		return nil
	}
	s.err = nil
	r := s.do(ctx, "DELETE", "/users/"+s.user, "")
	if s.err != nil || r.status != http.StatusOK && r.status != http.StatusNotFound {
		return fmt.Errorf("user %s was not deleted: %s", s.user, r)
	}
	return nil
}

// response is a response that was read whole.
type response struct {
	status  int
	header  http.Header
	body    string
	members map[string]any // of an object
	list    []any          // of a list
}

// do sends a request with the key. Each header is "Name: value", and "Name:" removes
// one. After the first request without a response it does nothing.
func (s *subject) do(ctx context.Context, method, path, body string, headers ...string) (r response) {
	if s.err != nil {
		return r
	}
	if s.err = s.wait(ctx); s.err != nil {
		return r
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		s.err = err
		return r
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Clerk-API-Version", "2026-05-12")
	req.Header.Set("User-Agent", "clerk-sessions-live")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		req.Header.Del(name)
		if value = strings.TrimSpace(value); value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.err = err
		return r
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		s.err = err
		return r
	}
	r = response{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	if json.Unmarshal(raw, &r.members) != nil {
		_ = json.Unmarshal(raw, &r.list)
	}
	return r
}

// wait keeps requests apart.
func (s *subject) wait(ctx context.Context) error {
	timer := time.NewTimer(s.pause - time.Since(s.last))
	defer timer.Stop()
	select {
	case <-timer.C:
		s.last = time.Now()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// text returns a member that is a string.
func (r response) text(name string) string {
	v, _ := r.members[name].(string)
	return v
}

// number returns a member that is a number.
func (r response) number(name string) int64 {
	v, _ := r.members[name].(float64)
	return int64(v)
}

// firstError returns the first error of the response.
func (r response) firstError() map[string]any {
	errors, _ := r.members["errors"].([]any)
	if len(errors) == 0 {
		return nil
	}
	first, _ := errors[0].(map[string]any)
	return first
}

// String returns the status, and of an error its code and the parameter it is about.
func (r response) String() string {
	words := []any{r.status}
	if first := r.firstError(); first != nil {
		words = append(words, first["code"])
		if meta, ok := first["meta"].(map[string]any); ok {
			if param, ok := meta["param_name"]; ok {
				words = append(words, param)
			}
		}
	}
	return strings.TrimSuffix(fmt.Sprintln(words...), "\n")
}
