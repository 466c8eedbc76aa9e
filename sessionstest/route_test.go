package sessionstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
)

func TestOperationWithoutHandler(t *testing.T) {
	t.Parallel()
	routes, err := routesOf(clerksessions.Operations())
	require.NoError(t, err)
	assert.Len(t, routes, len(clerksessions.Operations())+len(otherRoutes))
	assert.Len(t, handlers, len(clerksessions.Operations()), "handlers of unknown operations")
	_, err = routesOf(append(clerksessions.Operations(), clerksessions.Operation{ID: "DeleteSession", Method: "DELETE", Path: "/sessions/{session_id}"}))
	require.EqualError(t, err, "operation DeleteSession (DELETE /sessions/{session_id}) of the contract is not emulated: add its handler to route.go")
}

func TestSpentTokensAreBounded(t *testing.T) {
	t.Parallel()
	var spent spentTokens
	for i := range maxSpent + 2 {
		spent.add(strconv.Itoa(i))
	}
	assert.Len(t, spent.seen, maxSpent)
	assert.Len(t, spent.order, maxSpent)
	for token, remembered := range map[int]bool{0: false, 1: false, 2: true, maxSpent: true, maxSpent + 1: true, maxSpent + 2: false} {
		assert.Equal(t, remembered, spent.has(strconv.Itoa(token)), token)
	}
}

func TestControlDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(controlDocument)
	require.NoError(t, err)
	documented := []string{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path[1:])
		}
	}
	served := []string{"GET openapi.yaml"}
	for _, route := range controlRoutes() {
		served = append(served, route.method+" "+route.path)
	}
	assert.ElementsMatch(t, documented, served)
}

func TestControlReadsFaults(t *testing.T) {
	t.Parallel()
	srv := New(WithControl())
	post := func(body io.Reader) int {
		r := httptest.NewRequest("POST", "http://localhost/_emulator/faults", body)
		r.Header = http.Header{"Authorization": {"Bearer " + srv.SecretKey}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 204, post(strings.NewReader(`{"operation":"GetSession","times":3,"latency_ms":1,"status":503,"body":"x","html":true,
		"header":{"x-test":"yes"},"retry_after":"7","content_type":"text/plain","pad_to":9,"drip_ms":2,"truncate":true,"reset_body":true,
		"reset_before":true,"reset_after":true}`)))
	assert.Equal(t, []*queuedFault{{op: "GetSession", left: 3, fault: Fault{
		Latency: time.Millisecond, Status: 503, Body: []byte("x"), HTML: true, Header: http.Header{"X-Test": {"yes"}}, RetryAfter: "7",
		ContentType: "text/plain", PadTo: 9, Drip: 2 * time.Millisecond, Truncate: true, ResetBody: true, ResetBefore: true, ResetAfter: true,
	}}}, srv.instance.faults.queue)
	assert.Equal(t, 400, post(iotest.ErrReader(io.ErrUnexpectedEOF)), "the body is truncated")
	assert.Equal(t, 400, post(strings.NewReader(`{"status":500}`+strings.Repeat(" ", 64<<20))), "the body is too large")
}
