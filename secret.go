package clerksessions

import (
	"slices"
	"strings"
)

// publicHeaders are name prefixes of request headers that hold no secrets.
var publicHeaders = []string{
	"Accept", "Cache-Control", "Connection", "Content-", "Host", "Origin", "Sec-", "User-Agent",
}

// addSecretHeader adds the value of a header to the call's secrets, and each word and
// cookie in it, since a server may echo just one of them.
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
