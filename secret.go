package clerksessions

import (
	"slices"
	"strings"
)

// publicHeaders are prefixes of the names of request headers that hold no secret.
var publicHeaders = []string{
	"Accept",
	"Cache-Control",
	"Connection",
	"Content-",
	"Host",
	"Origin",
	"Sec-",
	"User-Agent",
}

// addSecretHeader adds the value of a header to the call's secrets, and each of its
// words and cookies, since a server may echo only one.
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
