package bench

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Server is a server and the transport that reaches it.
type Server struct {
	URL       string
	Transport http.RoundTripper
	Close     func()
}

// Transports lists the ways to reach a server.
var Transports = []struct {
	Name  string
	Start func() Server
}{
	{"mem", func() Server { return Server{"https://api.clerk.com/v1", memory{}, func() {}} }},
	{"tls", func() Server { return overTLS(false) }},
	{"http2", func() Server { return overTLS(true) }},
}

// streamed reports whether the response has no Content-Length.
func streamed(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "offset=") }

// header has the fields that api.clerk.com sent on 2025-11-06, with other values.
var header = http.Header{
	"Content-Type":          {"application/json"},
	"Server":                {"cloudflare"},
	"Cf-Cache-Status":       {"DYNAMIC"},
	"Cf-Ray":                {"9a2f6b1e8c7d4f30-ATH"},
	"X-Cfworker":            {"1"},
	"Clerk-Api-Version":     {"2026-05-12"},
	"X-Clerk-Trace-Id":      {traceID},
	"X-Cloud-Trace-Context": {traceID},
	"Vary":                  {"Accept-Encoding"},
	"Set-Cookie":            {"__cf_bm=Zk3m0b7l5xW2q9c1; path=/; domain=.clerk.com; HttpOnly; Secure; SameSite=None"},
}

// memory is a transport without a network, at the lowest cost: responses share their
// header, which no client changes.
type memory struct{}

// RoundTrip reads the request's body, as any server would.
func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	response := responseTo(r)
	body := new(body)
	body.Reset(response.body)
	res := &http.Response{
		Status: http.StatusText(response.status), StatusCode: response.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(response.body)), Body: body, Request: r,
	}
	if streamed(r) {
		res.ContentLength = -1
	}
	return res, nil
}

type body struct{ bytes.Reader }

func (*body) Close() error { return nil }

// overTLS starts a server on loopback that responds as Clerk does: compressed and without
// a Content-Length.
func overTLS(http2 bool) Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		response := responseTo(r)
		maps.Copy(w.Header(), header)
		body := response.body
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header()["Content-Encoding"] = []string{"gzip"}
			body = response.compressed
		}
		w.WriteHeader(response.status)
		_, _ = w.Write(body)
		w.(http.Flusher).Flush() // so that net/http does not add a Content-Length
	}))
	server.EnableHTTP2 = http2
	server.StartTLS()
	transport := server.Client().Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost = Goroutines // so that no call dials
	return Server{server.URL + "/v1", transport, server.Close}
}

// Goroutines is the number of concurrent calls of BenchmarkParallel.
const Goroutines = 64
