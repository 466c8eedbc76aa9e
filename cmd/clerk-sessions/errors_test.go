package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/stretchr/testify/assert"
)

func TestAdviceForA404(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Session not found or inactive":                 true,
		"The session sess_1 is revoked.":                true,
		"No live session":                               true,
		"The session has ended":                         true,
		"Session not found. No session was found.":      false,
		"There is no session sess_1.":                   false,
		"The list of revoked tokens is not a resource.": false,
	} {
		err := &clerksessions.Error{Op: "CreateSessionToken", StatusCode: 404,
			Errors: []clerksessions.ClerkError{{Code: "resource_not_found", Message: text}}}
		assert.Equal(t, want, hasEnded(err), text)
		err.Errors[0].Code = "other"
		assert.False(t, hasEnded(err), text)
	}
}

func TestAdviceForACallWithoutAResponse(t *testing.T) {
	t.Parallel()
	const network, processed = "check the network and CLERK_API_URL", "before you run the command again"
	for text, want := range map[string]string{
		"clerksessions: GetSession: EOF, after 3 attempts":                                           network,
		"clerksessions: GetSession: malformed HTTP response \"x\"":                                   network,
		"clerksessions: GetSession: tls: failed to verify certificate: x509: unknown authority":      network,
		"clerksessions: GetSession: no complete response within 30s: context deadline exceeded":      network,
		"session sess_1 was not revoked: clerksessions: RevokeSession: unexpected EOF":               network,
		"verification keys unavailable: Get \"https://api.clerk.com/v1/jwks\": EOF":                  network,
		"verification keys unavailable: Get \"https://c.example/.well-known/jwks.json\": EOF":        "check the network and the issuer",
		"verification keys unavailable: GET https://c.example/.well-known/jwks.json: status 404":     "check the network and the issuer",
		"clerksessions: CreateSession: may have been processed: EOF":                                 processed,
		"clerksessions: CreateSession: 502 Bad Gateway":                                              processed,
		"clerksessions: CreateSession: 200 OK: response truncated":                                   processed,
		"clerksessions: CreateSession: 429 Too Many Requests":                                        "",
		"clerksessions: RefreshSession: may have been processed: EOF, after 2 attempts":              "the expired token may have been used up",
		"clerksessions: GetSession: http: server gave HTTP response to HTTPS client":                 network,
		"clerksessions: GetSession: stream error: stream ID 1; INTERNAL_ERROR":                       network,
		"clerksessions: GetSession: the server ended the stream or the connection before a response": network,
		"clerksessions: GetSessionList: inconsistent paging":                                         "",
		`wrong signature: signed with key "a"; https://c.example/.well-known/jwks.json has only "b"`: "",
		"report.jsonl: line 7: unexpected EOF":                                                       "",
	} {
		err := errors.New(text)
		if rest, ok := strings.CutPrefix(text, "verification keys unavailable"); ok {
			err = fmt.Errorf("%w%s", sessionjwt.ErrKeysUnavailable, rest)
		}
		got := advice(err)
		assert.True(t, got == want || want == processed && strings.HasSuffix(got, want), "%s: %s", text, got)
	}
	refused := &clerksessions.Error{Op: "GetSession", StatusCode: 422, Errors: []clerksessions.ClerkError{{Message: "EOF"}}}
	assert.Empty(t, advice(refused))
	refused.StatusCode = 200
	assert.Equal(t, network, advice(refused))
}
