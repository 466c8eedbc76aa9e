package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadUsers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"plain":                   {"user_1\nuser_2\n", []string{"user_1", "user_2"}, ""},
		"no final newline":        {"user_1", []string{"user_1"}, ""},
		"byte order mark, CRLF":   {"\xef\xbb\xbfuser_1\r\n\r\nuser_2\r\n", []string{"user_1", "user_2"}, ""},
		"comments":                {"# all, of them\nuser_1 # Anna, Athens\n#user_2\n", []string{"user_1"}, ""},
		"duplicates":              {"user_2\nuser_1\nuser_2\n", []string{"user_2", "user_1"}, ""},
		"quoted":                  {"\"user_1\"\n'user_2'\n", []string{"user_1", "user_2"}, ""},
		"empty quotes":            {"\"\"\nuser_1\n", []string{"user_1"}, ""},
		"header":                  {"user_id\nuser_1\n", []string{"user_1"}, ""},
		"quoted header":           {"\"User ID\"\nuser_1\n", []string{"user_1"}, ""},
		"repeated headers":        {"user_id\nuser_1\nuser_id\nid\nuser_2\n", []string{"user_1", "user_2"}, ""},
		"header of e-mails":       {"user_email\nanna@example.com\n", nil, `users.txt: want user ids such as user_2abc, got "anna@example.com" in line 2`},
		"wrong ids by line":       {"user_1\r\n\r\nsess_1\r\nuser_/../x\r\n", nil, `got "sess_1" in line 3, "user_/../x" in line 4`},
		"prefix only":             {"user_1\nuser_\n", nil, `got "user_" in line 2`},
		"an escape sequence":      {"\x1b[31m\n", nil, `got "\x1b[31m" in line 1`},
		"five wrong ids":          {"a\nb\nc\nd\ne\n", nil, `"d" in line 4, "e" in line 5`},
		"six wrong ids":           {"a\nb\nc\nd\ne\nf\n", nil, `"e" in line 5 and 1 more`},
		"empty":                   {"", nil, "users.txt has no user ids"},
		"header only":             {"user_id,name\n", nil, "users.txt has no user ids"},
		"UTF-16":                  {"\xff\xfeu\x00", nil, "users.txt: line 1 has a NUL byte: save it as UTF-8"},
		"NUL bytes later":         {"user_1\n\x00\x00\x00\n", nil, "line 2 has a NUL byte"},
		"line too long":           {strings.Repeat("x", 1<<20), nil, "line 1 is longer than 64 KiB"},
		"several on later lines":  {"user_1\nuser_2,user_3\n", nil, "users.txt: line 2 has several user ids: give one on each line"},
		"several on the first":    {"user_1,user_2\n", nil, "users.txt: line 1 has several user ids: give one on each line"},
		"CSV, id":                 {"id,first_name\nuser_1,Anna\nuser_2,\"Bob, Jr.\"\n", []string{"user_1", "user_2"}, ""},
		"CSV, user_id beside id":  {"id,user_id\nsess_1,user_1\n", []string{"user_1"}, ""},
		"CSV, comments, CRLF":     {"\xef\xbb\xbf# export\r\nname;User ID\r\nAnna;\"user_1\"\r\n", []string{"user_1"}, ""},
		"CSV, spaces":             {"name, id\nAnna, user_1 \n", []string{"user_1"}, ""},
		"CSV, tabs":               {"n\tclerk_id\nx\tuser_1\n", []string{"user_1"}, ""},
		"CSV, lines in a field":   {"bio,id\n\"a\nb\",user_1\n,user_2\n", []string{"user_1", "user_2"}, ""},
		"CSV, concatenated":       {"id,n\nuser_1,1\nn,id\n2,user_2\n", []string{"user_1", "user_2"}, ""},
		"CSV, empty id":           {"id,n\nuser_1,1\n,2\n", nil, `got "" in line 3`},
		"CSV, short row":          {"n,id\n1,user_1\n2\n", nil, `got "" in line 3`},
		"CSV, wrong id":           {"# x\nid,n\nuser_1,1\nanna,2\n", nil, `got "anna" in line 4`},
		"CSV, role like a column": {"user_id,role\nuser_1,admin\nuser_2,user\nuser_3,User\n", []string{"user_1", "user_2", "user_3"}, ""},
		"CSV, role without an id": {"user_id,role\nuser_1,admin\n,user\nuser_2,user\n", nil, `got "user" in line 4`},
		"CSV after plain lines":   {"user_1\nuser_2,Bob\n", nil, "users.txt: line 2 has columns, but the lines before do not: give one id on each line"},
		"CSV, lines but no name":  {"n,\"a\nb\",user_1\n", nil, "users.txt: line 1: no column has a name such as user_id: name it in the first line"},
		"CSV without header":      {"Anna,user_1\nBob,user_2\n", nil, "users.txt: no column has a name such as user_id; use: cut -d, -f2 'users.txt' | clerk-sessions revoke-all --users-file -"},
		"CSV, a quoted comma":     {"\"Berg, Anna\",user_1\n", nil, "users.txt: line 1: no column has a name such as user_id: name it in the first line"},
		"CSV with another header": {"name;key\nAnna;user_1\n", nil, "use: cut -d';' -f2 'users.txt' | tail -n +2 | clerk-sessions"},
		"tabs without header":     {"user_1\tAnna\n", nil, "use: cut -f1 'users.txt' | clerk-sessions"},
		"CSV without ids":         {"name,mail\nAnna,a@example.com\n", nil, "users.txt: no column has the name user_id or id"},
		"CSV, field too long":     {"id,n\n\"user_1,1\n" + strings.Repeat("x\n", 40_000), nil, "users.txt: line 2: "},
		"CSV, unterminated quote": {"id,n\nuser_1,\"1\nuser_2,2\n", nil, "users.txt: line 2: the quote is not closed"},
		"JSON on several lines":   {"[\n  \"user_1\",\n  \"user_2\"\n]\n", nil, "users.txt: line 1 is JSON: give one id on each line"},
		"JSON list":               {"[\"user_1\", \"user_2\"]\n", nil, "users.txt: line 1 is JSON: give one id on each line"},
		"JSON objects":            {"\n{\"user\":\"user_1\",\"n\":1}\n", nil, "users.txt: line 2 is JSON: give one id on each line"},
		"CSV, brackets":           {"name,id\n[x],user_1\n{y},user_2\n", []string{"user_1", "user_2"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, err := userIDs.collect("users.txt", userIDs.read("users.txt", strings.NewReader(test.text)))
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				var exit *exitError
				require.ErrorAs(t, err, &exit)
				assert.Equal(t, exitUsage, exit.code)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, test.want, users)
		})
	}
}

func TestCutCommandQuotesTheFile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"stdin": "cut -d, -f1 | clerk-sessions", "it's.csv": `cut -d, -f1 'it'\''s.csv' | clerk-sessions`, "-x": "cut -d, -f1 '-x' |",
	} {
		_, err := userIDs.collect(name, userIDs.read(name, strings.NewReader("user_1,Anna\n")))
		require.ErrorContains(t, err, "use: "+want)
	}
}

func TestUserFlagsAreNotAFile(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"user_5#zzz", "# user_5", "user_id", "user_1\nuser_2", "user_1,user_5#", "user_1,",
		"\xef\xbb\xbfuser_5"} {
		require.EqualError(t, userIDs.several(new([]string))(wrong), "want user ids such as user_2abc", wrong)
	}
	var users []string
	require.NoError(t, userIDs.several(&users)("user_1, user_2"))
	require.NoError(t, userIDs.several(&users)("user_1"))
	assert.Equal(t, []string{"user_1", "user_2"}, users)
}

func TestReadUsersTakesManyLines(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "user_%d\r\nuser_%d\r\n", i, i/2)
	}
	users, err := userIDs.collect("users.txt", userIDs.read("users.txt", strings.NewReader(text.String())))
	require.NoError(t, err)
	assert.Len(t, users, 100_000)
}

// Every line of a file is an id, an error, or one of the kinds that are skipped.
func FuzzReadUsers(f *testing.F) {
	for _, seed := range []string{"user_1\n", "id,n\nuser_1,2\n", "a;b\nx;user_1\n", "\xef\xbb\xbf#\n\"user_1\"\r\n", "\"\nid,\x00", "user_1,user_2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for id, err := range userIDs.read("users.txt", strings.NewReader(text)) {
			var wrong *wrongID
			if err == nil {
				assert.Regexp(t, `^user_[0-9A-Za-z_-]{1,100}$`, id)
			} else if !errors.As(err, &wrong) {
				var exit *exitError
				require.ErrorAs(t, err, &exit)
			}
		}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); userIDs.valid(line) && !strings.ContainsAny(text, ",;\t\x00\"") && len(text) < bufio.MaxScanTokenSize {
				users, err := userIDs.collect("users.txt", userIDs.read("users.txt", strings.NewReader(text)))
				assert.True(t, err != nil || len(users) > 0)
			}
		}
	})
}
