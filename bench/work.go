package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// The parameters of the calls.
const (
	SecretKey = "sk_test_0123456789abcdefghijklmnopqrstuvwxyzABCD"
	SessionID = "sess_2mVhR4cWq8ZtLx1NvJ7yKb3PsDu"
	MissingID = "sess_2mVhR4cWq8ZtLx1NvJ7yMissing"
	UserID    = "user_2mVgZr5Jt1XcB8nKq4HsDy6WuPo"
	Streamed  = 500 // the offset of List500Streamed
	Template  = "hasura"
	Origin    = "https://app.example.com"
	Lifetime  = 600 // seconds
	Expired   = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.b2xk"
	Refresher = "rt_4fJ8sLq0"
)

// Work lists the calls that are measured, in the order of the table. List500Streamed is a
// page without a Content-Length. Over a network no response has one, so it is measured in
// memory only.
var Work = []string{
	"Get", "List10", "List500", "List500Streamed", "Create", "Refresh", "Revoke", "Verify",
	"CreateToken", "CreateTokenFromTemplate", "NotFound",
}

// WorkOver returns the work that is measured over a transport.
func WorkOver(transport string) []string {
	return slices.DeleteFunc(slices.Clone(Work), func(work string) bool {
		return work == "List500Streamed" && transport != "mem"
	})
}

// Result is the result of a call. It has members from the beginning to the end of the
// response, so that every client has to decode all of it.
type Result struct {
	ID      string // of the last session
	Browser string // of the last session
	Expire  int64  // of the last session
	Count   int    // of sessions on a page
	JWT     string
	Code    string // of an error
}

// Calls maps the work that a client supports to a function that does it once.
type Calls map[string]func(context.Context) (Result, error)

// Client is a client to compare.
type Client struct {
	Name string
	New  func(baseURL string, transport http.RoundTripper) (Calls, error)
}

// Clients lists the clients to compare. The floor is a hand-written minimal client. The
// build tag ogen adds ogen's client, which has to be generated first.
var Clients = []Client{{"ours", ours}, {"clerk-sdk-go", sdk}, {"oapi-codegen", stockClient}, {"floor", floor}}

const (
	sessionJSON = `{"object":"session","id":"%s","user_id":"` + UserID + `","client_id":"client_2mVhQ0sXk9bYp7rTz3LwNc8aEfG","status":"active","actor":null,` +
		`"last_active_organization_id":"org_2mVgbT6Hd0RfUe9CjM2iXv5AoQz","last_active_at":1794787215482,` +
		`"latest_activity":{"object":"session_activity","id":"sess_activity_2mVhR5gYd7ApJk0ExS1qBw4CnFt","device_type":"Macintosh","is_mobile":false,` +
		`"browser_name":"Firefox","browser_version":"143.0","ip_address":"203.0.113.24","city":"Thessaloniki","country":"Greece"},` +
		`"created_at":1794786307113,"updated_at":1794787215511,"abandon_at":1797378307113,"expire_at":1795391107113,"tasks":null}`
	traceID  = "6f1d0c7ab92e4538a1c04be9d37f5260"
	freshJWT = "eyJhbGciOiJSUzI1NiIsImNhdCI6ImNsX0I3ZDRQRDExMUFBQSIsImtpZCI6Imluc18xIn0.eyJzdWIiOiJ1c2VyXzEiLCJzaWQiOiJzZXNzXzEifQ.bmV3"
)

// The responses, like Clerk's.
var (
	oneSession = newResponse(http.StatusOK, fmt.Sprintf(sessionJSON, SessionID))
	page10     = newResponse(http.StatusOK, page(10))
	page500    = newResponse(http.StatusOK, page(500))
	token      = newResponse(http.StatusOK, `{"object":"token","jwt":"`+freshJWT+`"}`)
	notFound   = newResponse(
		http.StatusNotFound,
		`{"errors":[{"message":"Unknown session","long_message":"There is no session `+MissingID+`.","code":"resource_not_found"}],"clerk_trace_id":"`+traceID+`"}`,
	)
)

type response struct {
	status           int
	body, compressed []byte
}

func newResponse(status int, body string) response {
	var compressed bytes.Buffer
	zip := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(zip, body) // to memory
	_ = zip.Close()
	return response{status, []byte(body), compressed.Bytes()}
}

func page(n int) string {
	sessions := make([]string, n)
	for i := range sessions {
		sessions[i] = fmt.Sprintf(sessionJSON, lastID(i+1))
	}
	return fmt.Sprintf(`{"data":[%s],"total_count":1234}`, strings.Join(sessions, ","))
}

// lastID returns the id of the last session on a page of n.
func lastID(n int) string { return fmt.Sprintf("sess_%027d", n) }

// responseTo returns the response to a request.
func responseTo(r *http.Request) response {
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, MissingID):
		return notFound
	case strings.HasSuffix(path, "/refresh"), strings.Contains(path, "/tokens"):
		return token
	case r.Method == http.MethodGet && strings.HasSuffix(path, "/sessions"):
		if strings.Contains(r.URL.RawQuery, "limit=500") {
			return page500
		}
		return page10
	}
	return oneSession
}
