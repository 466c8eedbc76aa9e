package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sent is the request that a client must send for a piece of work.
type sent struct{ method, path, query, body string }

var mustSend = map[string]sent{
	"Get":                     {"GET", "/v1/sessions/" + SessionID, "", ""},
	"List10":                  {"GET", "/v1/sessions", "limit=10&paginated=true&user_id=" + UserID, ""},
	"List500":                 {"GET", "/v1/sessions", "limit=500&paginated=true&user_id=" + UserID, ""},
	"List500Streamed":         {"GET", "/v1/sessions", "limit=500&offset=500&paginated=true&user_id=" + UserID, ""},
	"Create":                  {"POST", "/v1/sessions", "", `{"user_id":"` + UserID + `"}`},
	"Refresh":                 {"POST", "/v1/sessions/" + SessionID + "/refresh", "", `{"expired_token":"` + Expired + `","refresh_token":"` + Refresher + `","request_origin":"` + Origin + `","format":"token"}`},
	"Revoke":                  {"POST", "/v1/sessions/" + SessionID + "/revoke", "", ""},
	"Verify":                  {"POST", "/v1/sessions/" + SessionID + "/verify", "", `{"token":"` + Expired + `"}`},
	"CreateToken":             {"POST", "/v1/sessions/" + SessionID + "/tokens", "", `{"expires_in_seconds":600}`},
	"CreateTokenFromTemplate": {"POST", "/v1/sessions/" + SessionID + "/tokens/" + Template, "", `{"expires_in_seconds":600}`},
	"NotFound":                {"GET", "/v1/sessions/" + MissingID, "", ""},
}

// mustReturn returns the expected result of a call.
func mustReturn(work string) Result {
	one := Result{ID: SessionID, Browser: "Firefox", Expire: 1795391107113}
	switch work {
	case "List10":
		one.ID, one.Count = lastID(10), 10
	case "List500", "List500Streamed":
		one.ID, one.Count = lastID(500), 500
	case "Refresh", "CreateToken", "CreateTokenFromTemplate":
		return Result{JWT: freshJWT}
	case "NotFound":
		return Result{Code: "resource_not_found"}
	}
	return one
}

// recorder records the last request.
type recorder struct {
	http.RoundTripper
	sent sent
	key  string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.sent = sent{method: req.Method, path: req.URL.Path, query: req.URL.Query().Encode()}
	r.key = req.Header.Get("Authorization")
	if req.Body == nil {
		return r.RoundTripper.RoundTrip(req)
	}
	text, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body.Close()
	r.sent.body = string(text)
	copied := *req
	copied.Body = io.NopCloser(bytes.NewReader(text))
	return r.RoundTripper.RoundTrip(&copied)
}

// Over every transport, every client sends the expected request and decodes the response.
func TestEveryClientDoesTheWork(t *testing.T) {
	t.Parallel()
	for _, transport := range Transports {
		server := transport.Start()
		t.Cleanup(server.Close)
		for _, client := range Clients {
			wire := &recorder{RoundTripper: server.Transport}
			calls, err := client.New(server.URL, wire)
			require.NoError(t, err)
			for _, work := range WorkOver(transport.Name) {
				name := transport.Name + "/" + work + "/" + client.Name
				call := calls[work]
				if call == nil {
					assert.Equal(t, "clerk-sdk-go/Refresh", client.Name+"/"+work, "the only one missing")
					continue
				}
				result, err := call(context.Background())
				require.NoError(t, err, name)
				assert.Equal(t, mustReturn(work), result, name)
				assert.Equal(t, "Bearer "+SecretKey, wire.key, name)

				want := mustSend[work]
				if client.Name == "clerk-sdk-go" && want.method == "POST" && (want.body == "" || work == "Verify") {
					want.body = "null" // instead of no body, and instead of the token
				}
				if want.body != "" && json.Valid([]byte(wire.sent.body)) {
					assert.JSONEq(t, want.body, wire.sent.body, name)
					wire.sent.body = want.body
				}
				assert.Equal(t, want, wire.sent, name)
			}
		}
	}
}

func TestResponsesOverANetworkAreClerks(t *testing.T) {
	t.Parallel()
	for _, transport := range Transports[1:] {
		server := transport.Start()
		t.Cleanup(server.Close)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/sessions/"+SessionID, nil)
		require.NoError(t, err)
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := server.Transport.RoundTrip(req)
		require.NoError(t, err)
		defer res.Body.Close()
		assert.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
		assert.Equal(t, int64(-1), res.ContentLength)
		assert.NotNil(t, res.TLS)
		assert.Equal(t, transport.Name == "http2", res.ProtoMajor == 2, transport.Name)
		assert.Equal(t, transport.Name == "tls", len(res.TransferEncoding) == 1, "chunked")
		for name, values := range header {
			assert.Equal(t, values, res.Header[name], name)
		}
		zip, err := gzip.NewReader(res.Body)
		require.NoError(t, err)
		body, err := io.ReadAll(zip)
		require.NoError(t, err)
		assert.Equal(t, oneSession.body, body)
	}
}

func TestEveryVerifierVerifies(t *testing.T) {
	t.Parallel()
	verifiers, err := Verifiers()
	require.NoError(t, err)
	for client, calls := range verifiers {
		for work, call := range calls {
			for range 2 {
				result, err := call(t.Context())
				require.NoError(t, err, client+"/"+work)
				if client != "floor" { // which decodes no claims
					assert.Equal(t, SessionID, result.ID, client+"/"+work)
				}
			}
		}
	}
}
