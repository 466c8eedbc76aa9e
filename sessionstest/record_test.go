package sessionstest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/sessionstest"
)

func TestRequestsAreRecordedWithoutSecrets(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []sessionstest.Request
	h := newHarness(t, sessionstest.WithObserver(func(r sessionstest.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
	}))
	id := h.session().ID
	token := h.Mint(id, sessionstest.MintParams{})
	h.do("POST", "/v1/sessions/"+id+"/verify?x="+token+"&y="+h.SecretKey, quoted(map[string]string{"token": token}), "Cookie: __session="+token, "X-Note: "+token)
	h.do("POST", "/v1/sessions/"+id+"/refresh", `{"expired_token":"canary-1","refresh_token":"canary-2","request_headers":{"cookie":["canary-3"]},"request_origin":"https://app.example.com"}`)
	h.do("POST", "/v1/sessions", `{"user_id":"user_1"}`, "Authorization: Bearer canary-4")
	h.do("POST", "/v1/sessions/"+id+"/verify", `{"token": "canary-5"`)
	h.do("POST", "/v1/sessions/"+id+"/revoke", `{"tokn":"`+token+`"}`, "Tolerated: the contract has no body here")
	h.do("GET", "/v1/"+h.SecretKey, "")
	h.do("POST", "/v1/sessions/"+id+"/revoke", "null")

	requests := h.Requests()
	require.Len(t, requests, 7)
	assert.Equal(t, seen, requests)
	text := fmt.Sprintf("%+v", requests)
	for _, secret := range []string{h.SecretKey, token, strings.Split(token, ".")[1], "canary"} {
		assert.NotContains(t, text, secret)
	}
	first, create, last := requests[0], requests[2], requests[6]
	assert.Equal(t, "VerifySession", first.Operation)
	assert.Equal(t, "/v1/sessions/"+id+"/verify", first.Path)
	assert.Equal(t, `{"token":"[redacted]"}`, first.Body)
	assert.Equal(t, 200, first.Status)
	assert.Equal(t, []string{"[redacted]"}, first.Header["Cookie"])
	assert.Equal(t, `{"user_id":"user_1"}`, create.Body)
	assert.Equal(t, "clerk_key_invalid", create.Code)
	assert.Len(t, create.TraceID, 32)
	assert.Equal(t, "[20 bytes, not a JSON object]", requests[3].Body)
	assert.Equal(t, "null", last.Body)
	assert.Len(t, h.RequestsOf("VerifySession"), 2)
	h.ClearRequests()
	assert.Empty(t, h.Requests())
}

// However a secret is encoded or nested, it is redacted.
func TestSecretsAreRedactedInEveryEncoding(t *testing.T) {
	t.Parallel()
	h := newHarness(t, sessionstest.WithSecretKey("sk_test_ours"))
	h.do("GET", "/v1/sessions/%73k_test_ours", "")
	h.do("GET", "/v1/sessions/x/%65yJcanary", "")
	h.do("GET", "/v1/sessions/%2573k_test_ours", "")
	h.do("GET", "/v1/sessions/%252573k_test_ours", "")
	h.do("GET", "/v1/sessions?refresh_token=canary&Expired_Token=canary&user_id=user_1", "")
	h.do("POST", "/v1/sessions/x/refresh", `{"Refresh_Token":"canary","n":1e400}`)
	h.do("POST", "/v1/sessions/x/refresh", `{"x":[{"refresh_token":{"y":"canary"}}, {"token":["canary"]}, "token", "kept"],"z":"token","k":"\u0073k_live_canary"}`)
	h.do("POST", "/v1/sessions/x/refresh", `["canary"]`)
	h.do("GET", "/v1/sessions/x", "", "X-Key: sk_test_canary", "X-Both: sk_live_canary-1 and sk_test_ours")
	requests := h.Requests()
	text := fmt.Sprintf("%+v", requests)
	for _, secret := range []string{"canary", "ours", "3k_test"} {
		assert.NotContains(t, text, secret)
	}
	assert.Equal(t, "/v1/sessions/[redacted]", requests[0].Path)
	assert.Equal(t, "user_1", requests[4].Query.Get("user_id"))
	assert.Equal(t, `{"Refresh_Token":"[redacted]","n":1e400}`, requests[5].Body)
	assert.Equal(t, `{"x":[{"refresh_token":"[redacted]"},{"token":"[redacted]"},"token","kept"],"z":"token","k":"[redacted]"}`, requests[6].Body)
	assert.Equal(t, "[10 bytes, not a JSON object]", requests[7].Body)
	assert.Equal(t, "[redacted] and [redacted]", requests[8].Header.Get("X-Both"))
}

// One id in ten thousand contains the letters that tokens begin with.
func TestIDsAreNotRedacted(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	const id, token = "sess_3FuNYjeSuDasLAeyJkiyLrJKA6ep", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ."
	for _, path := range []string{id, token, "x" + token, "__session" + token} {
		send(t, srv.Transport(), srv, "GET", "/sessions/"+path)
	}
	var paths []string
	for _, request := range srv.Requests() {
		paths = append(paths, request.Path)
	}
	assert.Equal(t, []string{"/v1/sessions/" + id, "/v1/sessions/[redacted]", "/v1/sessions/[redacted]", "/v1/sessions/[redacted]"}, paths)
}

func TestNumberOfRecordedRequestsIsBounded(t *testing.T) {
	t.Parallel()
	srv := sessionstest.New()
	transport := srv.Transport()
	for i := range 10_100 {
		send(t, transport, srv, "GET", fmt.Sprintf("/sessions/sess_%d", i))
	}
	requests := srv.Requests()
	require.Len(t, requests, 10_000)
	assert.Equal(t, "/v1/sessions/sess_100", requests[0].Path)
	assert.Equal(t, "/v1/sessions/sess_10099", requests[9_999].Path)
}

// At most 4 KiB of each part are kept.
func TestRecordedRequestsAreTruncated(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	long := strings.Repeat("x", 4<<10-len("/v1/"))
	h.do("GET", "/v1/"+long, "")
	h.do("GET", "/v1/"+long+"x", "")
	h.do("GET", "/v1/users", "", "Tolerated: yes", "X-A: "+long)
	value := strings.Repeat("x", 4<<10-len("q"))
	h.do("GET", "/v1/users?q="+value, "")
	h.do("GET", "/v1/users?q="+value+"x", "")
	assert.Equal(t, value, h.Requests()[3].Query.Get("q"))
	assert.Empty(t, h.Requests()[4].Query)
	assert.Equal(t, "/v1/"+long, h.Requests()[0].Path)
	assert.Equal(t, "/v1/"+long+"...", h.Requests()[1].Path)
	assert.NotContains(t, h.Requests()[2].Header, "X-A", "the other headers take more than 4 bytes")
}

func TestSizeOfRecordedRequestsIsBounded(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	long := strings.Repeat("x", 4_000)
	const sent = 2_000
	for range sent {
		h.do("GET", "/v1/"+long+"?q="+long, "", "X-Long: "+long)
	}
	size := 0
	for _, r := range h.Requests() {
		size += len(r.Path) + len(r.Query.Get("q")) + len(r.Header.Get("X-Long"))
	}
	assert.LessOrEqual(t, size, 16<<20)
	assert.Greater(t, size, 14<<20, "as much as fits is kept")
	h.do("GET", "/v1/last", "")
	requests := h.Requests()
	assert.Equal(t, "/v1/last", requests[len(requests)-1].Path)
}
