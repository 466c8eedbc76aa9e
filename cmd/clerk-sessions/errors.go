package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
)

// The exit codes, as the help says.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitPartly = 3
)

// exitError gives an error another exit code than exitFailed. Without err everything
// has been said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// conclude says what went wrong and returns the exit code.
func (a *app) conclude(err error) int {
	if err == nil {
		return exitDone
	}
	if err.Error() != "" {
		a.complain(err)
	}
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		return exit.code
	case errors.Is(err, clerksessions.ErrInvalidArgument):
		return exitUsage
	}
	return exitFailed
}

// complain writes an error as one line.
func (a *app) complain(err error) { a.note("error: %s", sentence(err)) }

// note writes a line to stderr. There is nobody to tell when that fails.
func (a *app) note(format string, args ...any) {
	fmt.Fprintln(a.errs, clean(fmt.Sprintf(format, args...)))
}

// sentence is an error for a person at a terminal: on one line, with what to do.
func sentence(err error) string {
	text := strings.NewReplacer("clerksessions: ", "", "sessionjwt: ", "", "sessionstest: ", "").Replace(err.Error())
	text = strings.Join(strings.Fields(text), " ")
	if advice := advice(err); advice != "" {
		text += "; " + advice
	}
	return text
}

func advice(err error) string {
	var answer *clerksessions.Error
	var network *net.OpError
	switch {
	case errors.As(err, &answer) && answer.HasCode("clerk_key_invalid"), noKeys(err, 401):
		return "check that the secret key is whole and has not been deleted in Clerk's Dashboard"
	case errors.Is(err, clerksessions.ErrNotFound) && !isAboutID(answer), noKeys(err, 404):
		return "check CLERK_API_URL: it must end before the version, which is added, like https://api.clerk.com"
	case errors.Is(err, clerksessions.ErrNotFound) && os.Getenv("CLERK_API_URL") != "":
		return "check the id, that the secret key belongs to the same instance, and that CLERK_API_URL ends before the version"
	case errors.Is(err, clerksessions.ErrNotFound):
		return "check the id, and that the secret key belongs to the same instance"
	case errors.Is(err, clerksessions.ErrGone):
		return "verify the token on this machine instead, without --remote"
	case errors.Is(err, clerksessions.ErrRateLimited):
		return "wait a little and run it again"
	case errors.Is(err, clerksessions.ErrUnavailable):
		return "run it again later"
	case errors.As(err, &network) && network.Op != "listen":
		return "check the network and CLERK_API_URL"
	}
	return ""
}

// isAboutID tells whether a 404 can be about the id that was asked for.
func isAboutID(answer *clerksessions.Error) bool {
	return answer.HasCode("resource_not_found") && answer.Op != "GetSessionList"
}

// noKeys tells whether this is what the Backend API answered when it was asked for the
// keys of tokens.
func noKeys(err error, status int) bool {
	return errors.Is(err, sessionjwt.ErrKeysUnavailable) && strings.Contains(err.Error(), fmt.Sprint("/jwks: status ", status))
}

// each does something for every id, going on after a failure but not after an
// interruption.
func (a *app) each(ctx context.Context, ids []string, do func(id string) error) error {
	failed := 0
	for i, id := range ids {
		if ctx.Err() != nil {
			failed += len(ids) - i
			a.complain(fmt.Errorf("interrupted, so these were not tried: %s", strings.Join(ids[i:], " ")))
			break
		}
		err := do(id)
		switch {
		case err == nil:
			continue
		case len(ids) == 1:
			return err
		}
		failed++
		a.complain(fmt.Errorf("%s: %w", id, err))
	}
	return outcome(failed, len(ids))
}

// outcome is the error for failures that have been told already.
func outcome(failed, total int) error {
	switch failed {
	case 0:
		return nil
	case total:
		return &exitError{code: exitFailed}
	}
	return &exitError{code: exitPartly}
}
