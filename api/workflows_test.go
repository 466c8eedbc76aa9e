package api

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const workflows = "../.github/workflows"

type job struct {
	If          string
	Permissions map[string]string
	Steps       []step
}

type step struct {
	ID, Uses, Run, If, Shell string
	Directory                string `yaml:"working-directory"`
	With                     map[string]any
}

type workflow struct {
	text        string
	Permissions map[string]string
	Jobs        map[string]job
}

// allWorkflows returns the workflows by file name.
func allWorkflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := os.ReadDir(workflows)
	require.NoError(t, err)
	all := map[string]workflow{}
	for _, file := range files {
		require.Equal(t, ".yml", filepath.Ext(file.Name()))
		w := workflow{text: read(t, filepath.Join(workflows, file.Name()))}
		require.NoError(t, yaml.Unmarshal([]byte(w.text), &w))
		all[file.Name()] = w
	}
	return all
}

// jobs returns the jobs of all workflows, with names like "release.yml publish".
func jobs(t *testing.T) map[string]job {
	t.Helper()
	all := map[string]job{}
	for file, w := range allWorkflows(t) {
		for name, job := range w.Jobs {
			all[file+" "+name] = job
		}
	}
	return all
}

func (j job) uses(action string) (with map[string]any, found bool) {
	for _, step := range j.Steps {
		if strings.HasPrefix(step.Uses, action+"@") {
			return step.With, true
		}
	}
	return nil, false
}

// step returns the step with an id.
func (j job) step(t *testing.T, id string) step {
	t.Helper()
	i := slices.IndexFunc(j.Steps, func(s step) bool { return s.ID == id })
	require.GreaterOrEqual(t, i, 0, "no step %s", id)
	return j.Steps[i]
}

// run runs a step as Actions does. Programs in temp come first in PATH.
func (s step) run(t *testing.T, dir, temp string, env ...string) (exit int, output string) {
	t.Helper()
	require.Equal(t, "bash", s.Shell)
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, "RUNNER_TEMP="+temp, "PATH="+temp+":"+os.Getenv("PATH"))...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s (%v)", out, err)
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	uses := regexp.MustCompile(`(?m)^\s*-?\s*uses:.*$`)
	for file, w := range allWorkflows(t) {
		for _, line := range uses.FindAllString(w.text, -1) {
			assert.Regexp(t, `uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`, line, file)
		}
	}
}

func TestWorkflowsDoNotHandleSecretsOrRunForeignCode(t *testing.T) {
	t.Parallel()
	for file, w := range allWorkflows(t) {
		assert.NotContains(t, w.text, "pull_request_target", file)
		assert.NotContains(t, w.text, "workflow_run", file)
		assert.NotRegexp(t, `\bsecrets\b`, w.text, file)
	}
	for name, job := range jobs(t) {
		for _, step := range job.Steps {
			assert.NotContains(t, step.Run, "${{", "%s: pass it in env", name)
		}
		if with, checksOut := job.uses("actions/checkout"); checksOut {
			assert.Equal(t, false, with["persist-credentials"], name)
		}
	}
}

func TestOnlyTheseJobsMayWrite(t *testing.T) {
	t.Parallel()
	writing := map[string][]string{}
	for file, w := range allWorkflows(t) {
		assert.Equal(t, map[string]string{"contents": "read"}, w.Permissions, file)
	}
	for name, job := range jobs(t) {
		maps.DeleteFunc(job.Permissions, func(_, access string) bool { return access == "read" })
		if len(job.Permissions) > 0 {
			writing[name] = slices.Sorted(maps.Keys(job.Permissions))
		}
		if _, checksOut := job.uses("actions/checkout"); checksOut && strings.HasPrefix(name, "release.yml") {
			assert.Empty(t, job.Permissions, "%s runs the repository's code", name)
		}
	}
	assert.Equal(t, map[string][]string{
		"drift.yml watch":     {"issues"},
		"release.yml attest":  {"attestations", "id-token"},
		"release.yml publish": {"contents"},
	}, writing)
}

// A new vulnerability or a newly published document must not fail an unrelated pull request.
func TestPullRequestsDoNotDependOnNewPublications(t *testing.T) {
	t.Parallel()
	all := allWorkflows(t)
	for file, w := range all {
		if strings.Contains(w.text, "vulncheck") {
			assert.NotContains(t, w.text, "pull_request:", file)
		}
	}
	watch := all["drift.yml"].Jobs["watch"]
	assert.NotEmpty(t, watch.If)
	assert.NotContains(t, watch.If, "pull_request")
}

// Without tags there is no release to compare the exported API with.
func TestAPICompatSeesTheTags(t *testing.T) {
	t.Parallel()
	var running []string
	for name, job := range jobs(t) {
		for _, step := range job.Steps {
			if strings.Contains(step.Run, ".ci/run") || strings.Contains(step.Run, "api-compat") {
				with, _ := job.uses("actions/checkout")
				assert.Equal(t, 0, with["fetch-depth"], name)
				running = append(running, name)
			}
		}
	}
	assert.Subset(t, running, []string{"test.yml linux", "release.yml build"})
}

func TestEveryModuleIsKeptUpToDate(t *testing.T) {
	t.Parallel()
	var config struct {
		Updates []struct {
			Ecosystem   string `yaml:"package-ecosystem"`
			Directories []string
			Schedule    map[string]string
			Groups      map[string]any
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "../.github/dependabot.yml")), &config))
	var ecosystems []string
	for _, update := range config.Updates {
		ecosystems = append(ecosystems, update.Ecosystem)
		assert.Equal(t, "weekly", update.Schedule["interval"])
		assert.Len(t, update.Groups, 1)
	}
	require.Equal(t, []string{"gomod", "github-actions", "npm"}, ecosystems)

	cmd := exec.Command("git", "ls-files", "go.mod", "*/go.mod")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	var modules []string
	for file := range strings.FieldsSeq(string(out)) {
		modules = append(modules, filepath.Join("/", filepath.Dir(file)))
	}
	assert.ElementsMatch(t, modules, config.Updates[0].Directories)
}
