package sessionstest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

func TestOperationWithoutHandler(t *testing.T) {
	t.Parallel()
	routes, err := routesOf(clerksessions.Operations())
	require.NoError(t, err)
	assert.Len(t, routes, len(clerksessions.Operations())+2)
	assert.Len(t, handlers, len(clerksessions.Operations()), "a handler without an operation")
	_, err = routesOf(append(clerksessions.Operations(), clerksessions.Operation{ID: "DeleteSession", Method: "DELETE", Path: "/sessions/{session_id}"}))
	require.EqualError(t, err, "the contract has the operation DeleteSession (DELETE /sessions/{session_id}), which is not emulated: add its handler to route.go")
}
