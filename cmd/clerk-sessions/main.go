// Command clerk-sessions lists, creates, revokes and verifies the sessions of a Clerk
// instance, and emulates Clerk's session endpoints on this machine. See its --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(run(newApp(time.Now))) }

func run(a *app) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return a.execute(ctx, os.Args[1:])
}
