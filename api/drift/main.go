// Command drift compares openapi.yaml with the documents Clerk publishes. Run it in the directory of this module:
//
//	go tool drift [-json] [-upstream dir] check
//	go tool drift [-json] [-upstream dir | -old file -new file] watch
//	go tool drift [-json] [-upstream dir] update
//
// The exit code is 0 for no drift, 1 for drift, and 2 if no drift was found but some comparison failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

const noDrift, drift, incomplete = 0, 1, 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := options{dir: ".", host: "https://github.com/", backoff: 2 * time.Second}
	os.Exit(o.run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Options are the flags, and settings that only tests change.
type options struct {
	json               bool
	upstream, old, new string
	dir, host          string
	backoff            time.Duration
}

func (o options) run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("drift [flags] check|watch|update", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.StringVar(&o.upstream, "upstream", "", "directory of documents, or git checkout of their repository")
	flags.StringVar(&o.old, "old", "", "watch: the older document")
	flags.StringVar(&o.new, "new", "", "watch: the newer document")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return noDrift
	} else if err != nil {
		return incomplete
	}
	r := &report{}
	if err := o.report(ctx, r, flags.Args()); err != nil {
		r.fail(err)
	}
	if len(r.Findings) > 0 {
		r.Exit = drift
	} else if len(r.Errors) > 0 {
		r.Exit = incomplete
	}
	for _, text := range r.Errors {
		fmt.Fprintln(stderr, "drift:", text)
	}
	if r.write(stdout, o.json) != nil {
		return incomplete
	}
	return r.Exit
}

func (o options) report(ctx context.Context, r *report, args []string) error {
	modes := map[string]func(*project, context.Context, *source, *report){
		"check": (*project).check, "watch": (*project).watch, "update": (*project).update,
	}
	if len(args) != 1 || modes[args[0]] == nil {
		return fmt.Errorf("got %q, want check, watch or update after the flags", args)
	}
	r.Mode = args[0]
	if o.old != "" || o.new != "" {
		if o.old == "" || o.new == "" || r.Mode != "watch" || o.upstream != "" {
			return errors.New("-old and -new are for watch, must both be set, and exclude -upstream")
		}
		return watchFiles(r, o.old, o.new)
	}
	p, err := openProject(o.dir)
	if err != nil {
		return err
	}
	from := localSource(o.upstream, p.pins.folder())
	if o.upstream == "" {
		temp, err := os.MkdirTemp("", "drift")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		from = &source{gitDir: temp, attempts: 4, backoff: o.backoff}
		url := o.host + p.pins.Repository // contents are fetched when they are read
		if _, err := from.git(ctx, "clone", "--quiet", "--bare", "--filter=blob:none", url, temp); err != nil {
			return err
		}
	}
	modes[r.Mode](p, ctx, from, r)
	return nil
}
