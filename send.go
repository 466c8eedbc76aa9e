package clerksessions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"reflect"
)

const (
	maxErrorBody = 64 << 10  // how much of an error's body is kept
	maxDrain     = 256 << 10 // how much more is read to have the connection reused
)

// reply is a type that a success can be decoded into.
type reply[T any] interface {
	*T
	lacks() string // names what a reply must have but does not
}

// send makes the call and decodes what Clerk answers.
func send[T any, R reply[T]](c *call) (*T, error) {
	res, err := c.exchange()
	if err != nil {
		return nil, err
	}
	value := R(new(T))
	if err := decode(res.body, value); err != nil {
		return nil, c.unusable(res, fmt.Errorf("the reply is no valid %s: %s", reflect.TypeFor[T]().Name(), oneLine(c.scrubber().text(misfit(err)))))
	}
	if what := value.lacks(); what != "" {
		return nil, c.unusable(res, fmt.Errorf("the reply is no %s: it lacks %s", reflect.TypeFor[T]().Name(), what))
	}
	return value, nil
}

// result is a reply that was read whole.
type result struct {
	status   int
	header   http.Header
	body     []byte
	attempts int
}

func (c *call) traceID(res *result) string { return c.scrubber().text(traceID(res.header)) }

// failed makes an error of a reply, without the secrets.
func (c *call) failed(res *result, secrets scrubber) *Error {
	e := &Error{Op: c.op.ID, StatusCode: res.status, Attempts: res.attempts}
	e.explain(res.header, res.body, secrets)
	return e
}

// unusable makes an error of a success that is none, for the given cause. It keeps
// nothing of the body, in which there may be a token just minted.
func (c *call) unusable(res *result, cause error) *Error {
	e := c.failed(&result{status: res.status, header: res.header, attempts: res.attempts}, c.scrubber())
	e.cause = cause
	c.fillMeta(res.attempts, nil, e)
	return e
}

// attempt sends the request once. unsent means that certainly nothing of it was
// written.
func (c *call) attempt(n int) (res *result, unsent bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(c.ctx, operationKey{}, c.op), c.timeout)
	defer cancel()
	var trace *writeTrace // nil where it makes no difference whether anything was written
	if c.op.Retry == RetryUnsent {
		trace = newWriteTrace()
		ctx = httptrace.WithClientTrace(ctx, &trace.ClientTrace)
	}

	resp, err := c.transport.RoundTrip(c.request(ctx))
	if err == nil && resp == nil {
		err = errors.New("the http.RoundTripper returned neither a reply nor an error")
	}
	if resp != nil {
		if resp.Body == nil {
			resp.Body = http.NoBody
		}
		defer resp.Body.Close()
	}
	if err != nil {
		return nil, trace != nil && trace.nothingWritten(), c.lost(ctx, n, err)
	}

	res = &result{status: resp.StatusCode, header: resp.Header, attempts: n}
	switch {
	case res.status == http.StatusSwitchingProtocols: // what follows is no body and may never end
		return nil, false, c.failed(res, c.scrubber())
	case res.status < 200 || res.status > 299:
		secrets := c.scrubber()
		var broke error
		res.body, broke = read(resp.Body, resp.ContentLength, int64(maxErrorBody+secrets.longest()))
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
		e := c.failed(res, secrets)
		if broke != nil {
			e.Body = secrets.uncut(e.Body)
		}
		if broke != nil && c.ctx.Err() != nil {
			e.cause = contextError(c.ctx)
		}
		return nil, false, e
	}
	res.body, err = read(resp.Body, resp.ContentLength, c.maxResponseBytes+1) // one more shows that there was more
	switch {
	case err != nil:
		return nil, false, c.unusable(res, fmt.Errorf("%w after %d bytes: %w", errBrokeOff, len(res.body), c.ended(ctx, err)))
	case int64(len(res.body)) > c.maxResponseBytes:
		return nil, false, c.unusable(res, fmt.Errorf("the reply is longer than %d bytes; see WithMaxResponseBytes", c.maxResponseBytes))
	}
	return res, false, nil
}

// errBrokeOff marks a success whose body did not come to its end.
var errBrokeOff = errors.New("the reply broke off")

// lost makes an error of an attempt that brought no reply.
func (c *call) lost(attempt context.Context, n int, err error) error {
	if err = c.ended(attempt, err); n > 1 {
		return fmt.Errorf("clerksessions: %s: attempt %d: %w", c.op.ID, n, err)
	}
	return fmt.Errorf("clerksessions: %s: %w", c.op.ID, err)
}

// ended says what stands behind err: the caller's context ended, the attempt took
// too long, or just the network failed.
func (c *call) ended(attempt context.Context, err error) error {
	switch {
	case c.ctx.Err() != nil:
		return contextError(c.ctx)
	case attempt.Err() != nil:
		return fmt.Errorf("no whole reply within %s, see WithTimeout: %w", c.timeout, attempt.Err())
	}
	return c.scrubber().err(err)
}

// request builds what one attempt sends. The secret key goes on last, so that
// nothing configured can take its place.
func (c *call) request(ctx context.Context) *http.Request {
	header := make(http.Header, 8+len(c.header))
	header["Accept"] = []string{"application/json"}
	header["Clerk-Api-Version"] = []string{c.op.APIVersion}
	header["User-Agent"] = []string{c.userAgent}
	if c.payload != nil {
		header["Content-Type"] = []string{"application/json"}
	}
	maps.Copy(header, c.header)
	req := (&http.Request{
		Method: c.op.Method,
		URL:    c.url(),
		Host:   c.base.Host,
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header,
	}).WithContext(ctx)
	if c.payload != nil {
		req.ContentLength = int64(len(c.payload))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(c.payload)), nil }
		req.Body, _ = req.GetBody()
	}
	header["Authorization"] = []string{c.authorization()}
	return req
}

func (c *call) url() *url.URL {
	u := &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, RawPath: c.base.RawPath + c.escaped}
	u.Path, _ = url.PathUnescape(u.RawPath)
	values := c.values
	if len(c.extraQuery) > 0 {
		values = make(url.Values, len(c.values)+len(c.extraQuery))
		maps.Copy(values, c.values)
		maps.Copy(values, c.extraQuery)
	}
	u.RawQuery = values.Encode()
	return u
}

// read reads at most limit bytes. What was read before an error is returned with it.
func read(body io.Reader, length, limit int64) ([]byte, error) {
	const trusted = 1 << 20 // a Content-Length up to this is allocated at once
	body = io.LimitReader(body, limit)
	if length < 0 || length > trusted {
		return io.ReadAll(body)
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(length, limit)+bytes.MinRead))
	_, err := buf.ReadFrom(body)
	return buf.Bytes(), err
}
