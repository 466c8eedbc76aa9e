package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime"
	"strings"
)

// terminal is where a question is asked.
type terminal struct {
	in  io.Reader
	out io.Writer
}

// terminal returns where to ask before revoking, if that is to be asked: stdin and
// stderr or, when the users come from stdin, the terminal of the process.
func (a *app) terminal(f *revokeAllFlags) (*terminal, error) {
	switch {
	case f.yes, f.dryRun:
		return nil, nil
	case f.usersFile == "-":
		if t, err := a.openTTY(); err == nil {
			return t, nil
		}
	case a.inTTY && a.errTTY:
		return &terminal{a.in, a.errs}, nil
	}
	return nil, usagef("not a terminal: pass --yes to revoke without confirmation, or --dry-run (nothing was revoked)")
}

// openTTY opens the terminal of the process, which stays open until it ends.
func openTTY() (*terminal, error) {
	in, out := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		in, out = "CONIN$", "CONOUT$"
	}
	reader, err := os.OpenFile(in, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	writer, err := os.OpenFile(out, os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	return &terminal{reader, writer}, nil
}

// errNo is the error for an answer that is not yes.
var errNo = errors.New("the answer was not yes; nothing was revoked")

// confirm asks a person. Everything but a yes is a no.
func (a *app) confirm(ctx context.Context, t *terminal, question string) error {
	fmt.Fprintf(t.out, "%s? This cannot be undone. [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(t.in).ReadString('\n')
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
		return errNo
	}
}

// hostOf returns the host of a base URL that New accepted.
func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}

// instanceType says whether a key is of a development or a production instance.
func instanceType(key string) string {
	switch key := strings.TrimPrefix(key, "sk_"); {
	case strings.HasPrefix(key, "live_"):
		return " (live)"
	case strings.HasPrefix(key, "test_"):
		return " (test)"
	}
	return ""
}
