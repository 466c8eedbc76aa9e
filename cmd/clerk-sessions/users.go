package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

var userID = regexp.MustCompile(`^user_[0-9A-Za-z_-]{1,100}$`)

// headers are what the first line of an exported list of users says, in lower case
// and without punctuation.
var headers = map[string]bool{"id": true, "ids": true, "user": true, "users": true, "userid": true, "userids": true, "clerkid": true, "clerkuserid": true}

// users are the users asked for, without duplicates, from flags or from a file.
func (a *app) users(given []string, file string) ([]string, error) {
	if file == "" {
		return parseUsers("--user", []byte(strings.Join(given, "\n")), false)
	}
	text, err := a.readAll(file)
	if err != nil {
		return nil, usagef("the users cannot be read: %w", err)
	}
	if file == "-" {
		file = "stdin"
	}
	return parseUsers(file, text, true)
}

func (a *app) readAll(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(a.in)
	}
	return os.ReadFile(file)
}

// parseUsers reads one user id on each line. Blank lines, comments from # on and a
// header row are passed over. All that is wrong is named by its line.
func parseUsers(name string, text []byte, lines bool) ([]string, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, usagef("%s is written in UTF-16: save it as UTF-8", name)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var users, wrong []string
	seen := map[string]bool{}
	first := lines
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		id, _, _ := strings.Cut(line, "#")
		id = strings.TrimSpace(id)
		if id == "" {
			continue
		}
		header := first && isHeader(id)
		first = false
		switch {
		case header || seen[id]:
		case userID.MatchString(id):
			seen[id] = true
			users = append(users, id)
		default:
			wrong = append(wrong, fmt.Sprintf("%.40q in line %d", id, n))
		}
	}
	switch {
	case len(wrong) > 5:
		return nil, usagef("%s: a user id, one on a line, looks like user_2abc, but there is %s and %d more", name, strings.Join(wrong[:5], ", "), len(wrong)-5)
	case len(wrong) > 0:
		return nil, usagef("%s: a user id, one on a line, looks like user_2abc, but there is %s", name, strings.Join(wrong, ", "))
	case len(users) == 0:
		return nil, usagef("%s names no user", name)
	}
	return users, nil
}

func isHeader(line string) bool {
	return headers[strings.NewReplacer("_", "", " ", "", "-", "", `"`, "").Replace(strings.ToLower(line))]
}
