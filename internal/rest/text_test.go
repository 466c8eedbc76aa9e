package rest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOneLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"plain", "Grüße, 世界", "Grüße, 世界"},
		{"line breaks", "a\r\nb\u2028c\u2029d", "a  b c d"},
		{"terminal escapes", "\x1b[31mred\x9b", " [31mred\ufffd"},
		{"text direction", "a\u202eb", "a b"},
		{"300 bytes", strings.Repeat("x", 300), strings.Repeat("x", 300)},
		{"301 bytes", strings.Repeat("x", 301), strings.Repeat("x", 300) + "..."},
		{"truncated within a character", strings.Repeat("x", 299) + "ü", strings.Repeat("x", 299) + "..."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, OneLine(test.text))
		})
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `"a\n\"b\""`, Quote("a\n\"b\""))
	assert.Equal(t, `"`+strings.Repeat("x", 64)+`"`, Quote(strings.Repeat("x", 64)))
	assert.Equal(t, `"`+strings.Repeat("x", 64)+`"...`, Quote(strings.Repeat("x", 65)))
}
