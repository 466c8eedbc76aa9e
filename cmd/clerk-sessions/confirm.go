package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// terminal is where to ask for confirmation.
type terminal struct {
	in  io.Reader
	out io.Writer
}

// terminal returns where to ask for confirmation: stdin and stderr or, if the users come
// from stdin, the controlling terminal. It is nil if no confirmation is needed.
func (a *app) terminal(f *revokeAllFlags) (*terminal, error) {
	switch {
	case f.yes, f.dryRun:
		return nil, nil
	case f.usersFile == "-":
		if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
			return &terminal{tty, tty}, nil
		}
	case a.inTTY && a.errTTY:
		return &terminal{a.in, a.errs}, nil
	}
	return nil, usagef("not a terminal: pass --yes to revoke without confirmation, or --dry-run (nothing was revoked)")
}

// errNotConfirmed is the error for an answer other than yes.
var errNotConfirmed = errors.New("the answer was not yes; nothing was revoked")

// confirm asks for confirmation. The error is nil only if the answer is y or yes.
func (t *terminal) confirm(ctx context.Context, question string) error {
	fmt.Fprintf(t.out, "%s? This cannot be undone. [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(t.in).ReadString('\n')
		if err != nil {
			fmt.Fprintln(t.out) // end the line of the question
		}
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.out)
		return fmt.Errorf("%w; nothing was revoked", context.Cause(ctx))
	case line := <-answer:
		if line == "y" || line == "yes" {
			return nil
		}
		return errNotConfirmed
	}
}

// instanceName returns a name for an instance, such as "api.clerk.com (live)".
func instanceName(baseURL, key string) string {
	u, _ := url.Parse(baseURL) // valid, as the client was made with it
	if kind := instanceKind(key); kind != "" {
		return u.Host + " (" + kind + ")"
	}
	return u.Host
}

// instanceKind returns live or test, or "" for other keys.
func instanceKind(key string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(key, "sk_"), "_")
	if kind != "live" && kind != "test" {
		return ""
	}
	return kind
}
