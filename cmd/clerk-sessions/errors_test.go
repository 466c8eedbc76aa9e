package main

import (
	"testing"

	"github.com/clerksessions/clerksessions"
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
