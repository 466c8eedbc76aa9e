package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
)

type sessionCall func(
	*clerksessions.Client, context.Context, string, ...clerksessions.Option,
) (*clerksessions.Session, error)

// callEach makes one call for each id, from the arguments or a file, and prints the
// sessions.
func (a *app) callEach(
	ctx context.Context, args []string, file string, call sessionCall, opts ...clerksessions.Option,
) error {
	client, err := a.client(opts...)
	if err != nil {
		return err
	}
	if slices.Equal(args, []string{"-"}) {
		args, file = nil, "-"
	}
	ids, name := argIDs(args), ""
	if file != "" {
		if name, ids, err = a.open(ctx, sessionIDs, file); err != nil {
			return err
		}
	}
	within, cancel := withGrace(ctx)
	defer cancel()
	c := &idCalls{app: a, args: args, fromFile: file != ""}
	c.call = func(id string) (*clerksessions.Session, error) { return call(client, within, id) }
	if err := c.run(ctx, ids); err != nil {
		return err
	}
	if c.done+c.failed == 0 {
		return fmt.Errorf("%s has no session ids", name)
	}
	return cmp.Or(c.print(), partly(c.failed, c.done))
}

func argIDs(args []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, id := range args {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// idCalls makes the calls of one command.
type idCalls struct {
	*app
	args         []string // the ids, if they are arguments
	fromFile     bool     // print each session at once
	call         func(id string) (*clerksessions.Session, error)
	sessions     []*clerksessions.Session // not printed yet
	done, failed int
	rejected     bool // the secret key
}

var errRejected = errors.New("the secret key was rejected")

// run makes the calls and prints failures. It continues after a failure, but not after
// an interruption or when the secret key is rejected. It returns an error that has not
// been printed and ends the command.
func (c *idCalls) run(ctx context.Context, ids iter.Seq2[string, error]) error {
	for id, err := range ids {
		_, wrong := errors.AsType[*wrongID](err)
		switch {
		case wrong:
			c.fail(fmt.Errorf("want session ids such as sess_2abc, got %w", err))
			continue
		case ctx.Err() != nil || c.rejected:
			left := cmp.Or(strings.Join(c.args[min(c.done+c.failed, len(c.args)):], " "), "the rest")
			c.fail(fmt.Errorf("%w; not tried: %s", cmp.Or(context.Cause(ctx), errRejected), left))
			return nil
		case err != nil && c.done+c.failed == 0:
			return err
		case err != nil:
			c.fail(err)
			return nil
		}
		if err := c.one(id); err != nil {
			return err
		}
	}
	return nil
}

// one makes one call. The failure of the only call is returned, not printed.
func (c *idCalls) one(id string) error {
	session, err := c.call(id)
	switch {
	case err == nil:
		c.done++
		c.sessions = append(c.sessions, session)
	case len(c.args) == 1:
		return err
	default:
		c.fail(fmt.Errorf("%s: %w", id, err))
		c.rejected = errors.Is(err, clerksessions.ErrUnauthorized)
	}
	if c.fromFile {
		return c.print()
	}
	return nil
}

func (c *idCalls) fail(err error) {
	c.failed++
	c.printError(err)
}

// print prints the sessions that have not been printed yet.
func (c *idCalls) print() error {
	sessions := c.sessions
	c.sessions = nil
	return c.printSessions(sessions...)
}
