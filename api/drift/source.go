package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// A source is where published documents come from. A document that is not published is
// fs.ErrNotExist.
type source interface {
	// read returns a document as of a commit, or the newest if there is none.
	read(ctx context.Context, path, commit string) ([]byte, error)
	// list returns the names of the newest documents in a folder.
	list(ctx context.Context, folder string) ([]string, error)
	// lastCommit returns the last commit that changed a document.
	lastCommit(ctx context.Context, path string) (string, error)
}

// A directory has the newest documents alone.
type directory string

func (d directory) read(_ context.Context, file, _ string) ([]byte, error) {
	return readFile(filepath.Join(string(d), path.Base(file)))
}

func (d directory) list(context.Context, string) (names []string, err error) {
	entries, err := os.ReadDir(string(d))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (d directory) lastCommit(context.Context, string) (string, error) {
	return "", fmt.Errorf("%s is not a git checkout, so commits are not known", string(d))
}

// A repository is a git checkout or clone. Edits that are not committed do not count.
type repository struct {
	gitDir   string
	attempts int           // of each command
	backoff  time.Duration // before the second attempt; doubles with each further one
	program  string        // git, unless it is empty
}

// clone makes dir a clone of a repository, whose documents are fetched when they are read.
func clone(ctx context.Context, url, dir string, backoff time.Duration) (*repository, error) {
	r := &repository{gitDir: dir, attempts: 4, backoff: backoff}
	_, err := r.git(ctx, "clone", "--quiet", "--bare", "--filter=blob:none", url, dir)
	return r, err
}

func (r *repository) git(ctx context.Context, args ...string) ([]byte, error) {
	for n := 1; ; n++ {
		var stderr strings.Builder
		cmd := exec.CommandContext(ctx, cmp.Or(r.program, "git"), append([]string{"--git-dir", r.gitDir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil || n >= r.attempts || ctx.Err() != nil {
			if err != nil {
				err = fmt.Errorf("git %s: %w: %s", args[0], err, stderr.String())
			}
			return out, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.backoff << (n - 1)):
		}
	}
}

func (r *repository) read(ctx context.Context, path, commit string) ([]byte, error) {
	if commit == "" {
		commit = "HEAD"
	}
	if out, err := r.git(ctx, "ls-tree", "--name-only", commit, "--", path); err != nil || len(out) > 0 {
		if err != nil {
			return nil, err
		}
		return r.git(ctx, "show", commit+":"+path)
	}
	return nil, fmt.Errorf("%s at %s: %w", path, commit, os.ErrNotExist)
}

func (r *repository) list(ctx context.Context, folder string) ([]string, error) {
	out, err := r.git(ctx, "ls-tree", "--name-only", "HEAD:"+folder)
	return strings.Fields(string(out)), err
}

func (r *repository) lastCommit(ctx context.Context, path string) (string, error) {
	out, err := r.git(ctx, "log", "-1", "--format=%H", "HEAD", "--", path)
	return strings.TrimSpace(string(out)), err
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

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
