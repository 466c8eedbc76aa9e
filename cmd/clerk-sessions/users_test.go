package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseUsers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"plain":             {"user_1\nuser_2\n", []string{"user_1", "user_2"}, ""},
		"no last newline":   {"user_1", []string{"user_1"}, ""},
		"windows":           {"\xef\xbb\xbfuser_1\r\n\r\nuser_2\r\n", []string{"user_1", "user_2"}, ""},
		"comments":          {"# all\nuser_1 # Anna\n#user_2\n", []string{"user_1"}, ""},
		"duplicates":        {"user_2\nuser_1\nuser_2\n", []string{"user_2", "user_1"}, ""},
		"header":            {"user_id\nuser_1\n", []string{"user_1"}, ""},
		"header in quotes":  {"\"User ID\"\nuser_1\n", []string{"user_1"}, ""},
		"header after all":  {"# x\n\nID\nuser_1\n", []string{"user_1"}, ""},
		"headers later":     {"user_id\nuser_1\nuser_id\nid\nuser_2\n", []string{"user_1", "user_2"}, ""},
		"header of e-mails": {"user_email\nanna@example.com\n", nil, `"anna@example.com" in line 2`},
		"emails later":      {"user_1\nuser_email\n", []string{"user_1"}, ""},
		"wrong ids by line": {"user_1\r\n\r\nsess_1\r\nuser_/../x\r\n", nil, `"sess_1" in line 3, "user_/../x" in line 4`},
		"no prefix alone":   {"user_1\nuser_\n", nil, `"user_" in line 2`},
		"an escape":         {"\x1b[31m\n", nil, `"\x1b[31m" in line 1`},
		"empty":             {"", nil, "names no user"},
		"utf-16":            {"\xff\xfeu\x00", nil, "UTF-16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, err := parseUsers("users.txt", []byte(test.text))
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, test.want, users)
		})
	}
}

func TestUserFlagsAreNoFile(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"user_5#zzz", "# user_5", "user_id", "user_1\nuser_2", "user_1,user_5#", "\xef\xbb\xbfuser_5"} {
		users, err := parseUserFlags([]string{"user_0", wrong})
		require.ErrorContains(t, err, "--user: a user id looks like user_2abc, but there is ")
		assert.NotContains(t, err.Error(), "line")
		assert.Nil(t, users)
	}
	users, err := parseUserFlags([]string{"user_1, user_2", "user_1"})
	require.NoError(t, err)
	assert.Equal(t, []string{"user_1", "user_2"}, users)
}

func TestParseUsersTakesManyLines(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "user_%d\r\nuser_%d\r\n", i, i/2)
	}
	users, err := parseUsers("users.txt", []byte(text.String()))
	require.NoError(t, err)
	assert.Len(t, users, 100_000)
}
