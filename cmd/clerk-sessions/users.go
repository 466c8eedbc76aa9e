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

// header is what the first line of an exported list of users says. Some would pass for
// an id: user_id, user_email.
var header = regexp.MustCompile(`(?i)^"?(ids?|users?|clerk[ _-]?id|(clerk[ _-]?)?user[ _-]?(ids?|name|email))"?$`)

// users are the users asked for, without duplicates, from flags or from a file.
func (a *app) users(given []string, file string) ([]string, error) {
	if file == "" {
		return parseUserFlags(given)
	}
	text, err := a.readAll(file)
	if err != nil {
		return nil, usagef("the users cannot be read: %w", err)
	}
	if file == "-" {
		file = "stdin"
	}
	return parseUsers(file, text)
}

// parseUserFlags reads user ids with commas between them.
func parseUserFlags(given []string) ([]string, error) {
	var list userList
	for id := range strings.SplitSeq(strings.Join(given, ","), ",") {
		list.add(strings.TrimSpace(id), "")
	}
	return list.result("--user: a user id")
}

func (a *app) readAll(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(a.in)
	}
	return os.ReadFile(file)
}

// parseUsers reads one user id on each line. Blank lines, comments from # on and
// header rows, of which files put together have many, are passed over. All that is
// wrong is named by its line.
func parseUsers(name string, text []byte) ([]string, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, usagef("%s is written in UTF-16: save it as UTF-8", name)
	}
	var list userList
	n := 0
	for line := range strings.Lines(string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))) {
		n++
		id, _, _ := strings.Cut(line, "#")
		id = strings.TrimSpace(id)
		if id != "" && !header.MatchString(id) {
			list.add(id, fmt.Sprintf(" in line %d", n))
		}
	}
	if len(list.users)+len(list.wrong) == 0 {
		return nil, usagef("%s names no user", name)
	}
	return list.result(name + ": a user id, one on a line,")
}

// userList takes user ids, each once, and notes where one is wrong.
type userList struct {
	users, wrong []string
	seen         map[string]bool
}

func (l *userList) add(id, where string) {
	switch {
	case l.seen[id]:
	case userID.MatchString(id) && !header.MatchString(id):
		if l.seen == nil {
			l.seen = map[string]bool{}
		}
		l.seen[id] = true
		l.users = append(l.users, id)
	default:
		l.wrong = append(l.wrong, fmt.Sprintf("%.40q%s", id, where))
	}
}

func (l *userList) result(what string) ([]string, error) {
	const most = 5
	switch {
	case len(l.wrong) > most:
		return nil, usagef("%s looks like user_2abc, but there is %s and %d more", what, strings.Join(l.wrong[:most], ", "), len(l.wrong)-most)
	case len(l.wrong) > 0:
		return nil, usagef("%s looks like user_2abc, but there is %s", what, strings.Join(l.wrong, ", "))
	}
	return l.users, nil
}
