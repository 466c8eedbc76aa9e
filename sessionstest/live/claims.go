package main

import (
	"context"
	"slices"
	"strings"
)

// claim is one thing that the emulator's documentation says of Clerk.
type claim struct {
	name  string
	known bool // seen in Clerk's documents, SDKs or recordings; else inferred
	want  string
	ask   func(context.Context, *subject) string
}

// outcome asks for status and error code of a request. {user}, {session} and {client}
// stand for those of the subject.
func outcome(method, path, body string, headers ...string) func(context.Context, *subject) string {
	return func(ctx context.Context, s *subject) string {
		fill := strings.NewReplacer("{user}", s.user, "{session}", s.newest(), "{client}", s.device)
		return s.do(ctx, method, fill.Replace(path), fill.Replace(body), headers...).String()
	}
}

// own is the path of the user's sessions.
const own = "/sessions?user_id={user}"

func get(path string, headers ...string) func(context.Context, *subject) string {
	return outcome("GET", path, "", headers...)
}

func post(path, body string, headers ...string) func(context.Context, *subject) string {
	return outcome("POST", path, body, headers...)
}

func (s *subject) newest() string {
	if len(s.sessions) == 0 {
		return ""
	}
	return s.sessions[0]
}

const (
	known    = true
	inferred = false
)

// claims are checked in this order. Those that end sessions come last.
var claims = slices.Concat(
	authentication, apiVersions, responseHeaders, sessionForm, listing, creating,
	tokens, refreshing, verifying, users, ending)

// is returns what holds, or the opposite.
func is(ok bool, what string) string {
	if ok {
		return what
	}
	return "not " + what
}
