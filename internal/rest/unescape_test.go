package rest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUnescapeJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"nothing to decode", `plain`, `plain`},
		{"escape after one that is kept", `\n\u0041`, `\nA`},
		{"space", `\u0020`, ` `},
		{"last control character", `\u001f`, `\u001f`},
		{"another letter than u", `\x0041`, `\x0041`},
		{"escape without its last digit", `\u004`, `\u004`},
		{"letter", `\u0041\u005f`, `A_`},
		{"slash", `a\/b`, `a/b`},
		{"quotation mark", `\u0022 \"`, `\" \"`},
		{"backslash", `\u005c \\`, `\\ \\`},
		{"escaped backslash before u", `\\u0041`, `\\u0041`},
		{"line break", `\n\u000a`, `\n\n`},
		{"control character in capitals", `\u001F`, `\u001f`},
		{"surrogate pair", `\ud83d\ude00!`, `😀!`},
		{"half a surrogate pair", `\ud83d!`, `\ud83d!`},
		{"surrogates in the wrong order", `\ude00\ud83d`, `\ude00\ud83d`},
		{"surrogate and a letter", `\ud83d\u0041`, `\ud83dA`},
		{"beyond ASCII", `\u00fc`, `ü`},
		{"not hexadecimal", `\u00zz`, `\u00zz`},
		{"truncated escape", `\u00`, `\u00`},
		{"backslash at the end", `a\`, `a\`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, unescapeJSON(test.text))
		})
	}
}
