package rest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLine  = 300
	maxQuote = 64
)

// OneLine sanitizes an untrusted text for use in an error: it replaces line breaks and
// unprintable characters by spaces and truncates the text to 300 bytes.
func OneLine(v string) string {
	if end := maxLine; len(v) > end {
		for end > 0 && !utf8.RuneStart(v[end]) {
			end--
		}
		v = v[:end] + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, v)
}

// Quote returns an untrusted string quoted, and truncated to 64 bytes, for use in an
// error.
func Quote(v string) string {
	if len(v) > maxQuote {
		return strconv.Quote(v[:maxQuote]) + "..."
	}
	return strconv.Quote(v)
}
