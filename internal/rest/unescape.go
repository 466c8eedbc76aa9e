package rest

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

const escapeLen = len(`\u0000`)

// unescapeJSON decodes the escapes that JSON does not require, and writes the others as
// [jsontext.AppendQuote] does. Valid JSON stays valid.
func unescapeJSON(v string) string {
	var plain strings.Builder
	for {
		before, _, found := strings.Cut(v, `\`)
		plain.WriteString(before)
		if !found {
			return plain.String()
		}
		text, n := unescape(v[len(before):])
		plain.WriteString(text)
		v = v[len(before)+n:]
	}
}

// unescape decodes the escape that v begins with. It returns the replacement, which is
// the escape itself if it is invalid or has two bytes, and the number of bytes replaced.
func unescape(v string) (text string, n int) {
	if strings.HasPrefix(v, `\/`) {
		return "/", 2
	}
	r, ok := codeUnit(v)
	if !ok {
		n = min(2, len(v))
		return v[:n], n
	}
	n = escapeLen
	if utf16.IsSurrogate(r) {
		low, _ := codeUnit(v[n:])
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return v[:n], n
		}
		n *= 2
	}
	quoted, _ := jsontext.AppendQuote(nil, string(r))
	return string(quoted[1 : len(quoted)-1]), n
}

// codeUnit returns the UTF-16 code unit if v begins with an escape such as \u0041.
func codeUnit(v string) (r rune, ok bool) {
	if len(v) < escapeLen || v[:2] != `\u` {
		return 0, false
	}
	unit, err := strconv.ParseUint(v[2:escapeLen], 16, 16)
	return rune(unit), err == nil
}
