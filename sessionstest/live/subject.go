package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// subject is the system under test: the emulator or Clerk.
type subject struct {
	ctx    context.Context // of all its requests
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
	token    string   // minted last
}

const (
	sessionCount = 12 // more than the default length of a page
	newUser      = `{"email_address":["{email}"],"skip_password_requirement":true}`
)

// setUp creates a user with sessions.
func (s *subject) setUp() error {
	s.email = "sessions-live-" + strings.ToLower(rand.Text()[:12]) + "+clerk_test@example.com"
	user := s.do("POST", "/users", newUser)
	s.user = user.text("id")
	if s.err == nil && s.user == "" {
		s.err = fmt.Errorf("cannot create a user: %s", user)
	}
	for range sessionCount {
		if r := s.signIn(); s.err == nil && r.status != http.StatusOK {
			s.err = fmt.Errorf("cannot create a session: %s", r)
		}
	}
	return s.err
}

// signIn creates a session of the user.
func (s *subject) signIn() response {
	r := s.do("POST", "/sessions", `{"user_id":"{user}"}`)
	if id := r.text("id"); id != "" {
		s.sessions = append([]string{id}, s.sessions...)
		s.device = r.text("client_id")
	}
	return r
}

// cleanUp deletes the user, even after an interruption.
func (s *subject) cleanUp() error {
	if s.user == "" {
		return nil
	}
	s.err, s.ctx = nil, context.WithoutCancel(s.ctx)
	r := s.do("DELETE", "/users/{user}", "")
	if s.err != nil || r.status != http.StatusOK && r.status != http.StatusNotFound {
		return fmt.Errorf("user %s was not deleted: %s", s.user, r)
	}
	return nil
}

// fill replaces the placeholders of a path or body, such as {user}.
func (s *subject) fill(v string, escape func(string) string) string {
	session := ""
	if len(s.sessions) > 0 {
		session = s.sessions[0]
	}
	return strings.NewReplacer("{user}", s.user, "{email}", escape(s.email), "{session}", session,
		"{client}", s.device, "{token}", s.token).Replace(v)
}

// response is a response with its body.
type response struct {
	status  int
	header  http.Header
	body    string
	members map[string]any // of an object
	list    []any          // of a list
}

// do sends a request with the key. Each header is "Name: value", and "Name:" removes
// one. After the first request without a response it does nothing.
func (s *subject) do(method, path, body string, headers ...string) (r response) {
	if s.err == nil {
		s.err = s.wait()
	}
	if s.err == nil {
		r, s.err = s.send(method, path, body, headers)
	}
	return r
}

func (s *subject) send(method, path, body string, headers []string) (r response, err error) {
	path, body = s.fill(path, url.QueryEscape), s.fill(body, func(v string) string { return v })
	req, err := http.NewRequestWithContext(s.ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return r, err
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
		return r, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	r = response{status: resp.StatusCode, header: resp.Header, body: string(raw)}
	if json.Unmarshal(raw, &r.members) != nil {
		_ = json.Unmarshal(raw, &r.list)
	}
	return r, err
}

// wait waits until the pause since the last request has passed.
func (s *subject) wait() error {
	timer := time.NewTimer(s.pause - time.Since(s.last))
	defer timer.Stop()
	select {
	case <-timer.C:
		s.last = time.Now()
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
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

// String returns the status and, for an error, its code and parameter.
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
