package bench

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// Server is where the clients send their requests, and by which transport.
type Server struct {
	URL       string
	Transport http.RoundTripper
	Close     func()
}

// Transports lists the ways to a server.
var Transports = []struct {
	Name  string
	Start func() Server
}{
	{"mem", func() Server { return Server{"https://api.clerk.com/v1", memory{}, func() {}} }},
	{"tls", func() Server { return overTLS(false) }},
	{"http2", func() Server { return overTLS(true) }},
}

// streamed tells whether the reply goes out without telling its length beforehand.
func streamed(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "offset=") }

// memory answers without a network, at as little cost of its own as can be: the
// replies share their headers, which no client changes.
type memory struct{}

var header = http.Header{"Content-Type": {"application/json"}, "X-Clerk-Trace-Id": {traceID}}

// RoundTrip reads the request's body, as any server would.
func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	status, text := reply(r)
	body := new(body)
	body.Reset(text)
	res := &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(text)), Body: body, Request: r,
	}
	if streamed(r) {
		res.ContentLength = -1
	}
	return res, nil
}

type body struct{ bytes.Reader }

func (*body) Close() error { return nil }

// overTLS answers on loopback, by HTTP/1.1 or HTTP/2.
func overTLS(http2 bool) Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body := reply(r)
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["X-Clerk-Trace-Id"] = []string{traceID}
		if !streamed(r) {
			w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	server.EnableHTTP2 = http2
	server.StartTLS()
	transport := server.Client().Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost = Goroutines // so that nobody pays for a handshake
	return Server{server.URL + "/v1", transport, server.Close}
}

// Goroutines is how many call at once where many do.
const Goroutines = 64
