package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

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

// list returns the names of the newest documents in a folder.
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

// lastCommit returns the last commit that changed a document.
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

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
