// Command drift compares openapi.yaml with the documents Clerk publishes.
//
// It is run from the directory of this module:
//
//	go tool drift [-json] [-upstream dir] check
//	go tool drift [-json] [-upstream dir | -old file -new file] watch
//	go tool drift [-json] [-upstream dir] update
//
// Its exit code is 0 for no drift, 1 for drift and 2 if it could not tell.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const (
	noDrift      = 0
	drift        = 1
	couldNotTell = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr, newUpstream))
}

// run is the program with everything it touches given to it.
func run(ctx context.Context, dir string, args []string, stdout, stderr io.Writer, open func(dir, repository string) *upstream) int {
	var o options
	flags := flag.NewFlagSet("drift", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.StringVar(&o.upstream, "upstream", "", "directory of published documents, instead of GitHub")
	flags.StringVar(&o.old, "old", "", "watch: the older document")
	flags.StringVar(&o.new, "new", "", "watch: the newer document")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return noDrift
		}
		return couldNotTell
	}
	result, err := o.run(ctx, dir, flags.Args(), open)
	if err != nil {
		result = &report{Error: err.Error()}
	}
	result.Exit = result.exit()
	if o.json {
		err = result.writeJSON(stdout)
	} else {
		err = result.write(stdout)
	}
	if result.Error != "" {
		fmt.Fprintln(stderr, "drift:", result.Error)
	}
	if err != nil {
		return couldNotTell
	}
	return result.Exit
}

type options struct {
	json               bool
	upstream, old, new string
}

func (o options) run(ctx context.Context, dir string, args []string, open func(dir, repository string) *upstream) (*report, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("got %d arguments; give one of check, watch and update, after the flags", len(args))
	}
	mode := args[0]
	if (o.old == "") != (o.new == "") {
		return nil, errors.New("only one of -old and -new is given; give both documents")
	}
	if o.old != "" {
		if mode != "watch" || o.upstream != "" {
			return nil, errors.New("-old and -new are for watch alone, without -upstream")
		}
		return watchFiles(o.old, o.new)
	}
	p, err := openProject(dir)
	if err != nil {
		return nil, err
	}
	from := open(o.upstream, p.pins.Repository)
	switch mode {
	case "check":
		found, err := p.check(ctx, from)
		return &report{Mode: mode, Findings: found}, err
	case "watch":
		return p.watch(ctx, from)
	case "update":
		return p.update(ctx, dir, from)
	}
	return nil, fmt.Errorf("%q is no mode; give check, watch or update", mode)
}
