package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// users returns the users given by flags or by a file, without duplicates.
func (a *app) users(ctx context.Context, given []string, file string) ([]string, error) {
	var list userList
	if file == "" {
		for id := range strings.SplitSeq(strings.Join(given, ","), ",") {
			if id = strings.TrimSpace(id); userIDs.valid(id) {
				list.add(id)
			} else {
				list.wrong = append(list.wrong, fmt.Sprintf("%.40q", id))
			}
		}
		return list.result("--user")
	}
	name, from, err := a.open(file)
	if err != nil {
		return nil, usagef("cannot read users: %w", err)
	}
	defer from.Close()
	return readUsers(ctx, name, from)
}

// open opens a file, or stdin for "-".
func (a *app) open(file string) (name string, from io.ReadCloser, err error) {
	if file == "-" {
		return "stdin", io.NopCloser(a.in), nil
	}
	from, err = os.Open(file)
	return file, from, err
}

// readUsers reads the ids of a file, until ctx ends. The error names all lines that are
// wrong.
func readUsers(ctx context.Context, name string, from io.Reader) ([]string, error) {
	var list userList
	for id, err := range interruptible(ctx, userIDs.read(name, from)) {
		var wrong *wrongID
		switch {
		case errors.As(err, &wrong):
			list.wrong = append(list.wrong, wrong.Error())
		case err != nil:
			return nil, err
		default:
			list.add(id)
		}
	}
	if len(list.users)+len(list.wrong) == 0 {
		return nil, usagef("%s has no user ids", name)
	}
	return list.result(name)
}

// userList collects users, each once, and values that are not.
type userList struct {
	users, wrong []string
	seen         map[string]bool
}

func (l *userList) add(id string) {
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	if !l.seen[id] {
		l.seen[id] = true
		l.users = append(l.users, id)
	}
}

func (l *userList) result(where string) ([]string, error) {
	if len(l.wrong) == 0 {
		return l.users, nil
	}
	const most = 5
	shown, more := l.wrong, ""
	if len(shown) > most {
		shown, more = shown[:most], fmt.Sprintf(" and %d more", len(shown)-most)
	}
	return nil, usagef("%s: want user ids such as user_2abc, got %s%s", where, strings.Join(shown, ", "), more)
}
