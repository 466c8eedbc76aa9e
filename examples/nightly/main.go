// Nightly revokes the sessions of some users that are older than a maximum age:
//
//	CLERK_SECRET_KEY=sk_test_... go run ./examples/nightly -max-age 720h user_1 user_2
//
// It reports each failure and a summary. The exit code is 1 if anything failed; sessions
// that failed are found again by the next run. Without users it revokes nothing, and the
// exit code is 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/clerksessions/clerksessions"
)

func main() {
	maxAge := flag.Duration("max-age", 30*24*time.Hour, "revoke sessions older than this")
	flag.Parse()
	client, err := clerksessions.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok := cleanUp(ctx, client, time.Now().Add(-*maxAge), flag.Args(), os.Stdout)
	stop()
	if !ok {
		os.Exit(1)
	}
}

// cleanUp revokes the sessions of the users that were created before a time, and reports
// whether nothing failed.
func cleanUp(ctx context.Context, client *clerksessions.Client, before time.Time, users []string, out io.Writer) bool {
	var notListed error
	old := func(yield func(id string) bool) { // called once, by RevokeEach
		for _, user := range users {
			for session, err := range client.All(ctx, clerksessions.ListParams{UserID: user}) {
				switch {
				case err != nil:
					notListed = errors.Join(notListed, fmt.Errorf("listing the sessions of %s: %w", user, err))
				case session.Status.Ended() || !session.CreatedAt.Before(before):
				case !yield(session.ID):
					return
				}
			}
		}
	}
	revoked, failed := 0, 0
	for _, err := range client.RevokeEach(ctx, old) {
		if err != nil {
			failed++
			fmt.Fprintln(out, err)
			continue
		}
		revoked++
	}
	if notListed != nil { // RevokeEach has read all ids
		fmt.Fprintln(out, notListed)
	}
	fmt.Fprintf(out, "%d sessions revoked, %d failed\n", revoked, failed)
	return failed == 0 && notListed == nil
}
