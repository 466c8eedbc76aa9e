package clerksessions

import (
	"net/http"
	"slices"
	"strings"
)

// secret redacts the value from errors that echo it.
func (p parameter) secret() parameter {
	switch v := p.value.Interface().(type) {
	case string:
		p.call.redactor.Add(v)
	case map[string][]string:
		for name, values := range v {
			for _, value := range values {
				p.call.addSecretHeader(http.CanonicalHeaderKey(name), value)
			}
		}
	}
	return p
}

// publicHeaders are the beginnings of the names of headers that browsers send and that
// hold no secret.
var publicHeaders = []string{"Accept", "Cache-Control", "Connection", "Content-", "Host", "Origin", "Sec-", "User-Agent"}

// addSecretHeader adds the value of a header to the call's secrets and, as a server may
// echo just one of them, its words and cookies.
func (c *call) addSecretHeader(name, value string) {
	if slices.ContainsFunc(publicHeaders, func(public string) bool { return strings.HasPrefix(name, public) }) {
		return
	}
	c.redactor.Add(value)
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ' ' || r == ';' }) {
		c.redactor.Add(word)
		if _, cookie, ok := strings.Cut(word, "="); ok {
			c.redactor.Add(cookie)
		}
	}
}
