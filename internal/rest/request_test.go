package rest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequest(t *testing.T) {
	t.Parallel()
	client := newTestClient(t, nil)
	client.Header = http.Header{"Accept": {"text/plain"}, "Authorization": {"Bearer other"}, "X-More": {"1"}}
	client.Query = url.Values{"limit": {"9"}, "more": {"a b"}}
	watcher := new(sendTrace)
	got := client.request(t.Context(), &Request{
		Method:   "POST",
		Path:     "/things/{id}/parts/{part}/all",
		Segments: []string{"a%2Fb%20c", "%C3%BC"},
		Query:    []Field{{"offset", "offset=2"}, {"limit", "limit=1"}, {"ids", "ids=1&ids=2"}},
		Header:   []Field{{"Accept", "application/json"}, {"Content-Type", "application/json"}},
		Body:     []byte("{}"),
	}, watcher)
	assert.Equal(t, "POST", got.Method)
	assert.Equal(t, "https://api.invalid/v1/things/a%2Fb%20c/parts/%C3%BC/all?ids=1&ids=2&limit=9&more=a+b&offset=2", got.URL.String())
	assert.Equal(t, "api.invalid", got.Host)
	assert.Equal(t, "HTTP/1.1 1 1", fmt.Sprint(got.Proto, " ", got.ProtoMajor, " ", got.ProtoMinor))
	assert.Equal(t, http.Header{
		"Accept":        {"text/plain"},
		"Content-Type":  {"application/json"},
		"X-More":        {"1"},
		"User-Agent":    {"test/1"},
		"Authorization": {"Bearer " + testSecret},
	}, got.Header, "the secret is set last")
	assert.False(t, watcher.bodyRead())
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	assert.Equal(t, "{}", string(body))
	assert.True(t, watcher.bodyRead())
	assert.EqualValues(t, 2, got.ContentLength)
	assert.Nil(t, got.GetBody, "net/http would resend the body")
}

func TestARequestWithoutABody(t *testing.T) {
	t.Parallel()
	got := newTestClient(t, nil).request(t.Context(), newTestRequest(true), new(sendTrace))
	assert.Nil(t, got.Body)
	assert.Zero(t, got.ContentLength)
	assert.Empty(t, got.URL.RawQuery)
}

// A transport may change its request, which must not affect the next attempt.
func TestEachAttemptHasItsOwnRequest(t *testing.T) {
	t.Parallel()
	client := newTestClient(t, nil)
	client.Header = http.Header{"X-More": {"1"}}
	req := newTestRequest(true)
	req.Query = []Field{{"limit", "limit=1"}}
	first := client.request(t.Context(), req, new(sendTrace))
	for name, values := range first.Header {
		values[0] = "changed"
		first.Header[name] = append(values, "added")
	}
	for name, values := range first.Header {
		assert.Equal(t, []string{"changed", "added"}, values, "%s shares no memory with another field", name)
	}
	first.URL.Host, first.URL.Path, first.URL.RawPath, first.URL.RawQuery = "elsewhere", "/", "/", "q"
	second := client.request(t.Context(), req, new(sendTrace))
	assert.Equal(t, "https://api.invalid/v1/things/1?limit=1", second.URL.String())
	assert.Equal(t, "Bearer "+testSecret, second.Header.Get("Authorization"))
	assert.Equal(t, "1", second.Header.Get("X-More"))
}
