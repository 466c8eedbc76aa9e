package bench

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sent is what a client must have sent for a piece of work.
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

// mustReturn is what the caller must have got.
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

// recorder keeps the last request on its way.
type recorder struct {
	http.RoundTripper
	sent sent
	key  string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.sent = sent{method: req.Method, path: req.URL.Path, query: req.URL.Query().Encode()}
	r.key = req.Header.Get("Authorization")
	if req.Body != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		r.sent.body = string(text)
	}
	return r.RoundTripper.RoundTrip(req)
}

// Nobody is measured doing nothing: over every transport every client sends what the
// work needs and hands out what the reply says.
func TestEveryClientDoesTheWork(t *testing.T) {
	t.Parallel()
	for _, transport := range Transports {
		server := transport.Start()
		t.Cleanup(server.Close)
		for _, client := range Clients {
			wire := &recorder{RoundTripper: server.Transport}
			calls, err := client.New(server.URL, wire)
			require.NoError(t, err)
			for _, work := range Work {
				name := transport.Name + "/" + work + "/" + client.Name
				call := calls[work]
				if call == nil {
					assert.Equal(t, "clerk-sdk-go/Refresh", client.Name+"/"+work, "the one thing not offered")
					continue
				}
				result, err := call(context.Background())
				require.NoError(t, err, name)
				assert.Equal(t, mustReturn(work), result, name)
				assert.Equal(t, "Bearer "+SecretKey, wire.key, name)

				want := mustSend[work]
				if client.Name == "clerk-sdk-go" && want.method == "POST" && (want.body == "" || work == "Verify") {
					want.body = "null" // what it sends for no body, and in place of the token
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

func TestHTTP2IsHTTP2(t *testing.T) {
	t.Parallel()
	for _, transport := range Transports[1:] {
		server := transport.Start()
		t.Cleanup(server.Close)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/sessions/"+SessionID, nil)
		require.NoError(t, err)
		res, err := server.Transport.RoundTrip(req)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, transport.Name == "http2", res.ProtoMajor == 2, transport.Name)
		assert.NotNil(t, res.TLS)
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
				if client != "floor" { // it checks the signature and knows no claims
					assert.Equal(t, SessionID, result.ID, client+"/"+work)
				}
			}
		}
	}
}
