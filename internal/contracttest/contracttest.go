package contracttest

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Contract is a valid OpenAPI document.
type Contract struct {
	Doc    *openapi3.T
	router routers.Router
}

// MustLoad reads a document. The servers, if any are given, replace the document's own.
// It panics if the document is not valid.
func MustLoad(file string, servers ...string) *Contract {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		panic(err)
	}
	if len(servers) > 0 {
		doc.Servers = nil
		for _, server := range servers {
			doc.Servers = append(doc.Servers, &openapi3.Server{URL: server})
		}
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return &Contract{doc, router}
}

// Exchange is a request of an operation, to be checked with its response.
type Exchange struct {
	Operation *openapi3.Operation
	Path      string // a template
	input     openapi3filter.RequestValidationInput
}

// Find returns the exchange of a request with this body, or an error if the document has
// no such operation.
func (c *Contract) Find(req *http.Request, body []byte) (*Exchange, error) {
	req = req.Clone(context.Background())
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		req.Body = http.NoBody
	}
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return nil, err
	}
	return &Exchange{route.Operation, route.Path, openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}}, nil
}

// Header returns the header of the request, which may be changed before Request checks it.
func (x *Exchange) Header() http.Header { return x.input.Request.Header }

// Request returns an error if the document does not allow the request.
func (x *Exchange) Request() error {
	return openapi3filter.ValidateRequest(context.Background(), &x.input)
}

// Response returns an error if the document does not allow the response.
func (x *Exchange) Response(status int, header http.Header, body []byte) error {
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &x.input, Status: status, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: x.input.Options,
	})
}
