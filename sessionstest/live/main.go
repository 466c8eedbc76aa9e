// Live checks claims about Clerk against the emulator and, with CLERK_LIVE_SECRET_KEY, the
// secret key of a development instance, against Clerk itself. It creates a user of its
// own and deletes it at the end.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/clerksessions/clerksessions/sessionstest"
)

const (
	clerkURL = "https://api.clerk.com/v1"

	// pause is the time between requests to Clerk, whose limit for development
	// instances is 100 requests in 10 seconds.
	pause = 150 * time.Millisecond
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, clerkURL, os.Getenv("CLERK_LIVE_SECRET_KEY"), pause)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

// run checks all claims and writes the outcome of each. It returns an error if a claim
// does not hold.
func run(ctx context.Context, out io.Writer, url, key string, pause time.Duration) error {
	if key != "" && !strings.HasPrefix(key, "sk_test_") {
		return errors.New(
			"CLERK_LIVE_SECRET_KEY must be the key of a development instance, sk_test_...; sk_live_... is refused")
	}
	emulator := sessionstest.New()
	emulated, err := ask(&subject{
		ctx: ctx, url: emulator.URL, key: emulator.SecretKey,
		client: &http.Client{Transport: emulator.Transport()},
	})
	if err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	var real []string
	if key != "" {
		noRedirect := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		real, err = ask(&subject{
			ctx: ctx, url: url, key: key, pause: pause,
			client: &http.Client{Timeout: 30 * time.Second, CheckRedirect: noRedirect},
		})
		if err != nil {
			return fmt.Errorf("clerk: %w", err)
		}
	}
	return report(out, emulated, real)
}

// ask returns the outcome of each claim.
func ask(s *subject) (outcomes []string, err error) {
	defer func() { err = errors.Join(err, s.cleanUp()) }()
	if err := s.setUp(); err != nil {
		return nil, err
	}
	for _, c := range claims {
		outcome := c.read(c.send(s))
		if s.err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, s.err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

// report writes the outcomes, and returns an error if one of them contradicts its claim.
// real is nil if Clerk was not tested.
func report(out io.Writer, emulated, real []string) error {
	var confirmed, different []string
	for i, c := range claims {
		fmt.Fprintf(out, "%s (%s)\n  claim     %s\n  emulator  %s\n", c.name, c.basis, c.want, emulated[i])
		if emulated[i] != c.want {
			different = append(different, c.name+" (emulator)")
		}
		switch {
		case real == nil:
		case real[i] != c.want:
			different = append(different, c.name+" (Clerk)")
			fmt.Fprintf(out, "  Clerk     %s  <- differs\n", real[i])
		case c.basis == inferred:
			confirmed = append(confirmed, c.name)
			fmt.Fprintf(out, "  Clerk     %s  <- confirmed\n", real[i])
		default:
			fmt.Fprintf(out, "  Clerk     %s\n", real[i])
		}
	}
	fmt.Fprintf(out, "\n%d claims\n", len(claims))
	if real == nil {
		fmt.Fprintln(out, "Clerk was not tested; set CLERK_LIVE_SECRET_KEY to the key of a development instance.")
	} else {
		list(out, "Inferred claims that Clerk confirmed", confirmed)
	}
	list(out, "Claims that do not hold", different)
	if len(different) > 0 {
		return fmt.Errorf("%d claims do not hold", len(different))
	}
	return nil
}

func list(out io.Writer, title string, names []string) {
	if len(names) > 0 {
		fmt.Fprintf(out, "%s:\n  %s\n", title, strings.Join(names, "\n  "))
	}
}
