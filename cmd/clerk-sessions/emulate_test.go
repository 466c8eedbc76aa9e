package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clerksessions/clerksessions/sessionstest"
)

// startEmulator runs the program as another process with a pipe for its stdout, and
// reads its first line.
func startEmulator(t *testing.T) (stdout *os.File, announced emulatorEnv) {
	program, err := os.Executable()
	require.NoError(t, err)
	stdout, in, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Args = []string{"clerk-sessions", "emulate", "--addr", "127.0.0.1:0", "--json"}
	cmd.Env = append(os.Environ(), "CLERK_SECRET_KEY=", "GORACE=atexit_sleep_ms=0")
	cmd.Stdout = in
	require.NoError(t, cmd.Start())
	require.NoError(t, in.Close())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Kill(), "the emulator was still running")
		_ = cmd.Wait()
		_ = stdout.Close()
	})
	line := make([]byte, 0, 2048)
	for b := make([]byte, 1); len(line) == 0 || line[len(line)-1] != '\n'; line = append(line, b...) {
		_, err := io.ReadFull(stdout, b) // no byte more than the line
		require.NoError(t, err)
	}
	var all struct {
		Env emulatorEnv `json:"env"`
	}
	require.NoError(t, json.Unmarshal(line, &all))
	return stdout, all.Env
}

// manyRequests makes n requests, all of which must succeed.
func manyRequests(t *testing.T, env emulatorEnv, n int) {
	const workers = 4
	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	defer transport.CloseIdleConnections()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range n / workers {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env.APIURL+"/v1/sessions?user_id=user_1", nil)
				if !assert.NoError(t, err) {
					return
				}
				req.Header.Set("Authorization", "Bearer "+env.SecretKey)
				resp, err := transport.RoundTrip(req)
				if !assert.NoError(t, err) {
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if !assert.Equal(t, http.StatusOK, resp.StatusCode) {
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestEmulateServesWhenNothingReadsStdout(t *testing.T) {
	t.Parallel()
	stdout, env := startEmulator(t)
	manyRequests(t, env, 10_000)

	// Whoever reads at last is told how many requests are missing.
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var line struct {
			Dropped int `json:"dropped"`
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		if line.Dropped > 0 {
			assert.Greater(t, line.Dropped, 1_000)
			return
		}
	}
	t.Error("no line of the log says that requests were dropped")
}

func TestEmulateServesWhenStdoutIsClosed(t *testing.T) {
	t.Parallel()
	stdout, env := startEmulator(t)
	require.NoError(t, stdout.Close())
	manyRequests(t, env, 2_000)
}

func TestEmulatorLogDropsWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written, missing := 0, 0
		proceed := make(chan struct{})
		log := newEmulatorLog(func(_ sessionstest.Request, dropped int64) error {
			<-proceed
			written++
			missing += int(dropped)
			return nil
		})
		log.add(sessionstest.Request{})
		synctest.Wait() // the writer has taken it from the queue
		for range logQueue + 10 {
			log.add(sessionstest.Request{})
		}
		close(proceed)
		start := time.Now()
		assert.Zero(t, log.close())
		assert.Zero(t, time.Since(start))
		assert.Equal(t, logQueue+1, written)
		assert.Equal(t, 10, missing)
	})
}

func TestEmulatorLogWaitsASecondForItsReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		log := newEmulatorLog(func(sessionstest.Request, int64) error {
			<-proceed
			return nil
		})
		for range 3 {
			log.add(sessionstest.Request{})
			synctest.Wait()
		}
		start := time.Now()
		assert.Equal(t, int64(2), log.close(), "but for the one that is being written")
		assert.Equal(t, time.Second, time.Since(start))
		close(proceed)
	})
}

func TestEmulatorLogEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	written := 0
	log := newEmulatorLog(func(sessionstest.Request, int64) error {
		written++
		return errors.New("broken pipe")
	})
	for range 2 * logQueue {
		log.add(sessionstest.Request{})
	}
	assert.NotZero(t, log.close())
	assert.Equal(t, 1, written)
}

func TestEmulatorURL(t *testing.T) {
	t.Parallel()
	got := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8787}
	for asked, want := range map[string]string{
		"127.0.0.1:0": "http://127.0.0.1:8787", "localhost:0": "http://localhost:8787", "[::1]:0": "http://[::1]:8787",
		":0": "http://127.0.0.1:8787", "0.0.0.0:0": "http://127.0.0.1:8787", "[::]:0": "http://127.0.0.1:8787",
		"192.0.2.1:0": "http://192.0.2.1:8787",
	} {
		assert.Equal(t, want, emulatorURL(asked, got), asked)
	}
}
