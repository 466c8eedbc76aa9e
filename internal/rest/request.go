package rest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request builds the request of one attempt. Each attempt gets a new one, as a transport
// may change it. Authorization is set last, so that no setting replaces it.
//
// The request has no GetBody, which would let net/http resend the body by itself.
func (c *Client) request(ctx context.Context, req *Request, trace *sendTrace) *http.Request {
	r := (&http.Request{
		Method: req.Method,
		URL:    &trace.scratch.url,
		Host:   c.Base.Host,
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.header(req, trace.scratch.values[:0]),
	}).WithContext(ctx)
	c.url(req, r.URL)
	if req.Body != nil {
		r.ContentLength = int64(len(req.Body))
		trace.body = bytes.NewReader(req.Body)
		r.Body = io.NopCloser(trace.body)
	}
	return r
}

// header returns the header. Its values are appended to values, to save allocations.
func (c *Client) header(req *Request, values []string) http.Header {
	header := make(http.Header, len(req.Header)+len(c.Header)+2)
	set := func(name, value string) {
		values = append(values, value)
		header[name] = values[len(values)-1 : len(values) : len(values)]
	}
	for _, field := range req.Header {
		set(field.Name, field.Value)
	}
	set("User-Agent", c.UserAgent)
	for name, value := range c.Header {
		header[name] = slices.Clone(value)
	}
	set("Authorization", c.Authorization())
	return header
}

// url sets the fields of u.
func (c *Client) url(req *Request, u *url.URL) {
	u.Scheme, u.Host, u.RawPath, u.RawQuery = c.Base.Scheme, c.Base.Host, c.path(req), c.query(req)
	u.Path = u.RawPath
	if strings.Contains(u.Path, "%") {
		u.Path, _ = url.PathUnescape(u.Path)
	}
}

// query joins the parameters, sorted. Those of Client.Query override others.
func (c *Client) query(req *Request) string {
	parts := make([]string, 0, len(req.Query)+len(c.Query))
	for _, field := range req.Query {
		if !c.Query.Has(field.Name) {
			parts = append(parts, field.Value)
		}
	}
	for name, values := range c.Query {
		parts = append(parts, url.Values{name: values}.Encode())
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// path returns the escaped path, with the segments filled in.
func (c *Client) path(req *Request) string {
	var path strings.Builder
	path.Grow(len(c.Base.RawPath) + len(req.Path) + 24)
	path.WriteString(c.Base.RawPath)
	template := req.Path
	for _, segment := range req.Segments {
		before, after, _ := strings.Cut(template, "{")
		path.WriteString(before)
		path.WriteString(segment)
		_, template, _ = strings.Cut(after, "}")
	}
	path.WriteString(template)
	return path.String()
}
