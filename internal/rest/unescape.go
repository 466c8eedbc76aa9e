package rest

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// unescapeJSON decodes the escapes that JSON does not need, and writes those of a
// quotation mark and of a backslash in their short form. The text stays JSON if it was.
func unescapeJSON(v string) string {
	var plain strings.Builder
	for {
		before, after, found := strings.Cut(v, `\`)
		plain.WriteString(before)
		if !found {
			return plain.String()
		}
		escape := `\` + after[:min(1, len(after))]
		if strings.HasPrefix(after, "u") && len(after) >= 5 {
			escape = `\` + after[:5]
		}
		plain.WriteString(unescape(escape))
		v = after[len(escape)-1:]
	}
}

func unescape(escape string) string {
	switch {
	case escape == `\/`:
		return "/"
	case len(escape) == len(`\u0000`):
		r, err := strconv.ParseUint(escape[2:], 16, 16)
		switch {
		case err != nil || r < ' ' || utf16.IsSurrogate(rune(r)):
		case r == '"' || r == '\\':
			return `\` + string(rune(r))
		default:
			return string(rune(r))
		}
	}
	return escape
}
