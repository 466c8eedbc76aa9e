package main

import (
	"bytes"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzCleanEscapesControlCharacters(f *testing.F) {
	for _, seed := range []string{"", "Αθήνα", "\x1b[31m\x07", "a\tb\r\nc", "\u009b31m\u202e\u2066", "\xff\xfe", "\U000e0041", "\u2028\x7f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text)
		assert.True(t, utf8.ValidString(got))
		for _, r := range got {
			assert.True(t, unicode.IsPrint(r), "%U", r)
		}
		if !utf8.ValidString(text) {
			return
		}
		// In JSON it means the same.
		line, err := json.Marshal(text)
		require.NoError(t, err)
		var back string
		require.NoError(t, json.Unmarshal([]byte(clean(string(line))), &back))
		assert.Equal(t, text, back)
	})
}

func TestRowsCannotControlTheTerminal(t *testing.T) {
	t.Parallel()
	out := new(bytes.Buffer)
	require.NoError(t, (&app{out: out}).printRows([][]string{{"user", "user_\x1b[31m"}, {"session", "a\tb"}}))
	assert.Equal(t, "user     user_\\u001b[31m\nsession  a\\u0009b\n", out.String())
}
