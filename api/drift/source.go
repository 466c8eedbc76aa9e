package main

import (
	"cmp"
	"context"
	"crypto/sha256"
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

// A source provides published documents: of a directory the newest, of a git repository every commit.
type source struct {
	dir      string        // empty for a clone
	gitDir   string        // empty for a directory
	attempts int           // of each git command
	backoff  time.Duration // before the first retry; doubles with each further one
}

// localSource returns a directory or a git checkout whose documents are in folder.
func localSource(dir, folder string) *source {
	gitDir := filepath.Join(dir, ".git")
	_, noGit := os.Stat(gitDir)
	if _, err := os.Stat(filepath.Join(dir, folder)); noGit != nil || err != nil {
		gitDir = ""
	}
	return &source{dir: dir, gitDir: gitDir}
}

func (s *source) git(ctx context.Context, args ...string) (string, error) {
	for n := 1; ; n++ {
		var stderr strings.Builder
		cmd := exec.CommandContext(ctx, "git", append([]string{"--git-dir", s.gitDir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil {
			return string(out), nil
		} else if n >= s.attempts {
			return "", fmt.Errorf("git %s: %w: %s", args[0], err, stderr.String())
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.backoff << (n - 1)):
		}
	}
}

// read returns a document as of a commit, or the newest. The error is [fs.ErrNotExist] if it is not published.
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

// list returns the paths of the newest documents.
func (s *source) list(ctx context.Context, folder string) ([]string, error) {
	if s.gitDir == "" {
		return filepath.Glob(filepath.Join(s.dir, "*.yml"))
	}
	out, err := s.git(ctx, "ls-tree", "--name-only", "HEAD:"+folder)
	return strings.Fields(out), err
}

// lastCommit returns the commit that last changed a document.
func (s *source) lastCommit(ctx context.Context, file string) (string, error) {
	if s.gitDir == "" {
		return "", fmt.Errorf("%s is not a git checkout, so its commit is unknown", s.dir)
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
	if len(data) > maxDocument {
		err = fmt.Errorf("%s is larger than %d MiB", name, maxDocument>>20)
	}
	return data, err
}

func checksum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
