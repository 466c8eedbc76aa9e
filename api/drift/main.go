// Command drift compares openapi.yaml with the documents Clerk publishes. Run it in the directory of this module:
//
//	go tool drift [-json] [-upstream dir] check
//	go tool drift [-json] [-upstream dir | -old file -new file] watch
//	go tool drift [-json] [-upstream dir] update
//
// Its exit code is 0 for no drift, 1 for drift, and 2 if no drift is known and something could not be told.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

const (
	noDrift      = 0
	drift        = 1
	couldNotTell = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := options{dir: ".", host: "https://github.com/", backoff: 2 * time.Second}
	os.Exit(o.run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags, and what tests replace.
type options struct {
	json               bool
	upstream, old, new string

	dir, host string
	backoff   time.Duration
}

func (o options) run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("drift", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.StringVar(&o.upstream, "upstream", "", "directory of published documents, or git checkout of their repository")
	flags.StringVar(&o.old, "old", "", "watch: the older document")
	flags.StringVar(&o.new, "new", "", "watch: the newer document")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return noDrift
	} else if err != nil {
		return couldNotTell
	}
	r := &report{}
	if err := o.report(ctx, r, flags.Args()); err != nil {
		r.cannotTell(err)
	}
	if r.Exit = min(len(r.Unknown), 1) * couldNotTell; len(r.Findings) > 0 {
		r.Exit = drift
	}
	for _, text := range r.Unknown {
		fmt.Fprintln(stderr, "drift:", text)
	}
	if r.write(stdout, o.json) != nil {
		return couldNotTell
	}
	return r.Exit
}

func (o options) report(ctx context.Context, r *report, args []string) error {
	modes := map[string]func(*project, context.Context, *source, *report){
		"check": (*project).check, "watch": (*project).watch, "update": (*project).update,
	}
	if len(args) != 1 || modes[args[0]] == nil {
		return fmt.Errorf("got %q, want one of check, watch and update after the flags", args)
	}
	r.Mode = args[0]
	if o.old != "" || o.new != "" {
		if o.old == "" || o.new == "" || r.Mode != "watch" || o.upstream != "" {
			return errors.New("-old and -new need each other, are for watch, and exclude -upstream")
		}
		return watchFiles(r, o.old, o.new)
	}
	p, err := openProject(o.dir)
	if err != nil {
		return err
	}
	from, root := &source{dir: o.upstream}, filepath.Clean(o.upstream)
	if filepath.Base(root) == p.pins.folder() {
		root = filepath.Dir(root) // the folder in a checkout
	}
	_, noGit := os.Stat(filepath.Join(root, ".git"))
	if _, err := os.Stat(filepath.Join(root, p.pins.folder())); o.upstream != "" && noGit == nil && err == nil {
		from.gitDir = filepath.Join(root, ".git")
	} else if o.upstream == "" {
		from = &source{attempts: 4, backoff: o.backoff}
		if from.gitDir, err = os.MkdirTemp("", "drift"); err != nil {
			return err
		}
		defer os.RemoveAll(from.gitDir)
		if _, err := from.git(ctx, "clone", "--quiet", "--bare", "--filter=blob:none", o.host+p.pins.Repository, from.gitDir); err != nil {
			return err
		}
	}
	modes[r.Mode](p, ctx, from, r)
	return nil
}
