package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A hub is GitHub as far as the program knows it.
type hub struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string]string // path and query to reply
	asked []string
	keys  []string // Authorization headers on file paths
}

func newHub(t *testing.T) *hub {
	h := &hub{files: map[string]string{}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, r.URL.String())
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		h.keys = append(h.keys, r.Header.Get("Authorization"))
	}
	reply, ok := h.files[r.URL.String()]
	if address, elsewhere := strings.CutPrefix(reply, "redirect "); elsewhere {
		http.Redirect(w, r, address, http.StatusFound)
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, reply)
}

// open makes the program talk to the hub.
func (h *hub) open(dir, repository string) *upstream {
	u := newUpstream(dir, repository)
	u.raw, u.api, u.token = h.URL+"/raw", h.URL+"/api", "github-token"
	return u
}

const (
	newestFile = "/raw/clerk/openapi-specs/main/bapi/2026-05-12.yml"
	listing    = "/api/repos/clerk/openapi-specs/contents/bapi?ref=main"
	commits    = "/api/repos/clerk/openapi-specs/commits?sha=main&per_page=1&path=bapi/2026-05-12.yml"
	newCommit  = "0123456789abcdef0123456789abcdef01234567"
)

// clerk serves the pinned documents, at their commits and as the newest.
func clerk(t *testing.T) (h *hub, dir string) {
	h, dir = newHub(t), workplace(t)
	upstreamDir := published(t, dir)
	p, err := openProject(dir)
	require.NoError(t, err)
	var names []map[string]string
	for _, pin := range p.pins.Documents {
		data, err := os.ReadFile(filepath.Join(upstreamDir, pin.file()))
		require.NoError(t, err)
		for _, revision := range []string{pin.Commit, "main"} {
			h.files["/raw/clerk/openapi-specs/"+revision+"/"+pin.Path] = string(data)
		}
		names = append(names, map[string]string{"name": pin.file()})
	}
	names = append(names, map[string]string{"name": "README.md"}, map[string]string{"name": "2021-02-05.yml"})
	h.list(t, names)
	return h, dir
}

func (h *hub) list(t *testing.T, names []map[string]string) {
	data, err := json.Marshal(names)
	require.NoError(t, err)
	h.files[listing] = string(data)
}

func TestNetworkWithoutChange(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	for _, mode := range []string{"check", "watch", "update"} {
		r := runWith(t, dir, h.open, mode)
		assert.Equal(t, noDrift, r.exit, "%s: %s%s", mode, r.stdout, r.stderr)
		assert.NotContains(t, r.stdout, "publishes")
	}
	for _, key := range h.keys {
		assert.Empty(t, key, "the token is for the API alone")
	}
}

func TestNetworkTroubleCannotTell(t *testing.T) {
	t.Parallel()
	away := newHub(t)
	tests := map[string]struct {
		mode  string
		spoil func(h *hub)
		says  string
	}{
		"nobody there":          {"check", func(h *hub) { h.Close() }, "cannot fetch"},
		"no such commit":        {"check", func(h *hub) { clear(h.files) }, "404 Not Found instead of 200"},
		"another document":      {"check", func(h *hub) { h.each("/raw/", "openapi: 3.0.3\npaths: {}") }, "but upstream.yaml pins"},
		"a redirect elsewhere":  {"check", func(h *hub) { h.each("/raw/", "redirect http://localhost:"+port(away.URL)+"/x") }, "redirected to localhost"},
		"newest missing":        {"watch", func(h *hub) { delete(h.files, newestFile) }, "404 Not Found"},
		"newest no document":    {"watch", func(h *hub) { h.files[newestFile] = "<html>" }, "is no OpenAPI"},
		"no listing":            {"watch", func(h *hub) { delete(h.files, listing) }, "404 Not Found"},
		"a listing that is odd": {"watch", func(h *hub) { h.files[listing] = "{}" }, "no list of files"},
		"update without commit": {"update", func(h *hub) { h.files[newestFile] += "\n# edited\n" }, "404 Not Found"},
		"update with odd commit": {"update", func(h *hub) {
			h.files[newestFile] += "\n# edited\n"
			h.files[commits] = `[{"sha": "main"}]`
		}, "answered no commit"},
		"update while main moves": {"update", func(h *hub) {
			h.files[newestFile] += "\n# edited\n"
			h.files[commits] = `[{"sha": "` + newCommit + `"}]`
			h.files[strings.Replace(newestFile, "main", newCommit, 1)] = h.files[newestFile] + "\n# again\n"
		}, "sha256"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, dir := clerk(t)
			test.spoil(h)
			before, err := os.ReadFile(filepath.Join(dir, "upstream.yaml"))
			require.NoError(t, err)
			r := runWith(t, dir, h.open, test.mode)
			assert.Equal(t, couldNotTell, r.exit)
			assert.Contains(t, r.stderr, test.says)
			assert.Empty(t, r.stdout)
			after, err := os.ReadFile(filepath.Join(dir, "upstream.yaml"))
			require.NoError(t, err)
			assert.Equal(t, string(before), string(after))
		})
	}
}

// each replaces the files whose name has the part.
func (h *hub) each(part, reply string) {
	for name := range h.files {
		if strings.Contains(name, part) {
			h.files[name] = reply
		}
	}
}

func port(address string) string { return address[strings.LastIndex(address, ":")+1:] }

func TestUpdateMovesThePins(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	edit := h.files[newestFile] + "\n# edited in place\n"
	h.files[newestFile] = edit
	h.files[commits] = `[{"sha": "` + newCommit + `"}]`
	h.files[strings.Replace(newestFile, "main", newCommit, 1)] = edit
	file := filepath.Join(dir, "upstream.yaml")
	before, err := os.ReadFile(file)
	require.NoError(t, err)

	r := runWith(t, dir, h.open, "update")
	assert.Equal(t, noDrift, r.exit, r.stderr)
	assert.Contains(t, r.stdout, "2026-05-12.yml is now pinned at commit "+newCommit)

	old, err := readPinsText(t, string(before))
	require.NoError(t, err)
	now, err := readPins(file)
	require.NoError(t, err)
	assert.Equal(t, &pinned{"bapi/2026-05-12.yml", newCommit, checksum([]byte(edit))}, now.Documents["2026-05-12"])
	assert.Equal(t, old.Documents["2025-03-12"], now.Documents["2025-03-12"])
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, strings.Count(string(before), "\n"), strings.Count(string(after), "\n"), "comments and layout stay")
	assert.Equal(t, noDrift, runWith(t, dir, h.open, "check").exit)
}

func readPinsText(t *testing.T, text string) (*pins, error) {
	return readPins(write(t, filepath.Join(t.TempDir(), "upstream.yaml"), text))
}

func TestUpdateRefusesDrift(t *testing.T) {
	t.Parallel()
	h, dir := clerk(t)
	h.files[newestFile] = edited(t, h.files[newestFile], func(doc object) { get(doc, "paths", one_, "get")["deprecated"] = true })
	file := filepath.Join(dir, "upstream.yaml")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	r := runWith(t, dir, h.open, "update")
	assert.Equal(t, drift, r.exit)
	assert.Contains(t, r.stdout, "GET /sessions/{session_id} (GetSession): deprecated is true in 2026-05-12.yml and false in openapi.yaml")
	assert.Contains(t, r.stdout, "No pin was moved.")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
}

// From a directory, the commit is what git says of it, if that is of the very file.
func TestUpdateFromCheckout(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	file := filepath.Join(dir, "upstream.yaml")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	refused := func(upstreamDir, says string) {
		t.Helper()
		r := runIn(t, dir, "-upstream", upstreamDir, "update")
		assert.Equal(t, couldNotTell, r.exit)
		assert.Contains(t, r.stderr, says)
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(before), string(after))
	}
	edit := func(name string) {
		t.Helper()
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		write(t, name, string(data)+"\n# edited in place\n")
	}
	git := func(dir string, args ...string) string {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)
		out, err := exec.Command("git", args...).CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}

	edit(filepath.Join(upstreamDir, "2026-05-12.yml"))
	refused(upstreamDir, "give a directory of a git checkout")

	git(upstreamDir, "init", "-q")
	git(upstreamDir, "add", ".")
	git(upstreamDir, "commit", "-qm", "x")
	refused(upstreamDir, "is 2026-05-12.yml in its repository, but upstream.yaml pins bapi/2026-05-12.yml")

	root := t.TempDir()
	bapi := filepath.Join(root, "bapi")
	require.NoError(t, os.CopyFS(bapi, os.DirFS(upstreamDir)))
	require.NoError(t, os.RemoveAll(filepath.Join(bapi, ".git")))
	git(root, "init", "-q")
	git(root, "add", ".")
	git(root, "commit", "-qm", "x")
	edit(filepath.Join(bapi, "2026-05-12.yml"))
	refused(bapi, "is not as its last commit")

	git(root, "commit", "-qam", "x")
	r := runIn(t, dir, "-upstream", bapi, "update")
	assert.Equal(t, noDrift, r.exit, r.stderr)
	assert.Contains(t, r.stdout, "2026-05-12.yml is now pinned at commit "+git(root, "rev-parse", "HEAD"))
	assert.Equal(t, noDrift, runIn(t, dir, "-upstream", bapi, "check").exit)
}
