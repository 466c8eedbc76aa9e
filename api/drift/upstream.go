package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An upstream is where published documents come from: a directory of them, or
// GitHub when dir is empty.
type upstream struct {
	dir        string
	repository string
	raw, api   string // addresses of GitHub's file and API hosts
	token      string // for the API alone, where anonymous calls are few
	client     *http.Client
}

func newUpstream(dir, repository string) *upstream {
	return &upstream{
		dir:        dir,
		repository: repository,
		raw:        "https://raw.githubusercontent.com",
		api:        "https://api.github.com",
		token:      os.Getenv("GH_TOKEN"),
		client: &http.Client{
			Timeout: time.Minute,
			CheckRedirect: func(r *http.Request, via []*http.Request) error {
				if r.URL.Host != via[0].URL.Host || len(via) > 3 {
					return fmt.Errorf("redirected to %s, which is not where the documents are", r.URL.Host)
				}
				return nil
			},
		},
	}
}

// pinned reads a document as it was at its commit and checks that it is so.
func (u *upstream) pinned(ctx context.Context, p *pinned) (*document, error) {
	data, err := u.read(ctx, p, p.Commit)
	if err != nil {
		return nil, err
	}
	if sum := checksum(data); sum != p.SHA256 {
		return nil, fmt.Errorf("%s has the sha256 %s, but upstream.yaml pins %s; give the pinned document, or see what changed with watch", p.file(), sum, p.SHA256)
	}
	return parseDocument(p.file(), data)
}

// newest reads a document as it is published now.
func (u *upstream) newest(ctx context.Context, p *pinned) ([]byte, *document, error) {
	data, err := u.read(ctx, p, "main")
	if err != nil {
		return nil, nil, err
	}
	doc, err := parseDocument(p.file(), data)
	return data, doc, err
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (u *upstream) read(ctx context.Context, p *pinned, revision string) ([]byte, error) {
	if u.dir == "" {
		return u.get(ctx, u.raw+"/"+u.repository+"/"+revision+"/"+p.Path, "")
	}
	return readFile(filepath.Join(u.dir, p.file()))
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read a document: %w; give a path that exists", err)
	}
	defer f.Close()
	return readLimited(name, f)
}

func (u *upstream) get(ctx context.Context, address, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	reply, err := u.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("cannot fetch a document: %w; try again, or give a directory", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 4096))
		return nil, fmt.Errorf("%s answered %s instead of 200; try again, or give a directory", address, reply.Status)
	}
	return readLimited(address, reply.Body)
}

var isVersion = regexp.MustCompile(`^\d{4}-\d\d-\d\d\.ya?ml$`).MatchString

// versions lists the API versions published in the folder of a pinned document.
func (u *upstream) versions(ctx context.Context, p *pinned) ([]string, error) {
	var names []string
	if u.dir != "" {
		entries, err := os.ReadDir(u.dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	} else {
		address := u.api + "/repos/" + u.repository + "/contents/" + path.Dir(p.Path) + "?ref=main"
		data, err := u.get(ctx, address, u.token)
		if err != nil {
			return nil, err
		}
		var entries []struct{ Name string }
		if err := json.Unmarshal(data, &entries); err != nil {
			return nil, fmt.Errorf("%s answered no list of files: %w", address, err)
		}
		for _, e := range entries {
			names = append(names, e.Name)
		}
	}
	var found []string
	for _, name := range names {
		if isVersion(name) {
			found = append(found, strings.TrimSuffix(name, path.Ext(name)))
		}
	}
	slices.Sort(found)
	return found, nil
}

// commit tells the last commit that changed a document.
func (u *upstream) commit(ctx context.Context, p *pinned) (string, error) {
	if u.dir != "" {
		return u.localCommit(ctx, p)
	}
	address := u.api + "/repos/" + u.repository + "/commits?sha=main&per_page=1&path=" + p.Path
	data, err := u.get(ctx, address, u.token)
	if err != nil {
		return "", err
	}
	var commits []struct{ SHA string }
	if err := json.Unmarshal(data, &commits); err != nil || len(commits) == 0 || !isCommit(commits[0].SHA) {
		return "", fmt.Errorf("%s answered no commit; try again", address)
	}
	return commits[0].SHA, nil
}

// localCommit tells it from a git checkout. The file must be at the pinned path
// and committed as it lies there, or commit and checksum would not belong together.
func (u *upstream) localCommit(ctx context.Context, p *pinned) (string, error) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", u.dir}, args...)...).Output()
		return string(out), err
	}
	advice := fmt.Sprintf("give a directory of a git checkout of %s, or none to ask GitHub", u.repository)
	out, err := git("log", "-1", "--format=%H", "--", p.file())
	commit := strings.TrimSpace(out)
	if err != nil || !isCommit(commit) {
		return "", fmt.Errorf("cannot tell which commit %s in %s is of; %s", p.file(), u.dir, advice)
	}
	folder, err := git("rev-parse", "--show-prefix")
	if at := strings.TrimSpace(folder) + p.file(); err != nil || at != p.Path {
		return "", fmt.Errorf("%s in %s is %s in its repository, but upstream.yaml pins %s; %s", p.file(), u.dir, at, p.Path, advice)
	}
	content, err := git("show", commit+":./"+p.file())
	if err != nil || checksum([]byte(content)) != p.SHA256 {
		return "", fmt.Errorf("%s in %s is not as its last commit %s has it; take back what was edited there, or %s", p.file(), u.dir, commit, advice)
	}
	return commit, nil
}
