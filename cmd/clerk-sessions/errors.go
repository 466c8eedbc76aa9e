package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/clerksessions/clerksessions"
	"github.com/clerksessions/clerksessions/sessionjwt"
	"github.com/spf13/cobra"
)

// The exit codes, as documented by --help.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitPartly = 3
)

// exitError gives an error an exit code other than exitFailed. A nil err means that
// everything has been printed.
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

// usagef returns an error with exitUsage.
func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// usage returns the text of an error that cobra made for a command.
func usage(cmd *cobra.Command, err error) string {
	text, isArgument := strings.CutSuffix(err.Error(), fmt.Sprintf(" for %q", cmd.CommandPath()))
	if isArgument && !cmd.HasSubCommands() {
		return strings.Replace(text, "unknown command", "unexpected argument", 1)
	}
	text = regexp.MustCompile(`^at least (one of .*) is required$`).ReplaceAllString(err.Error(), "give $1")
	return regexp.MustCompile(`^if any (.*\]) are set none .*`).ReplaceAllString(text, "give only one of the $1")
}

// exitCode prints err and returns the exit code.
func (a *app) exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if err.Error() != "" {
		a.printError(err)
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

// printError writes an error as one line.
func (a *app) printError(err error) { a.note("error: %s", describe(err)) }

// note writes a line to stderr. Failures to write are ignored.
func (a *app) note(format string, args ...any) {
	line := clean(fmt.Sprintf(format, args...))
	a.aside(func() { fmt.Fprintln(a.errs, line) })
}

// describe returns an error on one line, with advice.
func describe(err error) string {
	text := strings.NewReplacer("clerksessions: ", "", "sessionjwt: ", "", "sessionstest: ", "").Replace(err.Error())
	text = strings.Join(strings.Fields(text), " ")
	if advice := advice(err); advice != "" {
		text += "; " + advice
	}
	return text
}

var processed = regexp.MustCompile(`(Create|Refresh)Session: (may have been processed|[25]\d\d\b)`)
var noResponse = regexp.MustCompile(`(clerksessions: [A-Z]|keys unavailable).*\b` +
	`(EOF|malformed HTTP|(dial|read|write) tcp|(http2?|tls|x509|stream error): |(no complete|before a) response)`)

// advice returns what to do about an error, or "".
func advice(err error) string {
	var apiErr *clerksessions.Error
	notFound := errors.As(err, &apiErr) && errors.Is(err, clerksessions.ErrNotFound)
	switch lost := processed.FindStringSubmatch(err.Error()); {
	case lost != nil && lost[1] == "Refresh":
		return "the expired token may have been used up"
	case lost != nil:
		return "check with 'clerk-sessions list --user ID' before you run the command again"
	case errors.Is(err, sessionjwt.ErrKeysUnavailable) && strings.Contains(err.Error(), "/.well-known/jwks.json"):
		return "check the network and the issuer"
	case apiErr != nil && apiErr.HasCode("clerk_key_invalid"), noKeys(err, 401):
		return "check that the secret key is complete and has not been deleted in Clerk's Dashboard"
	case notFound && hasEnded(apiErr):
		return ""
	case notFound && (apiErr.Op == "GetSessionList" || !apiErr.HasCode("resource_not_found")), noKeys(err, 404):
		return "check CLERK_API_URL: it must not include the version, for example https://api.clerk.com"
	case notFound && os.Getenv("CLERK_API_URL") != "":
		return "check the id, that the secret key belongs to the same instance, " +
			"and that CLERK_API_URL does not include the version"
	case notFound:
		return "check the id, and that the secret key belongs to the same instance"
	case errors.Is(err, clerksessions.ErrGone):
		return "verify the token locally, without --remote"
	case errors.Is(err, clerksessions.ErrRateLimited) && apiErr != nil && apiErr.RetryAfter > 0:
		return "run the command again in " + shortDuration(apiErr.RetryAfter)
	case errors.Is(err, clerksessions.ErrRateLimited):
		return "wait a little and run the command again"
	case errors.Is(err, clerksessions.ErrUnavailable):
		return "run the command again later"
	case apiErr != nil && apiErr.StatusCode < 300, apiErr == nil && noResponse.MatchString(err.Error()):
		return "check the network and CLERK_API_URL"
	}
	return ""
}

var ended = regexp.MustCompile(`(?i)\b(inactive|no(t| longer)? (active|live)|has ended|` +
	`is (abandoned|ended|expired|removed|replaced|revoked))\b`)

// hasEnded reports whether a 404 says that the session exists but has ended.
func hasEnded(apiErr *clerksessions.Error) bool {
	return slices.ContainsFunc(apiErr.Errors, func(one clerksessions.ClerkError) bool {
		return one.Code == "resource_not_found" && ended.MatchString(one.Message+" "+one.LongMessage)
	})
}

// noKeys reports whether fetching the key set failed with this status.
func noKeys(err error, status int) bool {
	return errors.Is(err, sessionjwt.ErrKeysUnavailable) &&
		regexp.MustCompile(fmt.Sprintf(`/jwks\b.*\b%d\b`, status)).MatchString(err.Error())
}

// partly returns the error for a number of failures that have been printed, nil for none.
func partly(failed, done int) error {
	switch {
	case failed == 0:
		return nil
	case done == 0:
		return &exitError{code: exitFailed}
	}
	return &exitError{code: exitPartly}
}
