package sessionstest_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/internal/contracttest"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/clerksessions/clerksessions/sessionstest"
)

var controlAPI = sync.OnceValue(func() *contracttest.Contract { return contracttest.MustLoad("control.yaml") })

// controlled is a Server with the control API, all of whose responses are checked
// against its document.
type controlled struct {
	*sessionstest.Server
	t *testing.T
}

func newControlled(t *testing.T, opts ...sessionstest.Option) controlled {
	return controlled{sessionstest.NewServer(t, append([]sessionstest.Option{sessionstest.WithControl(), sessionstest.WithStart(start)}, opts...)...), t}
}

// do sends a request with the secret key; for headers see newRequest.
func (c controlled) do(method, path, body string, headers ...string) (int, string) {
	c.t.Helper()
	req := newRequest(c.t, c.Server, method, "/_emulator/"+path, body, headers...)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	c.conforms(req, body, resp, raw)
	return resp.StatusCode, string(raw)
}

// conforms checks every response, and every request that succeeded, against the document.
func (c controlled) conforms(req *http.Request, body string, resp *http.Response, raw []byte) {
	c.t.Helper()
	asked := req.Clone(context.Background())
	asked.URL = &url.URL{Scheme: "http", Host: "127.0.0.1:8787", Path: req.URL.Path, RawQuery: req.URL.RawQuery}
	exchange, err := controlAPI().Find(asked, []byte(body))
	if err != nil {
		assert.GreaterOrEqual(c.t, resp.StatusCode, 400, "%s %s is not documented", req.Method, req.URL.Path)
		return
	}
	if resp.StatusCode < 300 {
		assert.NoError(c.t, exchange.Request(), "a request that is not allowed succeeded")
	}
	if exchange.Path == "/openapi.yaml" {
		assert.Equal(c.t, resp.StatusCode == 200, resp.Header.Get("Content-Type") == "application/yaml")
		return // kin-openapi decodes YAML
	}
	if len(raw) > 0 && resp.Header.Get("Cf-Ray") == "" { // a response of the control API
		assert.Equal(c.t, "no-store", resp.Header.Get("Cache-Control"))
	}
	if resp.StatusCode >= 400 {
		assert.Regexp(c.t, `"clerk_trace_id":"[0-9a-f]{32}"`, string(raw))
	}
	assert.NoError(c.t, exchange.Response(resp.StatusCode, resp.Header, raw), "%s %s: %s", req.Method, req.URL.Path, raw)
}

// ok sends a request that must succeed and returns the members of its response.
func (c controlled) ok(method, path, body string) (members map[string]any) {
	c.t.Helper()
	status, raw := c.do(method, path, body)
	require.Contains(c.t, []int{200, 204}, status, raw)
	if raw != "" {
		require.NoError(c.t, json.Unmarshal([]byte(raw), &members))
	}
	return members
}

func TestControlIsOffByDefault(t *testing.T) {
	t.Parallel()
	c := controlled{sessionstest.NewServer(t), t}
	status, body := c.do("GET", "state", "")
	assert.Equal(t, 404, status)
	assert.Contains(t, body, "resource_not_found")
}

func TestControlRefusesOtherSites(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	id := added(c.Server)
	own := strings.TrimSuffix(c.URL, "/v1")
	port := own[strings.LastIndex(own, ":"):]
	for name, test := range map[string]struct {
		header string
		status int
	}{
		"no key":                    {"Authorization:", 401},
		"wrong key":                 {"Authorization: Bearer sk_test_wrong", 401},
		"host of a rebound name":    {"Host: evil.example" + port, 403},
		"host that begins the same": {"Host: 127.0.0.1.evil.example" + port, 403},
		"host that ends the same":   {"Host: evil-localhost" + port, 403},
		"address of the network":    {"Host: 192.168.0.17" + port, 403},
		"any address":               {"Host: 0.0.0.0" + port, 403},
		"other origin":              {"Origin: https://evil.example", 403},
		"origin of another port":    {"Origin: http://127.0.0.1:1", 403},
		"opaque origin":             {"Origin: null", 403},
		"other site":                {"Sec-Fetch-Site: cross-site", 403},
		"other host of the site":    {"Sec-Fetch-Site: same-site", 403},
		"localhost":                 {"Host: localhost" + port, 200},
		"host without a port":       {"Host: LOCALHOST", 200},
		"IPv6":                      {"Host: [::1]" + port, 200},
		"IPv6 without a port":       {"Host: [::1]", 200},
		"other loopback address":    {"Host: 127.9.9.9" + port, 200},
		"own origin":                {"Origin: " + own, 200},
		"address bar":               {"Sec-Fetch-Site: none", 200},
		"own page":                  {"Sec-Fetch-Site: same-origin", 200},
	} {
		t.Run(name, func(t *testing.T) {
			for method, path := range map[string]string{"GET": "state", "DELETE": "requests"} {
				status, body := c.do(method, path, "", test.header)
				if status == 204 {
					status = 200
				}
				assert.Equal(t, test.status, status, body)
			}
		})
	}
	_, body := c.do("GET", "openapi.yaml", "", "Authorization:")
	assert.Contains(t, body, "openapi: 3.0.3")
	status, _ := c.do("GET", "openapi.yaml", "", "Host: evil.example")
	assert.Equal(t, 403, status)
	status, _ = c.do("PATCH", "sessions/"+id, `{"status":"ended"}`, "Content-Type: text/plain")
	assert.Equal(t, 415, status, "a form of another site can send text/plain")
}

func TestControlMovesTheClock(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	id := added(c.Server)
	assert.Equal(t, "2026-11-23T09:00:00Z", c.ok("GET", "clock", "")["now"])
	assert.Equal(t, "2026-11-23T09:00:01.5Z", c.ok("POST", "clock/advance", `{"seconds":1.5}`)["now"])
	assert.Equal(t, "2026-11-30T09:00:00Z", c.ok("PUT", "clock", `{"now":"2026-11-30T10:00:00+01:00"}`)["now"])
	session, _ := c.Session(id)
	assert.EqualValues(t, "expired", session.Status)
	for body, message := range map[string]string{
		`{"now":"2026-11-30T08:59:59Z"}`: "time cannot go back",
		`{"now":"today"}`:                `\"/now\" must be an RFC 3339 time`,
		`{}`:                             "now is required",
	} {
		_, got := c.do("PUT", "clock", body)
		assert.Contains(t, got, message, body)
	}
	for body, message := range map[string]string{
		`{"seconds":-1}`:   "time cannot go back",
		`{"seconds":1e12}`: "are too far",
		`{"seconds":"1"}`:  `\"/seconds\" must be a number`,
		`{"minutes":1}`:    `unknown member \"/minutes\"`,
	} {
		_, got := c.do("POST", "clock/advance", body)
		assert.Contains(t, got, message, body)
	}
	assert.Equal(t, start.Add(7*24*time.Hour), c.Now())
}

func TestControlInjectsFaults(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	id := added(c.Server)
	client := c.Client(clerksessions.WithMaxAttempts(1))
	c.ok("POST", "faults", `{"operation":"GetSession","times":2,"status":503,"retry_after":"7","header":{"x-test":"yes"}}`)
	c.ok("POST", "faults", `{"body":""}`)
	for range 2 {
		_, err := client.Get(t.Context(), id)
		var e *clerksessions.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 503, e.StatusCode)
		assert.Equal(t, 7*time.Second, e.RetryAfter)
		assert.Equal(t, "yes", e.Header.Get("X-Test"))
	}
	_, err := client.Get(t.Context(), id)
	require.Error(t, err, "an empty body")
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err)

	c.ok("POST", "faults", `{"times":9,"reset_after":true,"latency_ms":1}`)
	c.ok("DELETE", "faults", "")
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err)
	for body, message := range map[string]string{
		`{"operation":"Get"}`:   `unknown operation \"Get\"; use an operationId such as GetSession`,
		`{"times":0}`:           "n is 0, but must be at least 1",
		`{"status":42}`:         "status is 42, but must be 200 to 999",
		`{"pad_to":2000000000}`: "but must be at most",
		`{"latency":1}`:         "unknown member",
	} {
		status, got := c.do("POST", "faults", body)
		assert.GreaterOrEqual(t, status, 400)
		assert.Contains(t, got, message, body)
	}
	c.ok("PUT", "maintenance", `{"on":true}`)
	_, err = client.Get(t.Context(), id)
	require.ErrorIs(t, err, clerksessions.ErrUnavailable)
	c.ok("PUT", "maintenance", `{"on":false}`)
	_, err = client.Get(t.Context(), id)
	require.NoError(t, err)
}

func TestControlListsRequests(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	id := added(c.Server)
	client := c.Client()
	_, err := client.Get(t.Context(), id)
	require.NoError(t, err)
	_, err = client.Revoke(t.Context(), id)
	require.NoError(t, err)
	assert.Len(t, c.ok("GET", "requests", "")["requests"], 2, "those of the control API are not among them")
	revoked := c.ok("GET", "requests?operation=RevokeSession", "")["requests"].([]any)
	require.Len(t, revoked, 1)
	request := revoked[0].(map[string]any)
	assert.Equal(t, "/v1/sessions/"+id+"/revoke", request["path"])
	assert.EqualValues(t, 200, request["status"])
	assert.Equal(t, []any{"[redacted]"}, request["header"].(map[string]any)["Authorization"])
	c.ok("DELETE", "requests", "")
	assert.Empty(t, c.ok("GET", "requests", "")["requests"])
}

func TestControlMintsTokensAndRotatesKeys(t *testing.T) {
	t.Parallel()
	c := newControlled(t)
	id := added(c.Server)
	verify := func(pem string, body string) error {
		keys, err := sessionjwt.KeysFromPEM(pem)
		require.NoError(t, err)
		verifier, err := sessionjwt.New(keys, c.Issuer, sessionjwt.WithClock(c.Now))
		require.NoError(t, err)
		_, err = verifier.Verify(t.Context(), c.ok("POST", "tokens", body)["jwt"].(string))
		return err
	}
	pem := c.PublicKeyPEM()
	require.NoError(t, verify(pem, `{"session_id":"`+id+`"}`))
	require.ErrorIs(t, verify(pem, `{"session_id":"`+id+`","expires_in_seconds":-60}`), sessionjwt.ErrExpired)
	require.ErrorIs(t, verify(pem, `{"session_id":"`+id+`","claims":{"iss":"https://evil.example"}}`), sessionjwt.ErrIssuer)
	require.ErrorIs(t, verify(pem, `{"session_id":"`+id+`","signature":"forged"}`), sessionjwt.ErrSignature)
	require.Error(t, verify(pem, `{"session_id":"`+id+`","claims":{"sid":null}}`))
	require.Error(t, verify(pem, `{"session_id":"`+id+`","header":{"alg":"none"},"signature":""}`))

	kid := c.KeyID()
	rotated := c.ok("POST", "keys/rotate", `{"kid":"`+kid+`"}`)
	assert.Equal(t, kid, rotated["kid"])
	require.ErrorIs(t, verify(pem, `{"session_id":"`+id+`"}`), sessionjwt.ErrSignature)
	require.NoError(t, verify(rotated["public_key_pem"].(string), `{"session_id":"`+id+`"}`))
	assert.NotEqual(t, kid, c.ok("POST", "keys/rotate", "")["kid"])
}
