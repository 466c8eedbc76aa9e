package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const workflows = "../../.github/workflows"

func workflow(t *testing.T, name string) (parsed object) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(workflows, name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(data, &parsed))
	return parsed
}

// step finds a step of a job of the drift workflow.
func step(t *testing.T, job, id string) object {
	t.Helper()
	for _, s := range get(workflow(t, "drift.yml"), "jobs", job)["steps"].([]any) {
		if s.(object)["id"] == id {
			return s.(object)
		}
	}
	require.FailNow(t, "no step "+id)
	return nil
}

// TestDriftJobFires runs the very command of the daily job, first with nothing
// changed and then with one planted change.
func TestDriftJobFires(t *testing.T) {
	t.Parallel()
	dir := workplace(t)
	upstreamDir := published(t, dir)
	watch := step(t, "watch", "watch")
	require.Equal(t, "bash", watch["shell"])
	require.Equal(t, "api", watch["working-directory"])
	script := write(t, filepath.Join(t.TempDir(), "step.sh"), watch["run"].(string))

	job := func(upstreamDir string) (exit int, log, output string) {
		temp := t.TempDir()
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
		cmd.Env = append(os.Environ(), "UPSTREAM="+upstreamDir, "RUNNER_TEMP="+temp,
			"GITHUB_OUTPUT="+filepath.Join(temp, "output"), "GITHUB_STEP_SUMMARY="+filepath.Join(temp, "summary"))
		cmd.Dir = ".." // the api directory of this checkout, where its tools are
		out, err := cmd.CombinedOutput()
		t.Logf("%s (%v)", out, err)
		read := func(name string) string {
			data, err := os.ReadFile(filepath.Join(temp, name))
			require.NoError(t, err)
			return string(data)
		}
		assert.Equal(t, read("change-log.md"), read("summary"))
		return cmd.ProcessState.ExitCode(), read("change-log.md"), read("output")
	}

	exit, log, output := job(upstreamDir)
	assert.Equal(t, noDrift, exit, log)
	assert.Equal(t, "exit=0\n", output)

	planted := filepath.Join(upstreamDir, "2026-05-12.yml")
	data, err := os.ReadFile(planted)
	require.NoError(t, err)
	write(t, planted, edited(t, string(data), func(doc object) {
		setSchema("maximum", 100)(parameter(get(doc, "paths", "/sessions", "get"), "limit"))
	}))
	exit, log, output = job(upstreamDir)
	assert.Equal(t, drift, exit)
	assert.Equal(t, "exit=1\n", output)
	assert.Contains(t, log, "## Breaking changes\n\n- GET /sessions (GetSessionList) in 2026-05-12.yml: query.limit.schema.maximum was 500 and is now 100")

	write(t, planted, "not found")
	exit, log, output = job(upstreamDir)
	assert.Equal(t, couldNotTell, exit)
	assert.Equal(t, "exit=2\n", output)
	assert.Empty(t, log)

	assert.Equal(t, "failure() && steps.watch.outputs.exit == '1'", step(t, "watch", "issue")["if"], "only drift makes an issue")
}

// The issue step, with a gh that writes down what it is asked.
func TestDriftJobKeepsOneIssue(t *testing.T) {
	t.Parallel()
	script := step(t, "watch", "issue")["run"].(string)
	for open, want := range map[string]string{
		"":   `issue create --label drift --title`,
		"17": `issue edit 17 --body-file`,
	} {
		temp := t.TempDir()
		write(t, filepath.Join(temp, "change-log.md"), "a change\n")
		gh := filepath.Join(temp, "gh")
		write(t, gh, "#!/bin/sh\necho \"$@\" >> "+temp+"/asked\nif [ \"$2\" = list ]; then echo "+open+"; fi\n")
		require.NoError(t, os.Chmod(gh, 0o755))
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
		cmd.Env = append(os.Environ(), "PATH="+temp+":"+os.Getenv("PATH"), "RUNNER_TEMP="+temp)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		asked, err := os.ReadFile(filepath.Join(temp, "asked"))
		require.NoError(t, err)
		assert.Contains(t, string(asked), want)
	}
}

func TestWorkflowsArePinnedAndModest(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(workflows, "*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	uses := regexp.MustCompile(`(?m)^\s*-?\s*uses:.*$`)
	pinned := regexp.MustCompile(`uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range uses.FindAllString(string(data), -1) {
			assert.Regexp(t, pinned, line, file)
		}
		assert.Equal(t, object{"contents": "read"}, workflow(t, filepath.Base(file))["permissions"], file)
	}
	jobs := get(workflow(t, "drift.yml"), "jobs")
	assert.Equal(t, object{"contents": "read", "issues": "write"}, get(jobs, "watch")["permissions"])
	assert.Nil(t, get(jobs, "check")["permissions"])
	assert.NotContains(t, get(jobs, "watch")["if"], "pull_request", "upstream cannot turn a contribution red")
}
