package clerksessions

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/clerksessions/clerksessions/internal/rest"
)

// response is a type that a 2xx response can be decoded into.
type response[T any] interface {
	readable[T]
	missing() string // returns the name of a missing required member, or ""
}

// send makes the call and decodes the response.
func send[T any, R response[T]](c *call) (*T, error) {
	defer c.release()
	res, err := c.do()
	if err != nil {
		return nil, err
	}
	value := R(new(T))
	if err := decode(res.Body, value); err != nil {
		reason := rest.OneLine(c.redactor.Text(describe(err, reflect.TypeFor[T]())))
		if contentType := res.Header.Get("Content-Type"); !strings.Contains(contentType, "json") {
			reason += fmt.Sprintf(" (Content-Type %s)", rest.Quote(c.redactor.Text(contentType)))
		}
		return nil, c.unusable(res, fmt.Errorf("invalid %s in response: %s", reflect.TypeFor[T]().Name(), reason))
	}
	if what := value.missing(); what != "" {
		return nil, c.unusable(res, fmt.Errorf("response is not a %s: missing %s", reflect.TypeFor[T]().Name(), what))
	}
	res.Release()
	return value, nil
}

// unusable returns the error for a 2xx response that cannot be used. It drops the body,
// which may hold a token just minted.
func (c *call) unusable(res *rest.Response, cause error) error {
	c.redactor.Unusable(res, c.KeepHeaders)
	err := newError(c.op, res, cause)
	c.meta.failed(err)
	return err
}
