package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// program returns the command: CLERK_SESSIONS, or a build of this checkout.
var program = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("CLERK_SESSIONS"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "clerk-sessions.exe") // Windows needs the suffix
	build := exec.Command("go", "build", "-o", path, "./cmd/clerk-sessions")
	build.Dir = ".."
	build.Stderr = os.Stderr
	return path, build.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil && os.Getenv("CLERK_SESSIONS") == "" {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// emulator is the announcement of a running emulator.
type emulator struct {
	t          *testing.T
	BaseURL    string            `json:"base_url"`
	ControlURL string            `json:"control_url"`
	Issuer     string            `json:"issuer"`
	Env        map[string]string `json:"env"`
}

// start runs an emulator until the test ends.
func start(t *testing.T, flags ...string) *emulator {
	path, err := program()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, append([]string{"emulate", "--addr", "127.0.0.1:0", "--json"}, flags...)...)
	cmd.Env = append(os.Environ(), "CLERK_SECRET_KEY=")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	e := &emulator{t: t}
	require.NoError(t, json.Unmarshal(line, e))
	return e
}

// control calls the control API with a body in JSON.
func (e *emulator) control(method, path string, body any) (response map[string]any) {
	e.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(e.t, err)
	req, err := http.NewRequestWithContext(e.t.Context(), method, e.ControlURL+"/"+path, bytes.NewReader(raw))
	require.NoError(e.t, err)
	req.Header.Set("Authorization", "Bearer "+e.Env["CLERK_SECRET_KEY"])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(e.t, err)
	defer resp.Body.Close()
	raw, err = io.ReadAll(resp.Body)
	require.NoError(e.t, err)
	require.Less(e.t, resp.StatusCode, 300, string(raw))
	if len(raw) > 0 {
		require.NoError(e.t, json.Unmarshal(raw, &response))
	}
	return response
}
