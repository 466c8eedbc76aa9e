// Command drift compares openapi.yaml with the documents Clerk publishes. Run it in the directory of this module:
//
//	go tool drift [-json] [-upstream dir] check
//	go tool drift [-json] [-upstream dir | -old file -new file] watch
//	go tool drift [-json] [-upstream dir] update
//
// Its exit code is 0 for no drift, 1 for drift, and 2 if no drift is known and something could not be told.
package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"time"
)

const noDrift, drift, couldNotTell = 0, 1, 2

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
	dir, host          string
	backoff            time.Duration
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

// A source has published documents: a directory the newest, a git checkout or clone all that were committed.
type source struct {
	dir      string
	gitDir   string        // empty for a directory
	attempts int           // of each git command
	backoff  time.Duration // before the second attempt; doubles with each further one
	program  string        // git, unless it is empty
}

func (s *source) git(ctx context.Context, args ...string) (string, error) {
	for n := 1; ; n++ {
		var stderr strings.Builder
		cmd := exec.CommandContext(ctx, cmp.Or(s.program, "git"), append([]string{"--git-dir", s.gitDir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil {
			return string(out), nil
		} else if n >= s.attempts || ctx.Err() != nil {
			return "", fmt.Errorf("git %s: %w: %s", args[0], err, stderr.String())
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.backoff << (n - 1)):
		}
	}
}

// read returns a document as of a commit, or else the newest. One that is not published is fs.ErrNotExist.
func (s *source) read(ctx context.Context, file, commit string) ([]byte, error) {
	if s.gitDir == "" {
		return readFile(filepath.Join(s.dir, path.Base(file)))
	}
	commit = cmp.Or(commit, "HEAD")
	out, err := s.git(ctx, "ls-tree", "--name-only", commit, "--", file)
	if err == nil && out == "" {
		return nil, fmt.Errorf("%s at %s: %w", file, commit, fs.ErrNotExist)
	} else if err == nil {
		out, err = s.git(ctx, "show", commit+":"+file)
	}
	return []byte(out), err
}

func (s *source) list(ctx context.Context, folder string) (names []string, err error) {
	if s.gitDir != "" {
		out, err := s.git(ctx, "ls-tree", "--name-only", "HEAD:"+folder)
		return strings.Fields(out), err
	}
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (s *source) lastCommit(ctx context.Context, file string) (string, error) {
	if s.gitDir == "" {
		return "", fmt.Errorf("%s is not a git checkout, so commits are not known", s.dir)
	}
	out, err := s.git(ctx, "log", "-1", "--format=%H", "HEAD", "--", file)
	return strings.TrimSpace(out), err
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read a document: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err == nil && len(data) > maxDocument {
		err = fmt.Errorf("%s is larger than %d MiB", name, maxDocument>>20)
	}
	return data, err
}

func checksum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
