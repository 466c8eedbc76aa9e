package main

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// claim is a claim of the emulator's documentation about Clerk.
type claim struct {
	name  string
	basis string // known or inferred
	want  string
	send  request
	read  func(response) string
}

const (
	known    = "known" // from Clerk's documents, SDKs or recordings
	inferred = "inferred"
)

// request sends one or more requests and returns the last response. In a path or a body,
// {user}, {email}, {session}, {client} and {token} stand for those of the subject.
type request func(*subject) response

func get(path string, headers ...string) request { return send("GET", path, "", headers...) }

func post(path, body string, headers ...string) request { return send("POST", path, body, headers...) }

func send(method, path, body string, headers ...string) request {
	return func(s *subject) response { return s.do(method, path, body, headers...) }
}

// then sends two requests, the second only if the first succeeds.
func then(first, second request) request {
	return func(s *subject) response {
		if r := first(s); r.status != 200 {
			return r
		}
		return second(s)
	}
}

// withToken mints a token of the session, which is {token} in the request.
func withToken(next request) request {
	return func(s *subject) response {
		r := mint("")(s)
		s.token = r.text("jwt")
		return next(s)
	}
}

func mint(body string, headers ...string) request {
	return post("/sessions/{session}/tokens", body, headers...)
}

// The functions below return the outcome of a claim from a response.

// outcome returns the status and, for an error, its code and parameter.
func outcome(r response) string { return r.String() }

func header(name string) func(response) string {
	return func(r response) string { return r.header.Get(name) }
}

// status returns the status of a session.
func status(r response) string {
	if r.status != 200 {
		return r.String()
	}
	return r.text("status")
}

// form returns the JSON type of a member of a session, or of the first session of a list.
func form(name string) func(response) string {
	return func(r response) string {
		members := r.members
		if len(r.list) > 0 {
			members, _ = r.list[0].(map[string]any)
		}
		switch v, ok := members[name]; {
		case !ok:
			return "omitted"
		case v == nil:
			return "null"
		default:
			return fmt.Sprintf("%T", v)
		}
	}
}

// hours returns the time between two members.
func hours(from, to string) func(response) string {
	return func(r response) string { return fmt.Sprintf("%dh", (r.number(to)-r.number(from)+500)/3_600_000) }
}

// length returns the length of a list.
func length(things string) func(response) string {
	return func(r response) string {
		if r.list == nil {
			return r.String()
		}
		return fmt.Sprint(len(r.list), " ", things)
	}
}

// jwtPart returns the header (0) or the claims (1) of a token.
func (r response) jwtPart(n int) (members map[string]any) {
	if parts := strings.Split(r.text("jwt"), "."); len(parts) == 3 {
		raw, _ := base64.RawURLEncoding.DecodeString(parts[n])
		_ = json.Unmarshal(raw, &members)
	}
	return members
}

// tokenClaim returns a claim of a token.
func tokenClaim(name string) func(response) string {
	return func(r response) string {
		if v, ok := r.jwtPart(1)[name]; ok {
			return fmt.Sprint(v)
		}
		return "omitted"
	}
}

// seconds returns the time between two claims of a token.
func seconds(from, to string) func(response) string {
	return func(r response) string {
		a, _ := r.jwtPart(1)[from].(float64)
		b, _ := r.jwtPart(1)[to].(float64)
		return fmt.Sprint(b-a, " s")
	}
}

// orNot returns what if ok, and otherwise "not " and what.
func orNot(ok bool, what string) string {
	if ok {
		return what
	}
	return "not " + what
}
